import type { Annotation, Json } from './annotation.js';
import { hex, hexNumber, unhex } from './hex.js';
import { quote, wireText } from './text.js';

/**
 * The kinds of fields that a header is made of (see layout.ts). A kind knows how its value stands in the bytes, how JSON writes it
 * (contract: events), and how a person reads it.
 */
export interface Field<Raw = unknown, Given extends 'given' | 'fixed' = 'given' | 'fixed'> {
  /** Bytes on the wire. */
  readonly size: number;
  /** The kind in the protocols' documents: `u32`, `u64`, `bytes`, ... */
  readonly type: string;
  /** What JSON has for it; null for what only the hex dump shows. */
  readonly json: JsonType | null;
  /** Names that its numbers, or its bits, have. */
  readonly names: readonly string[];
  readonly about: About;
  /** The value that it always has where nobody breaks the protocol: then annotations and builders do without being given one. */
  readonly fixed: Raw | undefined;
  /** Only a type: whether a value must be given. */
  readonly given?: Given;
  /** The value in `view` at `at`, where at least `size` bytes are. */
  read(view: DataView, at: number, little: boolean): Raw;
  /** Writes the value; `view` has room for `size` bytes at `at`. */
  write(view: DataView, at: number, little: boolean, value: Raw): void;
  /** The value for `fields`. */
  value(raw: Raw): Json;
  /** How a person reads it, where that differs; undefined where it does not. */
  text(raw: Raw): string | undefined;
  /** Where one row is not enough: all rows of the field, which begins at `at`. */
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
  /** How a person reads it. */
  readonly text?: (value: Raw) => string | undefined;
}

interface FixedOptions<Raw> extends Options<Raw> {
  /** See Field.fixed. */
  readonly is: Raw;
}

type GivenIf<O> = O extends { readonly is: unknown } ? 'fixed' : 'given';

/** `8 bytes, big or little endian as the layout says`: what reads and writes a number. */
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
 * 64 bits, unsigned. Its value is a bigint, made where it is printed or built: a hot path reads the halves, at the field's place and
 * four bytes behind it, and joins them by u64.ts.
 */
export const u64 = <O extends Options<bigint>>(options?: O): Field<bigint, GivenIf<O>> => wide(false, options);
/** 64 bits, two's complement. */
export const i64 = <O extends Options<bigint>>(options?: O): Field<bigint, GivenIf<O>> => wide(true, options);

/** How many bytes a number with names has. */
export type Width = 'u8' | 'u16' | 'u32';
const CODECS: Readonly<Record<Width, Codec>> = { u8: U8, u16: U16, u32: U32 };

/** What numbers are called: by place in a list (holes allowed), or number by number. */
export type Names = readonly (string | undefined)[] | ReadonlyMap<number, string>;

function isList(names: Names): names is readonly (string | undefined)[] {
  return Array.isArray(names);
}

/** The name of a number; without one, its family and the number: `NBD_CMD_42`, `type 200`. */
export function nameOf(names: Names, family: string, value: number): string {
  const name = isList(names) ? names[value] : names.get(value);
  return name ?? `${family}${value}`;
}

/** A number that has a name. JSON has the name; a person reads both: `3 NBD_CMD_FLUSH`. */
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
  /** Hex digits that a person reads of the number, at least; twice the bytes where not given. */
  readonly digits?: number;
  /** Bits without a name: each as its mask, with the digits of the field (`each`, where not given), or all in one number (`together`). */
  readonly unnamed?: 'each' | 'together';
}

/** Names of the bits that are set, lowest first, and what has no name as hex numbers. */
export function flagNames(
  value: number,
  names: readonly string[],
  digits: number,
  unnamed: 'each' | 'together' = 'each',
): string[] {
  const out: string[] = [];
  let rest = value | 0;
  // only the bits that are set, as integers: powers of two as doubles cost as much as the rest of the line
  for (let bits = rest; bits !== 0; bits &= bits - 1) {
    const bit = 31 - Math.clz32(bits & -bits);
    if (names[bit] === undefined && unnamed === 'together') continue;
    out.push(names[bit] ?? hexNumber(2 ** bit, digits));
    rest &= ~(1 << bit);
  }
  if (rest !== 0 && unnamed === 'together') out.push(hexNumber(rest >>> 0, digits));
  return out;
}

/** A number whose bits have names, lowest first. JSON has a list of names; a person reads both: `0x0003 FUA NO_HOLE`. */
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

/** Text up to its first NUL, in a field of fixed size; all of it where no NUL is there. */
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

/** Bytes of fixed number: JSON has them in hex. What is written shorter is filled up with zeros. */
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

/** Text of fixed size, padded with NULs. Its raw value are all its bytes, which may hold more than the text. */
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

/** Bytes that a protocol reads in its own way (an address): `show` gives what JSON has. */
export function shown<O extends Options<Uint8Array>>(
  size: number,
  type: string,
  show: (raw: Uint8Array) => string,
  options?: O,
): Field<Uint8Array, GivenIf<O>> {
  const o: Options<Uint8Array> = options ?? {};
  return { ...bytes(size, options), type, json: o.hidden ? null : 'string', value: show };
}

/** Bytes that are always the same, given as they are or in hex: only a hex dump shows them, unless they are others. */
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
