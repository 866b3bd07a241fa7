import type { ColumnSource } from 'hyparquet-writer';
import type { ColumnType } from './schema.js';

type DecodedArray = ColumnSource['data'];

/** Rows that are gathered by column before they are written, at most: one row group of the file. */
export const MAX_ROWS = 65_536;

/** The values of one column, of the rows since the last row group. */
export interface Column<Value = never> {
  add(value: Value): void;
  values(): DecodedArray;
  clear(): void;
}

/** Text, or null where the column is optional. */
export class TextColumn implements Column<string | null> {
  private list: (string | null)[] = [];
  /** Characters since it was cleared. */
  size = 0;

  add(value: string | null): void {
    this.list.push(value);
    if (value !== null) this.size += value.length;
  }

  values(): DecodedArray {
    return this.list;
  }

  clear(): void {
    this.list = [];
    this.size = 0;
  }
}

/** Whole numbers, written as halves: making a BigInt of each costs more than all else that is done with it. */
export class IntegerColumn implements Column<number> {
  protected readonly halves = new Uint32Array(2 * MAX_ROWS);
  protected rows = 0;

  add(value: number): void {
    const at = 2 * this.rows++;
    this.halves[at] = value;
    this.halves[at + 1] = value <= 0xffffffff ? 0 : Math.floor(value / 2 ** 32);
  }

  values(): DecodedArray {
    return new BigInt64Array(this.halves.buffer, 0, this.rows);
  }

  clear(): void {
    this.rows = 0;
  }
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

  /** A time beyond what 64 bits of nanoseconds can say is the first or last that they can. */
  addTime(seconds: number, nanos: number): void {
    if (seconds !== this.second) {
      this.second = seconds;
      BASE[0] = BigInt(Math.min(Math.max(Math.floor(seconds), -LAST_SECOND), LAST_SECOND)) * 1_000_000_000n;
      this.low = BASE_HALVES[0]!;
      this.high = BASE_HALVES[1]!;
    }
    const at = 2 * this.rows++;
    const low = this.low + nanos;
    this.halves[at] = low;
    this.halves[at + 1] = low > 0xffffffff ? this.high + 1 : this.high;
  }
}

/** Whole numbers, or null. */
export class OptionalIntegerColumn implements Column<number | null> {
  private list: (bigint | null)[] = [];

  add(value: number | null): void {
    this.list.push(value === null ? null : BigInt(value));
  }

  values(): DecodedArray {
    return this.list;
  }

  clear(): void {
    this.list = [];
  }
}

export class FlagColumn implements Column<boolean> {
  private list: boolean[] = [];

  add(value: boolean): void {
    this.list.push(value);
  }

  values(): DecodedArray {
    return this.list;
  }

  clear(): void {
    this.list = [];
  }
}

/** The class of a column, as the schema declares it. */
export type ColumnOf<C extends { readonly type: ColumnType; readonly optional?: true }> = C extends { type: 'time' }
  ? TimeColumn
  : C extends { type: 'flag' }
    ? FlagColumn
    : C extends { type: 'integer'; optional: true }
      ? OptionalIntegerColumn
      : C extends { type: 'integer' }
        ? IntegerColumn
        : TextColumn;

export function columnOf(type: ColumnType, optional: boolean): Column {
  switch (type) {
    case 'time':
      return new TimeColumn();
    case 'flag':
      return new FlagColumn();
    case 'integer':
      return optional ? new OptionalIntegerColumn() : new IntegerColumn();
    default:
      return new TextColumn();
  }
}
