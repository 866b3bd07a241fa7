import type { RowGroup } from './chunk.js';
import type { RowBlock } from './row-block.js';
import type { TableName } from './schema.js';

/** A task for a thread that makes row groups; see GroupEncoder. */
export interface EncodingTask {
  readonly table: TableName;
  readonly block: RowBlock;
}

/** The answer to each task: a row group if the block ends one, else null. */
export type EncodedBlock = { readonly table: TableName; readonly bytes: Uint8Array; readonly group: RowGroup } | null;
