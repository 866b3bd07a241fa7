import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { TextOutput } from '../report/output.js';
import { writeChunk } from './chunk.js';
import { columnOf, LongTextColumn, MAX_ROWS, TextColumn, type Column, type ColumnOf } from './columns.js';
import { TABLE_VERSION, TABLES, type TableColumn, type TableName } from './schema.js';

/** Text that is gathered before a row group is written, about, long ones as bytes after compression: long fields make short row groups. */
const MAX_SIZE = 8 << 20;

type ColumnsOf<N extends TableName> = { readonly [C in (typeof TABLES)[N][number] as C['name']]: ColumnOf<C> };

/** Takes a file's bytes out of the writer's hands after each row group. */
export class OutputWriter extends ByteWriter {
  private readonly output: TextOutput;

  constructor(output: TextOutput) {
    super(1 << 20);
    this.output = output;
  }

  flush(): void {
    this.output.addBytes(this.getBytes());
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

/** A Parquet file without rows yet. */
export function parquetWriter(table: TableName, output: TextOutput): ParquetWriter {
  const kvMetadata = Object.entries({ 'wirelint.table': table, 'wirelint.version': String(TABLE_VERSION) });
  return new ParquetWriter({
    writer: new OutputWriter(output),
    schema: schemaOf(TABLES[table]),
    kvMetadata: kvMetadata.map(([key, value]) => ({ key, value })),
    createdBy: 'wirelint',
  });
}

/** What the footer says of a row group; its places count from the group's own first byte. */
export type RowGroup = ParquetWriter['row_groups'][number];

/** Takes row groups one after the other; `bytes` are valid during the call only. */
export type RowGroups = (bytes: Uint8Array, group: RowGroup) => void;

/**
 * The rows of one table, in row groups of bounded size: add to each column, then call `endRow`. A row group holds rows of one capture only,
 * so that files can be put together group by group.
 */
export class TableRows<N extends TableName> {
  readonly columns: ColumnsOf<N>;
  private readonly list: readonly { readonly of: TableColumn; readonly column: Column }[];
  private readonly texts: readonly (TextColumn | LongTextColumn)[];
  private readonly writer = new ByteWriter(1 << 20);
  private readonly to: RowGroups;
  private rows = 0;
  private groups = 0;

  constructor(table: N, to: RowGroups) {
    this.list = TABLES[table].map((of: TableColumn) => ({ of, column: columnOf(of.type, of.optional ?? false) }));
    this.columns = Object.fromEntries(this.list.map(({ of, column }) => [of.name, column])) as unknown as ColumnsOf<N>;
    this.texts = this.list
      .map(({ column }) => column)
      .filter((c) => c instanceof TextColumn || c instanceof LongTextColumn);
    this.to = to;
  }

  endRow(): void {
    this.rows++;
    if (this.rows === MAX_ROWS || (this.rows % 64 === 0 && this.size() > MAX_SIZE)) this.endGroup();
  }

  /** Hands on the rows that are gathered: those to come are of another capture. Gives how many row groups this one has. */
  endCapture(): number {
    this.endGroup();
    const { groups } = this;
    this.groups = 0;
    return groups;
  }

  private endGroup(): void {
    if (this.rows === 0) return;
    this.groups++;
    const { writer } = this;
    writer.offset = writer.index = 0;
    const columns = this.list.map(({ of, column }) => {
      const chunk = column.take();
      return writeChunk(writer, of, BOUNDED.has(of.name) ? chunk : { ...chunk, bounds: null });
    });
    const unpacked = columns.reduce((sum, c) => sum + c.meta_data!.total_uncompressed_size, 0n);
    this.to(writer.getBytes(), {
      columns,
      total_byte_size: unpacked,
      num_rows: BigInt(this.rows),
      total_compressed_size: BigInt(writer.offset),
    });
    this.rows = 0;
  }

  private size(): number {
    return this.texts.reduce((sum, column) => sum + column.size, 0);
  }
}

const BOUNDED = new Set(['time', 'firstTime', 'stream', 'packet']);

function schemaOf(columns: readonly TableColumn[]): SchemaElement[] {
  return [
    { name: 'wirelint', num_children: columns.length },
    ...columns.map(({ name, type, optional }): SchemaElement => ({
      name,
      repetition_type: optional ? 'OPTIONAL' : 'REQUIRED',
      ...PHYSICAL[type],
    })),
  ];
}

const TEXT = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

const PHYSICAL = {
  text: TEXT,
  json: TEXT,
  integer: { type: 'INT64' },
  // UTC all the same: of times that say so, DuckDB keeps microseconds only
  time: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } },
  flag: { type: 'BOOLEAN' },
} as const satisfies Record<TableColumn['type'], Partial<SchemaElement>>;
