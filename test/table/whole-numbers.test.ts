import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ByteWriter } from 'hyparquet-writer';
import { deltaBinaryPack } from 'hyparquet-writer/src/delta.js';
import { describe, expect, it } from 'vitest';
import type { Chunk } from '../../src/table/chunk.js';
import { chunkOf } from '../../src/table/encode.js';

/** What hyparquet-writer makes of them: another program's hand. */
function packed(values: readonly bigint[]): Uint8Array {
  const writer = new ByteWriter();
  deltaBinaryPack(writer, BigInt64Array.from(values), 'INT64');
  return Buffer.from(writer.getBytes());
}

function bytesOf({ codec, pages }: Chunk): Uint8Array {
  const { bytes, size } = pages[0]!.body;
  const plain = Buffer.from(codec === 'GZIP' ? gunzipSync(bytes) : bytes);
  expect(plain.length).toBe(size);
  return plain;
}

const NONE = { numbers: new Float64Array(0), places: new Uint32Array(0), texts: [], pages: [] };

function integers(values: readonly (number | null)[], optional: boolean): Chunk {
  const numbers = Float64Array.from(values, (n) => n ?? NaN);
  return chunkOf({ type: 'integer', ...(optional && { optional }) }, { ...NONE, numbers });
}

function timesOf(list: readonly (readonly [seconds: number, nanos: number])[]): Chunk {
  const [numbers, places] = [Float64Array.from(list, ([s]) => s), Uint32Array.from(list, ([, n]) => n)];
  return chunkOf({ type: 'time' }, { ...NONE, numbers, places });
}

const numbers = fc.oneof(
  fc.array(fc.nat({ max: 1000 }), { minLength: 1, maxLength: 300 }),
  fc.array(fc.integer({ min: 0, max: 2 ** 52 }), { minLength: 1, maxLength: 300 }),
  fc.array(fc.constantFrom(0, 1, 2 ** 24, 2 ** 32 - 1, 2 ** 32, 2 ** 48, 2 ** 52), { minLength: 1, maxLength: 300 }),
);

describe('whole numbers', () => {
  it('are packed as another writer packs them, with their bounds', () => {
    fc.assert(
      fc.property(numbers, (values) => {
        const chunk = integers(values, false);
        expect(chunk.encoding).toBe('DELTA_BINARY_PACKED');
        expect(bytesOf(chunk)).toEqual(packed(values.map(BigInt)));
        expect(chunk.bounds).toEqual([BigInt(Math.min(...values)), BigInt(Math.max(...values))]);
      }),
    );
  });

  it('that lie too far apart for exact differences stand as they are', () => {
    const values = [1, 2 ** 60, 2 ** 53 + 2, 0];
    const chunk = integers(values, false);
    expect([chunk.encoding, chunk.bounds]).toEqual(['PLAIN', [0n, BigInt(2 ** 60)]]);
    expect(bytesOf(chunk)).toEqual(Buffer.from(BigInt64Array.from(values, BigInt).buffer));
  });

  it('may be missing', () => {
    const chunk = integers([null, 7, null, 9], true);
    expect(bytesOf(chunk)).toEqual(packed([7n, 9n]));
    expect(chunk.pages[0]).toMatchObject({ rows: 4, levels: { values: Uint8Array.of(0, 1, 0, 1), nulls: 2 } });
    const none = integers([null, null], true);
    expect(bytesOf(none)).toHaveLength(0);
    expect(none.pages[0]).toMatchObject({ rows: 2, levels: { nulls: 2 } });
  });
});

describe('times', () => {
  const time = fc.tuple(fc.integer({ min: -5, max: 2 ** 33 }), fc.nat({ max: 999_999_999 }));
  const exact = ([seconds, nanos]: readonly [number, number]): bigint =>
    BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

  it('keep their nanoseconds, near one another or not', () => {
    const near = fc.tuple(fc.integer({ min: 0, max: 2 ** 31 }), fc.array(fc.tuple(fc.nat({ max: 4_000_000 }), time)));
    fc.assert(
      fc.property(near, fc.boolean(), ([start, list], far) => {
        const times = list.map(([s, [other, nanos]]) => [far ? other : start + s, nanos] as const);
        const chunk = timesOf(times);
        const values = times.map(exact);
        const plain = Buffer.from(BigInt64Array.from(values).buffer);
        if (chunk.encoding === 'PLAIN') expect(bytesOf(chunk)).toEqual(plain);
        else expect(bytesOf(chunk)).toEqual(packed(values));
        if (!far && values.length > 0) expect(chunk.encoding).toBe('DELTA_BINARY_PACKED');
        const least = values.reduce((a, b) => (b < a ? b : a), values[0] ?? 0n);
        const most = values.reduce((a, b) => (b > a ? b : a), values[0] ?? 0n);
        if (values.length > 0) expect(chunk.bounds).toEqual([least, most]);
      }),
    );
  });

  it('beyond the year 2262 are the last that 64 bits can say', () => {
    const chunk = timesOf([0, 2 ** 40].map((seconds) => [seconds, 1]));
    expect(new BigInt64Array(Uint8Array.from(bytesOf(chunk)).buffer)[1]).toBe(9_223_372_035_000_000_001n);
  });
});
