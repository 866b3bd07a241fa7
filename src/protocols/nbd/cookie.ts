import { hexNumber } from '../../base/hex.js';
import { decimal } from '../../base/u64.js';

/**
 * A cookie as text. Clients that count up are shown in decimal. A cookie with a nonzero upper half is also shown in hexadecimal, as many
 * clients compose it from parts that can be recognised there (Linux: a sequence number above a queue number and tag; others: an address).
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

/** If `other`, an unknown number with its bytes swapped, is a known one, says so as the end of a sentence; otherwise empty. */
export function swappedName(
  other: number,
  isKnown: (value: number) => boolean,
  name: (value: number) => string,
): string {
  return isKnown(other) ? `; byte-swapped it is ${name(other)}: integers are big-endian` : '';
}

/** Says what a length is with its bytes swapped, as the end of a sentence. */
export function swappedLength(length: number): string {
  return `; byte-swapped its length is ${swap32(length)}: integers are big-endian`;
}

/** The same if the swapped length is the expected one, `due`, and the length itself is not; otherwise empty. */
export function swappedTo(length: number, due: number): string {
  return length !== due && swap32(length) === due ? swappedLength(length) : '';
}

/** The same if only the swapped length fits into `room` bytes; otherwise empty. */
export function swappedFit(length: number, room: number): string {
  return length > room && swap32(length) <= room ? swappedLength(length) : '';
}

/** A cookie with its bytes or halves in another order. `how` says how it was reordered. */
export interface OtherOrder {
  readonly how: string;
  readonly hi: number;
  readonly lo: number;
}

/**
 * The cookies that a changed byte order may have turned into this one: swapped as one 64-bit number, as two 32-bit numbers, or with the
 * halves exchanged. Those that equal the cookie itself are left out.
 */
export function otherOrders(hi: number, lo: number): OtherOrder[] {
  return [
    { how: 'byte-swapped', hi: swap32(lo), lo: swap32(hi) },
    { how: 'with each half byte-swapped', hi: swap32(hi), lo: swap32(lo) },
    { how: 'with its halves exchanged', hi: lo, lo: hi },
  ].filter((o) => o.hi !== hi || o.lo !== lo);
}
