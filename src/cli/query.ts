import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { DEFAULT_LIMITS } from '../base/limits.js';
import { pathStat } from '../base/path-stat.js';
import { inputPaths, type CaptureInput } from '../engine/analysis.js';
import { QueryCsv, QueryJson, QueryTable, type QueryOutput } from '../report/query-result.js';
import type { TextOutput } from '../report/output.js';
import { NoEngine, QueryError, runQuery } from '../table/engine.js';
import { TABLE_NAMES, type TableName } from '../table/schema.js';
import { capturesIn } from './analyze.js';
import { terminalWidth, wantColors } from './colors.js';
import type { Command } from './command.js';
import { finishDestination, openDestination } from './destination.js';
import { Interrupt } from './interrupt.js';
import { formatOption, INPUT_OPTIONS, PRINT_OPTIONS, RAW_OPTION, type CommonArguments } from './options.js';
import { Planner } from './plan.js';
import { rawInput, runInputs } from './run.js';
import { dividedTables, openTables, tablePath } from './tables.js';
import { JOBS_OPTION, jobsOf } from './threads/how-many.js';
import { UsageError } from './usage-error.js';

interface QueryArguments extends CommonArguments {
  readonly sql: string;
  readonly input?: readonly string[];
  readonly raw?: readonly string[];
  readonly format?: string;
  readonly jobs?: string;
}

const ENGINE = '@duckdb/node-api@1.4.4-r.1';

export const query: Command = {
  options: (yargs) =>
    yargs
      .positional('sql', {
        type: 'string',
        describe: 'A query in the SQL of DuckDB over the tables messages, findings and streams',
      })
      .positional('input', {
        type: 'string',
        array: true,
        describe: 'Captures, folders of captures, or folders written by -f parquet',
      })
      .options({
        ...formatOption(['text', 'csv', 'json']),
        output: PRINT_OPTIONS.output,
        color: PRINT_OPTIONS.color,
        ...JOBS_OPTION,
        ...INPUT_OPTIONS,
        ...RAW_OPTION,
      })
      .example(`$0 query 'select operation, count(*) from messages group by 1' x.pcap`, 'directly from a capture')
      .example(`$0 query -f csv 'from findings' tables/`, 'from the folder that analyze -f parquet -o tables/ wrote'),

  async run(raw) {
    const args = raw as unknown as QueryArguments;
    const { input: given = [], raw: raws = [] } = args;
    if (given.length + raws.length === 0) throw new UsageError('query: expected captures or folders of tables');
    if (/^[\s;]*$/.test(args.sql)) throw new UsageError('query: the query is empty');
    const interrupt = new Interrupt(true);
    const tables = given.flatMap(tableFolders);
    const rest = given.filter((path) => tableFolders(path).length === 0);
    const { files, found } = await capturesIn(rest);
    const captures: CaptureInput[] = [...files, ...raws.map(rawInput)];
    const output = openDestination(args.output, { inputs: captures.flatMap(inputPaths) });
    const own = mkdtempSync(join(tmpdir(), 'wirelint-'));
    try {
      if (captures.length > 0) {
        const folder = join(own, 'tables');
        const status = await writeTables(folder, captures, found, args, interrupt.signal);
        if (interrupt.status !== null || status !== 0) {
          output.discard();
          return interrupt.status ?? status;
        }
        tables.push(folder);
      }
      await ask(args.sql, tables, join(own, 'spill'), interrupt.signal, outputFor(args, output));
    } catch (error) {
      output.discard();
      if (interrupt.status !== null) return interrupt.status;
      throw error;
    } finally {
      rmSync(own, { recursive: true, force: true });
    }
    finishDestination(output, args.output);
    return 0;
  },
};

function outputFor(args: QueryArguments, output: TextOutput): QueryOutput {
  if (args.format === 'csv') return new QueryCsv(output);
  if (args.format === 'json') return new QueryJson(output);
  return new QueryTable(output, wantColors(args), terminalWidth(args), DEFAULT_LIMITS);
}

async function ask(
  sql: string,
  folders: readonly string[],
  spill: string,
  signal: AbortSignal,
  to: QueryOutput,
): Promise<void> {
  const paths = (table: TableName): string[] => folders.map((folder) => resolve(tablePath(folder, table)));
  const files = { messages: paths('messages'), findings: paths('findings'), streams: paths('streams') };
  try {
    await runQuery(sql, files, { limits: DEFAULT_LIMITS, spill, signal }, to);
  } catch (error) {
    if (error instanceof NoEngine)
      throw new UsageError(`query: ${error.message}; install it with: npm install ${ENGINE}`);
    if (error instanceof QueryError) throw new UsageError(`query: ${error.message}`);
    throw error;
  }
}

async function writeTables(
  folder: string,
  inputs: readonly CaptureInput[],
  found: ReadonlySet<string>,
  args: QueryArguments,
  signal: AbortSignal,
): Promise<number> {
  const jobs = jobsOf(args.jobs);
  const tables = openTables(folder, [], jobs);
  const { reporter, outputs, pace } = tables;
  const planner = await Planner.load(args);
  const run = { planner, detail: 'lines' as const, reporter, output: outputs.messages, found, signal, pace };
  const divided = dividedTables(tables, {}, jobs);
  const status = await runInputs(inputs, { ...run, join: args.join !== 'never', divided });
  if (status === 0 && !signal.aborted) await tables.finish();
  else tables.discard();
  return status;
}

/** Folders at or below a path that hold tables, in the order of their names. Each shard writes a folder. */
function tableFolders(path: string): string[] {
  if (path === '-' || pathStat(path)?.isDirectory() !== true) return [];
  if (TABLE_NAMES.every((table) => pathStat(tablePath(path, table))?.isFile())) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => tableFolders(join(path, name)));
}
