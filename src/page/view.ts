import type { Model } from './model.js';
import type { Go, Route } from './route.js';

/** What every view is given. */
export interface ViewProps {
  readonly model: Model;
  readonly route: Route;
  readonly go: Go;
  /** Rows that are shown: of the stream that was chosen, and that fulfil the expression. */
  readonly rows: Uint32Array;
  readonly select: (row: number) => void;
}

/** Position of a row among rows in order, or where it would stand. */
export function positionOf(rows: Uint32Array | Float64Array, row: number): number {
  let low = 0;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}
