import type { Comparison } from './model.js';

export type ComparisonView = 'overview' | 'messages';

export interface ComparisonRoute {
  readonly view: ComparisonView;
  /** Index of the selected row; null: none. */
  readonly row: number | null;
  /** Whether equal messages are shown as well. */
  readonly whole: boolean;
}

/** Parses `#s=1&b=7`: the row with B's message 7 in the first pair of streams; `a`: A's message. `all`: with equal messages. */
export function parseComparisonRoute(comparison: Comparison, hash: string): ComparisonRoute {
  const given = new URLSearchParams(hash.slice(1));
  const stream = comparison.streams[Number(given.get('s') ?? NaN) - 1];
  const side = given.has('a') ? 'a' : 'b';
  const index = Number(given.get(side) ?? NaN);
  const at = stream?.rows.findIndex((row) => row[side]?.index === index) ?? -1;
  const row = at < 0 ? null : stream!.first + at;
  const view = given.get('v') === 'messages' || (row !== null && !given.has('v')) ? 'messages' : 'overview';
  return { view, row, whole: given.has('all') };
}

export function formatComparisonRoute(comparison: Comparison, { view, row, whole }: ComparisonRoute): string {
  const to = new URLSearchParams({ v: view });
  if (row !== null) {
    const { a, b } = comparison.rows[row]!;
    to.set('s', String(comparison.streamOf(row).number + 1));
    to.set(a === null ? 'b' : 'a', String((a ?? b!).index));
  }
  if (whole) to.set('all', '');
  return `#${to.toString()}`;
}
