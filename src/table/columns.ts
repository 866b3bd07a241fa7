import { JsonBytes } from '../base/json-bytes.js';
import { BLOCK_ROWS, BlockMemory, NONE, shared } from './row-block.js';
import type { ColumnType } from './schema.js';
import type { Slot, Slots } from './slots.js';

/** Approximate number of bytes of JSON after which a block ends. */
export const PAGE_BYTES = 1 << 20;
/** Room for these bytes, and usually for one more text. */
const PAGE_ROOM = PAGE_BYTES + (64 << 10);

/**
 * The position of the current row in the memory of a block. The values of a row are next to each other, since events come row by row; if
 * each column had its own memory, stores to twenty places for each row would take longer than everything else.
 */
export class RowCursor {
  memory: BlockMemory;
  numbers: Float64Array;
  places: Uint32Array;
  /** Index of the row's first number, and of its first place. */
  numbersAt = 0;
  placesAt = 0;
  /** Number of rows before it. */
  rows = 0;
  private readonly slots: Slots;

  constructor(slots: Slots) {
    this.slots = slots;
    this.memory = new BlockMemory(slots);
    this.numbers = this.memory.numbers;
    this.places = this.memory.places;
  }

  /** Goes on to the next row. Returns whether the block is full. */
  next(): boolean {
    this.rows++;
    this.numbersAt += this.slots.numbers;
    this.placesAt += this.slots.places;
    return this.rows === BLOCK_ROWS;
  }

  /** Goes on with another block's memory. */
  moveTo(memory: BlockMemory): void {
    this.memory = memory;
    this.numbers = memory.numbers;
    this.places = memory.places;
    this.rows = this.numbersAt = this.placesAt = 0;
  }
}

/** A column of texts that often repeat, or null. Stores a text's index among the distinct texts of the row group. */
export class TextColumn {
  private readonly row: RowCursor;
  private readonly slot: number;
  private known = new Map<string, number>();
  private fresh: string[] = [];
  // the last two texts are remembered: if requests and replies alternate, each kind has its own
  private latest: string | null = null;
  private latestPlace = NONE;
  private before: string | null = null;
  private beforePlace = NONE;
  /** Number of characters of the distinct texts. */
  size = 0;

  constructor(row: RowCursor, { place }: Slot) {
    this.row = row;
    this.slot = place;
  }

  add(value: string | null): void {
    if (value !== this.latest) this.turnTo(value);
    const { row } = this;
    row.places[row.placesAt + this.slot] = this.latestPlace;
  }

  private turnTo(value: string | null): void {
    const { latest, latestPlace } = this;
    if (value === this.before) this.latestPlace = this.beforePlace;
    else this.latestPlace = value === null ? NONE : this.placeOf(value);
    this.latest = value;
    this.before = latest;
    this.beforePlace = latestPlace;
  }

  private placeOf(value: string): number {
    let place = this.known.get(value);
    if (place === undefined) {
      place = this.known.size;
      this.known.set(value, place);
      this.fresh.push(value);
      this.size += value.length;
    }
    return place;
  }

  /** The texts that are new since the last block. */
  takeFresh(): readonly string[] {
    const { fresh } = this;
    if (fresh.length > 0) this.fresh = [];
    return fresh;
  }

  /** Another row group begins. */
  reset(): void {
    this.known = new Map();
    this.size = 0;
    this.latest = this.before = null;
    this.latestPlace = this.beforePlace = NONE;
  }
}

/** Bytes of a text's length. */
const LENGTH = 4;

/** A column of texts that hardly ever repeat. */
export class JsonColumn {
  /** The row's text is written here, between `begin` and `end`. */
  readonly text = new JsonBytes(PAGE_ROOM, shared);
  private start = 0;

  begin(): void {
    this.start = this.text.skip(LENGTH);
  }

  end(): void {
    const { text, start } = this;
    text.bytes.writeUInt32LE(text.size - start - LENGTH, start);
  }

  add(json: string): void {
    this.begin();
    this.text.json(json);
    this.end();
  }

  /** The texts since the last block. */
  page(): Uint8Array {
    return this.text.bytes.subarray(0, this.text.size);
  }

  /** Goes on with other memory; null: it is allocated. */
  moveTo(room: ArrayBufferLike | null): void {
    // memory that one long text has enlarged is not kept
    this.text.moveTo(room?.byteLength === PAGE_ROOM ? room : shared(PAGE_ROOM));
  }
}

/** A column of non-negative integers, or null. As BigInts, they would cost more than everything else that is done with them. */
export class IntegerColumn {
  private readonly row: RowCursor;
  private readonly slot: number;

  constructor(row: RowCursor, { number }: Slot) {
    this.row = row;
    this.slot = number;
  }

  add(value: number): void {
    const { row } = this;
    row.numbers[row.numbersAt + this.slot] = value;
  }

  addNone(): void {
    this.add(NaN);
  }
}

/** A column of times. */
export class TimeColumn {
  private readonly row: RowCursor;
  private readonly slot: Slot;

  constructor(row: RowCursor, slot: Slot) {
    this.row = row;
    this.slot = slot;
  }

  add(seconds: number, nanos: number): void {
    const { row, slot } = this;
    row.numbers[row.numbersAt + slot.number] = seconds;
    row.places[row.placesAt + slot.place] = nanos;
  }
}

export class FlagColumn {
  private readonly row: RowCursor;
  private readonly slot: number;

  constructor(row: RowCursor, { place }: Slot) {
    this.row = row;
    this.slot = place;
  }

  add(value: boolean): void {
    const { row } = this;
    row.places[row.placesAt + this.slot] = value ? 1 : 0;
  }
}

/** The columns of a row. Each takes one value for every row. */
export type Column = TextColumn | JsonColumn | IntegerColumn | TimeColumn | FlagColumn;

/** The class of a column with that schema. */
export type ColumnOf<C extends { readonly type: ColumnType }> = C extends { type: 'time' }
  ? TimeColumn
  : C extends { type: 'flag' }
    ? FlagColumn
    : C extends { type: 'integer' }
      ? IntegerColumn
      : C extends { type: 'json' }
        ? JsonColumn
        : TextColumn;

export function columnOf(row: RowCursor, slot: Slot): Column {
  switch (slot.column.type) {
    case 'time':
      return new TimeColumn(row, slot);
    case 'flag':
      return new FlagColumn(row, slot);
    case 'integer':
      return new IntegerColumn(row, slot);
    case 'json':
      return new JsonColumn();
    case 'text':
      return new TextColumn(row, slot);
  }
}
