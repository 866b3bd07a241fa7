import type { Json } from '../base/annotation.js';
import type { Divisible } from '../engine/divisible.js';
import type { Operation } from '../contract/operation.js';
import { Doublings } from './doublings.js';
import { Latencies, type GatheredLatencies } from './latencies.js';

/** A request is aligned when both its offset and its size are multiples of this. */
export const ALIGNMENT = 4096;
/** Most errors that are counted by name; further names share one entry. */
const MOST_ERRORS = 64;

const COUNTS = ['count', 'answered', 'bytes', 'placed', 'sequential', 'aligned'] as const;

export interface GatheredOperation extends Readonly<Record<(typeof COUNTS)[number], number>> {
  readonly latencies: GatheredLatencies;
  readonly times: Float64Array;
  readonly sizes: Float64Array;
  readonly errors: ReadonlyMap<string, number>;
}

/** Statistics of the requests of one kind. */
export class OperationTotal implements Divisible<GatheredOperation> {
  count = 0;
  /** Requests whose last reply has come. */
  answered = 0;
  bytes = 0;
  /**
   * `placed`: requests that have an offset; `sequential`: those that begin where the previous one of the same kind ended; `aligned`: see
   * ALIGNMENT.
   */
  placed = 0;
  sequential = 0;
  aligned = 0;
  readonly latencies = new Latencies();
  readonly times = new Doublings();
  readonly sizes = new Doublings();
  readonly errors = new Map<string, number>();

  request(operation: Operation, follows: boolean): void {
    const { bytes, offset } = operation;
    this.count++;
    if (bytes >= 0) {
      this.bytes += bytes;
      this.sizes.add(bytes);
    }
    if (offset < 0 || bytes <= 0) return;
    this.placed++;
    if (follows) this.sequential++;
    if (offset % ALIGNMENT === 0 && bytes % ALIGNMENT === 0) this.aligned++;
  }

  /** `nanos`: the latency; -1 if the recording holds no times. */
  answer(nanos: number): void {
    this.answered++;
    if (nanos < 0) return;
    this.latencies.add(nanos);
    this.times.add(nanos);
  }

  error(name: string, times = 1): void {
    const key = this.errors.has(name) || this.errors.size < MOST_ERRORS ? name : 'others';
    this.errors.set(key, (this.errors.get(key) ?? 0) + times);
  }

  gathered(): GatheredOperation {
    const { count, answered, bytes, placed, sequential, aligned } = this;
    return {
      ...{ count, answered, bytes, placed, sequential, aligned },
      ...{ latencies: this.latencies.gathered(), times: this.times.gathered(), sizes: this.sizes.gathered() },
      errors: this.errors,
    };
  }

  goOn(more: GatheredOperation): void {
    for (const key of COUNTS) this[key] += more[key];
    this.latencies.goOn(more.latencies);
    this.times.goOn(more.times);
    this.sizes.goOn(more.sizes);
    for (const [name, n] of more.errors) this.error(name, n);
  }

  get failed(): number {
    let n = 0;
    for (const count of this.errors.values()) n += count;
    return n;
  }

  toJSON(): Record<string, Json> {
    const l = this.latencies.summary();
    return {
      count: this.count,
      answered: this.answered,
      errors: Object.fromEntries(this.errors),
      bytes: this.bytes,
      latency:
        l === null
          ? null
          : {
              mean: l.mean / 1e9,
              p50: l.p50 / 1e9,
              p90: l.p90 / 1e9,
              p99: l.p99 / 1e9,
              p999: l.p999 / 1e9,
              max: l.max / 1e9,
            },
      latencies: this.times.bars().map((b) => ({ to: b.to / 1e9, count: b.count })),
      sizes: this.sizes.bars().map((b) => ({ to: b.to, count: b.count })),
      sequential: this.placed === 0 ? null : this.sequential / this.placed,
      aligned: this.placed === 0 ? null : this.aligned / this.placed,
    };
  }
}
