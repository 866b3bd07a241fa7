import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../src/base/annotation.js';
import { unhex } from '../../src/base/hex.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { check, decode, explain } from '../../src/base/structure/decode.js';
import {
  changed,
  choose,
  countedBy,
  ifLeft,
  items,
  list,
  map,
  optional,
  since,
  sized,
  until,
  unusedBy,
  when,
  whenBefore,
  withFeature,
} from '../../src/base/structure/parts.js';
import { byteVersioned, struct, versioned } from '../../src/base/structure/struct.js';
import { blob, bool, i32, string, u16, u32, u64, u8, type Type, type ValueOf } from '../../src/base/structure/type.js';

const LIMITS = { listItems: 4, shownItems: 2, shownBytes: 8 };

function read<T>(type: Type<T>, hexBytes: string, more: { version?: number; features?: bigint } = {}) {
  const bytes = unhex(hexBytes);
  return explain(type, bytes, 0, bytes.length, 0, { limits: LIMITS, ...more });
}

describe('a structure in an envelope', () => {
  const pool = versioned(3, { id: u32, name: since(2, string), size: since(3, u8), old: until(2, u16) });

  it('has the fields of its version', () => {
    expect(read(pool, '0101 06000000 07000000 0900').value).toEqual({
      id: 7,
      name: undefined,
      size: undefined,
      old: 9,
    });
    expect(read(pool, '0201 0a000000 07000000 02000000 6162').value).toMatchObject({ id: 7, name: 'ab' });
    const value: ValueOf<typeof pool> = read(pool, '0301 0a000000 07000000 01000000 61 05').value!;
    expect(value.size).toBe(5);
    // @ts-expect-error some versions have no name
    expect(value.name.length).toBe(1);
  });

  it('may have a tail that nobody knows, which is counted', () => {
    const r = read(struct({ pool, next: u8 }), '0501 0d000000 07000000 01000000 61 05 aabbcc ff');
    expect(r.value).toMatchObject({ pool: { id: 7, size: 5 }, next: 0xff });
    expect(r.undecoded).toBe(3);
    const children = r.rows[0]!.children!;
    expect(children.map((a) => [a.name, a.at, a.length])).toEqual([
      ['header', 0, 6],
      ['id', 6, 4],
      ['name', 10, 5],
      ['size', 15, 1],
      ['rest', 16, 3],
    ]);
  });

  it('is not read where only newer readers may', () => {
    const r = read(pool, '0904 04000000 07000000');
    expect(r.value).toBeNull();
    expect(r.problems).toMatchObject([{ kind: 'compat', at: 1, length: 1 }]);
  });

  it('says what is missing, where, and how many bytes beyond', () => {
    const inside = read(struct({ pool }), '0301 06000000 07000000 0900');
    expect(inside.value).toBeNull();
    expect(inside.problems).toMatchObject([{ kind: 'short', path: 'pool.name', at: 10, length: 2, beyond: 2 }]);
    const beyond = read(struct({ pool }), '0301 10000000 07000000');
    expect(beyond.problems).toMatchObject([{ kind: 'length', path: 'pool.length', beyond: 12 }]);
  });

  it('had no compat or length once', () => {
    const late = versioned(3, { id: u8 }, { compatFrom: 2, lengthFrom: 3 });
    expect(read(late, '01 07').value).toEqual({ id: 7 });
    expect(read(late, '02 01 07').value).toEqual({ id: 7 });
    expect(read(late, '03 01 01000000 07').value).toEqual({ id: 7 });
    expect(read(byteVersioned(2, { id: u8, more: since(2, u8) }), '02 07 08').value).toEqual({ id: 7, more: 8 });
  });
});

