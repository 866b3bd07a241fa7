import { AT_FLAGS, plausiblePreamble, PREAMBLE } from '../preamble.js';
import type { GcmStream } from './gcm.js';

/** Counters that are tried at most: a gap of many megabytes must not take gigabytes of key stream. */
const WINDOW = 1 << 16;
const NONE = -1;

/**
 * Looks for the next frame in ciphertext after a loss. Neither where it begins is known, nor how many nonces were used up before; but
 * the key stream of each counter that is possible is cheap to make, and bytes 26 and 27 of a preamble are 0 or 1 and 0: so two
 * bytes of ciphertext lead to the few counters that fit, and the preamble's checksum decides. The work is linear in the bytes.
 */
export class FrameSearch {
  /** Counter of the frame that was found. */
  operation = 0;
  /** Counters that are tried. */
  readonly window: number;
  private readonly first: number;
  private readonly stream: Uint8Array;
  /** Counters by bytes 26 and 27 of their key stream: the first one, and the next one with the same bytes. */
  private readonly heads = new Int32Array(1 << 16).fill(NONE);
  private readonly nexts: Int32Array;
  private readonly plain = new Uint8Array(PREAMBLE);
  private readonly view = new DataView(this.plain.buffer);

  constructor(gcm: GcmStream, operation: number, window: number) {
    this.first = operation;
    this.window = Math.min(window, WINDOW);
    this.stream = gcm.keyStream(operation, this.window);
    this.nexts = new Int32Array(this.window);
    for (let i = this.window - 1; i >= 0; i--) {
      const at = i * PREAMBLE + AT_FLAGS;
      const bytes = this.stream[at]! | (this.stream[at + 1]! << 8);
      this.nexts[i] = this.heads[bytes]!;
      this.heads[bytes] = i;
    }
  }

  /** Index in `start..last` at which a frame begins with one of the counters, or -1. */
  find(bytes: Uint8Array, start: number, last: number): number {
    const { heads } = this;
    for (let at = start; at <= last; at++) {
      const flags = bytes[at + AT_FLAGS]!;
      const reserved = bytes[at + AT_FLAGS + 1]! << 8;
      // the flags byte is 0 or, for a compressed frame, 1
      if (heads[flags | reserved] !== NONE && this.fits(bytes, at, heads[flags | reserved]!)) return at;
      if (heads[(flags ^ 1) | reserved] !== NONE && this.fits(bytes, at, heads[(flags ^ 1) | reserved]!)) return at;
    }
    return -1;
  }

  private fits(bytes: Uint8Array, at: number, counter: number): boolean {
    for (let i = counter; i !== NONE; i = this.nexts[i]!) {
      for (let k = 0; k < PREAMBLE; k++) this.plain[k] = bytes[at + k]! ^ this.stream[i * PREAMBLE + k]!;
      if (!plausiblePreamble(this.plain, this.view, 0)) continue;
      this.operation = this.first + i;
      return true;
    }
    return false;
  }
}
