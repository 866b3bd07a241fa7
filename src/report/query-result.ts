import { safeJson, safeText } from '../base/text.js';
import { renderTable } from './grid.js';
import { csvCell } from './stats-object.js';
import { theme } from './theme.js';

/** A cell: a number as its digits, which may be more than a double holds. */
export type Cell = string | number | boolean | null | { readonly digits: string } | { readonly json: string };

export interface QueryResult {
  readonly columns: readonly string[];
  /** Whether all of a column are numbers. */
  readonly numbers: readonly boolean[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A table for people, as wide as `width` columns at most. */
export function queryTable(result: QueryResult, colors: boolean, width: number | null): string {
  const columns = result.columns.map((title, i) => ({ title: safeText(title), right: result.numbers[i]! }));
  const rows = result.rows.map((row) => row.map((cell) => safeText(cellText(cell, 'NULL'))));
  return renderTable(columns, rows, theme(colors), width);
}

/** RFC 4180; null is an empty field. */
export function queryCsv(result: QueryResult): string {
  const lines = [result.columns, ...result.rows.map((row) => row.map((cell) => cellText(cell, '')))];
  return lines.map((line) => `${line.map(csvCell).join(',')}\r\n`).join('');
}

/** A list of objects. Whole numbers stand with all their digits. */
export function queryJson(result: QueryResult): string {
  const row = (cells: readonly Cell[]): string =>
    `{${cells.map((cell, i) => `${JSON.stringify(result.columns[i])}:${cellJson(cell)}`).join(',')}}`;
  return `[${safeJson(result.rows.map(row).join(',\n'))}]\n`;
}

function cellText(cell: Cell, none: string): string {
  if (cell === null) return none;
  if (typeof cell !== 'object') return String(cell);
  return 'digits' in cell ? cell.digits : cell.json;
}

function cellJson(cell: Cell): string {
  if (cell === null || typeof cell !== 'object') return JSON.stringify(cell);
  return 'digits' in cell ? cell.digits : cell.json;
}
