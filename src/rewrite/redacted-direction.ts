import type { PatchedFile } from './patched-file.js';
import { StreamBytes } from './stream-bytes.js';
import { sum } from './tcp-frame.js';

/** Bytes before the last rewritten ones that are retained, since retransmissions of them may still come. */
const RETAINED = 256 << 10;

/** A run of stream bytes in a packet of the copy. */
export interface Carried {
  /** Stream offset and number of captured bytes. */
  readonly offset: number;
  readonly length: number;
  /** Position of its first byte in the file. */
  readonly at: number;
  /** Offset of these bytes in the payload that the packet's checksum covers. */
  readonly shift: number;
  readonly packet: Summed;
  /** The bytes that the packet carried, if they may differ from those that were decoded; else null. */
  readonly original: Uint8Array | null;
}

/** A packet whose checksum follows changes of its payload. */
export interface Summed {
  /** Whether its checksum was wrong. If another copy of the bytes comes, that one is decoded. */
  readonly damaged?: boolean;
  /** Sum of the payload's 16-bit words so far. */
  payload: number;
  /** Writes the checksum for that sum. */
  seal(payload: number): void;
}

/**
 * What one end sent, with the place of each byte in the copy. There are zeros until it is known what may stay. All copies of a byte in
 * retransmissions become the same, unless they differed.
 */
export class RedactedDirection {
  private readonly file: PatchedFile;
  private readonly most: number;
  /** Sorted by offset. */
  private readonly carried: Carried[] = [];
  private longest = 0;
  private readonly held = new StreamBytes();
  /** Stream offset up to which bytes were delivered. */
  next = 0;
  /** Stream offset up to which bytes were rewritten. */
  private rewritten = 0;
  /** Stream offset after the last bytes that are no part of a message. */
  skippedTo = -1;
  /** Bytes that were dropped before it was known what they are. */
  dropped = 0;

  constructor(file: PatchedFile, most: number) {
    this.file = file;
    this.most = most;
  }

  /** A packet with stream bytes was written to the copy. `original`: the captured bytes. */
  carry(c: Omit<Carried, 'original'>, original: Uint8Array): void {
    const repeats = c.offset !== this.next || c.packet.damaged === true;
    const kept: Carried = { ...c, original: repeats ? original.slice() : null };
    let place = this.carried.length;
    while (place > 0 && this.carried[place - 1]!.offset > c.offset) place--;
    this.carried.splice(place, 0, kept);
    this.longest = Math.max(this.longest, c.length);
    const end = Math.min(c.offset + c.length, this.rewritten);
    if (end > c.offset) this.again(kept, end);
  }

  /** The next bytes of the stream, as they are decoded. */
  deliver(bytes: Uint8Array, start: number, end: number): void {
    if (this.held.held + end - start > this.most) {
      this.dropped += this.held.held;
      this.held.drop(Infinity);
    }
    this.held.put(this.next, bytes, start, end);
    this.next += end - start;
  }

  gap(length: number): void {
    this.next += length;
  }

  /** The bytes of a message as they were delivered; zeros for bytes that were not. */
  bytesOf(offset: number, length: number): Uint8Array {
    return this.held.copy(offset, length);
  }

  /** Whether all bytes of the range are held. */
  has(offset: number, length: number): boolean {
    return this.held.has(offset, length);
  }

  /** The bytes from `offset` on become `redacted`: rewrites them wherever they are in the copy. */
  rewrite(offset: number, original: Uint8Array, redacted: Uint8Array): void {
    const end = offset + redacted.length;
    for (let i = this.firstAt(offset - this.longest); i < this.carried.length; i++) {
      const c = this.carried[i]!;
      if (c.offset >= end) break;
      const from = Math.max(offset, c.offset);
      const to = Math.min(end, c.offset + c.length);
      if (to > from)
        this.put(c, from, original.subarray(from - offset, to - offset), redacted.subarray(from - offset, to - offset));
    }
    this.rewritten = Math.max(this.rewritten, end);
    const before = this.rewritten - RETAINED;
    this.held.drop(before);
    const old = this.firstAt(before - this.longest);
    if (old > 64) this.carried.splice(0, old);
  }

  /** A packet repeats bytes that were rewritten before: they become the same as there. */
  private again(c: Carried, end: number): void {
    for (let i = this.firstAt(c.offset - this.longest); i < this.carried.length; i++) {
      const other = this.carried[i]!;
      if (other.offset >= end) break;
      const from = Math.max(c.offset, other.offset);
      const to = Math.min(end, other.offset + other.length);
      if (other === c || to <= from || other.original !== null) continue;
      const became = this.file.read(other.at + from - other.offset, to - from);
      const original = this.held.has(from, to - from)
        ? this.held.copy(from, to - from)
        : c.original!.subarray(from - c.offset, to - c.offset);
      this.put(c, from, original, became);
    }
  }

  private put(c: Carried, offset: number, original: Uint8Array, redacted: Uint8Array): void {
    const from = offset - c.offset;
    let bytes = redacted;
    if (c.original !== null) {
      const own = c.original.subarray(from, from + bytes.length);
      if (Buffer.compare(own, original) !== 0) {
        // a copy that differs must still differ, and in the same places
        bytes = redacted.slice();
        for (let i = 0; i < bytes.length; i++) if (own[i] !== original[i]) bytes[i] = bytes[i]! ^ 0xff;
      }
    }
    const before = this.file.read(c.at + from, bytes.length);
    this.file.write(c.at + from, bytes);
    const odd = (c.shift + from) % 2 === 1;
    c.packet.payload += weigh(bytes, odd) - weigh(before, odd);
    c.packet.seal(c.packet.payload);
  }

  private firstAt(offset: number): number {
    let low = 0;
    let high = this.carried.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.carried[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Sum of the 16-bit words that these bytes are part of. `odd`: the first byte is the low half of its word. */
function weigh(bytes: Uint8Array, odd: boolean): number {
  let total = 0;
  for (let at = 0; at < bytes.length; at += MOST_SUMMED)
    total += sum(bytes, at, Math.min(MOST_SUMMED, bytes.length - at));
  // byte-swapped words give a byte-swapped sum (RFC 1071, section 2B)
  if (!odd) return total;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return ((total & 0xff) << 8) | (total >>> 8);
}

/** Even, so that all pieces but the last consist of whole words. */
const MOST_SUMMED = 65_534;
