import type { Json } from '../annotation.js';
import { hex } from '../hex.js';
import { wireText } from '../text.js';
import type { Reader } from './reader.js';

/**
 * Describes how a value is encoded in bytes, little endian. One description gives the typed value, a check without a value, JSON, and
 * annotations (if the reader collects them).
 */
export interface Type<T> {
  /** The kind, as documentation writes it: `u32`, `list of string`. */
  readonly kind: string;
  /** Size in bytes, where it is fixed; else -1. */
  readonly size: number;
  /** The least size in bytes: the counts of lists are checked against it. */
  readonly least: number;
  /** Its fields, where it has any. */
  readonly fields?: Readonly<Record<string, Type<unknown>>>;
  /** Reads a value, and adds its row. If the reader has failed, the value must not be used: `decode` returns null then. */
  read(r: Reader, name: string): T;
  /** The same without making a value or a row: only checks that all of it is there. */
  skip(r: Reader, name: string): void;
  /** The value for JSON: 64 bits as decimal text, bytes as hex. */
  json(value: T): Json;
}

/** The type of the values that a description gives: `type Locator = ValueOf<typeof locator>`. */
export type ValueOf<D> = D extends Type<infer T> ? T : never;

/** A field of fixed size with a single value. */
export class Scalar<T> implements Type<T> {
  readonly kind: string;
  readonly size: number;
  readonly least: number;
  private readonly get: (r: Reader, at: number) => T;
  private readonly toJson: (value: T) => Json;
  private readonly toText: ((value: T) => string) | undefined;
  /** Whether its JSON is the decimal text of a 64-bit number. */
  private readonly wide: boolean;

  constructor(
    kind: string,
    size: number,
    get: (r: Reader, at: number) => T,
    toJson: (value: T) => Json,
    toText?: (value: T) => string,
  ) {
    this.kind = kind;
    this.size = size;
    this.least = size;
    this.get = get;
    this.toJson = toJson;
    this.toText = toText;
    this.wide = size === 8 && (toJson as unknown) === String;
  }

  read(r: Reader, name: string): T {
    const at = r.take(name, this.size);
    if (at < 0) return undefined as T;
    const value = this.get(r, at);
    if (r.rows !== null) {
      const text = r.texts ? this.toText?.(value) : undefined;
      r.row(name, at, this.toJson(value), text, undefined, this.wide);
    }
    return value;
  }

  skip(r: Reader, name: string): void {
    r.take(name, this.size);
  }

  json(value: T): Json {
    return this.toJson(value);
  }

  /** The same with a text for people; JSON keeps the value. */
  shown(text: (value: T) => string): Scalar<T> {
    return new Scalar(this.kind, this.size, this.get, this.toJson, text);
  }

  /** The same with a name: JSON has the name, the text for people the number and the name; the value stays the number. */
  named(name: (value: T) => string): Scalar<T> {
    return new Scalar(this.kind, this.size, this.get, name, (value) => `${String(value)} ${name(value)}`);
  }

  /** The same as a list of flag names in JSON; the value stays the number. */
  flags(names: (value: T) => readonly string[]): Scalar<T> {
    return new Scalar(this.kind, this.size, this.get, names, (value) => names(value).join(' '));
  }

  /** The same with its value converted: `u8.as('bool', (v) => v !== 0, ...)`. */
  as<U>(kind: string, convert: (value: T) => U, json: (value: U) => Json): Scalar<U> {
    const { get } = this;
    return new Scalar(kind, this.size, (r, at) => convert(get(r, at)), json);
  }
}

const itself = (value: Json): Json => value;

