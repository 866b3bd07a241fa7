import fc from 'fast-check';
import { expect, it } from 'vitest';
import { safeText } from '../../src/base/safe-text.js';
import { duration, writeDuration } from '../../src/base/time.js';
import { TextBytes, TextPiece } from '../../src/base/text-bytes.js';

function written(room: number, write: (out: TextBytes) => void): string {
  const out = new TextBytes(room);
  write(out);
  return out.toString();
}

const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 150 }), fc.string({ maxLength: 150 }));

it('writes numbers as JavaScript has them, and aligns them', () => {
  const edges = [0, 9, 10, 999_999_999, 1e9, 1e9 + 1, 2 ** 53 - 1, 2 ** 53, 2 ** 64, 1e21];
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...edges), fc.maxSafeNat()), fc.nat({ max: 24 }), (n, width) => {
      expect(written(1, (out) => out.decimal(n))).toBe(String(n));
      expect(written(1, (out) => out.rightAligned(n, width))).toBe(String(n).padStart(width));
    }),
  );
});

it('writes durations as people read them', () => {
  const edges = [0, 1, 999, 1000, 1001, 9_999, 10_050, 99_949, 99_951, 100_000, 999_999, 1_234_567, 1e9, 59e9, 1e15];
  fc.assert(
    fc.property(fc.oneof(fc.constantFrom(...edges), fc.nat(), fc.maxSafeNat()), (nanos) => {
      expect(written(1, (out) => writeDuration(out, nanos))).toBe(duration(nanos));
    }),
  );
});

it('writes any text as it is, and safe to print where that is asked for', () => {
  fc.assert(
    fc.property(anyText, fc.nat({ max: 200 }), (text, room) => {
      expect(written(room, (out) => out.text(text))).toBe(Buffer.from(text).toString());
      expect(written(room, (out) => out.safe(text))).toBe(safeText(text));
    }),
  );
});

it('writes pieces in any characters', () => {
  fc.assert(
    fc.property(fc.array(anyText), (texts) => {
      const all = written(0, (out) => texts.forEach((t) => out.piece(new TextPiece(t))));
      expect(all).toBe(texts.map((t) => Buffer.from(t).toString()).join(''));
    }),
  );
});

it('takes blanks back, and no more than was written from there on', () => {
  const out = new TextBytes(4);
  out.text('a  ');
  out.blanks(3);
  out.trim(2);
  expect(out.toString()).toBe('a ');
  out.trim(0);
  expect(out.toString()).toBe('a');
});
