const LEVELS = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A row of small bars, one per value, scaled so that the highest is full. A value above zero is never drawn empty. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 0);
  if (most === 0) return LEVELS[0].repeat(values.length);
  return values.map((v) => LEVELS[v <= 0 ? 0 : Math.max(1, Math.round((8 * v) / most))]!).join('');
}

/** A bar that fills `share` (0 to 1) of `width` columns. A share above zero is never drawn empty. */
export function bar(share: number, width: number): string {
  const eighths = share <= 0 ? 0 : Math.max(1, Math.round(share * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8]!;
}

/** Reduces the values to at most `n` by combining neighbours with `join`, which receives single values as well. */
export function squeezed(values: readonly number[], n: number, join: (values: readonly number[]) => number): number[] {
  if (values.length <= n) return values.map((v) => join([v]));
  return Array.from({ length: n }, (_, i) =>
    join(
      values.slice(
        Math.floor((i * values.length) / n),
        Math.max(Math.floor(((i + 1) * values.length) / n), Math.floor((i * values.length) / n) + 1),
      ),
    ),
  );
}