export const u8 = new Scalar('u8', 1, (r, at) => r.bytes[at]!, itself);
export const i8 = new Scalar('i8', 1, (r, at) => r.view.getInt8(at), itself);
export const u16 = new Scalar('u16', 2, (r, at) => r.view.getUint16(at, true), itself);
export const i16 = new Scalar('i16', 2, (r, at) => r.view.getInt16(at, true), itself);
export const u32 = new Scalar('u32', 4, (r, at) => r.view.getUint32(at, true), itself);
export const i32 = new Scalar('i32', 4, (r, at) => r.view.getInt32(at, true), itself);
export const u64 = new Scalar('u64', 8, (r, at) => r.view.getBigUint64(at, true), String);
export const i64 = new Scalar('i64', 8, (r, at) => r.view.getBigInt64(at, true), String);
export const f32 = new Scalar('f32', 4, (r, at) => r.view.getFloat32(at, true), finite);
export const f64 = new Scalar('f64', 8, (r, at) => r.view.getFloat64(at, true), finite);
/** One byte; anything but 0 is true. */
export const bool = u8.as('bool', (v) => v !== 0, itself);

function finite(value: number): Json {
  return Number.isFinite(value) ? value : String(value);
}

/** A fixed number of bytes; a copy. JSON has hex. */
export function fixedBytes(n: number): Scalar<Uint8Array> {
  return new Scalar<Uint8Array>(
    `${n} bytes`,
    n,
    (r, at) => r.bytes.slice(at, at + n),
    (value) => hex(value),
  );
}

/** A fixed number of unused bytes: no value in JSON, and no copy. */
export function unused(n: number): Type<undefined> {
  return {
    ...{ kind: `${n} unused bytes`, size: n, least: n },
    read: (r, name) => {
      const at = r.take(name, n);
      if (at >= 0 && n > 0) r.row(name, at, undefined);
    },
    skip: (r, name) => void r.take(name, n),
    json: () => null,
  };
}

/** u32 length and UTF-8. */
export const string: Type<string> = {
  ...{ kind: 'string', size: -1, least: 4 },
  read: (r, name) => {
    const at = r.takeSized(name);
    if (at < 0) return '';
    const value = wireText(r.bytes, at + 4, r.pos);
    if (r.rows !== null) r.row(name, at, value);
    return value;
  },
  skip: (r, name) => void r.takeSized(name),
  json: itself,
};

/** u32 length and bytes, not copied. Rows have hex, or only the number of bytes if that is more than `limits.shownBytes`. */
export const blob: Type<Uint8Array> = {
  ...{ kind: 'bytes', size: -1, least: 4 },
  read: (r, name) => {
    const at = r.takeSized(name);
    if (at < 0) return r.bytes.subarray(0, 0);
    const value = r.bytes.subarray(at + 4, r.pos);
    if (r.rows !== null) r.row(name, at, hexOrSize(value, r.limits.shownBytes));
    return value;
  },
  skip: (r, name) => void r.takeSized(name),
  json: (value) => hexOrSize(value, MOST_HEX),
};

/** Up to this many bytes `json` has a blob in hex, as it does not know `limits.shownBytes`. */
const MOST_HEX = 256;

function hexOrSize(bytes: Uint8Array, most: number): string {
  return bytes.length <= most ? hex(bytes) : `${bytes.length} bytes`;
}

/** All bytes that are left in the innermost structure, as bytes without a form. */
export const remainder: Type<Uint8Array> = {
  ...{ kind: 'the rest', size: -1, least: 0 },
  read: (r, name) => {
    const at = r.take(name, r.left);
    if (at < 0) return r.bytes.subarray(0, 0);
    const value = r.bytes.subarray(at, r.pos);
    if (r.rows !== null && value.length > 0) r.row(name, at, hexOrSize(value, r.limits.shownBytes));
    return value;
  },
  skip: (r, name) => void r.take(name, r.left),
  json: (value) => hexOrSize(value, MOST_HEX),
};

/** The same for bytes that only a hex dump shows: encrypted ones, padding. */
export const hiddenRemainder: Type<Uint8Array> = {
  ...{ kind: 'the rest, sealed', size: -1, least: 0 },
  read: (r, name) => {
    const at = r.take(name, r.left);
    if (at < 0) return r.bytes.subarray(0, 0);
    if (r.pos > at) r.row(name, at, undefined);
    return r.bytes.subarray(at, r.pos);
  },
  skip: (r, name) => void r.take(name, r.left),
  json: () => null,
};