describe('fields that are not always there', () => {
  it('go by the message, by features, by what is left, by earlier values', () => {
    const message = struct({ a: u8, b: since(2, u8), c: withFeature(4n, u8), d: ifLeft(u8) });
    expect(read(message, '01').value).toEqual({ a: 1, b: undefined, c: undefined, d: undefined });
    expect(read(message, '01 02 03 04', { version: 2, features: 6n }).value).toEqual({ a: 1, b: 2, c: 3, d: 4 });
    const chosen = struct({ count: u8, more: bool }).and((v) => ({
      list: items(v.count, u16),
      last: when(v.more, u8),
    }));
    expect(read(chosen, '02 01 0100 0200 09').value).toEqual({ count: 2, more: true, list: [1, 2], last: 9 });
    expect(read(chosen, '00 00').value).toEqual({ count: 0, more: false, list: [], last: undefined });
    expect(chosen.json(read(chosen, '01 00 0100').value!)).toEqual({ count: 1, more: false, list: [1] });
    expect(read(struct({ o: optional(u16) }), '00').value).toEqual({ o: null });
    expect(read(struct({ o: optional(u16) }), '01 0500').value).toEqual({ o: 5 });
  });
});

describe('lists', () => {
  it('that cannot fit are refused before anything is made of them', () => {
    const r = read(struct({ names: list(string) }), 'ffffffff 00000000');
    expect(r.problems).toMatchObject([{ kind: 'count', at: 0, length: 4, path: 'names', beyond: 4 * 0xffffffff - 4 }]);
    const empty = read(struct({ nothing: list(struct({})) }), 'ffffffff');
    expect(empty.problems).toMatchObject([{ kind: 'count' }]);
  });

  it('are kept up to a limit, and all checked', () => {
    const r = read(struct({ n: list(u8) }), '06000000 010203040506');
    expect(r.value!.n).toEqual([1, 2, 3, 4]);
    expect([r.notKept, r.undecoded]).toEqual([2, 0]);
    expect(fieldsOf(r.rows)['n']).toEqual([1, 2]);
    const short = read(struct({ n: list(string) }), '05000000' + '00000000'.repeat(4) + '01000000');
    expect(short.problems).toMatchObject([{ path: 'n[4].item', kind: 'length' }]);
  });

  it('of pairs keep the order of the bytes, and what comes twice', () => {
    const r = read(struct({ m: map(u8, string) }), '02000000 02 01000000 61 02 01000000 62');
    expect(r.value!.m).toEqual([
      [2, 'a'],
      [2, 'b'],
    ]);
    expect(fieldsOf(r.rows)['m']).toEqual([
      [2, 'a'],
      [2, 'b'],
    ]);
  });
});

describe('a structure in a blob', () => {
  it('ends where the blob does', () => {
    const outer = struct({ inner: sized(struct({ a: u8 })), b: i32 });
    const r = read(outer, '03000000 01 aaaa ffffffff');
    expect(r.value).toEqual({ inner: { a: 1 }, b: -1 });
    expect(r.undecoded).toBe(2);
    expect(read(outer, '00000000 ffffffff').problems).toMatchObject([{ kind: 'short', path: 'inner.a', beyond: 1 }]);
  });
});

describe('JSON', () => {
  it('has 64 bits as text, bytes as hex, long ones as their length, names and flags', () => {
    const s = struct({
      id: u64,
      op: u8.named((v) => `OP_${v}`),
      set: u8.flags((v) => (v & 1 ? ['ONE'] : [])),
      short: blob,
      long: blob,
    });
    const r = read(s, 'ffffffffffffffff 05 03 01000000 aa 09000000 000000000000000000');
    const json = { id: '18446744073709551615', op: 'OP_5', set: ['ONE'], short: 'aa' };
    expect(fieldsOf(r.rows)).toEqual({ ...json, long: '9 bytes' });
    expect(s.json(r.value!)).toEqual({ ...json, long: '000000000000000000' });
  });
});

