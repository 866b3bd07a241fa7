import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonBytes } from '../../src/base/json-bytes.js';
import { safeJson } from '../../src/base/safe-text.js';
import { TextPiece } from '../../src/base/text-bytes.js';

const LEAD = new TextPiece('"n":');
const QUOTED = new TextPiece('"n":"');

function written(room: number, write: (out: JsonBytes) => void): string {
  const out = new JsonBytes(room);
  write(out);
  return out.toString();
}

it('writes whole numbers as JSON has them', () => {
  const edges = [0, 9, 10, 99, 100, 999_999_999, 1e9, 1e9 + 1, 2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER];
  const any = fc.oneof(fc.constantFrom(...edges), fc.maxSafeNat());
  fc.assert(
    fc.property(any, (n) => {
      expect(written(1, (out) => out.integer(LEAD, n))).toBe(`"n":${n},`);
    }),
  );
});

it('writes numbers of 64 bits by their halves', () => {
  const half = fc.oneof(fc.constantFrom(0, 1, 0x1fffff, 0x200000, 0xffffffff), fc.nat({ max: 0xffffffff }));
  fc.assert(
    fc.property(half, half, (hi, lo) => {
      const exact = (BigInt(hi) << 32n) | BigInt(lo);
      expect(written(1, (out) => out.wide(QUOTED, hi, lo))).toBe(`"n":"${exact}",`);
    }),
  );
});

it('writes any text, with what a terminal obeys escaped, in whatever room', () => {
  const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 80 }), fc.string({ maxLength: 80 }));
  fc.assert(
    fc.property(fc.array(text), fc.nat({ max: 64 }), (texts, room) => {
      const json = texts.map((t) => JSON.stringify(t));
      const all = written(room, (out) => json.forEach((j) => out.json(j)));
      expect(all).toBe(json.map(safeJson).join(''));
    }),
  );
});

it('writes objects, empty ones and others', () => {
  expect(written(0, (out) => (out.open(), out.close()))).toBe('{}');
  expect(written(0, (out) => (out.open(), out.integer(LEAD, 7), out.close()))).toBe('{"n":7}');
});

it('writes pieces of any length, and nothing of them behind the next', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '"', ':', '\\'), maxLength: 20 })), (texts) => {
      const pieces = texts.map((t) => new TextPiece(t));
      expect(written(3, (out) => pieces.forEach((p) => out.piece(p)))).toBe(texts.join(''));
    }),
  );
});
