import type { Share } from '../../../base/share.js';
import { EXTENT, STATUS_HEAD, WIDE_EXTENT, WIDE_STATUS_HEAD } from '../layout.js';

/** Receives a message's payload as it passes. Payload is kept only as far as such a taker keeps it. */
export interface PayloadTaker {
  /** The next bytes of the payload: `bytes[start..end)`. */
  take(bytes: Uint8Array, start: number, end: number): void;
}

const FIRST_SIZE = 64;
const NOTHING = new Uint8Array(0);

/**
 * Bytes that one session's options and replies may keep even if all sessions together keep too many: enough for names, and for answers of
 * ordinary length.
 */
export const FEW_BYTES = 8 << 10;

/** Keeps the first bytes of a payload, up to a limit that does not depend on the length that the wire announces. */
export class Prefix implements PayloadTaker {
  bytes: Uint8Array;
  length = 0;
  /** Whether less was kept because all sessions together keep too much. */
  crowded = false;
  private readonly limit: number;
  private readonly held: Share | null;

  /** `expected`: bytes of payload that are announced; at most `limit` are kept. `held`: counts what they take beyond the initial buffer. */
  constructor(expected: number, limit: number, held: Share | null = null) {
    this.limit = Math.min(expected, limit);
    this.held = held;
    this.bytes = this.limit === 0 ? NOTHING : new Uint8Array(Math.min(this.limit, FIRST_SIZE));
  }

  /** The same; options and replies without payload, which are most of them, share one object. */
  static of(expected: number, limit: number, held: Share): Prefix {
    return expected === 0 ? NO_PAYLOAD : new Prefix(expected, limit, held);
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    const wanted = Math.min(end - start, this.limit - this.length);
    if (wanted <= 0) return;
    if (this.length + wanted > this.bytes.length) this.grow(this.length + wanted);
    const n = Math.min(wanted, this.bytes.length - this.length);
    this.bytes.set(
      n === end - start && start === 0 && end === bytes.length ? bytes : bytes.subarray(start, start + n),
      this.length,
    );
    this.length += n;
  }

  private grow(total: number): void {
    const size = Math.min(this.limit, Math.max(total, this.bytes.length * 2));
    const { held } = this;
    if (held !== null) {
      const more = size - this.bytes.length;
      this.crowded ||= held.exceeded && held.taken + more > FEW_BYTES;
      if (this.crowded) return;
      held.take(more);
    }
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** u16, big-endian, at `at`; the caller checks the length. */
  u16(at: number): number {
    return this.bytes[at]! * 256 + this.bytes[at + 1]!;
  }

  /** u32, big-endian, at `at`; the caller checks the length. */
  u32(at: number): number {
    const b = this.bytes;
    return b[at]! * 0x1000000 + ((b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!);
  }
}

/** Keeps nothing. */
export const NO_PAYLOAD = new Prefix(0, 0);

/**
 * Reads the extents of a block status chunk one by one. It keeps a bounded number of them, and the facts about all of them that rules need.
 */
export class ExtentScan implements PayloadTaker {
  /** Whether entries are pairs of u64 (extended headers) instead of u32. */
  readonly wide: boolean;
  private readonly limit: number;
  private readonly head: number;
  private readonly entry: number;
  private readonly partial = new Uint8Array(WIDE_EXTENT.size);
  private have = 0;
  private inHead = true;

  contextId = 0;
  /** The count field of the extended form. */
  announced = 0;
  headComplete = false;
  /** Name of the metadata context, as the server announced it; null if that was not seen. */
  context: string | null = null;
  /** Whole extents seen. */
  count = 0;
  /** Sum of the extents' lengths in bytes, with and without the last one; exact below 2^53. */
  sum = 0;
  sumButLast = 0;
  /**
   * Index of the first extent with, in this order: length 0; status bits other than 0 and 1; status bits other than 0; a nonzero upper half
   * of the status. -1: none.
   */
  zeroAt = -1;
  notAllocationBits = -1;
  notDirtyBit = -1;
  highBitsAt = -1;
  /** Index of the first extent with the same status as the one before it, or -1. */
  repeatAt = -1;
  /** Bitwise or of the lower halves of all lengths but the last, which shows their common alignment. */
  lengthBits = 0;
  /** The first extents: lengths and status words, as pairs of halves. */
  readonly lengthHi: number[] = [];
  readonly lengthLo: number[] = [];
  readonly statusHi: number[] = [];
  readonly statusLo: number[] = [];
  /** Lower half of the last length, as a signed number. */
  lastLength = 0;
  /** Used by the session: the alignment of the lengths was judged. */
  alignmentJudged = false;
  private lastHi = -1;
  private lastLo = -1;

  /** At most `limit` extents are kept. */
  constructor(wide: boolean, limit: number) {
    this.wide = wide;
    this.limit = limit;
    this.head = (wide ? WIDE_STATUS_HEAD : STATUS_HEAD).size;
    this.entry = (wide ? WIDE_EXTENT : EXTENT).size;
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    let i = start;
    while (i < end) {
      const want = (this.inHead ? this.head : this.entry) - this.have;
      const n = Math.min(want, end - i);
      for (let k = 0; k < n; k++) this.partial[this.have + k] = bytes[i + k]!;
      this.have += n;
      i += n;
      if (n < want) return;
      this.have = 0;
      if (this.inHead) {
        this.inHead = false;
        this.headComplete = true;
        this.contextId = this.u32(STATUS_HEAD.at.contextId);
        this.announced = this.wide ? this.u32(WIDE_STATUS_HEAD.at.extentCount) : 0;
      } else if (this.wide) {
        const { length, status } = WIDE_EXTENT.at;
        this.add(this.u32(length), this.u32(length + 4), this.u32(status), this.u32(status + 4));
      } else {
        this.add(0, this.u32(EXTENT.at.length), 0, this.u32(EXTENT.at.status));
      }
    }
  }

  private u32(at: number): number {
    const b = this.partial;
    return b[at]! * 0x1000000 + ((b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!);
  }

  private add(lengthHi: number, lengthLo: number, statusHi: number, statusLo: number): void {
    const index = this.count++;
    const length = lengthHi * 4294967296 + lengthLo;
    this.sumButLast = this.sum;
    this.sum += length;
    if (index > 0) this.lengthBits |= this.lastLength;
    this.lastLength = lengthLo | 0;
    if (length === 0 && this.zeroAt < 0) this.zeroAt = index;
    if ((statusHi !== 0 || statusLo > 3) && this.notAllocationBits < 0) this.notAllocationBits = index;
    if ((statusHi !== 0 || statusLo > 1) && this.notDirtyBit < 0) this.notDirtyBit = index;
    if (statusHi !== 0 && this.highBitsAt < 0) this.highBitsAt = index;
    if (statusHi === this.lastHi && statusLo === this.lastLo && this.repeatAt < 0) this.repeatAt = index;
    this.lastHi = statusHi;
    this.lastLo = statusLo;
    if (index < this.limit) {
      this.lengthHi.push(lengthHi);
      this.lengthLo.push(lengthLo);
      this.statusHi.push(statusHi);
      this.statusLo.push(statusLo);
    }
  }
}
