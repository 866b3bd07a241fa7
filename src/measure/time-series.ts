import type { Divisible } from '../engine/divisible.js';

/** The counts of one span of time. */
export interface Interval {
  /** Seconds since the capture's first packet. */
  readonly at: number;
  readonly requests: number;
  readonly replies: number;
  readonly errors: number;
  /** Bytes of messages in both directions. */
  readonly bytes: number;
  /** The most requests that were open at once. */
  readonly queue: number;
}

export interface GatheredSeries {
  /** Length of a span in seconds. */
  readonly span: number;
  readonly dropped: number;
  readonly counts: Float64Array;
}

/** Most spans that are kept; beyond that, each two neighbours are merged. */
const MOST = 512;
/** Initial length of a span in seconds, if none was asked for. */
const SHORTEST = 0.001;

/**
 * Counts over time in a bounded number of equal spans. Unless a length was given, it doubles as the capture goes on. Times earlier than the
 * first span that is kept count into that one.
 */
export class TimeSeries implements Divisible<GatheredSeries> {
  private span: number;
  private readonly fixed: boolean;
  /** The counts of each span, in a ring once it is full: a new span then takes the place of the oldest. */
  private counts = new Float64Array(MOST * COLUMNS);
  private used = 0;
  /** Number of spans dropped before the first one that is kept; only if the length is fixed. */
  dropped = 0;

  /** `seconds`: length of a span; null: as short as the number of spans allows. */
  constructor(seconds: number | null) {
    this.fixed = seconds !== null;
    this.span = seconds ?? SHORTEST;
  }

  /** Seconds that one span lasts. */
  get seconds(): number {
    return this.span;
  }

  add(at: number, what: 'requests' | 'replies' | 'errors' | 'bytes', n: number): void {
    // first find the place: this may replace `counts`
    const place = this.place(at) + COLUMN[what];
    this.counts[place]! += n;
  }

  /** From time `at` on, `n` requests are open. */
  queue(at: number, n: number): void {
    const place = this.place(at) + COLUMN.queue;
    if (n > this.counts[place]!) this.counts[place] = n;
  }

  intervals(): Interval[] {
    return Array.from({ length: this.used }, (_, i) => {
      const c = this.spanAt(i);
      return {
        at: (i + this.dropped) * this.span,
        requests: c[COLUMN.requests]!,
        replies: c[COLUMN.replies]!,
        errors: c[COLUMN.errors]!,
        bytes: c[COLUMN.bytes]!,
        queue: c[COLUMN.queue]!,
      };
    });
  }

  gathered(): GatheredSeries {
    const { span, dropped, used } = this;
    const counts = new Float64Array(used * COLUMNS);
    for (let i = 0; i < used; i++) counts.set(this.spanAt(i), i * COLUMNS);
    return { span, dropped, counts };
  }

  /**
   * Adds the counts of another series. If its spans are longer, ours are first made as long; if they are shorter, several of them are added
   * to one of ours.
   */
  goOn({ span, dropped, counts }: GatheredSeries): void {
    while (!this.fixed && this.span < span) this.halve();
    // the middle of a span: at its start, rounding could yield the span before
    const at = (i: number): number => (i + dropped + 0.5) * span;
    const spans = counts.length / COLUMNS;
    // the last span first, so that room is made only once
    if (spans > 0) this.place(at(spans - 1));
    for (let i = 0; i < spans; i++) {
      const from = counts.subarray(i * COLUMNS, (i + 1) * COLUMNS);
      if (Math.floor(at(i) / this.span) < this.dropped || from.every((n) => n === 0)) continue;
      const to = this.place(at(i));
      for (let c = 0; c < COLUMNS; c++) {
        const was = this.counts[to + c]!;
        this.counts[to + c] = c === COLUMN.queue ? Math.max(was, from[c]!) : was + from[c]!;
      }
    }
  }

  private place(at: number): number {
    let i = Math.max(0, Math.floor(at / this.span) - this.dropped);
    if (!Number.isFinite(i)) i = 0;
    const most = this.counts.length / COLUMNS;
    if (i >= most) {
      if (!this.fixed) {
        while (i >= most) {
          this.halve();
          i = Math.floor(at / this.span);
        }
      } else if (most < MOST_FIXED) {
        const more = new Float64Array(Math.min(MOST_FIXED, Math.max(i + 1, 2 * most)) * COLUMNS);
        more.set(this.counts);
        this.counts = more;
        return this.place(at);
      } else {
        const by = i - most + 1;
        for (let k = 0; k < Math.min(by, most); k++) this.spanAt(k).fill(0);
        this.dropped += by;
        i = most - 1;
      }
    }
    if (i >= this.used) this.used = i + 1;
    return this.slotOf(i) * COLUMNS;
  }

  private slotOf(i: number): number {
    return (i + this.dropped) % (this.counts.length / COLUMNS);
  }

  /** The counts of the i-th span that is kept. */
  private spanAt(i: number): Float64Array {
    const slot = this.slotOf(i);
    return this.counts.subarray(slot * COLUMNS, (slot + 1) * COLUMNS);
  }

  /** Merges each two neighbouring spans into one. */
  private halve(): void {
    const { counts } = this;
    const n = Math.ceil(this.used / 2);
    for (let i = 0; i < n; i++) {
      for (let c = 0; c < COLUMNS; c++) {
        const a = counts[2 * i * COLUMNS + c]!;
        const b = 2 * i + 1 < this.used ? counts[(2 * i + 1) * COLUMNS + c]! : 0;
        counts[i * COLUMNS + c] = c === COLUMN.queue ? Math.max(a, b) : a + b;
      }
    }
    counts.fill(0, n * COLUMNS);
    this.used = n;
    this.span *= 2;
  }
}

const COLUMN = { requests: 0, replies: 1, errors: 2, bytes: 3, queue: 4 } as const;
const COLUMNS = 5;
/** Most spans of a fixed length: a day in seconds. Of a longer capture the last ones are kept. */
const MOST_FIXED = 86_400;
