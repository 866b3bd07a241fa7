import { hexNumber } from '../../base/hex.js';
import { decimal } from '../../base/u64.js';

/**
 * A cookie for people. Clients that count are shown in decimal; those that put it together of parts (Linux: a queue's number and tag
 * below a sequence, an address elsewhere) have something in the upper half, and are recognised in hexadecimal.
 */
export function cookieText(hi: number, lo: number): string {
  return hi === 0 ? decimal(hi, lo) : `${decimal(hi, lo)} (${hexNumber((BigInt(hi) << 32n) | BigInt(lo), 16)})`;
}

/** A 32-bit word with its bytes in the other order. */
export function swap32(value: number): number {
  return (((value & 0xff) << 24) | ((value & 0xff00) << 8) | ((value >>> 8) & 0xff00) | (value >>> 24)) >>> 0;
}

/** A 16-bit word with its bytes in the other order. */
export function swap16(value: number): number {
  return ((value & 0xff) << 8) | (value >>> 8);
}

/** What a number without a name is with its bytes in the other order, as the end of a sentence; or nothing. */
export function swappedName(
  other: number,
  isKnown: (value: number) => boolean,
  name: (value: number) => string,
): string {
  return isKnown(other) ? `; byte-swapped it is ${name(other)}: integers are big-endian` : '';
}

/** A length with its bytes in the other order, as the end of a sentence. */
export function swappedLength(length: number): string {
  return `; byte-swapped its length is ${swap32(length)}: integers are big-endian`;
}

/** The same where that is the length that is due; else nothing. */
export function swappedTo(length: number, due: number): string {
  return length !== due && swap32(length) === due ? swappedLength(length) : '';
}

/** The same where only that length fits into `room` bytes; else nothing. */
export function swappedFit(length: number, room: number): string {
  return length > room && swap32(length) <= room ? swappedLength(length) : '';
}

/** A cookie as other orders of bytes, or of halves, make it: what they do, and the halves. */
export interface OtherOrder {
  readonly how: string;
  readonly hi: number;
  readonly lo: number;
}

/** What a cookie may have been before a side turned it round: as a number of 64 bits, as two of 32, or with its halves exchanged. */
export function otherOrders(hi: number, lo: number): OtherOrder[] {
  return [
    { how: 'byte-swapped', hi: swap32(lo), lo: swap32(hi) },
    { how: 'with each half byte-swapped', hi: swap32(hi), lo: swap32(lo) },
    { how: 'with its halves exchanged', hi: lo, lo: hi },
  ].filter((o) => o.hi !== hi || o.lo !== lo);
}
