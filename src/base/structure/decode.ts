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

/** What became of the bytes of a structure. */
export interface Decoded<T> {
  /** Null where the bytes end, or contradict themselves, inside of it. */
  readonly value: T | null;
  /** As far as it could be read, for what is shown of structures that are cut. */
  readonly partial: Partly<T>;
  /** What ended the reading (last) and what was odd. */
  readonly problems: readonly Problem[];
  /** Bytes that no field describes: behind the last field of structures with a length, and behind the whole. */
  readonly undecoded: number;
  /** Items of lists that were not kept (`limits.listItems`). */
  readonly notKept: number;
}

export interface Explained<T> extends Decoded<T> {
  /** Rows of the fields, as far as they could be read, with `undecoded` for what lies behind them. */
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
 * The same with annotations, whose places count from the message's first byte: `at` is the place of `bytes[start]` there. A
 * structure's fields stand at the top; `fieldsOf(rows)` is its JSON.
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

/** Whether the bytes hold the structure: its problems, without making a value. For the path on which nobody looks at it. */
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
