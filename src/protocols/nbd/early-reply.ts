import { SIMPLE_REPLY_LENGTH, SIMPLE_REPLY_MAGIC } from './constants.js';
import type { PayloadTaker } from './payload.js';

/** Data up to this length are searched at every byte; longer ones only where packets begin, and at whole sectors. */
const SEARCHED_BYTES = 16 << 10;
const SECTOR = 512;

/**
 * The data of one READ after the other as they pass by, searched for the header of a reply to another request: where it stands, the data
 * ended early. One object serves a direction: it is about the reply that began last.
 */
export class EarlyReply implements PayloadTaker {
  /** Bytes of the data in front of the header; -1: none was found. */
  at = -1;
  cookieHi = 0;
  cookieLo = 0;
  private every = false;
  private readonly isAsked: (cookieHi: number, cookieLo: number) => boolean;
  private passed = 0;
  /** The last bytes that passed, where a header may have begun. */
  private readonly tail = new Uint8Array(2 * SIMPLE_REPLY_LENGTH - 2);
  private tailLength = 0;

  /** `isAsked`: whether a request with that cookie is in flight. */
  constructor(isAsked: (cookieHi: number, cookieLo: number) => boolean) {
    this.isAsked = isAsked;
  }

  /** A reply begins; `length` bytes of data are due. */
  begin(length: number): void {
    this.every = length <= SEARCHED_BYTES;
    this.at = -1;
    this.passed = 0;
    this.tailLength = 0;
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    if (this.at < 0) {
      if (this.every) this.joint(bytes, start, end);
      const last = end - SIMPLE_REPLY_LENGTH;
      if (this.every) {
        // by the last byte of the magic, 67 44 66 98: what stands there tells how far the next place is where it may be
        for (let i = start; i <= last && this.at < 0;) {
          const b = bytes[i + 3];
          if (b === 0x98) this.look(bytes, i, i - start);
          i += b === 0x66 ? 1 : b === 0x44 ? 2 : b === 0x67 ? 3 : 4;
        }
      } else {
        if (start <= last) this.look(bytes, start, 0);
        let i = start + ((SECTOR - (this.passed % SECTOR)) % SECTOR);
        for (; i <= last && this.at < 0; i += SECTOR) this.look(bytes, i, i - start);
      }
    }
    this.passed += end - start;
  }

  /** Looks at headers that began in the bytes before. */
  private joint(bytes: Uint8Array, start: number, end: number): void {
    const { tail } = this;
    const before = this.tailLength;
    let n = before;
    for (let i = start; i < end && n < before + SIMPLE_REPLY_LENGTH - 1; i++) tail[n++] = bytes[i]!;
    for (let i = 0; i < before && i + SIMPLE_REPLY_LENGTH <= n && this.at < 0; i++)
      if (tail[i] === 0x67) this.look(tail, i, i - before);
    const keep = Math.min(SIMPLE_REPLY_LENGTH - 1, before + end - start);
    if (end - start >= keep) tail.set(bytes.subarray(end - keep, end));
    else tail.copyWithin(0, n - keep, n);
    this.tailLength = keep;
  }

  /** Whether a header stands at index `i`, which lies `ahead` bytes behind those that passed. */
  private look(bytes: Uint8Array, i: number, ahead: number): void {
    if (u32(bytes, i) !== SIMPLE_REPLY_MAGIC) return;
    const hi = u32(bytes, i + 8);
    const lo = u32(bytes, i + 12);
    if (!this.isAsked(hi, lo)) return;
    this.at = this.passed + ahead;
    this.cookieHi = hi;
    this.cookieLo = lo;
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}
