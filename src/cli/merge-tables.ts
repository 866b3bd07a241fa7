import { DEFAULT_LIMITS } from '../base/limits.js';
import { BadTable, GivenTable, JoinedTable } from '../table/joined-table.js';
import { TABLE_NAMES, type TableName } from '../table/schema.js';
import { partIn, type ShardCapture, type ShardPart } from './check/shard-part.js';
import { finishDestination } from './destination.js';
import { openTableFiles, tablePath } from './tables.js';
import { systemWords, UsageError } from './usage-error.js';

/** A shard's folder of tables, with the shard's data. */
interface GivenFolder {
  readonly path: string;
  readonly part: ShardPart;
}

function opened(folder: string, table: TableName): GivenTable {
  const path = tablePath(folder, table);
  try {
    return new GivenTable(path, DEFAULT_LIMITS.shardBytes);
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof BadTable ? error.message : systemWords(error)}`);
  }
}

/** Reads the shard's data from its folder of tables. Throws UsageError. */
export function readFolderPart(folder: string): ShardPart {
  const table = opened(folder, 'messages');
  table.close();
  return partIn(folder, table.footerText);
}

/** Combines the tables of all shards: the row groups come in the order of a run without shards. Throws UsageError. */
export function mergeTables(to: string, given: readonly GivenFolder[], captures: readonly ShardCapture[]): void {
  const inputs = given.flatMap((g) => TABLE_NAMES.map((table) => tablePath(g.path, table)));
  const outputs = openTableFiles(to, inputs);
  try {
    for (const table of TABLE_NAMES) {
      const joined = new JoinedTable(table, outputs[table]);
      const folderOf = new Map(given.flatMap((g) => g.part.captures.map((c) => [c, g.path] as const)));
      const tables = new Map<string, GivenTable>();
      try {
        for (const { path } of given) tables.set(path, opened(path, table));
        for (const capture of captures) {
          const path = folderOf.get(capture)!;
          for (let i = 0; i < (capture.groups?.[table] ?? 0); i++) copyNext(tables.get(path)!, joined, path, table);
        }
      } finally {
        for (const open of tables.values()) open.close();
      }
      joined.finish();
    }
  } catch (error) {
    for (const table of TABLE_NAMES) outputs[table].discard();
    throw error;
  }
  for (const table of TABLE_NAMES) finishDestination(outputs[table], tablePath(to, table));
}

function copyNext(from: GivenTable, to: JoinedTable, folder: string, table: TableName): void {
  try {
    from.copyNext(to);
  } catch (error) {
    throw new UsageError(
      `${tablePath(folder, table)}: ${error instanceof BadTable ? error.message : systemWords(error)}`,
    );
  }
}
