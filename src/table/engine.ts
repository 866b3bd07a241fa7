import { createRequire } from 'node:module';
import type * as DuckDB from '@duckdb/node-api';
import type { Cell, QueryResult } from '../report/query-result.js';
import { TABLE_NAMES, type TableName } from './schema.js';

const PACKAGE = '@duckdb/node-api';

/** The SQL engine is not installed, or not for this system. */
export class NoEngine extends Error {}

/** What is wrong with a query, in the engine's words. */
export class QueryError extends Error {}

/** Whole numbers that JavaScript gives as text or BigInt, and decimals. */
const EXACT = new Set(['BIGINT', 'UBIGINT', 'HUGEINT', 'UHUGEINT']);
const NUMBERS = /^(?:U?(?:TINY|SMALL|BIG|HUGE)?INT(?:EGER)?|FLOAT|DOUBLE|DECIMAL.*)$/;

/** Runs one query, or several set apart by `;`, over Parquet files; the result is the last one's. */
export async function runQuery(
  sql: string,
  files: Readonly<Record<TableName, readonly string[]>>,
): Promise<QueryResult> {
  const { DuckDBInstance } = loadEngine();
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    for (const table of TABLE_NAMES) {
      const list = files[table].map((path) => `'${path.replaceAll("'", "''")}'`).join(', ');
      await connection.run(`create view ${table} as select * from read_parquet([${list}], union_by_name = true)`);
    }
    return await resultOf(await connection.run(sql));
  } catch (error) {
    throw new QueryError((error as Error).message);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

async function resultOf(result: DuckDB.DuckDBResult): Promise<QueryResult> {
  const types = result.columnTypes().map(String);
  const rows = await result.getRowsJson();
  return {
    columns: result.columnNames(),
    numbers: types.map((type) => NUMBERS.test(type)),
    rows: rows.map((row) => row.map((value, i) => cellOf(value, types[i]!))),
  };
}

function cellOf(value: DuckDB.Json, type: string): Cell {
  if (value === null) return null;
  if (typeof value === 'object') return { json: JSON.stringify(value) };
  if (typeof value === 'string' && (EXACT.has(type) || type.startsWith('DECIMAL'))) return { digits: value };
  return value;
}

/** It is no dependency: 64 MB that most never need. */
function loadEngine(): typeof DuckDB {
  try {
    return createRequire(import.meta.url)(PACKAGE) as typeof DuckDB;
  } catch (error) {
    throw new NoEngine(`the SQL engine cannot be loaded: ${(error as Error).message.split('\n')[0]}`);
  }
}
