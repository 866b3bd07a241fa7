import { extended, grownTo } from '../base/columns.js';
import { seqDistance } from '../base/seq.js';
import { SYN, type Segment } from '../link/segment.js';
import { NO_TIMESTAMP, timestampOf } from '../link/tcp-timestamp.js';
import type { End } from './byte-stream.js';
import type { GivenUp } from './given-up.js';
import type { TcpReceiver } from './tcp-receiver.js';

const SWAPPED = 1;
/** Shifted left by the end (0 or 1): that end's sequence numbers are known. */
const KNOWN = 2;
/** Shifted left by the end: its first sequence number is known as well. */
const START_KNOWN = 64;

/** Why a connection was closed: it or the capture ended, or its slot was needed (flows); it was silent (idleSeconds); openStreams. */
export const FINAL = 0;
export const IDLE = 8;
export const CROWDED_OUT = 16;
/** Bytes of it are missing: in the middle, or before the first captured byte of a direction. */
const LOSSY = 32;
export type Fate = typeof FINAL | typeof IDLE | typeof CROWDED_OUT;

/** A SYN whose sequence number lies less than this before the first byte seen is this connection's: the capture reordered packets. */
export const REORDERED_SYN = 1 << 20;

/** Whether the segment was captured after that time; false where the time is not known (`seconds` below 0). */
export function isAfter(s: Segment, seconds: number, nanos: number): boolean {
  return seconds >= 0 && (s.seconds > seconds || (s.seconds === seconds && s.nanos > nanos));
}

/**
 * Whether the SYN's TCP timestamp is at most `timestamp`, that of its sender's first known segment of the connection. Then the SYN is no
 * younger than the connection, whatever the capture's clocks say: two interfaces, or two recorders, may have captured it twice.
 */
export function isNoYounger(syn: Segment, timestamp: number): boolean {
  if (timestamp === NO_TIMESTAMP) return false;
  const its = timestampOf(syn);
  return its !== NO_TIMESTAMP && seqDistance(its, timestamp) >= 0;
}

/** How a connection ended. */
export interface ClosedConnection {
  /** See TcpConnection. */
  readonly swapped: boolean;
  /** When the second FIN came; -1 where it did not. */
  readonly finishedSeconds: number;
  readonly finishedNanos: number;
}

/** The bytes that are missing of one end of a closed connection, by stream offset. Offset `next` has the sequence number `expected`. */
interface Missed {
  readonly bytes: GivenUp;
  readonly next: number;
  readonly expected: number;
}

/** How many bytes of a late segment were missing in its closed connection. */
export interface Late {
  /** Before the first captured byte of the direction. */
  front: number;
  /** In holes that were given up for lost. */
  lost: number;
}

/**
 * What is remembered of closed connections, by slot of the flow table, so that their late segments are not taken for new connections:
 * each end's first and last sequence number, when they finished, and which bytes are missing.
 */
export class ClosedFlows {
  private initial = new Int32Array(0);
  private expected = new Int32Array(0);
  private timestamps = new Int32Array(0);
  private flags = new Uint8Array(0);
  /** The second in which the second FIN came, plus 1; 0: it did not come. */
  private finished = new Float64Array(0);
  private nanos = new Int32Array(0);
  /** By slot, oldest first. */
  private readonly missed = new Map<number, readonly [Missed | null, Missed | null]>();
  private readonly most: number;
  private readonly late: Late = { front: 0, lost: 0 };

  /** `most`: of how many connections the missing bytes are remembered (limit lossyClosed). */
  constructor(most: number) {
    this.most = most;
  }

