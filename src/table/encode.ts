import { codecFor, flagBytes, indexBytes, pageBody, plainTexts, type Chunk } from './chunk.js';
import { MAX_SPAN, packDeltas } from './delta.js';
import { NONE } from './row-block.js';
import type { TableColumn } from './schema.js';

/** The values of one column of a row group, row by row. Which of the members are used depends on the column's type. */
export interface Values {
  /** Integers, or seconds; NaN: null. */
  readonly numbers: Float64Array;
  /** Indexes into `texts`, nanoseconds, or 1 and 0; NONE: null. */
  readonly places: Uint32Array;
  readonly texts: readonly string[];
  readonly pages: Chunk['pages'];
}

/** A page of JSON. */
export function jsonPage(bytes: Uint8Array, rows: number): Chunk['pages'][number] {
  return { rows, levels: null, body: pageBody(bytes, 'GZIP') };
}

export function chunkOf(column: Pick<TableColumn, 'type' | 'optional'>, of: Values): Chunk {
  const { type } = column;
  const optional = column.optional ?? false;
  switch (type) {
    case 'text':
      return textChunk(of.texts, of.places, optional);
    case 'integer':
      return numberChunk(of.numbers, optional);
    case 'time':
      return timeChunk(of.numbers, of.places);
    case 'flag':
      return flagChunk(of.places);
    case 'json':
      return { encoding: 'PLAIN', codec: 'GZIP', bounds: null, dictionary: null, pages: of.pages };
  }
}

type Levels = Chunk['pages'][number]['levels'];

const NO_BODY = { bytes: new Uint8Array(0), size: 0 };
const NO_VALUES = { encoding: 'PLAIN', codec: 'UNCOMPRESSED', bounds: null, dictionary: null } as const;

/** A dictionary, and for each row an index into it. */
function textChunk(entries: readonly string[], given: Uint32Array, optional: boolean): Chunk {
  const rows = given.length;
  const { values: places, levels } = optional ? present(given, NONE) : { values: given, levels: null };
  // some readers fail on a dictionary without entries
  if (entries.length === 0) return { ...NO_VALUES, pages: [{ rows, levels, body: NO_BODY }] };
  const bits = entries.length < 2 ? 0 : 32 - Math.clz32(entries.length - 1);
  const indexes = indexBytes(places, bits);
  const dictionary = plainTexts(entries);
  const codec = codecFor(dictionary) === 'GZIP' ? 'GZIP' : codecFor(indexes);
  return {
    ...{ encoding: 'RLE_DICTIONARY', codec, bounds: null },
    dictionary: { entries: entries.length, body: pageBody(dictionary, codec) },
    pages: [{ rows, levels, body: pageBody(indexes, codec) }],
  };
}

/** The values that are present, and for each row whether it has one. `none`: the value that stands for null. */
function present<T extends Uint32Array | Float64Array>(
  given: T,
  none: number,
): { readonly values: T; readonly levels: Levels } {
  const bits = new Uint8Array(given.length);
  const values = given.slice() as T;
  let n = 0;
  for (let i = 0; i < given.length; i++) {
    const value = given[i]!;
    // NaN is unequal to itself
    if (value === none || value !== value) continue;
    bits[i] = 1;
    values[n++] = value;
  }
  return { values: values.subarray(0, n) as T, levels: { values: bits, nulls: given.length - n } };
}

function numberChunk(given: Float64Array, optional: boolean): Chunk {
  const rows = given.length;
  const { values, levels } = optional ? present(given, NaN) : { values: given, levels: null };
  return integerChunk(values, 0n, { rows, levels }, () => BigInt64Array.from(values, BigInt));
}

/** `exact`: returns all values, if they are too far apart for doubles. */
function integerChunk(
  numbers: Float64Array,
  base: bigint,
  page: Omit<Chunk['pages'][number], 'body'>,
  exact: () => BigInt64Array,
): Chunk {
  if (numbers.length === 0) return { ...NO_VALUES, pages: [{ ...page, body: NO_BODY }] };
  const [least, most] = extremes(numbers);
  const near = most - least <= MAX_SPAN && most <= Number.MAX_SAFE_INTEGER;
  const all = near ? null : exact();
  const bytes = all === null ? packDeltas(numbers, base) : new Uint8Array(all.buffer);
  const bounds = all === null ? ([base + BigInt(least), base + BigInt(most)] as const) : boundsOf(all);
  const codec = codecFor(bytes);
  return {
    ...{ encoding: near ? 'DELTA_BINARY_PACKED' : 'PLAIN', codec, dictionary: null },
    bounds: page.levels === null ? bounds : null,
    pages: [{ ...page, body: pageBody(bytes, codec) }],
  };
}

/** A separate function, since V8 compiles this loop but would not compile the code that follows it in the same function. */
function extremes(numbers: Float64Array): readonly [number, number] {
  let least = numbers[0]!;
  let most = least;
  for (let i = 1; i < numbers.length; i++) {
    const n = numbers[i]!;
    if (n < least) least = n;
    else if (n > most) most = n;
  }
  return [least, most];
}

function boundsOf(numbers: BigInt64Array): readonly [bigint, bigint] {
  const less = (a: bigint, b: bigint): bigint => (a < b ? a : b);
  const more = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  return [numbers.reduce(less), numbers.reduce(more)];
}

const NANOS = 1_000_000_000;
/** The last second whose nanoseconds all fit into 64 bits (in the year 2262). */
const LAST_SECOND = 9_223_372_035;

/** Limits a time to the range of 64 bits of nanoseconds. */
function secondOf(seconds: number): number {
  return Math.min(Math.max(Math.floor(seconds), -LAST_SECOND), LAST_SECOND);
}

function timeChunk(seconds: Float64Array, nanos: Uint32Array): Chunk {
  const rows = seconds.length;
  const base = rows === 0 ? 0 : secondOf(seconds[0]!);
  const since = new Float64Array(rows);
  for (let i = 0; i < rows; i++) since[i] = (secondOf(seconds[i]!) - base) * NANOS + nanos[i]!;
  const exact = (i: number): bigint => BigInt(secondOf(seconds[i]!)) * BigInt(NANOS) + BigInt(nanos[i]!);
  return integerChunk(since, BigInt(base) * BigInt(NANOS), { rows, levels: null }, () =>
    BigInt64Array.from(since, (_, i) => exact(i)),
  );
}

function flagChunk(flags: Uint32Array): Chunk {
  const body = pageBody(flagBytes(flags), 'UNCOMPRESSED');
  return {
    ...{ encoding: 'RLE', codec: 'UNCOMPRESSED', bounds: null, dictionary: null },
    pages: [{ rows: flags.length, levels: null, body }],
  };
}
