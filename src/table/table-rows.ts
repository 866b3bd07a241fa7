import type { RowGroup } from './chunk.js';
import { columnOf, JsonColumn, PAGE_BYTES, RowCursor, TextColumn, type ColumnOf } from './columns.js';
import { GroupEncoder, MAX_ROWS } from './group-encoder.js';
import { BlockMemory, type RowBlock } from './row-block.js';
import { slotsOf, type Slots } from './slots.js';
import type { TableName, TABLES } from './schema.js';

/** Approximate number of bytes of text after which a row group ends, so that long texts make short row groups. */
const MAX_SIZE = 16 << 20;

/** Takes the row groups of all tables. `bytes` are valid during the call only. */
export type TableGroups = (table: TableName, bytes: Uint8Array, group: RowGroup) => void;

/** Makes row groups of blocks, in this thread or another. */
export interface Encoding {
  /** Adds the next block of a table. `free` is called when its memory can be reused. */
  add(table: TableName, block: RowBlock, free: () => void): void;
}

/** Makes row groups immediately, in this thread. */
export class EncodingHere implements Encoding {
  private readonly encoder = new GroupEncoder();
  private readonly to: TableGroups;

  constructor(to: TableGroups) {
    this.to = to;
  }

  add(table: TableName, block: RowBlock, free: () => void): void {
    const made = this.encoder.add(table, block);
    free();
    if (made !== null) this.to(table, made.bytes, made.group);
  }
}

type ColumnsOf<N extends TableName> = { readonly [C in (typeof TABLES)[N][number] as C['name']]: ColumnOf<C> };

/** The memory of a block. */
interface Room {
  readonly memory: BlockMemory;
  /** For each JSON column. */
  readonly pages: readonly ArrayBufferLike[];
}

/**
 * The rows of one table, in row groups of bounded size: add a value to each column, then call `endRow`. A row group has rows of only one
 * capture, so that files can be joined group by group.
 */
export class TableRows<N extends TableName> {
  readonly columns: ColumnsOf<N>;
  private readonly table: N;
  private readonly to: Encoding;
  private readonly slots: Slots;
  private readonly row: RowCursor;
  private readonly texts: readonly TextColumn[];
  private readonly json: readonly JsonColumn[];
  /** Memory of earlier blocks that can be reused. */
  private readonly free: Room[] = [];
  /** Rows and bytes of the row group in the blocks before the current one. */
  private rows = 0;
  private size = 0;
  private groups = 0;

  constructor(table: N, to: Encoding) {
    this.table = table;
    this.to = to;
    this.slots = slotsOf(table);
    this.row = new RowCursor(this.slots);
    const list = this.slots.list.map((slot) => [slot.column.name, columnOf(this.row, slot)] as const);
    this.columns = Object.fromEntries(list) as unknown as ColumnsOf<N>;
    const columns = list.map(([, column]) => column);
    this.texts = columns.filter((c) => c instanceof TextColumn);
    this.json = columns.filter((c) => c instanceof JsonColumn);
  }

  endRow(): void {
    if (this.row.next() || this.hasFullPage()) this.endBlock(false);
  }

  /** Passes on the remaining rows, since those that follow belong to another capture. Returns the number of row groups of this capture. */
  endCapture(): number {
    if (this.rows + this.row.rows > 0) this.endBlock(true);
    const { groups } = this;
    this.groups = 0;
    return groups;
  }

  private hasFullPage(): boolean {
    for (const { text } of this.json) if (text.size >= PAGE_BYTES) return true;
    return false;
  }

  private endBlock(last: boolean): void {
    const { row, texts, json } = this;
    const { rows, memory } = row;
    const pages = json.map((column) => column.page());
    this.rows += rows;
    this.size += pages.reduce((sum, page) => sum + page.length, 0);
    const size = texts.reduce((sum, column) => sum + column.size, this.size);
    const ends = last || this.rows >= MAX_ROWS || size > MAX_SIZE;
    const block = {
      rows,
      numbers: memory.numbers.subarray(0, row.numbersAt),
      places: memory.places.subarray(0, row.placesAt),
      texts: texts.map((column) => column.takeFresh()),
      ...{ pages, ends },
    };
    const room = { memory, pages: pages.map((page) => page.buffer) };
    this.to.add(this.table, block, () => this.free.push(room));
    const next = this.free.pop();
    row.moveTo(next?.memory ?? new BlockMemory(this.slots));
    json.forEach((column, i) => column.moveTo(next?.pages[i] ?? null));
    if (!ends) return;
    this.groups++;
    this.rows = this.size = 0;
    for (const column of texts) column.reset();
  }
}
