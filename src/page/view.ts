import type { Model } from './model.js';
import type { Go, Route } from './route.js';

/** The properties of every view. */
export interface ViewProps {
  readonly model: Model;
  readonly route: Route;
  readonly go: Go;
  /** The rows to show: those of the selected stream that match the expression. */
  readonly rows: Uint32Array;
  readonly select: (row: number) => void;
}

/** Index of a row among sorted rows, or where it would be inserted. */
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
