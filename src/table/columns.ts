import { JsonBytes } from '../base/json-bytes.js';
import { BLOCK_ROWS, BlockMemory, NONE, shared } from './row-block.js';
import type { ColumnType } from './schema.js';
import type { Slot, Slots } from './slots.js';

/** Bytes of JSON after which a block ends, about. */
export const PAGE_BYTES = 1 << 20;
/** Room for them: one more text fits, as a rule. */
const PAGE_ROOM = PAGE_BYTES + (64 << 10);

/**
 * The row that is being gathered: its place in the memory of a block. Row by row is how events come; a column by itself would be a piece of
 * memory of its own for each, and stores to twenty of them take longer than all else.
 */
export class RowCursor {
  memory: BlockMemory;
  numbers: Float64Array;
  places: Uint32Array;
  /** Where the row's numbers, and places, begin. */
  numbersAt = 0;
  placesAt = 0;
  /** Rows in front of it. */
  rows = 0;
  private readonly slots: Slots;

  constructor(slots: Slots) {
    this.slots = slots;
    this.memory = new BlockMemory(slots);
    this.numbers = this.memory.numbers;
    this.places = this.memory.places;
  }

  /** Whether there is no room for another row. */
  next(): boolean {
    this.rows++;
    this.numbersAt += this.slots.numbers;
    this.placesAt += this.slots.places;
    return this.rows === BLOCK_ROWS;
  }

  /** Goes on in other memory. */
  moveTo(memory: BlockMemory): void {
    this.memory = memory;
    this.numbers = memory.numbers;
    this.places = memory.places;
    this.rows = this.numbersAt = this.placesAt = 0;
  }
}

/** Text of which much repeats, or null: its place among all different ones of the row group. */
export class TextColumn {
  private readonly row: RowCursor;
  private readonly slot: number;
  private known = new Map<string, number>();
  private fresh: string[] = [];
  // the two that came last: of requests and answers in turn, each has its own
  private latest: string | null = null;
  private latestPlace = NONE;
  private before: string | null = null;
  private beforePlace = NONE;
  /** Characters of the different texts. */
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

  /** Texts that are new since the last block. */
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

/** Text that hardly repeats. */
export class JsonColumn {
  /** Where the row's text is written, between `begin` and `end`. */
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

  /** Goes on in other memory; null: of its own making. */
  moveTo(room: ArrayBufferLike | null): void {
    // what one long text took is not kept
    this.text.moveTo(room?.byteLength === PAGE_ROOM ? room : shared(PAGE_ROOM));
  }
}

/** Whole numbers from 0 on, or null: a BigInt of each would cost more than all else that is done with it. */
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

/** Points in time. */
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

/** Where a row's values go, column by column; each of them takes one value of each row. */
export type Column = TextColumn | JsonColumn | IntegerColumn | TimeColumn | FlagColumn;

/** The class of a column, as the schema declares it. */
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
