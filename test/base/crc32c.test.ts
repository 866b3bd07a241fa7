import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../src/base/crc32c.js';

/** Bit by bit, straight from the polynomial. */
function slow(crc: number, bytes: Uint8Array): number {
  let c = crc;
  for (const b of bytes) {
    c ^= b;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  }
  return c >>> 0;
}

const ascii = (s: string): Uint8Array => new Uint8Array(Buffer.from(s));

describe('crc32c', () => {
  it('gives the check value of the algorithm', () => {
    expect(~crc32c(0xffffffff, ascii('123456789')) >>> 0).toBe(0xe3069283);
  });

  it('gives the vectors of RFC 3720, appendix B.4', () => {
    const inverted = (b: Uint8Array): number => ~crc32c(0xffffffff, b) >>> 0;
    expect(inverted(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(inverted(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(inverted(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e);
  });

  it('agrees with the polynomial over any bytes, start register, range and split, short and long', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 2000 }),
        fc.integer({ min: 0, max: 0xffffffff }),
        fc.nat(2000),
        fc.nat(2000),
        (bytes, seed, a, b) => {
          const start = Math.min(a, b, bytes.length);
          const end = Math.min(Math.max(a, b), bytes.length);
          const expected = slow(seed, bytes.subarray(start, end));
          expect(crc32c(seed, bytes, start, end)).toBe(expected);
          const middle = (start + end) >> 1;
          expect(crc32c(crc32c(seed, bytes, start, middle), bytes, middle, end)).toBe(expected);
        },
      ),
    );
  });
});
