import { build, type JsHistogram } from 'hdr-histogram-js';
import type { Divisible } from '../engine/divisible.js';

export interface LatencySummary {
  readonly count: number;
  /** In nanoseconds, like the following ones. */
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export interface GatheredLatencies {
  /** For each bar of the histogram: a value, and how many latencies lie there. */
  readonly bars: readonly (readonly [number, number])[];
  readonly sum: number;
  readonly max: number;
}

/**
 * Latencies in nanoseconds, accurate to one percent: a histogram after Gil Tene (HdrHistogram), which takes a few kB however many there
 * are. The longest latency is exact.
 */
export class Latencies implements Divisible<GatheredLatencies> {
  private readonly histogram = build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 1 << 20,
    numberOfSignificantValueDigits: 2,
  }) as JsHistogram;
  private sum = 0;
  private max = 0;
  count = 0;

  add(nanos: number): void {
    // a capture whose clock stepped can hold any value; everything above a month is counted as a month
    this.histogram.recordValue(Math.min(nanos, MONTH));
    this.sum += nanos;
    this.count++;
    if (nanos > this.max) this.max = nanos;
  }

  gathered(): GatheredLatencies {
    const bars: [number, number][] = [];
    const values = this.histogram.recordedValuesIterator;
    values.reset();
    while (values.hasNext()) {
      const { valueIteratedTo: value, countAddedInThisIterationStep: n } = values.next();
      bars.push([value, n]);
    }
    return { bars, sum: this.sum, max: this.max };
  }

  goOn({ bars, sum, max }: GatheredLatencies): void {
    for (const [nanos, n] of bars) {
      this.histogram.recordValueWithCount(nanos, n);
      this.count += n;
    }
    this.sum += sum;
    this.max = Math.max(this.max, max);
  }

  summary(): LatencySummary | null {
    if (this.count === 0) return null;
    const at = (p: number): number => Math.min(this.max, this.histogram.getValueAtPercentile(p));
    return {
      count: this.count,
      mean: this.sum / this.count,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.max,
    };
  }
}

const MONTH = 30 * 86_400 * 1e9;
