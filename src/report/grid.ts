import { textWidth, wrapText } from '../base/text-width.js';
import type { Theme } from './theme.js';

export interface Column {
  readonly title: string;
  readonly right?: boolean;
}

/**
 * A table with borders. Cells must be printable text without line breaks. If the table is wider than `width` columns (null: no limit),
 * cells are broken between words; if that does not suffice, every row becomes a paragraph of titles and values.
 */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  t: Theme,
  width: number | null = null,
): string {
  const cells = [columns.map((c) => c.title), ...rows];
  const widths = columns.map((_, i) => widest(cells, i, textWidth));
  // each column has a border before it and a blank on either side
  const room = width === null ? Infinity : width - 3 * columns.length - 1;
  if (!narrow(widths, columns, cells, room)) return paragraphs(columns, rows, t, width!);
  const rule = (left: string, cross: string, right: string): string =>
    `${left}${widths.map((w) => '─'.repeat(w + 2)).join(cross)}${right}\n`;
  let out = rule('┌', '┬', '┐') + ruled(columns, widths, cells[0]!, t.title);
  if (rows.length > 0) out += rule('├', '┼', '┤');
  for (const row of rows) out += ruled(columns, widths, row, same);
  return out + rule('└', '┴', '┘');
}

function widest(rows: readonly (readonly string[])[], column: number, measure: (cell: string) => number): number {
  let most = 0;
  for (const row of rows) most = Math.max(most, measure(row[column]!));
  return most;
}

/** Makes the widest columns narrower, each at most down to its longest word, until the table fits. Returns whether it does. */
function narrow(
  widths: number[],
  columns: readonly Column[],
  cells: readonly (readonly string[])[],
  room: number,
): boolean {
  let beyond = widths.reduce((a, b) => a + b, 0) - room;
  if (beyond <= 0) return true;
  const least = columns.map((_, i) => widest(cells, i, (cell) => Math.max(...cell.split(' ').map(textWidth))));
  while (beyond > 0) {
    let at = -1;
    for (let i = 0; i < widths.length; i++) if (widths[i]! > least[i]! && (at < 0 || widths[i]! > widths[at]!)) at = i;
    if (at < 0) return false;
    widths[at]!--;
    beyond--;
  }
  return true;
}

function ruled(
  columns: readonly Column[],
  widths: readonly number[],
  row: readonly string[],
  paint: (text: string) => string,
): string {
  const broken = row.map((cell, i) => wrapText(cell, widths[i]!, widths[i]!));
  const height = Math.max(1, ...broken.map((lines) => lines.length));
  let out = '';
  for (let n = 0; n < height; n++) {
    const line = broken.map((lines, i) => {
      const text = lines[n] ?? '';
      const blanks = ' '.repeat(widths[i]! - textWidth(text));
      return columns[i]!.right ? ` ${blanks}${text} ` : ` ${text}${blanks} `;
    });
    out += paint(`│${line.join('│')}│`) + '\n';
  }
  return out;
}

const INDENT = '    ';

/** Prints rows as paragraphs of titles and values, for a table that does not fit. */
export function paragraphs(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  t: Theme,
  width: number,
): string {
  let out = '';
  for (const row of rows) {
    const pairs = row.map((cell, i) =>
      i === 0 || cell === '' || cell.includes(columns[i]!.title) ? cell : `${columns[i]!.title} ${cell}`,
    );
    const text = pairs.filter((p) => p !== '').join('  ');
    // wrapText puts an empty line before a word that is too long for any line
    const [first, ...others] = wrapText(text, width, width - INDENT.length).filter((line) => line !== '');
    const name = row[0]!;
    out += `${t.title((first ?? '').slice(0, name.length))}${(first ?? '').slice(name.length)}\n`;
    for (const line of others) out += `${INDENT}${line}\n`;
  }
  return out;
}

function same(text: string): string {
  return text;
}
