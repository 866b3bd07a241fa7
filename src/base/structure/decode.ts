import type { Annotation } from '../annotation.js';
import { Reader, type Problem, type ReadOptions } from './reader.js';
import { Struct } from './struct.js';
import type { Type } from './type.js';

/** A value as far as it could be read: any field may be missing. */
export type Partly<T> = T extends Uint8Array | bigint | number | string | boolean | null | undefined
  ? T
  : T extends readonly (infer I)[]
    ? readonly (Partly<I> | undefined)[]
    : { readonly [K in keyof T]?: Partly<T[K]> | undefined };

/** The result of reading a structure. */
export interface Decoded<T> {
  /** Null where the bytes end, or contradict themselves, inside of it. */
  readonly value: T | null;
  /** The part that could be read, to show structures that are cut off. */
  readonly partial: Partly<T>;
  /** What was odd, and, as the last one, what ended the reading. */
  readonly problems: readonly Problem[];
  /** Number of bytes that no field describes: after the last field of structures with a length, and after the whole. */
  readonly undecoded: number;
  /** Number of list items that were not kept (`limits.listItems`). */
  readonly notKept: number;
}

export interface Explained<T> extends Decoded<T> {
  /** Rows of the fields that could be read, with `rest` for bytes that no field describes at the end of a structure with a length. */
  readonly rows: readonly Annotation[];
}

/** Reads a structure from `bytes[start..end)`. Never throws, never reads beyond `end`. */
export function decode<T>(
  type: Type<T>,
  bytes: Uint8Array,
  start: number,
  end: number,
  options: ReadOptions,
): Decoded<T> {
  return run(type, new Reader(bytes, start, end, start, options));
}

/**
 * The same with annotations. Their offsets count from the message's first byte; `at` is that of `bytes[start]`. A structure's fields are at
 * the top level, so that `fieldsOf(rows)` is its JSON.
 */
export function explain<T>(
  type: Type<T>,
  bytes: Uint8Array,
  start: number,
  end: number,
  at: number,
  options: ReadOptions,
): Explained<T> {
  const r = new Reader(bytes, start, end, at, options);
  const rows: Annotation[] = [];
  r.rows = rows;
  const decoded = run(type, r);
  return { ...decoded, rows };
}

/** Checks a structure without making a value, for messages that are not printed. Returns its problems; none: it is complete. */
export function check(
  type: Type<unknown>,
  bytes: Uint8Array,
  start: number,
  end: number,
  options: ReadOptions,
): readonly Problem[] {
  const r = new Reader(bytes, start, end, start, options);
  if (type instanceof Struct) type.skipTop(r);
  else type.skip(r, 'value');
  return r.problems;
}

function run<T>(type: Type<T>, r: Reader): Decoded<T> {
  const value = type instanceof Struct ? (type.readTop(r) as T) : type.read(r, 'value');
  const undecoded = r.undecoded + Math.max(0, r.end - r.pos);
  return {
    value: r.failed ? null : value,
    partial: value as Partly<T>,
    problems: r.problems,
    undecoded,
    notKept: r.notKept,
  };
}
