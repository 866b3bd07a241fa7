import type { Divisible } from '../engine/divisible.js';

/** What is kept of one span of time. */
export interface Interval {
  /** Seconds since the capture's first packet. */
  readonly at: number;
  readonly requests: number;
  readonly replies: number;
  readonly errors: number;
  /** Bytes of messages, both directions. */
  readonly bytes: number;
  /** Most requests that were open at once. */
  readonly queue: number;
}

export interface GatheredSeries {
  /** Length of a span in seconds. */
  readonly span: number;
  readonly dropped: number;
  readonly counts: Float64Array;
}

/** Spans that are kept; when there are more, two neighbours become one. */
const MOST = 512;
/** The first span's length in seconds, where none was asked for. */
const SHORTEST = 0.001;

/**
 * Counts over time in a bounded number of equal spans: their length doubles as the capture goes on, unless it was given. Times that
 * step back count into the first span that is left.
 */
export class TimeSeries implements Divisible<GatheredSeries> {
  private span: number;
  private readonly fixed: boolean;
  /** Span by span; once there are as many as are kept, the next stands where the first one was. */
  private counts = new Float64Array(MOST * COLUMNS);
  private used = 0;
  /** Spans in front of the first one that is kept, where their length is fixed. */
  dropped = 0;

  /** `seconds`: length of a span; null: as short as the bound allows. */
  constructor(seconds: number | null) {
    this.fixed = seconds !== null;
    this.span = seconds ?? SHORTEST;
  }

  /** Seconds that one span lasts. */
  get seconds(): number {
    return this.span;
  }

  add(at: number, what: 'requests' | 'replies' | 'errors' | 'bytes', n: number): void {
    // first the place: it may make the counts anew
    const place = this.place(at) + COLUMN[what];
    this.counts[place]! += n;
  }

  /** `n` requests are open from now on. */
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

  /** Spans that are longer here than there take in several of those; where they are shorter, they become as long first. */
  goOn({ span, dropped, counts }: GatheredSeries): void {
    while (!this.fixed && this.span < span) this.halve();
    // a place in the middle of a span: where it begins, rounding could make the one before of it
    const at = (i: number): number => (i + dropped + 0.5) * span;
    const spans = counts.length / COLUMNS;
    // the last one first, so that room is made once
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

  /** Makes one span of each two. */
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
/** Spans of a length that was asked for: a day of seconds; of a longer capture the last ones are kept. */
const MOST_FIXED = 86_400;
