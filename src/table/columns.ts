import { PageBody, PlainTexts, type Chunk } from './chunk.js';
import type { ColumnType } from './schema.js';

/** Rows that are gathered by column before they are written, at most: one row group of the file. */
export const MAX_ROWS = 65_536;

/**
 * The values of one column, of the rows since the last row group. They are kept as the file has them, so that writing a group is little
 * more than copying: a column of JavaScript values costs several times what its bytes do.
 */
export interface Column<Value = never> {
  add(value: Value): void;
  /** What was added, as a column chunk; the column is empty then. */
  take(): Chunk;
}

/** Text of which much repeats, or null: a dictionary, and the place in it row by row. */
export class TextColumn implements Column<string | null> {
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
    const dictionary = new PlainTexts();
    for (const text of this.places.keys()) dictionary.add(text);
    const entries = this.places.size;
    const levels = this.levels?.take() ?? null;
    const rows = levels?.values.length ?? this.values;
    // readers stumble over dictionaries without an entry
    if (entries === 0)
      return {
        encoding: 'PLAIN',
        bounds: null,
        dictionary: null,
        pages: [{ rows, levels, body: PageBody.of(dictionary.take()) }],
      };
    const bits = entries < 2 ? 0 : 32 - Math.clz32(entries - 1);
    const body = PageBody.ofIndexes(this.indexes.subarray(0, this.values), bits);
    const page = { rows, levels, body };
    this.values = 0;
    this.places = new Map();
    this.latest = null;
    this.size = 0;
    return {
      ...{ encoding: 'RLE_DICTIONARY', bounds: null, pages: [page] },
      dictionary: { entries, body: PageBody.of(dictionary.take()) },
    };
  }
}

/** Text that hardly repeats, on pages of bounded size that are compressed as soon as they are full. */
export class LongTextColumn implements Column<string> {
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
    return { encoding: 'PLAIN', bounds: null, dictionary: null, pages };
  }

  private endPage(): void {
    this.pages.push({ rows: this.rows, levels: null, body: PageBody.of(this.texts.take()) });
    this.rows = 0;
  }
}

/** Bytes of text on one page, about. */
const PAGE_BYTES = 1 << 20;

/** Whole numbers from 0 on, or null, written as halves: making a BigInt of each costs more than all else that is done with it. */
export class IntegerColumn implements Column<number | null> {
  protected readonly halves = new Uint32Array(2 * MAX_ROWS);
  protected values = 0;
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
    const at = 2 * this.values++;
    this.halves[at] = value;
    this.halves[at + 1] = value <= 0xffffffff ? 0 : Math.floor(value / 2 ** 32);
  }

  take(): Chunk {
    const bounds = this.levels === null ? boundsOf(this.halves, this.values) : null;
    const body = PageBody.of(new Uint8Array(this.halves.buffer, 0, 8 * this.values));
    const page = { rows: this.levels?.rows ?? this.values, levels: this.levels?.take() ?? null, body };
    this.values = 0;
    return { encoding: 'PLAIN', bounds, dictionary: null, pages: [page] };
  }
}

/** The smallest and the largest of numbers in halves, signed. */
function boundsOf(halves: Uint32Array, values: number): Chunk['bounds'] {
  let least = 0;
  let most = 0;
  for (let at = 2; at < 2 * values; at += 2) {
    if (isLess(halves, at, least)) least = at;
    else if (isLess(halves, most, at)) most = at;
  }
  const all = new BigInt64Array(halves.buffer);
  return [all[least >> 1]!, all[most >> 1]!];
}

function isLess(halves: Uint32Array, a: number, b: number): boolean {
  const highA = halves[a + 1]! | 0;
  const highB = halves[b + 1]! | 0;
  return highA === highB ? halves[a]! < halves[b]! : highA < highB;
}

const BASE = new BigInt64Array(1);
const BASE_HALVES = new Uint32Array(BASE.buffer);
/** The last nanosecond of the whole seconds that 64 bits of nanoseconds reach: in the year 2262. */
const LAST_SECOND = 9_223_372_035;

/** Points in time, in nanoseconds. */
export class TimeColumn extends IntegerColumn {
  private second = NaN;
  private low = 0;
  private high = 0;

  constructor() {
    super(false);
  }

  /** A time beyond what 64 bits of nanoseconds can say is the first or last that they can. */
  addTime(seconds: number, nanos: number): void {
    if (seconds !== this.second) {
      this.second = seconds;
      BASE[0] = BigInt(Math.min(Math.max(Math.floor(seconds), -LAST_SECOND), LAST_SECOND)) * 1_000_000_000n;
      this.low = BASE_HALVES[0]!;
      this.high = BASE_HALVES[1]!;
    }
    const at = 2 * this.values++;
    const low = this.low + nanos;
    this.halves[at] = low;
    this.halves[at + 1] = low > 0xffffffff ? this.high + 1 : this.high;
  }
}

export class FlagColumn implements Column<boolean> {
  private readonly flags = new Levels();

  add(value: boolean): void {
    this.flags.add(value ? 1 : 0);
  }

  take(): Chunk {
    const { rows } = this.flags;
    const page = { rows, levels: null, body: PageBody.ofFlags(this.flags.take().values) };
    return { encoding: 'RLE', bounds: null, dictionary: null, pages: [page] };
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
