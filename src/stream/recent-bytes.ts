import type { Block } from '../base/block.js';

/** Size of the ring that all connections share, at most and at first, in 32-bit words. Powers of two. */
const RING = 1 << 16;
const FIRST_RING = 1 << 9;
/** Words of a record before its samples: owner, distance to the owner's previous record, sequence number, length. */
const HEADER = 4;
/** Segments of up to this many bytes are kept whole, of longer ones SAMPLES words. */
const WHOLE = 64;
const SAMPLES = 4;
/** Records of one direction that a look-up goes back through. */
const MAX_HOPS = 512;

/**
 * Remembers what was delivered last, so that a retransmission with other bytes is noticed. Keeping every byte would cost as
 * much as decoding it: short segments are kept whole, of longer ones four words spread evenly. That misses a change of a few bytes
 * in bulk data, and notices all else. One ring serves all connections; what is overwritten is not compared.
 *
 * Its sizes are no limits with names, as they cost no byte of a stream: the first copy is delivered, whether a later one can be compared
 * with it or not. Most retransmissions come soon, while the first copy is still remembered.
 */
export class RecentBytes {
  private ring = new Int32Array(FIRST_RING);
  private mask = FIRST_RING - 1;
  /** Words written so far, as a 32-bit number that wraps. */
  private head = 0;

  /**
   * Remembers `block.bytes[start..end)`, at sequence number `seq`, for the direction `owner`, whose newest record so far is `previous`.
   * Returns the position of the new record.
   */
  add(owner: number, previous: number, seq: number, block: Block, start: number, end: number): number {
    const length = end - start;
    const n = samples(length);
    const at = this.head;
    if (this.mask < RING - 1 && at + HEADER + n > this.mask) this.grow();
    const { ring, mask } = this;
    ring[at & mask] = owner;
    ring[(at + 1) & mask] = (at - previous) | 0;
    ring[(at + 2) & mask] = seq;
    ring[(at + 3) & mask] = length;
    const step = stepOf(length);
    const { view } = block;
    let from = start;
    for (let i = 0; i < n; i++, from += step) ring[(at + HEADER + i) & mask] = view.getInt32(from);
    let rest = length - n * step;
    if (length <= WHOLE && rest > 0) {
      let word = 0;
      for (; rest > 0; rest--) word = (word << 8) | block.bytes[end - rest]!;
      ring[(at + HEADER + n) & mask] = word;
    }
    this.head = (at + HEADER + n + 1) | 0;
    return at;
  }

  /** Doubles the ring. As long as it can grow nothing was overwritten, so that every word keeps its index. */
  private grow(): void {
    const smaller = this.ring;
    this.ring = new Int32Array(2 * smaller.length);
    this.ring.set(smaller);
    this.mask = this.ring.length - 1;
  }

  /**
   * Compares retransmitted bytes with what is remembered of `owner`, from its record `newest` backwards. Returns the sequence number of
   * a byte that differs, or null.
   */
  differs(owner: number, newest: number, seq: number, block: Block, start: number, end: number): number | null {
    const { ring, mask } = this;
    const length = end - start;
    let at = newest;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      const age = (this.head - at) | 0;
      if (age <= 0 || age > RING - HEADER - WHOLE || ring[at & mask] !== owner) return null;
      const recordSeq = ring[(at + 2) & mask]!;
      const recordLength = ring[(at + 3) & mask]!;
      const place = (recordSeq - seq) | 0;
      if (place + recordLength <= 0) return null;
      if (place < length) {
        const found = this.compare(at, recordLength, place, block, start, length);
        if (found !== null) return (seq + found) | 0;
      }
      const back = ring[(at + 1) & mask]!;
      if (back <= 0) return null;
      at = (at - back) | 0;
    }
    return null;
  }

  /** Compares the record's words with bytes that begin `-place` bytes into it. Returns the index of a byte that differs, or null. */
  private compare(
    record: number,
    recordLength: number,
    place: number,
    block: Block,
    start: number,
    length: number,
  ): number | null {
    const { ring, mask } = this;
    const n = samples(recordLength);
    const step = stepOf(recordLength);
    const rest = recordLength <= WHOLE ? recordLength - n * step : 0;
    for (let i = 0; i <= n; i++) {
      const size = i < n ? 4 : rest;
      const word = ring[(record + HEADER + i) & mask]!;
      for (let k = 0; k < size; k++) {
        const at = place + i * step + k;
        if (at < 0 || at >= length) continue;
        if (block.bytes[start + at] !== ((word >>> (8 * (size - 1 - k))) & 0xff)) return at;
      }
    }
    return null;
  }
}

/** Words that are kept of a segment. */
function samples(length: number): number {
  return length <= WHOLE ? length >> 2 : SAMPLES;
}

/** Bytes from one word to the next; the last word of a long segment ends near its end. */
function stepOf(length: number): number {
  return length <= WHOLE ? 4 : Math.floor((length - 4) / (SAMPLES - 1));
}
