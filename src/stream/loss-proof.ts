import { MAX_WINDOW } from '../base/seq.js';

/**
 * An acknowledgement more than this many bytes beyond everything that was captured is believed only when a second one confirms it: a
 * damaged packet must not turn the rest of a stream into a gap.
 */
const LEAP = 1 << 20;

/**
 * What the receiving end's acknowledgements prove about bytes that were not captured. Acknowledgements never go back, so the newest one
 * counts: a higher one before it was damaged, forged or out of order. As captures reorder packets, the bytes count as lost only when a
 * number of further packets (gapGracePackets) has come without them.
 */
export class LossProof {
  /** Offset acknowledged by the newest acknowledgement that is believed. */
  acked = 0;
  private doubted = 0;
  /** The offset that was proven when the connection had `markAt` packets: it is next to count as lost; -1: none. */
  private mark = -1;
  private markAt = 0;

  /** Whether it says nothing about bytes beyond `next`. */
  isSpent(next: number): boolean {
    return this.acked <= next && this.doubted <= next;
  }

  /** Everything up to `offset` was acknowledged; `captured`: offset up to which bytes were captured. */
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
   * Offset up to which bytes count as lost now, at packet number `packets` of the connection; `next` if none do. Bytes before `next` were
   * delivered or lost before, those up to `proven` are proven to have been sent.
   */
  ripe(next: number, proven: number, packets: number, grace: number): number {
    let lost = next;
    if (this.mark > next) {
      if (packets - this.markAt < grace) return next;
      // an acknowledgement that a newer, lower one has replaced does not count
      if (this.mark <= proven) lost = this.mark;
    }
    this.mark = proven > lost ? proven : -1;
    this.markAt = packets;
    return lost;
  }
}
