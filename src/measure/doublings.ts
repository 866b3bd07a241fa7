import type { Divisible } from '../engine/divisible.js';

/** One bar: `count` values that are at most `to`, and above the previous bar's `to`. */
export interface Bar {
  readonly to: number;
  readonly count: number;
}

/** A histogram of sizes or times whose bars double in width. */
export class Doublings implements Divisible<Float64Array> {
  private readonly counts = new Float64Array(65);

  add(value: number): void {
    this.counts[value <= 1 ? 0 : Math.min(64, Math.ceil(Math.log2(value)))]! += 1;
  }

  gathered(): Float64Array {
    return this.counts;
  }

  goOn(counts: Float64Array): void {
    counts.forEach((n, i) => (this.counts[i]! += n));
  }

  /** The bars from the first to the last one that holds a value. */
  bars(): Bar[] {
    const first = this.counts.findIndex((n) => n > 0);
    if (first < 0) return [];
    const last = this.counts.findLastIndex((n) => n > 0);
    return Array.from({ length: last - first + 1 }, (_, i) => ({
      to: 2 ** (first + i),
      count: this.counts[first + i]!,
    }));
  }
}
