import { MAX_WINDOW } from '../base/seq.js';

/**
 * An acknowledgement this far beyond everything that was captured is believed only when a second one says the same: a
 * damaged packet must not turn the rest of a stream into a gap.
 */
const LEAP = 1 << 20;

/**
 * What the receiving end's acknowledgements prove about bytes that the capture does not hold. They never go back, so that the newest one
 * counts: a higher one in front of it was damaged, forged or out of order. Captures reorder, so that proof has to ripen: bytes count as
 * lost when a number of further packets came without them.
 */
export class LossProof {
  /** Offset acknowledged by the newest acknowledgement that is believed. */
  acked = 0;
  private doubted = 0;
  /** What was acknowledged when the connection had `markAt` packets; -1: nothing is ripening. */
  private mark = -1;
  private markAt = 0;

  /** Whether it says nothing about bytes beyond `next`. */
  isSpent(next: number): boolean {
    return this.acked <= next && this.doubted <= next;
  }

  /** Everything up to `offset` was acknowledged; `captured` is the end of what is known otherwise. */
  acknowledge(offset: number, captured: number): void {
    const known = Math.max(captured, this.acked);
    if (offset > known + MAX_WINDOW) return;
    if (offset > known + LEAP && (this.doubted === 0 || offset < this.doubted)) {
      this.doubted = offset;
      return;
    }
    this.doubted = 0;
    this.acked = offset;
  }

  /**
   * Offset up to which bytes count as lost now, at packet number `packets` of the connection; `next` if none do. All is known up to
   * `next`, and proven to have existed up to `proven`.
   */
  ripe(next: number, proven: number, packets: number, grace: number): number {
    let lost = next;
    if (this.mark > next) {
      if (packets - this.markAt < grace) return next;
      // what is not acknowledged any more was never said in earnest
      if (this.mark <= proven) lost = this.mark;
    }
    this.mark = proven > lost ? proven : -1;
    this.markAt = packets;
    return lost;
  }
}