  add(slot: number, closed: ClosedConnection, first: TcpReceiver, second: TcpReceiver, fate: Fate): void {
    if (slot >= this.flags.length) this.grow(slot);
    // the operating system gives an array no memory before it is written to; most connections that are given up have no FINs, so 0 stays
    const finished = closed.finishedSeconds + 1;
    if (this.finished[slot] !== finished) this.finished[slot] = finished;
    if (this.nanos[slot] !== closed.finishedNanos) this.nanos[slot] = closed.finishedNanos;
    const missed = [missedBy(first), missedBy(second)] as const;
    const lossy = missed[0] !== null || missed[1] !== null;
    this.flags[slot] = (closed.swapped ? SWAPPED : 0) | fate | (lossy ? LOSSY : 0) | bits(first) | bits(second);
    this.missed.delete(slot);
    if (lossy) this.remember(slot, missed);
    for (const receiver of [first, second]) {
      const at = 2 * slot + receiver.from;
      this.initial[at] = receiver.initial;
      this.expected[at] = receiver.expected;
      this.timestamps[at] = receiver.timestamp;
    }
  }

  /** See TcpConnection. */
  swapped(slot: number): boolean {
    return (this.flags[slot]! & SWAPPED) !== 0;
  }

  fate(slot: number): Fate {
    return (this.flags[slot]! & (IDLE | CROWDED_OUT)) as Fate;
  }

  /** Whether the segment, which `from` sent, cannot belong to the closed connection, and so opens another. */
  isReplacedBy(s: Segment, slot: number, from: End): boolean {
    const flags = this.flags[slot]!;
    const known = (flags & (KNOWN << from)) !== 0;
    const at = 2 * slot + from;
    if ((s.flags & SYN) === 0) {
      if (s.length === 0) return false;
      return !known || ((s.seq + s.length - this.expected[at]!) | 0) > 0;
    }
    const ahead = (this.initial[at]! - s.seq) | 0;
    const startKnown = (flags & (START_KNOWN << from)) !== 0;
    if (!known || !(startKnown ? ahead === 0 : ahead >= 0 && ahead < REORDERED_SYN)) return true;
    if (isNoYounger(s, this.timestamps[at]!)) return false;
    // captured after both FINs, it opens a new connection even with the sequence number of the old one
    return isAfter(s, this.finished[slot]! - 1, this.nanos[slot]!);
  }

  /**
   * How many bytes of a late segment were missing in the closed connection; each byte is counted once. Null where it was forgotten which
   * bytes were missing. The object is reused.
   */
  lateBytes(s: Segment, slot: number, from: End): Readonly<Late> | null {
    const { late } = this;
    late.front = late.lost = 0;
    if ((this.flags[slot]! & LOSSY) === 0) return late;
    const ends = this.missed.get(slot);
    if (ends === undefined) return null;
    const missed = ends[from];
    if (missed === null) return late;
    const start = missed.next + seqDistance(missed.expected, s.seq);
    const end = start + s.end - s.start;
    if (start < 0) late.front = missed.bytes.fill(start, Math.min(end, 0));
    // a keep-alive before any data has the sequence number of the SYN
    if (late.front === 1 && (this.flags[slot]! & (START_KNOWN << from)) !== 0) late.front = 0;
    late.lost = missed.bytes.fill(Math.max(start, 0), end);
    return late;
  }

  private remember(slot: number, missed: readonly [Missed | null, Missed | null]): void {
    this.missed.set(slot, missed);
    if (this.missed.size <= this.most) return;
    for (const oldest of this.missed.keys()) {
      this.missed.delete(oldest);
      return;
    }
  }

  private grow(slot: number): void {
    const n = grownTo(this.flags.length, slot);
    this.initial = extended(this.initial, new Int32Array(2 * n));
    this.expected = extended(this.expected, new Int32Array(2 * n));
    this.timestamps = extended(this.timestamps, new Int32Array(2 * n));
    this.flags = extended(this.flags, new Uint8Array(n));
    this.finished = extended(this.finished, new Float64Array(n));
    this.nanos = extended(this.nanos, new Int32Array(n));
  }
}

function bits(receiver: TcpReceiver): number {
  return (
    (receiver.synchronized ? KNOWN << receiver.from : 0) | (receiver.startKnown ? START_KNOWN << receiver.from : 0)
  );
}

function missedBy(receiver: TcpReceiver): Missed | null {
  const bytes = receiver.missed;
  if (bytes === null) return null;
  const next = receiver.next;
  return { bytes, next, expected: (receiver.initial + 1 + next) | 0 };
}
