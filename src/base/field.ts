import type { Annotation, Json } from './annotation.js';
import { hex, hexNumber, unhex } from './hex.js';
import { quote, wireText } from './text.js';

/**
 * The kinds of fields that a header is made of (see layout.ts). A kind knows how its value is encoded in bytes, how JSON shows it
 * (contract: events), and how it is printed for people.
 */
export interface Field<Raw = unknown, Given extends 'given' | 'fixed' = 'given' | 'fixed'> {
  /** Size on the wire, in bytes. */
  readonly size: number;
  /** The kind in the protocols' documents: `u32`, `u64`, `bytes`, ... */
  readonly type: string;
  /** The type of its value in JSON; null where only the hex dump shows it. */
  readonly json: JsonType | null;
  /** The names of its numbers, or of its bits. */
  readonly names: readonly string[];
  readonly about: About;
  /** The value that the protocol prescribes, where there is only one (a magic): then annotations and builders need not be given it. */
  readonly fixed: Raw | undefined;
  /** Exists in the type only: whether a value must be given. */
  readonly given?: Given;
  /** The value in `view` at `at`, where at least `size` bytes are. */
  read(view: DataView, at: number, little: boolean): Raw;
  /** Writes the value; `view` has room for `size` bytes at `at`. */
  write(view: DataView, at: number, little: boolean, value: Raw): void;
  /** The value for `fields`. */
  value(raw: Raw): Json;
  /** The text for people; undefined where it is that of the value. */
  text(raw: Raw): string | undefined;
  /** For fields that need several rows: all of them; `at`: where the field begins in the message. */
  rows?(raw: Raw, at: number): readonly Annotation[];
}

export type JsonType = 'number' | 'decimal string' | 'string' | 'string[]' | 'hex string' | 'object' | 'object[]';

/** What a field means, for `wirelint fields`, the schema, and the docs. */
export interface About {
  readonly description?: string;
  readonly example?: Json;
}

interface Options<Raw> extends About {
  /** Only for the hex dump: no value in `fields`. */
  readonly hidden?: boolean;
  /** The text for people. */
  readonly text?: (value: Raw) => string | undefined;
}

interface FixedOptions<Raw> extends Options<Raw> {
  /** See Field.fixed. */
  readonly is: Raw;
}

type GivenIf<O> = O extends { readonly is: unknown } ? 'fixed' : 'given';

/** Reads and writes a number of a certain size, in the byte order of the layout. */
interface Codec {
  readonly type: string;
  readonly size: number;
  get(view: DataView, at: number, little: boolean): number;
  set(view: DataView, at: number, value: number, little: boolean): void;
}

const U8: Codec = { type: 'u8', size: 1, get: (v, at) => v.getUint8(at), set: (v, at, n) => v.setUint8(at, n) };
const U16: Codec = {
  type: 'u16',
  size: 2,
  get: (v, at, little) => v.getUint16(at, little),
  set: (v, at, n, little) => v.setUint16(at, n, little),
};
const U32: Codec = {
  type: 'u32',
  size: 4,
  get: (v, at, little) => v.getUint32(at, little),
  set: (v, at, n, little) => v.setUint32(at, n, little),
};
const I32: Codec = {
  type: 'i32',
  size: 4,
  get: (v, at, little) => v.getInt32(at, little),
  set: (v, at, n, little) => v.setInt32(at, n, little),
};

function number<O extends Options<number>>(codec: Codec, options: O | undefined): Field<number, GivenIf<O>> {
  const o: Options<number> & { readonly is?: number } = options ?? {};
  return {
    ...{ size: codec.size, type: codec.type, names: [], about: o, fixed: o.is },
    json: o.hidden ? null : 'number',
    read: (view, at, little) => codec.get(view, at, little),
    write: (view, at, little, value) => codec.set(view, at, value, little),
    value: (raw) => raw,
    text: (raw) => o.text?.(raw),
  };
}