describe('what is shown', () => {
  it('shows items up to shownItems, and bytes up to shownBytes', () => {
    const s = struct({ n: list(u8), b: blob });
    const bytes = unhex('03000000 010203 03000000 aabbcc');
    const shown = (shownItems: number, shownBytes: number) =>
      fieldsOf(explain(s, bytes, 0, bytes.length, 0, { limits: { listItems: 9, shownItems, shownBytes } }).rows);
    expect(shown(3, 3)).toEqual({ n: [1, 2, 3], b: 'aabbcc' });
    expect(shown(2, 2)).toEqual({ n: [1, 2], b: '3 bytes' });
  });
});

describe('checking', () => {
  it('finds what reading finds, without making values', () => {
    const s = struct({ a: list(struct({ x: u32, y: u32 })), m: map(string, versioned(1, { z: u8 })), o: optional(u8) });
    const whole = unhex('02000000' + '00'.repeat(16) + '01000000' + '0000000001010100000005' + '0106');
    const options = { limits: DEFAULT_LIMITS };
    expect(decode(s, whole, 0, whole.length, options).problems).toEqual([]);
    for (let end = 0; end <= whole.length; end++) {
      const kinds = (list: readonly { readonly kind: string }[]) => list.map((p) => p.kind);
      expect(kinds(check(s, whole, 0, end, options))).toEqual(kinds(decode(s, whole, 0, end, options).problems));
    }
  });
});

describe('a form that the bytes or earlier fields tell', () => {
  const small = struct({ tag: u8, value: u8 });
  const large = struct({ tag: u8, value: u32 });
  const either = choose<{ tag: number; value: number }>('either', (r) => (r.bytes[r.pos] === 1 ? small : large));
  const counted = struct({ count: u8, name: string, gap: u8, long: bool }).and(['count', 'gap', 'long'], {
    items: countedBy('count', u16),
    padding: unusedBy('gap'),
    more: whenBefore(u32, (before: { readonly long: boolean }) => before.long),
  });

  it('is picked by its first bytes, and its JSON is that of the picked one', () => {
    const r = read(struct({ first: either, second: either }), '0107 0209000000');
    expect(r.value).toEqual({ first: { tag: 1, value: 7 }, second: { tag: 2, value: 9 } });
    expect(either.json(r.value!.second)).toEqual({ tag: 2, value: 9 });
    expect(read(either, '02').problems[0]).toMatchObject({ kind: 'short', at: 1, beyond: 4 });
  });

  it('changes with a version', () => {
    const state = versioned(2, { state: changed(2, u8, u32) });
    expect(read(state, '0101 01000000 05').value).toEqual({ state: 5 });
    expect(read(state, '0201 04000000 05000000').value).toEqual({ state: 5 });
  });

  it('is counted by a field before, with values and without', () => {
    const bytes = '02 01000000 61 03 01 0100 0200 000000 07000000';
    const r = read(counted, bytes);
    expect(r.problems).toEqual([]);
    expect(r.value).toMatchObject({ count: 2, items: [1, 2], more: 7 });
    const raw = unhex(bytes);
    const ends = Array.from({ length: raw.length + 1 }, (_, end) => check(counted, raw, 0, end, { limits: LIMITS }));
    const reads = ends.map((_, end) => decode(counted, raw, 0, end, { limits: LIMITS }).problems);
    // the check skips over fields whose values nobody wants, and says the same
    expect(ends).toEqual(reads);
    expect(ends.findIndex((problems) => problems.length === 0)).toBe(raw.length);
  });

  it('is not read where the version contradicts itself', () => {
    expect(read(versioned(3, { id: u8 }), '0203 01000000 05').problems[0]).toMatchObject({ kind: 'version', at: 0 });
  });

  it('gives what could be read of it where it is cut', () => {
    const r = read(counted, '02 01000000 61 00 00 0100 02');
    expect(r.value).toBeNull();
    expect(r.partial).toMatchObject({ count: 2, name: 'a', gap: 0 });
  });
});
