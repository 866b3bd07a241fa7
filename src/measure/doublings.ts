import type { Divisible } from '../engine/divisible.js';

/** One bar: how many were at most `to`, and more than the bar before. */
export interface Bar {
  readonly to: number;
  readonly count: number;
}

/** Counts of sizes or times in bars that double in length. */
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

  /** From the first bar that holds anything to the last. */
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
