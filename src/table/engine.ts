import { createRequire } from 'node:module';
import type * as DuckDB from '@duckdb/node-api';
import type { Limits } from '../base/limits.js';
import type { Cell, QueryOutput } from '../report/query-result.js';
import { TABLE_NAMES, type TableName } from './schema.js';

const PACKAGE = '@duckdb/node-api';

/** The SQL engine is not installed, or not available for this system. */
export class NoEngine extends Error {}

/** An error in a query, in the engine's words. */
export class QueryError extends Error {}

/** Milliseconds between two checks whether the query is to be stopped. */
const INTERRUPT_MS = 50;

/** Types of integers that JavaScript gets as text or BigInt; and all numeric types. */
const EXACT = new Set(['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT']);
const NUMBERS = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;

/** Limits of a query, and the folder for data that do not fit into memory. */
export interface QueryOptions {
  readonly limits: Readonly<Pick<Limits, 'queryBytes' | 'querySpillBytes'>>;
  /** A folder that only this query uses. */
  readonly spill: string;
  readonly signal: AbortSignal;
}

/**
 * Runs one query, or several separated by `;`, over Parquet files. The result of the last one is passed to `to` as it comes. Throws
 * NoEngine and QueryError.
 */
export async function runQuery(
  sql: string,
  files: Readonly<Record<TableName, readonly string[]>>,
  { limits, spill, signal }: QueryOptions,
  to: QueryOutput,
): Promise<void> {
  const { DuckDBInstance } = loadEngine();
  const instance = await DuckDBInstance.create(':memory:', { memory_limit: `${limits.queryBytes} B` });
  const connection = await instance.connect();
  // repeated, since an interrupt before the query has begun in its thread has no effect
  const interrupting = setInterval(() => {
    if (signal.aborted) connection.interrupt();
  }, INTERRUPT_MS);
  try {
    // if they are passed as options, they have no effect
    await connection.run(`set temp_directory = ${quoted(spill)}`);
    await connection.run(`set max_temp_directory_size = '${limits.querySpillBytes} B'`);
    for (const table of TABLE_NAMES) {
      const list = files[table].map(quoted).join(', ');
      await connection.run(`create view ${table} as select * from read_parquet([${list}], union_by_name = true)`);
    }
    await pass(await connection.stream(sql), to);
  } catch (error) {
    throw new QueryError(wordsOf((error as Error).message, limits));
  } finally {
    clearInterval(interrupting);
    connection.closeSync();
    instance.closeSync();
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

async function pass(result: DuckDB.DuckDBResult, to: QueryOutput): Promise<void> {
  const types = result.columnTypes().map(String);
  to.begin({ columns: result.columnNames(), numbers: types.map((type) => NUMBERS.test(type)) });
  for await (const rows of result.yieldRowsJson()) {
    if (to.stopped) return;
    to.rows(rows.map((row) => row.map((value, i) => cellOf(value, types[i]!))));
  }
  to.end();
}

/** The first part of the engine's message in one line, with the name of the limit that was reached. */
function wordsOf(message: string, limits: QueryOptions['limits']): string {
  const [words] = message.replace(/^Failed to extract statements: /, '').split(/\n+(?:LINE \d|Possible solutions)/);
  const line = words!.replace(/\s*\n\s*/g, ' ');
  if (!/^Out of Memory Error/.test(message)) return line;
  const limit = message.includes('max_temp_directory_size') ? 'querySpillBytes' : 'queryBytes';
  return `${line} (limit ${limit}: ${limits[limit]})`;
}

function cellOf(value: DuckDB.Json, type: string): Cell {
  if (value === null) return null;
  if (typeof value === 'object') return { json: JSON.stringify(value) };
  if (typeof value === 'string' && (EXACT.has(type) || type.startsWith('DECIMAL'))) return { digits: value };
  return value;
}

/** Loads the engine. It is no dependency, since it has 64 MB that most users never need. */
function loadEngine(): typeof DuckDB {
  try {
    return createRequire(import.meta.url)(PACKAGE) as typeof DuckDB;
  } catch (error) {
    throw new NoEngine(`the SQL engine cannot be loaded: ${(error as Error).message.split('\n')[0]}`);
  }
}
