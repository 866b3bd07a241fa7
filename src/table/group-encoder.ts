import { ByteWriter } from 'hyparquet-writer';
import { writeChunk, type Chunk, type RowGroup } from './chunk.js';
import { chunkOf, jsonPage, type Values } from './encode.js';
import { BLOCK_ROWS, type RowBlock } from './row-block.js';
import type { TableName } from './schema.js';
import { slotsOf, type Slot, type Slots } from './slots.js';

/** Most rows of a row group: a whole number of blocks. */
export const MAX_ROWS = 16 * BLOCK_ROWS;

/** Columns whose bounds are written to the footer. */
const BOUNDED = new Set(['time', 'firstTime', 'stream', 'packet']);

/** Makes row groups of blocks: arranges the values by column, encodes and compresses them. It can run in any thread. */
export class GroupEncoder {
  private readonly writer = new ByteWriter(1 << 20);
  private readonly groups = new Map<TableName, GroupColumns>();

  /** Adds the next block of a table. Returns the row group if the block ends it; its bytes are valid until the next call. */
  add(table: TableName, block: RowBlock): { readonly bytes: Uint8Array; readonly group: RowGroup } | null {
    let columns = this.groups.get(table);
    if (columns === undefined) this.groups.set(table, (columns = new GroupColumns(slotsOf(table))));
    columns.add(block);
    return block.ends ? this.group(columns) : null;
  }

  private group(of: GroupColumns): { readonly bytes: Uint8Array; readonly group: RowGroup } {
    const { writer } = this;
    writer.offset = writer.index = 0;
    const { rows } = of;
    const columns = of
      .take()
      .map(({ column, chunk }) =>
        writeChunk(writer, column, BOUNDED.has(column.name) ? chunk : { ...chunk, bounds: null }),
      );
    const unpacked = columns.reduce((sum, c) => sum + c.meta_data!.total_uncompressed_size, 0n);
    return {
      bytes: writer.getBytes(),
      group: {
        columns,
        total_byte_size: unpacked,
        num_rows: BigInt(rows),
        total_compressed_size: BigInt(writer.offset),
      },
    };
  }
}

/** The columns of one table's row group that is not complete. */
class GroupColumns {
  rows = 0;
  private readonly slots: Slots;
  private readonly columns: readonly ColumnValues[];

  constructor(slots: Slots) {
    this.slots = slots;
    this.columns = slots.list.map((slot) => new ColumnValues(slot));
  }

  add(block: RowBlock): void {
    for (const column of this.columns) column.add(block, this.slots, this.rows);
    this.rows += block.rows;
  }

  take(): { readonly column: Slot['column']; readonly chunk: Chunk }[] {
    const { rows } = this;
    this.rows = 0;
    return this.columns.map((of) => ({ column: of.slot.column, chunk: of.take(rows) }));
  }
}

/** The values of one column. Its memory is allocated once, and used as far as there are rows. */
class ColumnValues {
  readonly slot: Slot;
  private readonly numbers: Float64Array;
  private readonly places: Uint32Array;
  private texts: string[] = [];
  private pages: Chunk['pages'][number][] = [];

  constructor(slot: Slot) {
    this.slot = slot;
    this.numbers = new Float64Array(slot.number < 0 ? 0 : MAX_ROWS);
    this.places = new Uint32Array(slot.place < 0 ? 0 : MAX_ROWS);
  }

  add(block: RowBlock, slots: Slots, row: number): void {
    const { slot } = this;
    if (slot.number >= 0) copy(block.numbers, slot.number, slots.numbers, this.numbers, row, block.rows);
    if (slot.place >= 0) copy(block.places, slot.place, slots.places, this.places, row, block.rows);
    if (slot.text >= 0) for (const text of block.texts[slot.text]!) this.texts.push(text);
    if (slot.page >= 0 && block.rows > 0) this.pages.push(jsonPage(block.pages[slot.page]!, block.rows));
  }

  take(rows: number): Chunk {
    const { texts, pages } = this;
    this.texts = [];
    this.pages = [];
    return chunkOf(this.slot.column, {
      numbers: this.numbers.subarray(0, rows),
      places: this.places.subarray(0, rows),
      ...{ texts, pages },
    } satisfies Values);
  }
}

/** Copies every `step`-th value from `first` on. */
function copy<T extends Float64Array | Uint32Array>(
  from: T,
  first: number,
  step: number,
  to: T,
  at: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) to[at + i] = from[first + step * i]!;
}
