import { codecFor, flagBytes, indexBytes, pageBody, PlainTexts, type Chunk } from './chunk.js';
import { MAX_SPAN, packDeltas } from './delta.js';
import type { ColumnType } from './schema.js';

/** Rows that are gathered by column before they are written, at most: one row group of the file. */
export const MAX_ROWS = 65_536;

/**
 * The values of one column, of the rows since the last row group. They are kept as the file has them, so that writing a group is little
 * more than copying: a column of JavaScript values costs several times what its bytes do.
 */
export interface Column {
  /** What was added, as a column chunk; the column is empty then. */
  take(): Chunk;
}

/** Text of which much repeats, or null: a dictionary, and the place in it row by row. */
export class TextColumn implements Column {
  private places = new Map<string, number>();
  private readonly indexes = new Uint32Array(MAX_ROWS);
  private readonly levels: Levels | null;
  private values = 0;
  private latest: string | null = null;
  private latestPlace = 0;
  /** Characters of the dictionary. */
  size = 0;

  constructor(optional: boolean) {
    this.levels = optional ? new Levels() : null;
  }

  add(value: string | null): void {
    if (value === null) {
      this.levels!.add(0);
      return;
    }
    this.levels?.add(1);
    if (value !== this.latest) {
      let place = this.places.get(value);
      if (place === undefined) {
        place = this.places.size;
        this.places.set(value, place);
        this.size += value.length;
      }
      this.latest = value;
      this.latestPlace = place;
    }
    this.indexes[this.values++] = this.latestPlace;
  }

  take(): Chunk {
    const entries = this.places.size;
    const levels = this.levels?.take() ?? null;
    const rows = levels?.values.length ?? this.values;
    // readers stumble over dictionaries without an entry
    if (entries === 0) return { ...NO_VALUES, pages: [{ rows, levels, body: NO_BODY }] };
    const texts = new PlainTexts();
    for (const text of this.places.keys()) texts.add(text);
    const bits = entries < 2 ? 0 : 32 - Math.clz32(entries - 1);
    const indexes = indexBytes(this.indexes.subarray(0, this.values), bits);
    const dictionary = texts.take();
    const codec = codecFor(dictionary) === 'GZIP' ? 'GZIP' : codecFor(indexes);
    this.values = 0;
    this.places = new Map();
    this.latest = null;
    this.size = 0;
    return {
      ...{ encoding: 'RLE_DICTIONARY', codec, bounds: null },
      dictionary: { entries, body: pageBody(dictionary, codec) },
      pages: [{ rows, levels, body: pageBody(indexes, codec) }],
    };
  }
}

const NO_BODY = { bytes: new Uint8Array(0), size: 0 };
const NO_VALUES = { encoding: 'PLAIN', codec: 'UNCOMPRESSED', bounds: null, dictionary: null } as const;

/** Text that hardly repeats, on pages of bounded size that are compressed as soon as they are full. */
export class LongTextColumn implements Column {
  private readonly texts = new PlainTexts();
  private pages: Chunk['pages'][number][] = [];
  private rows = 0;

  add(value: string): void {
    this.texts.add(value);
    this.rows++;
    if (this.texts.size >= PAGE_BYTES) this.endPage();
  }

  /** Bytes of compressed pages, and of the page that is open. */
  get size(): number {
    return this.pages.reduce((sum, page) => sum + page.body.bytes.length, this.texts.size);
  }

  take(): Chunk {
    if (this.rows > 0) this.endPage();
    const { pages } = this;
    this.pages = [];
    return { encoding: 'PLAIN', codec: 'GZIP', bounds: null, dictionary: null, pages };
  }

  private endPage(): void {
    this.pages.push({ rows: this.rows, levels: null, body: pageBody(this.texts.take(), 'GZIP') });
    this.rows = 0;
  }
}

/** Bytes of text on one page, about. */
const PAGE_BYTES = 1 << 20;

/** Whole numbers from 0 on, or null: a BigInt of each would cost more than all else that is done with it. */
export class IntegerColumn implements Column {
  private readonly numbers = new Float64Array(MAX_ROWS);
  private values = 0;
  private readonly levels: Levels | null;

  constructor(optional: boolean) {
    this.levels = optional ? new Levels() : null;
  }

  add(value: number | null): void {
    if (value === null) {
      this.levels!.add(0);
      return;
    }
    this.levels?.add(1);
    this.numbers[this.values++] = value;
  }

