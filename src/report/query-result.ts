import type { Limits } from '../base/limits.js';
import { count, safeJson, safeText } from '../base/text.js';
import { renderTable, type Column } from './grid.js';
import type { TextOutput } from './output.js';
import { csvCell } from './stats-object.js';
import { theme } from './theme.js';

/** A cell. `digits`: a number that may be too large for a double. */
export type Cell = string | number | boolean | null | { readonly digits: string } | { readonly json: string };

export interface QueryHead {
  readonly columns: readonly string[];
  /** For each column, whether it has only numbers. */
  readonly numbers: readonly boolean[];
}

type Row = readonly Cell[];

/** Takes a result as it comes: columns, rows, end. */
export interface QueryOutput {
  /** Whether more output is useless. */
  readonly stopped: boolean;
  begin(head: QueryHead): void;
  rows(rows: readonly Row[]): void;
  end(): void;
}

/** A table for people, at most `width` columns wide, with the first rows (limits queryRows and queryCharacters). */
export class QueryTable implements QueryOutput {
  private readonly output: TextOutput;
  private readonly colors: boolean;
  private readonly width: number | null;
  private readonly limits: Readonly<Pick<Limits, 'queryRows' | 'queryCharacters'>>;
  private columns: readonly Column[] = [];
  private readonly kept: (readonly string[])[] = [];
  private characters = 0;
  private left = 0;

  constructor(output: TextOutput, colors: boolean, width: number | null, limits: QueryTable['limits']) {
    this.output = output;
    this.colors = colors;
    this.width = width;
    this.limits = limits;
  }

  get stopped(): boolean {
    return this.output.stopped;
  }

  begin({ columns, numbers }: QueryHead): void {
    this.columns = columns.map((title, i) => ({ title: safeText(title), right: numbers[i]! }));
  }

  rows(rows: readonly Row[]): void {
    for (const row of rows) this.row(row);
  }

  end(): void {
    this.output.add(renderTable(this.columns, this.kept, theme(this.colors), this.width));
    if (this.left === 0) return;
    const limit = this.kept.length < this.limits.queryRows ? 'queryCharacters' : 'queryRows';
    this.output.add(`and ${count(this.left, 'more row')} (limit ${limit}); -f csv and -f json have all of them\n`);
  }

  private row(row: Row): void {
    const { queryRows, queryCharacters } = this.limits;
    if (this.left > 0 || this.kept.length >= queryRows) {
      this.left++;
      return;
    }
    const cells = row.map((cell) => safeText(cellText(cell, 'NULL')));
    this.characters += cells.reduce((sum, cell) => sum + cell.length, 0);
    if (this.characters > queryCharacters) this.left++;
    else this.kept.push(cells);
  }
}

/** CSV (RFC 4180). NULL is an empty field. */
export class QueryCsv implements QueryOutput {
  private readonly output: TextOutput;

  constructor(output: TextOutput) {
    this.output = output;
  }

  get stopped(): boolean {
    return this.output.stopped;
  }

  begin({ columns }: QueryHead): void {
    this.line(columns);
  }

  rows(rows: readonly Row[]): void {
    for (const row of rows) this.line(row.map((cell) => cellText(cell, '')));
  }

  end(): void {}

  private line(cells: readonly string[]): void {
    this.output.add(`${cells.map(csvCell).join(',')}\r\n`);
  }
}

/** A list of objects. Whole numbers have all their digits. */
export class QueryJson implements QueryOutput {
  private readonly output: TextOutput;
  private names: readonly string[] = [];
  private lead = '[';

  constructor(output: TextOutput) {
    this.output = output;
  }

  get stopped(): boolean {
    return this.output.stopped;
  }

  begin({ columns }: QueryHead): void {
    this.names = columns.map((name) => JSON.stringify(name));
  }

  rows(rows: readonly Row[]): void {
    for (const row of rows) {
      const members = row.map((cell, i) => `${this.names[i]}:${cellJson(cell)}`);
      this.output.add(`${this.lead}${safeJson(`{${members.join(',')}}`)}`);
      this.lead = ',\n';
    }
  }

  end(): void {
    this.output.add(this.lead === '[' ? '[]\n' : ']\n');
  }
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