/** An unsigned byte. */
export const u8 = <O extends Options<number>>(options?: O): Field<number, GivenIf<O>> => number(U8, options);
/** 16 bits, unsigned. */
export const u16 = <O extends Options<number>>(options?: O): Field<number, GivenIf<O>> => number(U16, options);
/** 32 bits, unsigned. */
export const u32 = <O extends Options<number>>(options?: O): Field<number, GivenIf<O>> => number(U32, options);
/** 32 bits, two's complement. */
export const i32 = <O extends Options<number>>(options?: O): Field<number, GivenIf<O>> => number(I32, options);

function wide<O extends Options<bigint>>(signed: boolean, options: O | undefined): Field<bigint, GivenIf<O>> {
  const o: Options<bigint> & { readonly is?: bigint } = options ?? {};
  return {
    ...{ size: 8, type: signed ? 'i64' : 'u64', names: [], about: o, fixed: o.is },
    json: o.hidden ? null : 'decimal string',
    read: (view, at, little) => (signed ? view.getBigInt64(at, little) : view.getBigUint64(at, little)),
    write: (view, at, little, value) =>
      signed ? view.setBigInt64(at, value, little) : view.setBigUint64(at, value, little),
    value: (raw) => String(raw),
    text: (raw) => o.text?.(raw),
  };
}

/**
 * 64 bits, unsigned. Its value is a bigint, which is only made for printing and building: hot paths read the two halves, at the field's
 * offset and four bytes after it, and join them with u64.ts.
 */
export const u64 = <O extends Options<bigint>>(options?: O): Field<bigint, GivenIf<O>> => wide(false, options);
/** 64 bits, two's complement. */
export const i64 = <O extends Options<bigint>>(options?: O): Field<bigint, GivenIf<O>> => wide(true, options);

/** The type of a number with names. */
export type Width = 'u8' | 'u16' | 'u32';
const CODECS: Readonly<Record<Width, Codec>> = { u8: U8, u16: U16, u32: U32 };

/** Names of numbers: a list, indexed by number (holes allowed), or a map. */
export type Names = readonly (string | undefined)[] | ReadonlyMap<number, string>;

function isList(names: Names): names is readonly (string | undefined)[] {
  return Array.isArray(names);
}

/** The name of a number; without one, its family and the number: `NBD_CMD_42`, `type 200`. */
export function nameOf(names: Names, family: string, value: number): string {
  const name = isList(names) ? names[value] : names.get(value);
  return name ?? `${family}${value}`;
}

/** A number with a name. JSON has the name; the text for people has both: `3 NBD_CMD_FLUSH`. */
export function named<O extends Options<number>>(
  width: Width,
  names: Names,
  family: string,
  options?: O,
): Field<number, GivenIf<O>> {
  const o: Options<number> & { readonly is?: number } = options ?? {};
  const plain = number(CODECS[width], options);
  return {
    ...plain,
    names: [...names.values()].filter((name) => name !== undefined),
    json: o.hidden ? null : 'string',
    value: (raw) => nameOf(names, family, raw),
    text: (raw) => (o.text === undefined ? `${raw} ${nameOf(names, family, raw)}` : o.text(raw)),
  };
}

export interface FlagOptions extends Options<number> {
  /** The least number of hex digits in the text for people; where not given, twice the number of bytes. */
  readonly digits?: number;
  /** How bits without a name are shown: each as its mask in hex (`each`, the default), or all in one number (`together`). */
  readonly unnamed?: 'each' | 'together';
}

/** Names of the bits that are set, lowest first; those without a name as hex numbers. */
export function flagNames(
  value: number,
  names: readonly string[],
  digits: number,
  unnamed: 'each' | 'together' = 'each',
): string[] {
  const out: string[] = [];
  let rest = value | 0;
  // goes through the set bits only, as 32-bit integers: with doubles this would cost as much as the rest of the line
  for (let bits = rest; bits !== 0; bits &= bits - 1) {
    const bit = 31 - Math.clz32(bits & -bits);
    if (names[bit] === undefined && unnamed === 'together') continue;
    out.push(names[bit] ?? hexNumber(2 ** bit, digits));
    rest &= ~(1 << bit);
  }
  if (rest !== 0 && unnamed === 'together') out.push(hexNumber(rest >>> 0, digits));
  return out;
}