  take(): Chunk {
    const numbers = this.numbers.subarray(0, this.values);
    this.values = 0;
    const levels = this.levels?.take() ?? null;
    const rows = levels?.values.length ?? numbers.length;
    return integerChunk(numbers, 0n, { rows, levels }, () => BigInt64Array.from(numbers, BigInt));
  }
}

/** `exact`: all of them, where they lie too far apart for doubles. */
function integerChunk(
  numbers: Float64Array,
  base: bigint,
  page: Omit<Chunk['pages'][number], 'body'>,
  exact: () => BigInt64Array,
): Chunk {
  if (numbers.length === 0) return { ...NO_VALUES, pages: [{ ...page, body: NO_BODY }] };
  let least = numbers[0]!;
  let most = least;
  for (let i = 1; i < numbers.length; i++) {
    const n = numbers[i]!;
    if (n < least) least = n;
    else if (n > most) most = n;
  }
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

function boundsOf(numbers: BigInt64Array): readonly [bigint, bigint] {
  const less = (a: bigint, b: bigint): bigint => (a < b ? a : b);
  const more = (a: bigint, b: bigint): bigint => (a > b ? a : b);
  return [numbers.reduce(less), numbers.reduce(more)];
}

const NANOS = 1_000_000_000;
/** The last second whose nanoseconds all fit 64 bits: in the year 2262. */
const LAST_SECOND = 9_223_372_035;

/** Points in time, in nanoseconds. */
export class TimeColumn implements Column {
  private readonly seconds = new Float64Array(MAX_ROWS);
  private readonly nanos = new Uint32Array(MAX_ROWS);
  private values = 0;

  /** A time beyond what 64 bits of nanoseconds can say is the first or last that they can. */
  add(seconds: number, nanos: number): void {
    const n = this.values++;
    this.seconds[n] = Math.min(Math.max(Math.floor(seconds), -LAST_SECOND), LAST_SECOND);
    this.nanos[n] = nanos;
  }

  take(): Chunk {
    const { seconds, nanos } = this;
    const rows = this.values;
    this.values = 0;
    const base = rows === 0 ? 0 : seconds[0]!;
    const since = new Float64Array(rows);
    for (let i = 0; i < rows; i++) since[i] = (seconds[i]! - base) * NANOS + nanos[i]!;
    const exact = (i: number): bigint => BigInt(seconds[i]!) * BigInt(NANOS) + BigInt(nanos[i]!);
    return integerChunk(since, BigInt(base) * BigInt(NANOS), { rows, levels: null }, () =>
      BigInt64Array.from(since, (_, i) => exact(i)),
    );
  }
}

export class FlagColumn implements Column {
  private readonly flags = new Levels();

  add(value: boolean): void {
    this.flags.add(value ? 1 : 0);
  }

  take(): Chunk {
    const { rows } = this.flags;
    const body = pageBody(flagBytes(this.flags.take().values), 'UNCOMPRESSED');
    return {
      ...{ encoding: 'RLE', codec: 'UNCOMPRESSED', bounds: null, dictionary: null },
      pages: [{ rows, levels: null, body }],
    };
  }
}

/** A bit of each row: whether an optional column has a value there, or the value of a flag. */
class Levels {
  private readonly bits = new Uint8Array(MAX_ROWS);
  rows = 0;
  private set = 0;

  add(bit: 0 | 1): void {
    this.bits[this.rows++] = bit;
    this.set += bit;
  }

  take(): { readonly values: Uint8Array; readonly nulls: number } {
    const taken = { values: this.bits.subarray(0, this.rows), nulls: this.rows - this.set };
    this.rows = this.set = 0;
    return taken;
  }
}

/** The class of a column, as the schema declares it. */
export type ColumnOf<C extends { readonly type: ColumnType }> = C extends { type: 'time' }
  ? TimeColumn
  : C extends { type: 'flag' }
    ? FlagColumn
    : C extends { type: 'integer' }
      ? IntegerColumn
      : C extends { type: 'json' }
        ? LongTextColumn
        : TextColumn;

export function columnOf(type: ColumnType, optional: boolean): Column {
  switch (type) {
    case 'time':
      return new TimeColumn();
    case 'flag':
      return new FlagColumn();
    case 'integer':
      return new IntegerColumn(optional);
    case 'json':
      return new LongTextColumn();
    default:
      return new TextColumn(optional);
  }
}
