import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemPath } from '../base/file-name.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import type { TextOutput } from '../report/output.js';
import { TABLE_NAMES, type TableName } from '../table/schema.js';
import { TableFolder, type CaptureGroups, type TableOutputs } from '../table/table-folder.js';
import { complain } from './complain.js';
import { finishDestination, openDestination } from './destination.js';
import { systemWords, UsageError } from './usage-error.js';

/** The files of `-f parquet`: all of them appear complete, or none. */
export interface OpenTables {
  readonly reporter: TableFolder;
  readonly outputs: TableOutputs;
  finish(): void;
  discard(): void;
}

export function tablePath(folder: string, table: TableName): string {
  return join(folder, `${table}.parquet`);
}

/** Files in a folder, which is made where it is not there; none of them may be one of the `inputs`. */
export function openTableFiles(folder: string, inputs: readonly string[]): TableOutputs {
  try {
    mkdirSync(systemPath(folder), { recursive: true });
  } catch (error) {
    throw new UsageError(`cannot write ${folder}: ${systemWords(error)}`);
  }
  const open = (table: TableName): TextOutput => openDestination(tablePath(folder, table), { inputs });
  return { messages: open('messages'), findings: open('findings'), streams: open('streams') };
}

/** Opens what the tables of a run go to. `about`: see TableFolder. */
export function openTables(
  folder: string | undefined,
  inputs: readonly string[],
  about?: (groups: CaptureGroups) => Readonly<Record<string, string>>,
): OpenTables {
  if (folder === undefined || folder === '-')
    throw new UsageError('-f parquet: -o FOLDER, for messages.parquet, findings.parquet and streams.parquet');
  const outputs = openTableFiles(folder, inputs);
  const reporter = new TableFolder(outputs, DEFAULT_LIMITS, about);
  return {
    reporter,
    outputs,
    finish: () => {
      for (const table of TABLE_NAMES) finishDestination(outputs[table], tablePath(folder, table));
      if (reporter.notFollowed > 0)
        complain(`${reporter.notFollowed} answers have no operation: too many requests were open (limit heldMessages)`);
    },
    discard: () => {
      for (const table of TABLE_NAMES) outputs[table].discard();
    },
  };
}
