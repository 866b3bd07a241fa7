import type { Limits } from '../../base/limits.js';

/** Something that happened at a time, to be done when everything before it was done. */
interface Waiting {
  readonly key: number;
  readonly bytes: number;
  readonly run: () => void;
}

/**
 * Puts what a recording tells into the order of its times. Lines stand in the order of entry or of return of their calls; a write
 * happens when it is entered, a read when it returns.
 */
export class SocketOrder {
  private waiting: Waiting[] = [];
  private bytes = 0;
  /** Entry times of calls that may yet turn out to have written. */
  private readonly open = new Map<object, number>();
  private now = Number.NEGATIVE_INFINITY;
  /** Limits because of which something had to be released before its turn was certain. */
  readonly limitsHit = new Set<'pendingCalls' | 'reorderedCalls' | 'reorderedBytes'>();
  private readonly limits: Readonly<Limits>;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  /** Nothing that comes later happened before `key`. */
  advance(key: number): void {
    if (key > this.now) this.now = key;
    this.release();
  }

  /** A call was entered that happens at `key` if it succeeds: what comes after waits for it. */
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

  /** Times begin anew. */
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