/** A number whose bits have names, lowest first. JSON has a list of names; the text for people has both: `0x0003 FUA NO_HOLE`. */
export function flags<O extends FlagOptions>(
  width: Width,
  names: readonly string[],
  options?: O,
): Field<number, GivenIf<O>> {
  const o: FlagOptions & { readonly is?: number } = options ?? {};
  const plain = number(CODECS[width], options);
  const digits = o.digits ?? 2 * plain.size;
  const list = (raw: number): string[] => flagNames(raw, names, digits, o.unnamed);
  return {
    ...plain,
    names,
    json: o.hidden ? null : 'string[]',
    value: list,
    text: (raw) => (o.text === undefined ? [hexNumber(raw, digits), ...list(raw)].join(' ') : o.text(raw)),
  };
}

/** The text up to the first NUL in a field of fixed size; all of it where there is no NUL. */
export function untilNul(raw: Uint8Array): string {
  const end = raw.indexOf(0);
  return wireText(raw, 0, end < 0 ? raw.length : end);
}

function slice(size: number, view: DataView, at: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + at, size);
}

function put(size: number, view: DataView, at: number, value: Uint8Array): void {
  slice(size, view, at).set(value.subarray(0, size));
}

/** A fixed number of bytes, in hex in JSON. A shorter value is padded with zeros when it is written. */
export function bytes<O extends Options<Uint8Array>>(size: number, options?: O): Field<Uint8Array, GivenIf<O>> {
  const o: Options<Uint8Array> & { readonly is?: Uint8Array } = options ?? {};
  return {
    ...{ size, type: `${size} bytes`, names: [], about: o, fixed: o.is },
    json: o.hidden ? null : 'hex string',
    read: (view, at) => slice(size, view, at),
    write: (view, at, _, value) => put(size, view, at, value),
    value: (raw) => hex(raw),
    text: (raw) => o.text?.(raw),
  };
}

/** Text of fixed size, padded with NULs. The raw value is all of its bytes, some of which may follow the first NUL. */
export function text<O extends Options<Uint8Array>>(size: number, options?: O): Field<Uint8Array, GivenIf<O>> {
  const o: Options<Uint8Array> & { readonly is?: Uint8Array } = options ?? {};
  return {
    ...bytes(size, options),
    type: `${size} characters`,
    json: o.hidden ? null : 'string',
    value: (raw) => untilNul(raw),
    text: (raw) => (o.text === undefined ? quote(untilNul(raw)) : o.text(raw)),
  };
}

/** Bytes with a form of the protocol's own (an address): `show` returns their value in JSON. */
export function shown<O extends Options<Uint8Array>>(
  size: number,
  type: string,
  show: (raw: Uint8Array) => string,
  options?: O,
): Field<Uint8Array, GivenIf<O>> {
  const o: Options<Uint8Array> = options ?? {};
  return { ...bytes(size, options), type, json: o.hidden ? null : 'string', value: show };
}

/** Bytes that must always be the same, given as bytes or in hex. Only a hex dump shows them, unless they are wrong. */
export function magic(
  always: string | Uint8Array,
  options: About & { readonly text?: string } = {},
): Field<Uint8Array, 'fixed'> {
  const is = typeof always === 'string' ? unhex(always) : always;
  const plain: FixedOptions<Uint8Array> = { ...options, is, text: (raw) => options.text ?? quote(wireText(raw)) };
  return {
    ...bytes(is.length, plain),
    ...{ json: null, type: 'magic', given: 'fixed' },
  };
}
