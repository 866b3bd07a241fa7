import { describe, expect, it } from 'vitest';
import { seqDistance } from '../../src/base/seq.js';
import { duration, nanosBetween, relativeSeconds, rfc3339 } from '../../src/base/time.js';

describe('time', () => {
  it('prints nanoseconds, in UTC', () => {
    expect(rfc3339(1_795_184_665, 123_456_789)).toBe('2026-11-20T14:24:25.123456789Z');
    expect(rfc3339(0, 0)).toBe('1970-01-01T00:00:00.000000000Z');
  });

  it('does not throw on impossible times', () => {
    expect(rfc3339(1e15, 1)).toBe('9999-12-31T23:59:59.000000001Z');
  });

  it('subtracts across seconds', () => {
    expect(nanosBetween(1, 999_999_999, 2, 1)).toBe(2);
    expect(nanosBetween(0, 0, 0, 0)).toBe(-1);
    expect(relativeSeconds(10, 900_000_000, 11, 100_000_000)).toBe('0.200000');
    expect(relativeSeconds(11, 100_000_000, 10, 900_000_000)).toBe('-0.200000');
    // 64-bit stamps of a hostile file
    expect(relativeSeconds(0, 0, 2 ** 63, 123_456_789)).toMatch(/^\d[\de+.]*\.\d{6}$/);
    expect(relativeSeconds(2 ** 63, 1, -(2 ** 40), 0)).toMatch(/^-\d[\de+.]*\.\d{6}$/);
  });

  it.each([
    [329_000, '329 us'],
    [57, '57 ns'],
    [1_420_000, '1.42 ms'],
    [3_100_000_000, '3.1 s'],
    [-1500, '-1.5 us'],
  ])('%d ns for people', (n, text) => {
    expect(duration(n)).toBe(text);
  });
});

describe('sequence numbers', () => {
  it('wrap', () => {
    expect(seqDistance(0xfffffff0, 0x10)).toBe(0x20);
    expect(seqDistance(0x10, 0xfffffff0)).toBe(-0x20);
    expect(seqDistance(5, 5)).toBe(0);
  });
});
