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
/** It had holes. */
const HOLED = 32;
export type Fate = typeof FINAL | typeof IDLE | typeof CROWDED_OUT;

/** Whether the segment is later than that time, which is before 0 where it is not known. */
export function isAfter(s: Segment, seconds: number, nanos: number): boolean {
  return seconds >= 0 && (s.seconds > seconds || (s.seconds === seconds && s.nanos > nanos));
}

/** What a connection says of how it was closed. */
export interface ClosedConnection {
  /** See TcpConnection. */
  readonly swapped: boolean;
  /** When the second FIN came; before 0 where it did not. */
  readonly finishedSeconds: number;
  readonly finishedNanos: number;
}

/**
 * What stays known of closed connections, by slot of the flow table, so that their stragglers do not look like new ones: where each
 * end's sequence numbers began and ended, and when.
 */
export class ClosedFlows {
  private initial = new Int32Array(0);
  private expected = new Int32Array(0);
  private flags = new Uint8Array(0);
  private seconds = new Float64Array(0);
  private nanos = new Int32Array(0);

  add(slot: number, closed: ClosedConnection, first: TcpReceiver, second: TcpReceiver, fate: Fate): void {
    if (slot >= this.flags.length) this.grow(slot);
    this.seconds[slot] = closed.finishedSeconds;
    this.nanos[slot] = closed.finishedNanos;
    this.flags[slot] =
      (closed.swapped ? SWAPPED : 0) |
      fate |
      (first.synchronized ? KNOWN : 0) |
      (second.synchronized ? KNOWN << 1 : 0) |
      (first.holed || second.holed ? HOLED : 0);
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

  /** Whether bytes of it were given up for lost. */
  holed(slot: number): boolean {
    return (this.flags[slot]! & HOLED) !== 0;
  }

  /** Whether the segment of `from` cannot belong to the connection that was closed. */
  isOutlivedBy(s: Segment, slot: number, from: End): boolean {
    const known = (this.flags[slot]! & (KNOWN << from)) !== 0;
    if ((s.flags & SYN) !== 0) {
      // behind both FINs and later, it is a new connection even with the number of the old one
      const again = known && this.initial[2 * slot + from] === (s.seq | 0);
      return !again || isAfter(s, this.seconds[slot]!, this.nanos[slot]!);
    }
    if (s.length === 0) return false;
    return !known || ((s.seq + s.length - this.expected[2 * slot + from]!) | 0) > 0;
  }

  private grow(slot: number): void {
    const n = grownTo(this.flags.length, slot);
    this.initial = extended(this.initial, new Int32Array(2 * n));
    this.expected = extended(this.expected, new Int32Array(2 * n));
    this.flags = extended(this.flags, new Uint8Array(n));
    this.seconds = extended(this.seconds, new Float64Array(n));
    this.nanos = extended(this.nanos, new Int32Array(n));
  }
}
