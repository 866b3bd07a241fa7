import { PREAMBLE } from '../layout.js';
import { plausiblePreamble } from '../preamble.js';
import type { GcmStream } from './gcm.js';

const NONE = -1;
/** Number of counters for which there is room at first, and slots of the hash table for each. Powers of two. */
const LEAST_ROOM = 16;
const TABLE_FACTOR = 8;

/**
 * Looks for the next frame in ciphertext after a loss. Neither its place nor the number of nonces used before it is known, but the key
 * stream of each possible counter is cheap to compute, and bytes 26 (flags) and 27 (reserved) of a preamble are 0 or 1, and 0. So these two
 * bytes of ciphertext lead, through a hash table, to the few counters that fit, and the crc of the preamble decides. The work is linear in
 * the bytes.
 */
export class FrameSearch {
  /** Counter of the frame that was found. */
  operation = 0;
  /** How many counters, from the first, are tried. */
  window = 0;
  private readonly gcm: GcmStream;
  private readonly first: number;
  private readonly most: number;
  private stream = new Uint8Array(0);
  /**
   * The hash table of counters by bytes 26 and 27 of their key stream: the first counter in each slot, and the next one in the same slot.
   */
  private heads = new Int32Array(0);
  private nexts = new Int32Array(0);
  private readonly plain = new Uint8Array(PREAMBLE.size);
  private readonly view = new DataView(this.plain.buffer);

  /** `operation`: the first counter to try; `window`: how many; `most`: never more (limits.nonces). */
  constructor(gcm: GcmStream, operation: number, window: number, most: number) {
    this.gcm = gcm;
    this.most = most;
    this.first = operation;
    this.widen(window);
  }

  /** After another loss: tries `more` counters in addition. Those that were there stay. */
  widen(more: number): void {
    const before = this.window;
    this.window = Math.min(before + more, this.most);
    if (this.window === before) return;
    if (this.window > this.nexts.length) this.enlarge();
    this.stream.set(this.gcm.keyStream(this.first + before, this.window - before), before * PREAMBLE.size);
    for (let i = before; i < this.window; i++) this.enter(i);
  }

  private enlarge(): void {
    let room = Math.max(LEAST_ROOM, this.nexts.length);
    while (room < this.window) room *= 2;
    const stream = new Uint8Array(room * PREAMBLE.size);
    stream.set(this.stream);
    this.stream = stream;
    const known = this.nexts.length;
    this.nexts = new Int32Array(room);
    this.heads = new Int32Array(TABLE_FACTOR * room).fill(NONE);
    for (let i = 0; i < known; i++) this.enter(i);
  }

  private enter(i: number): void {
    const at = i * PREAMBLE.size + PREAMBLE.at.flags;
    const place = this.place(this.stream[at]!, this.stream[at + 1]!);
    this.nexts[i] = this.heads[place]!;
    this.heads[place] = i;
  }

  private place(flags: number, reserved: number): number {
    return (((flags | (reserved << 8)) * 0x9e3b) >>> 4) & (this.heads.length - 1);
  }

  /** The first index in `start..last` at which a frame begins with one of the counters, or -1. */
  find(bytes: Uint8Array, start: number, last: number): number {
    const { heads } = this;
    for (let at = start; at <= last; at++) {
      const flags = bytes[at + PREAMBLE.at.flags]!;
      const reserved = bytes[at + PREAMBLE.at.reserved]!;
      // the flags byte is 0, or 1 for a compressed frame
      const plain = heads[this.place(flags, reserved)]!;
      if (plain !== NONE && this.fits(bytes, at, plain)) return at;
      const compressed = heads[this.place(flags ^ 1, reserved)]!;
      if (compressed !== NONE && this.fits(bytes, at, compressed)) return at;
    }
    return -1;
  }

  private fits(bytes: Uint8Array, at: number, counter: number): boolean {
    const reserved = bytes[at + PREAMBLE.at.reserved]!;
    for (let i = counter; i !== NONE; i = this.nexts[i]!) {
      if (this.stream[i * PREAMBLE.size + PREAMBLE.at.reserved] !== reserved) continue;
      for (let k = 0; k < PREAMBLE.size; k++) this.plain[k] = bytes[at + k]! ^ this.stream[i * PREAMBLE.size + k]!;
      if (!plausiblePreamble(this.plain, this.view, 0)) continue;
      this.operation = this.first + i;
      return true;
    }
    return false;
  }
}
