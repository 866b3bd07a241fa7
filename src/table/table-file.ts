import { ByteWriter, ParquetWriter, type SchemaElement } from 'hyparquet-writer';
import type { TextOutput } from '../report/output.js';
import { TABLE_VERSION, TABLES, type TableColumn, type TableName } from './schema.js';

/** A writer that passes its bytes on after each row group. */
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

/** A Parquet file without rows. */
export function parquetWriter(table: TableName, output: TextOutput): ParquetWriter {
  const kvMetadata = Object.entries({ 'wirelint.table': table, 'wirelint.version': String(TABLE_VERSION) });
  return new ParquetWriter({
    writer: new OutputWriter(output),
    schema: schemaOf(TABLES[table]),
    kvMetadata: kvMetadata.map(([key, value]) => ({ key, value })),
    createdBy: 'wirelint',
  });
}

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
  // in UTC nevertheless: of times with isAdjustedToUTC, DuckDB keeps only microseconds
  time: { type: 'INT64', logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: false, unit: 'NANOS' } },
  flag: { type: 'BOOLEAN' },
} as const satisfies Record<TableColumn['type'], Partial<SchemaElement>>;
