/** 64-bit values as two unsigned 32-bit halves; they become exact text, or a double where that is good enough. */

const TWO_32 = 4294967296;

/** The value as a double: exact below 2^53. */
export function wide(hi: number, lo: number): number {
  return hi * TWO_32 + lo;
}

/** The little-endian value at `view[at..at + 8)`, as a double. */
export function wideAt(view: DataView, at: number): number {
  return wide(view.getUint32(at + 4, true), view.getUint32(at, true));
}

/** The exact value. */
export function exact(hi: number, lo: number): bigint {
  return (BigInt(hi) << 32n) | BigInt(lo);
}

/** The exact value in decimal. */
export function decimal(hi: number, lo: number): string {
  return hi < 0x200000 ? String(hi * TWO_32 + lo) : exact(hi, lo).toString();
}

/** Whether `wide` is exact for this upper half, and still is for the sum of two such values. */
export function isSmall(hi: number): boolean {
  return hi < 0x100000;
}
