/** What all streams together hold (bytes that are buffered, messages that are remembered), against one limit. */
export class Budget {
  private used = 0;
  readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Takes `n` more bytes into account; false where the limit is exceeded by that (they are counted all the same). */
  take(n: number): boolean {
    this.used += n;
    return this.used <= this.limit;
  }

  give(n: number): void {
    this.used -= n;
  }

  /** Whether half of it is used: what could be done without should take no more. */
  get halfUsed(): boolean {
    return this.used > this.limit / 2;
  }

  get exceeded(): boolean {
    return this.used > this.limit;
  }
}
