import { extended, grownTo } from '../base/columns.js';
import { SYN, type Segment } from '../link/segment.js';
import type { End } from './byte-stream.js';
import type { TcpReceiver } from './tcp-receiver.js';

const SWAPPED = 1;
/** Shifted by the end: that end's sequence numbers are known. */
const KNOWN = 2;

/** Why a connection was closed: it ended, or the capture did; it was silent for too long; there were too many. */
export const FINAL = 0;
export const IDLE = 8;
export const CROWDED_OUT = 16;
export type Fate = typeof FINAL | typeof IDLE | typeof CROWDED_OUT;

/**
 * What stays known of closed connections, by slot of the flow table, so that their stragglers do not look like new ones: where each
 * end's sequence numbers began and ended.
 */
export class ClosedFlows {
  private initial = new Int32Array(0);
  private expected = new Int32Array(0);
  private flags = new Uint8Array(0);

  add(slot: number, swapped: boolean, first: TcpReceiver, second: TcpReceiver, fate: Fate): void {
    if (slot >= this.flags.length) this.grow(slot);
    this.flags[slot] =
      (swapped ? SWAPPED : 0) | fate | (first.synchronized ? KNOWN : 0) | (second.synchronized ? KNOWN << 1 : 0);
    this.initial[2 * slot] = first.initial;
    this.initial[2 * slot + 1] = second.initial;
    this.expected[2 * slot] = first.expected;
    this.expected[2 * slot + 1] = second.expected;
  }

  /** See TcpConnection. */
  swapped(slot: number): boolean {
    return (this.flags[slot]! & SWAPPED) !== 0;
  }

  fate(slot: number): Fate {
    return (this.flags[slot]! & (IDLE | CROWDED_OUT)) as Fate;
  }

  /** Whether the segment of `from` cannot belong to the connection that was closed. */
  isOutlivedBy(s: Segment, slot: number, from: End): boolean {
    const known = (this.flags[slot]! & (KNOWN << from)) !== 0;
    if ((s.flags & SYN) !== 0) return !known || this.initial[2 * slot + from] !== (s.seq | 0);
    if (s.length === 0) return false;
    return !known || ((s.seq + s.length - this.expected[2 * slot + from]!) | 0) > 0;
  }

  private grow(slot: number): void {
    const n = grownTo(this.flags.length, slot);
    this.initial = extended(this.initial, new Int32Array(2 * n));
    this.expected = extended(this.expected, new Int32Array(2 * n));
    this.flags = extended(this.flags, new Uint8Array(n));
  }
}
