import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemPath } from '../base/file-name.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import type { TextOutput } from '../report/output.js';
import { TABLE_NAMES, type TableName } from '../table/schema.js';
import { EventTables, type CaptureGroups } from '../table/event-tables.js';
import { JoinedTable } from '../table/joined-table.js';
import { EncodingHere, type TableGroups } from '../table/table-rows.js';
import { complain } from './complain.js';
import { finishDestination, openDestination } from './destination.js';
import type { ReporterArguments } from './reporters.js';
import type { Divided } from './run.js';
import { EncodingElsewhere } from './threads/encoding-elsewhere.js';
import { keepYoungGenerationSmall } from './thrift.js';
import { systemWords, UsageError } from './usage-error.js';

export type TableOutputs = Readonly<Record<TableName, TextOutput>>;

/** The files of `-f parquet`: either all of them appear, complete, or none. */
export interface OpenTables {
  readonly reporter: EventTables;
  readonly put: TableGroups;
  readonly outputs: TableOutputs;
  /** See RunSettings. */
  readonly pace: () => Promise<void> | undefined;
  finish(): Promise<void>;
  discard(): void;
}

export function tablePath(folder: string, table: TableName): string {
  return join(folder, `${table}.parquet`);
}

/** Opens the files in a folder, which is created if necessary. None of them may be one of the `inputs`. */
export function openTableFiles(folder: string, inputs: readonly string[]): TableOutputs {
  try {
    mkdirSync(systemPath(folder), { recursive: true });
  } catch (error) {
    throw new UsageError(`cannot write ${folder}: ${systemWords(error)}`);
  }
  const open = (table: TableName): TextOutput => openDestination(tablePath(folder, table), { inputs });
  return { messages: open('messages'), findings: open('findings'), streams: open('streams') };
}

/**
 * Opens the tables of a run. `jobs`: 1 means that this thread does all the work. `about`: called when all rows are written; what it returns
 * is added to the footer of the messages table.
 */
export function openTables(
  folder: string | undefined,
  inputs: readonly string[],
  jobs: number | null,
  about?: (groups: CaptureGroups) => Readonly<Record<string, string>>,
): OpenTables {
  if (folder === undefined || folder === '-') throw new UsageError('-f parquet: -o FOLDER is required');
  const outputs = openTableFiles(folder, inputs);
  const file = (table: TableName): JoinedTable => new JoinedTable(table, outputs[table]);
  const files = { messages: file('messages'), findings: file('findings'), streams: file('streams') };
  const put: TableGroups = (table, bytes, group) => {
    files[table].begin(group, 0n);
    files[table].add(bytes);
  };
  keepYoungGenerationSmall();
  const elsewhere = jobs === 1 ? null : new EncodingElsewhere(put);
  const reporter = new EventTables(elsewhere ?? new EncodingHere(put), DEFAULT_LIMITS);
  return {
    reporter,
    put,
    outputs,
    pace: () => elsewhere?.pace(),
    finish: async () => {
      await elsewhere?.end();
      for (const table of TABLE_NAMES) files[table].finish(table === 'messages' ? about?.(reporter.groups) : {});
      for (const table of TABLE_NAMES) finishDestination(outputs[table], tablePath(folder, table));
      if (reporter.notFollowed > 0)
        complain(`${reporter.notFollowed} answers have no operation: too many requests were open (limit heldMessages)`);
    },
    discard: () => {
      elsewhere?.stop();
      for (const table of TABLE_NAMES) outputs[table].discard();
    },
  };
}

/** How threads make the tables of several captures. */
export function dividedTables(tables: OpenTables, args: ReporterArguments, jobs: number | null): Divided {
  const { reporter: whole, put: rows } = tables;
  return {
    ...{ whole, jobs, framing: null },
    rows,
    work: () => ({ kind: 'tables', args, detail: 'lines' }),
  };
}
