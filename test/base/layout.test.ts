import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../../src/base/annotation.js';
import { bytes, flags, i32, i64, magic, named, shown, text, u16, u32, u64, u8 } from '../../src/base/field.js';
import { hex, unhex } from '../../src/base/hex.js';
import { inner, layout, repeat, Shown } from '../../src/base/layout.js';

const COMMANDS = new Map([
  [0, 'CMD_READ'],
  [7, 'CMD_STATUS'],
]);
const REQUEST = layout('big', {
  magic: magic('25 60 95 13', { text: 'request' }),
  flags: flags('u16', ['FUA', 'NO_HOLE']),
  type: named('u16', COMMANDS, 'CMD_', { description: 'what is asked for', example: 'CMD_READ' }),
  cookie: u64(),
  length: u32(),
});
const BYTES = unhex('25609513 0005 0007 0102030405060708 fffffffe');
const VALUES = { flags: 5, type: 7, cookie: 0x0102030405060708n, length: 0xfffffffe };

describe('a layout', () => {
  it('places the fields one behind the other', () => {
    expect(REQUEST.at).toEqual({ magic: 0, flags: 4, type: 6, cookie: 8, length: 16 });
    expect(REQUEST.size).toBe(20);
  });

  it('reads and builds the same bytes', () => {
    expect(REQUEST.read(BYTES)).toEqual({ magic: unhex('25609513'), ...VALUES });
    expect(hex(REQUEST.build(VALUES))).toBe(hex(BYTES));
    const shifted = new Uint8Array([9, 9, ...BYTES]);
    expect(REQUEST.read(shifted, 2)).toEqual(REQUEST.read(BYTES));
  });

  it('annotates every field, with names, 64 bits as text, and no value for what is always the same', () => {
    expect(REQUEST.annotations(VALUES)).toEqual([
      { name: 'magic', at: 0, length: 4, text: 'request' },
      { name: 'flags', at: 4, length: 2, value: ['FUA', '0x0004'], text: '0x0005 FUA 0x0004' },
      { name: 'type', at: 6, length: 2, value: 'CMD_STATUS', text: '7 CMD_STATUS' },
      { name: 'cookie', at: 8, length: 8, value: '72623859790382856', wide: true },
      { name: 'length', at: 16, length: 4, value: 0xfffffffe },
    ]);
    expect(fieldsOf(REQUEST.annotations({ ...VALUES, type: 42 }))['type']).toBe('CMD_42');
  });

  it('annotates what is there from the bytes alone', () => {
    expect(REQUEST.rows(BYTES)).toEqual(REQUEST.annotations(VALUES));
    const late = new Uint8Array([9, 9, ...BYTES.subarray(0, 18)]);
    expect(REQUEST.rows(late, 2)).toEqual(REQUEST.annotations(VALUES, 2, 16));
  });

  it('gives a wrong magic a value', () => {
    const [row] = REQUEST.annotations({ ...VALUES, magic: unhex('25609514') });
    expect(row).toEqual({ name: 'magic', at: 0, length: 4, value: '25609514', text: 'request' });
    expect(hex(REQUEST.build({ ...VALUES, magic: unhex('25609514') }))).toBe(`25609514${hex(BYTES, 4)}`);
  });

  it('does not compile without a value for each field', () => {
    // @ts-expect-error length is not given
    expect(() => REQUEST.annotations({ flags: 0, type: 0, cookie: 0n })).not.toThrow();
    // @ts-expect-error no such field
    expect(REQUEST.at.size).toBeUndefined();
    // @ts-expect-error a number is not 64 bits wide
    expect(() => REQUEST.build({ ...VALUES, cookie: 1 })).toThrow();
    const short = REQUEST.without('length');
    // @ts-expect-error a finding cannot point at what is not there
    expect(short.where({ offset: 0 }, 'length').length).toBe(4);
  });

  it('annotates what is there of a cut header, at its place in the message', () => {
    expect(REQUEST.annotations(VALUES, 100, 15).map((a) => [a.name, a.at])).toEqual([
      ['magic', 100],
      ['flags', 104],
      ['type', 106],
    ]);
  });

  it('says where a finding points', () => {
    const message = { offset: 1000 };
    expect(REQUEST.where(message, 'type')).toEqual({ message, offset: 1006, length: 2 });
    expect(REQUEST.where(message, 'flags', 'cookie', 32)).toEqual({ message, offset: 1036, length: 12 });
  });

  it('shows a field in another way where that depends on more than its value', () => {
    const rows = REQUEST.annotations({ ...VALUES, cookie: new Shown('7', 'seven') });
    expect(rows[3]).toEqual({ name: 'cookie', at: 8, length: 8, value: '7', text: 'seven', wide: true });
  });

  it('lacks fields in some versions, and has others of another size', () => {
    const NAMED = layout('big', { id: u8(), name: text(8), caps: u32(), count: u32() });
    const SECTION = NAMED.without('name', 'caps');
    expect(SECTION.at).toEqual({ id: 0, name: -1, caps: -1, count: 1 });
    expect(hex(SECTION.build({ id: 1, count: 2 }))).toBe('0100000002');
    expect(SECTION.annotations({ id: 1, count: 2 }).map((a) => a.name)).toEqual(['id', 'count']);
    const long = NAMED.with({ name: text(12) });
    expect([long.size, long.at.caps, long.sizeOf('name')]).toEqual([21, 13, 12]);
    expect(Object.keys(SECTION.at)).toEqual(Object.keys(NAMED.at));
  });

  it('tells what there is without a message', () => {
    expect(REQUEST.info.map((f) => [f.name, f.type, f.json])).toEqual([
      ['magic', 'magic', null],
      ['flags', 'u16', 'string[]'],
      ['type', 'u16', 'string'],
      ['cookie', 'u64', 'decimal string'],
      ['length', 'u32', 'number'],
    ]);
    expect(REQUEST.info[2]).toMatchObject({
      names: ['CMD_READ', 'CMD_STATUS'],
      description: 'what is asked for',
      example: 'CMD_READ',
    });
  });
});

