import { build, type Histogram } from 'hdr-histogram-js';

export interface LatencySummary {
  readonly count: number;
  /** Nanoseconds. */
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/**
 * Latencies in nanoseconds, to one percent: a histogram after Gil Tene (HdrHistogram), which takes a few kB however many there are. The
 * longest one is exact.
 */
export class Latencies {
  private readonly histogram: Histogram = build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 1 << 20,
    numberOfSignificantValueDigits: 2,
  });
  private sum = 0;
  private max = 0;
  count = 0;

  add(nanos: number): void {
    // a capture whose clock stepped can hold anything; a month is told from longer times by nobody
    this.histogram.recordValue(Math.min(nanos, MONTH));
    this.sum += nanos;
    this.count++;
    if (nanos > this.max) this.max = nanos;
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
