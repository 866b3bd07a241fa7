import type { RowGroup } from './chunk.js';
import type { RowBlock } from './row-block.js';
import type { TableName } from './schema.js';

/** What a thread that makes row groups is given: see GroupEncoder. */
export interface EncodingTask {
  readonly table: TableName;
  readonly block: RowBlock;
}

/** What it answers to each: a row group where it ends one. */
export type EncodedBlock = { readonly table: TableName; readonly bytes: Uint8Array; readonly group: RowGroup } | null;