describe('kinds of fields', () => {
  it('are little endian where the layout says so', () => {
    const LITTLE = layout('little', { a: u16(), b: i32(), c: u64(), d: i64() });
    const values = { a: 0x0102, b: -2, c: 0xf102030405060708n, d: -3n };
    const built = LITTLE.build(values);
    expect(hex(built)).toBe('0201feffffff08070605040302f1fdffffffffffffff');
    expect(LITTLE.read(built)).toEqual(values);
    expect(fieldsOf(LITTLE.annotations(values))).toEqual({ a: 258, b: -2, c: String(0xf102030405060708n), d: '-3' });
  });

  it('hold text up to its NUL, and bytes as hex; what is built is filled up or cut', () => {
    const MIXED = layout('big', { name: text(6), raw: bytes(3), host: shown(4, 'address', (b) => b.join('.')) });
    const built = MIXED.build({
      name: Buffer.from('ab'),
      raw: Uint8Array.of(1, 2, 3, 4),
      host: Uint8Array.of(10, 0, 0, 1),
    });
    expect(hex(built)).toBe('6162000000000102030a000001');
    expect(MIXED.annotations(MIXED.read(built))).toEqual([
      { name: 'name', at: 0, length: 6, value: 'ab', text: '"ab"' },
      { name: 'raw', at: 6, length: 3, value: '010203' },
      { name: 'host', at: 9, length: 4, value: '10.0.0.1' },
    ]);
  });

  it('can have unnamed bits as one number, and other digits', () => {
    const F = layout('big', { caps: flags('u32', ['A', 'B'], { digits: 1, unnamed: 'together' }) });
    expect(F.annotations({ caps: 0x80000046 })[0]).toMatchObject({
      value: ['B', '0x80000044'],
      text: '0x80000046 B 0x80000044',
    });
    expect(F.annotations({ caps: 0 })[0]).toMatchObject({ value: [], text: '0x0' });
  });

  it('hold a structure, as one row with its own below', () => {
    const PAIR = layout('little', { low: u8(), high: u8() });
    const show = (p: { readonly low: number; readonly high: number }): [string, string] => [
      `${p.low}/${p.high}`,
      `from ${p.low} to ${p.high}`,
    ];
    const outer = layout('little', {
      kind: u8(),
      pair: inner('pair', PAIR, show),
    });
    const values = { kind: 1, pair: { low: 2, high: 3 } };
    const built = outer.build(values);
    expect([...built]).toEqual([1, 2, 3]);
    expect(outer.read(built)).toEqual(values);
    const children = [
      { name: 'low', at: 1, length: 1, value: 2 },
      { name: 'high', at: 2, length: 1, value: 3 },
    ];
    expect(outer.rows(built)).toEqual([
      { name: 'kind', at: 0, length: 1, value: 1 },
      { name: 'pair', at: 1, length: 2, value: '2/3', text: 'from 2 to 3', children },
    ]);
  });

  it('repeat a smaller layout', () => {
    const SEGMENT = layout('little', { length: u32(), alignment: u16() });
    const FRAME = layout('little', { tag: u8(), segments: repeat(2, 'segment', SEGMENT), crc: u32({ hidden: true }) });
    const values = {
      tag: 1,
      segments: [
        { length: 41, alignment: 8 },
        { length: 5, alignment: 8 },
      ],
      crc: 9,
    };
    const built = FRAME.build(values);
    expect(hex(built)).toBe('01290000000800050000000800' + '09000000');
    expect(FRAME.read(built)).toEqual(values);
    expect(FRAME.annotations(values)).toEqual([
      { name: 'tag', at: 0, length: 1, value: 1 },
      {
        ...{ name: 'segment0', at: 1, length: 6 },
        children: [
          { name: 'length', at: 1, length: 4, value: 41 },
          { name: 'alignment', at: 5, length: 2, value: 8 },
        ],
      },
      {
        ...{ name: 'segment1', at: 7, length: 6 },
        children: [
          { name: 'length', at: 7, length: 4, value: 5 },
          { name: 'alignment', at: 11, length: 2, value: 8 },
        ],
      },
      { name: 'crc', at: 13, length: 4 },
    ]);
  });
});
