/** Counts what all streams together hold (bytes that are buffered, messages that are remembered), against one limit. */
export class Budget {
  private used = 0;
  readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** Counts `n` more. Returns false where the limit is exceeded (they are counted all the same). */
  take(n: number): boolean {
    this.used += n;
    return this.used <= this.limit;
  }

  give(n: number): void {
    this.used -= n;
  }

  /** Whether more than half of it is used: then nothing should be taken for what is not necessary. */
  get halfUsed(): boolean {
    return this.used > this.limit / 2;
  }

  get exceeded(): boolean {
    return this.used > this.limit;
  }
}
