/** Bytes that are buffered by all streams together, against one limit. */
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

  get exceeded(): boolean {
    return this.used > this.limit;
  }
}
