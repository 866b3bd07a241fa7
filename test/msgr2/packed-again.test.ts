import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openSegments } from '../../src/protocols/msgr2/compression.js';
import type { Frame } from '../../src/protocols/msgr2/message.js';
import { fit } from '../../src/protocols/msgr2/packing/fit.js';
import { fitLz4 } from '../../src/protocols/msgr2/packing/lz4.js';
import { fitSnappy } from '../../src/protocols/msgr2/packing/snappy.js';
import { fitZstd } from '../../src/protocols/msgr2/packing/zstd.js';

const NUMBERS = { snappy: 1, zlib: 2, zstd: 3, lz4: 4, brotli: 5 };
type Name = keyof typeof NUMBERS;

/** Opens one segment, by the code that reads captures. */
function open(name: Name, packed: Uint8Array): Uint8Array | null {
  const frame = { count: 1, segmentLength: () => packed.length } as unknown as Frame;
  const { segments, failed } = openSegments(frame, packed, 0, 0, NUMBERS[name], 1 << 24);
  return failed === null ? segments[0]! : null;
}

let seed = 1;
const random = (n: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 2 ** 32) * n);
};

/** What fronts look like: numbers with many zeros, names, runs, and bytes that repeat nothing. */
function front(length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const kind = random(5);
    const n = Math.min(length - at, 1 + random(kind === 4 ? 300 : 24));
    for (let i = 0; i < n; i++) {
      const before = out[at + i - 40] ?? 0;
      out[at + i] = [0, i === 0 ? random(256) : 0, 97 + random(26), before, random(256)][kind]!;
    }
    at += n;
  }
  return out;
}

const u32 = (n: number): Uint8Array => new Uint8Array(Uint32Array.of(n).buffer);

/** A segment of `size` bytes that opens to something of that length: only its head is looked at. */
function frameOf(name: Name, length: number, size: number): Uint8Array {
  const head = name === 'zstd' ? u32(length) : Buffer.concat([u32(1), u32(length), u32(size - 12)]);
  const out = new Uint8Array(size);
  if (name === 'zstd' || name === 'lz4') out.set(head);
  return out;
}

/** About the fewest bytes that a segment can be made of. */
function fewest(name: Name, plain: Uint8Array): number {
  const makes = (size: number): boolean => fit(NUMBERS[name], frameOf(name, plain.length, size), plain) !== null;
  let low = 12;
  let high = plain.length + 64;
  while (!makes(high)) high--;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (makes(middle)) high = middle;
    else low = middle;
  }
  return high;
}

/** Of the lengths that are tried: those that LZ4 passes over, and zlib and brotli between the shortest stream and one that can be filled. */
const GAPS: Record<Name, number> = { snappy: 0, zlib: 6, zstd: 0, lz4: 2, brotli: 6 };

describe.each(Object.keys(NUMBERS) as Name[])('a segment that is compressed again by %s', (name) => {
  it.each([5, 41, 300, 1062, 70_000])('opens to its %i bytes, at any length from its shortest on', (n) => {
    const plain = n > 5000 ? new Uint8Array(n).fill(7, 3, 4000) : front(n);
    const least = fewest(name, plain);
    // snappy and LZ4 cannot be longer than their literals are
    const most = name === 'snappy' || name === 'lz4' ? n : Infinity;
    let missing = 0;
    for (const more of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 17, 40, 77, 150, 333, 1000, 4001]) {
      const size = least + more;
      const made = fit(NUMBERS[name], frameOf(name, n, size), plain);
      if (made === null && size <= most) missing++;
      if (made === null) continue;
      expect(made.length).toBe(size);
      expect(Buffer.compare(open(name, made) ?? new Uint8Array(0), plain)).toBe(0);
    }
    expect(missing).toBeLessThanOrEqual(GAPS[name]);
  });
});

describe('compression at an exact length', () => {
  it('is about as good as what others make', () => {
    const plain = front(4000);
    const others = zlib.deflateRawSync(plain, { level: 1, strategy: zlib.constants.Z_FIXED }).length;
    for (const make of [fitSnappy, fitLz4, fitZstd]) {
      let size = Math.floor(others * 1.15);
      while (make(plain, size) === null && size < 4000) size++;
      expect(size).toBeLessThan(others * 1.4);
    }
  });

  it('fails where it would have to be shorter than possible', () => {
    const plain = front(500);
    for (const make of [fitSnappy, fitLz4, fitZstd]) expect(make(plain, 20)).toBeNull();
  });
});
