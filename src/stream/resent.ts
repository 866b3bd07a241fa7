import type { Origin } from '../base/origin.js';

/** A copy sooner than this after the one before is the same packet, captured twice: no retransmission timer is that short. */
const LEAST_NANOS = 5_000_000;

/** Bytes that their sender retransmits because the peer does not acknowledge them. */
export interface Unacknowledged {
  /** Stream offset of the first of them, and how many there are. */
  readonly offset: number;
  readonly length: number;
  /** How often they were sent again; 1 for the first retransmission. */
  readonly times: number;
}

/** Counts how often the bytes at one offset of a stream were retransmitted in a row (RFC 9293, section 3.8.1). */
export class Resent implements Unacknowledged {
  offset = -1;
  length = 0;
  times = 0;
  private seconds = 0;
  private nanos = 0;

  /** The bytes `offset..offset + length` were captured again. */
  add(offset: number, length: number, origin: Origin): void {
    if (offset !== this.offset) {
      this.offset = offset;
      this.length = 0;
      this.times = 0;
    } else if ((origin.seconds - this.seconds) * 1e9 + (origin.nanos - this.nanos) < LEAST_NANOS) {
      return;
    }
    this.times++;
    this.length = Math.max(this.length, length);
    this.seconds = origin.seconds;
    this.nanos = origin.nanos;
  }
}
