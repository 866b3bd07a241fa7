import type { Limits } from '../../base/limits.js';

/** An event that is emitted (by `run`) when all earlier ones were; `key`: its time. */
interface Waiting {
  readonly key: number;
  readonly bytes: number;
  readonly run: () => void;
}

/**
 * Puts the events of a recording in order of time. A line stands where its call was entered or where it returned, but a write happens when it
 * is entered, and a read when it returns.
 */
export class SocketOrder {
  private waiting: Waiting[] = [];
  private bytes = 0;
  /** Entry times of calls that have not returned and may have written. */
  private readonly open = new Map<object, number>();
  private now = Number.NEGATIVE_INFINITY;
  /** Limits because of which events were released before their order was certain. */
  readonly limitsHit = new Set<'pendingCalls' | 'reorderedCalls' | 'reorderedBytes'>();
  private readonly limits: Readonly<Limits>;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  /** No later event has a time before `key`: releases the events up to there. */
  advance(key: number): void {
    if (key > this.now) this.now = key;
    this.release();
  }

  /** A call was entered at `key` that may write: later events wait until it has returned. */
  hold(call: object, key: number): void {
    if (this.open.size < this.limits.pendingCalls) this.open.set(call, key);
    else this.limitsHit.add('pendingCalls');
  }

  unhold(call: object): void {
    this.open.delete(call);
  }

  add(key: number, bytes: number, run: () => void): void {
    const { waiting } = this;
    let at = waiting.length;
    while (at > 0 && waiting[at - 1]!.key > key) at--;
    waiting.splice(at, 0, { key, bytes, run });
    this.bytes += bytes;
    const { reorderedCalls, reorderedBytes } = this.limits;
    if (waiting.length > reorderedCalls || this.bytes > reorderedBytes) {
      this.limitsHit.add(waiting.length > reorderedCalls ? 'reorderedCalls' : 'reorderedBytes');
      this.open.clear();
      this.take(Math.ceil(waiting.length / 2));
    } else this.release();
  }

  /** Times begin anew: `key` may be lower than before. */
  restart(): void {
    this.now = Number.NEGATIVE_INFINITY;
  }

  flush(): void {
    this.open.clear();
    this.take(this.waiting.length);
  }

  private release(): void {
    const { waiting } = this;
    if (waiting.length === 0) return;
    let until = this.now;
    for (const key of this.open.values()) if (key < until) until = key;
    let count = 0;
    while (count < waiting.length && waiting[count]!.key <= until) count++;
    this.take(count);
  }

  private take(count: number): void {
    if (count === 0) return;
    const due = this.waiting.splice(0, count);
    for (const { bytes, run } of due) {
      this.bytes -= bytes;
      run();
    }
  }
}
