import type { Budget } from '../base/budget.js';
import type { Limits } from '../base/limits.js';
import { Origin } from '../base/origin.js';
import type { KeptSegment } from './beginning.js';
import type { FlowTable } from './flow-table.js';
import type { Reassembler } from './reassembler.js';
import { RecentBytes } from './recent-bytes.js';
import { Strangers } from './strangers.js';

/** Limits on what waits behind a hole. */
export type WaitingLimit = 'outOfOrderBytes' | 'outOfOrderSegments' | 'bufferedBytes';

/** What the connections of one file share. */
export class TcpContext {
  readonly limits: Readonly<Limits>;
  readonly budget: Budget;
  readonly flows: FlowTable;
  /** Packet and time of the current segment. Reused. */
  readonly origin = new Origin();
  readonly recent = new RecentBytes();
  readonly strangers = new Strangers();
  /** How many connections are followed: their bytes are not only counted. */
  followed = 0;
  /** Directions that have reported a limit. */
  readonly limited = new Set<number>();

  constructor(limits: Readonly<Limits>, budget: Budget, flows: FlowTable) {
    this.limits = limits;
    this.budget = budget;
    this.flows = flows;
  }

  /** Runs `action` with a segment that was kept as the current one: its packet, time and direction. */
  play({ segment, swapped }: KeptSegment, action: () => void): void {
    const { origin, flows } = this;
    const { packet, seconds, nanos } = origin;
    const before = flows.swapped;
    origin.packet = segment.packet;
    origin.seconds = segment.seconds;
    origin.nanos = segment.nanos;
    origin.peerSeen = -1;
    flows.swapped = swapped;
    action();
    flows.swapped = before;
    origin.packet = packet;
    origin.seconds = seconds;
    origin.nanos = nanos;
    origin.peerSeen = -1;
  }

  /** The limit that `held`, the bytes behind a hole of one direction, exceeds; or null. */
  exceededBy(held: Reassembler): WaitingLimit | null {
    if (held.bytes > this.limits.outOfOrderBytes) return 'outOfOrderBytes';
    if (held.count > this.limits.outOfOrderSegments) return 'outOfOrderSegments';
    return this.budget.exceeded ? 'bufferedBytes' : null;
  }

  /** A text that the limit is exceeded, as the beginning of a sentence. */
  exceedsText(limit: WaitingLimit): string {
    const most = this.limits[limit];
    if (limit === 'bufferedBytes') return `${limit}: all streams together hold more than ${most} bytes, and bytes`;
    return `${limit}: more than ${most} ${limit === 'outOfOrderBytes' ? 'bytes' : 'segments'}`;
  }
}
