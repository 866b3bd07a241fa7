import type { Input } from '../../../base/input.js';
import type { HeaderInside } from '../notices.js';
import type { NbdMessage } from '../messages.js';
import type { PayloadTaker } from './payload.js';

const SECTOR = 512;
/** Bytes from the magic to the end of the cookie, which requests, simple replies and chunks have in the same places. */
const LOOKED_AT = 16;
const COOKIE = 8;
const NOTHING = new Uint8Array(0);

/**
 * Searches the data of a message, as they pass, for the header of the next message: if it is found, the data ended early. One object serves
 * a direction, for one message after the other.
 *
 * Searching every byte would take small messages a tenth more time. So only those places are searched where headers occur in practice: at
 * multiples of 512 bytes, and where a packet begins.
 */
export class EarlyHeader implements PayloadTaker {
  /** Offset of the found header in the data; -1: none was found. */
  private at = -1;
  private cookieHi = 0;
  private cookieLo = 0;
  private magic = 0;
  private firstByte = 0;
  private readonly isNext: (bytes: Uint8Array, at: number, cookieHi: number, cookieLo: number) => boolean;
  private passed = 0;
  /** The start of a header of which not all bytes have come yet, how many have come, and its offset in the data. */
  private begun = NOTHING;
  private have = 0;
  private begunAt = 0;

  /** `isNext`: whether the header at `bytes[at..]`, which has the right magic, can be that of the next message. */
  constructor(isNext: (bytes: Uint8Array, at: number, cookieHi: number, cookieLo: number) => boolean) {
    this.isNext = isNext;
  }

  /** Begins a message whose data are searched for a header with this magic. */
  begin(magic: number): void {
    this.magic = magic;
    this.firstByte = magic >>> 24;
    this.at = -1;
    this.passed = 0;
    this.have = 0;
  }

  /**
   * The header that was found in the data of `message`, its last `length` bytes; or null. `behind`: the input after the data, in which a
   * header that begins in them may end.
   */
  in(message: NbdMessage | null, length: number, behind: Input | null): HeaderInside | null {
    if (message === null || message.taker !== this) return null;
    if (this.at < 0 && this.have > 0 && behind !== null) this.goOn(behind.bytes, behind.pos, behind.end);
    if (this.at < 0) return null;
    return { offset: message.endOffset - length + this.at, cookieHi: this.cookieHi, cookieLo: this.cookieLo };
  }

  take(bytes: Uint8Array, start: number, end: number): void {
    if (this.at < 0) {
      if (this.have > 0) this.goOn(bytes, start, end);
      if (bytes[start] === this.firstByte) this.look(bytes, start, start, end);
      const ahead = -this.passed & (SECTOR - 1);
      for (let i = ahead === 0 ? start + SECTOR : start + ahead; i < end; i += SECTOR)
        if (bytes[i] === this.firstByte) this.look(bytes, i, start, end);
    }
    this.passed += end - start;
  }

  /** Judges the header at index `i` of `bytes[start..end)`, or keeps its first bytes if the rest has not come yet. */
  private look(bytes: Uint8Array, i: number, start: number, end: number): void {
    if (this.at >= 0) return;
    const at = this.passed + i - start;
    if (i + LOOKED_AT <= end) {
      this.judge(bytes, i, at);
    } else if (this.have === 0) {
      this.begunAt = at;
      if (this.begun === NOTHING) this.begun = new Uint8Array(LOOKED_AT);
      this.keep(bytes, i, end);
    }
  }

  private goOn(bytes: Uint8Array, start: number, end: number): void {
    this.keep(bytes, start, end);
    if (this.have < LOOKED_AT) return;
    this.have = 0;
    this.judge(this.begun, 0, this.begunAt);
  }

  private keep(bytes: Uint8Array, start: number, end: number): void {
    for (let i = start; i < end && this.have < LOOKED_AT; i++) this.begun[this.have++] = bytes[i]!;
  }

  private judge(bytes: Uint8Array, i: number, at: number): void {
    if (u32(bytes, i) !== this.magic) return;
    const hi = u32(bytes, i + COOKIE);
    const lo = u32(bytes, i + COOKIE + 4);
    if (!this.isNext(bytes, i, hi, lo)) return;
    this.at = at;
    this.cookieHi = hi;
    this.cookieLo = lo;
  }
}

function u32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 0x1000000 + ((bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!);
}
