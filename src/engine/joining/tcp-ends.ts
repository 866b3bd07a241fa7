import { extended, grownTo } from '../../base/columns.js';
import type { Limits } from '../../base/limits.js';
import { FIN, Segment, SYN } from '../../link/segment.js';
import { CLOSED, FlowTable } from '../../stream/flow-table.js';

/** How many first segments of each direction are kept: some may be retransmissions, before one that continues the other capture. */
const START_SEGMENTS = 8;
/** Sequence numbers at most this far ahead belong to the same connection, with bytes in between that were not captured. */
const SAME_CONNECTION = 1 << 30;
/** A segment that begins at most this many bytes before the next sequence number is a retransmission. */
const SENT_AGAIN = 1 << 20;

/** How the connections of one capture go on in another. */
export interface Continuation {
  /** Directions that go on with the very next byte. */
  readonly exact: number;
  /** Directions in both captures between which bytes are missing. */
  readonly missing: number;
  /** Directions whose sequence numbers do not fit together: other connections with the same addresses and ports. */
  readonly apart: number;
  /** One of the directions with missing bytes, for the text of a finding. */
  readonly example: { readonly endpoints: readonly [string, string]; readonly bytes: number } | null;
}

/** The first segments of one direction of a connection that was open before the capture began. */
export interface TcpStart {
  /** Its addresses and ports (see addressesOf). */
  readonly segment: Segment;
  /** For each segment: the sequence number of its first byte, and the one after its last. */
  readonly ranges: number[];
}

/** Where each direction of a capture's TCP connections begins, and which sequence number comes next at its end. */
export class TcpEnds {
  private readonly begun = new Map<number, TcpStart>();
  private readonly table: FlowTable;
  /** By twice the slot plus the direction: the next sequence number, and whether it is known. */
  private next = new Int32Array(0);
  private known = new Uint8Array(0);
  /** By slot: whether its SYN was seen. */
  private opened = new Uint8Array(0);

  private readonly keepStarts: boolean;

  /** `keepStarts`: whether to keep first segments: only where a bounded number of packets is read. */
  constructor(limits: Readonly<Limits>, keepStarts: boolean) {
    this.keepStarts = keepStarts;
    this.table = new FlowTable(limits.flows, () => undefined);
  }

  /** How the connections go on that were open before the first packet. */
  get starts(): TcpStart[] {
    return [...this.begun.values()];
  }

  segment(s: Segment): void {
    if (s.socket !== null) return;
    const { table } = this;
    const syn = (s.flags & SYN) !== 0;
    let slot = table.find(s);
    if (slot < 0) {
      slot = table.add(s, CLOSED);
      this.clear(slot);
    } else {
      table.touch(slot, s.seconds);
      if (syn && this.opened[slot] === 0) this.clear(slot);
    }
    if (syn) this.opened[slot] = 1;
    const at = 2 * slot + (table.swapped ? 1 : 0);
    const end = (s.seq + s.length + (syn ? 1 : 0) + ((s.flags & FIN) !== 0 ? 1 : 0)) | 0;
    if (this.keepStarts && this.opened[slot] === 0) this.keep(at, s, end);
    if (this.known[at] === 0) {
      this.known[at] = 1;
      this.next[at] = end;
    } else if (syn || ((end - this.next[at]!) | 0) > 0) this.next[at] = end;
  }

  private keep(at: number, s: Segment, end: number): void {
    let start = this.begun.get(at);
    if (start === undefined) this.begun.set(at, (start = { segment: addressesOf(s), ranges: [] }));
    if (start.ranges.length < 2 * START_SEGMENTS) start.ranges.push(s.seq, end);
  }

  /** Compares the end of this capture with the beginning of a later one. */
  continuedBy(later: readonly TcpStart[]): Continuation {
    let exact = 0;
    let missing = 0;
    let apart = 0;
    let example: Continuation['example'] = null;
    for (const { segment, ranges } of later) {
      const slot = this.table.find(segment);
      const { swapped } = this.table;
      const at = 2 * slot + (swapped ? 1 : 0);
      if (slot < 0 || this.known[at] === 0) continue;
      const ahead = distance(this.next[at]!, ranges);
      if (ahead === 0) exact++;
      else if (ahead < -SENT_AGAIN || ahead > SAME_CONNECTION) apart++;
      else if (ahead > 0) {
        missing++;
        example ??= { endpoints: this.table.endpoints(slot, swapped), bytes: ahead };
      }
    }
    return { exact, missing, apart, example };
  }

  private clear(slot: number): void {
    if (slot >= this.opened.length) {
      const size = grownTo(this.opened.length, slot);
      this.next = extended(this.next, new Int32Array(2 * size));
      this.known = extended(this.known, new Uint8Array(2 * size));
      this.opened = extended(this.opened, new Uint8Array(size));
    }
    this.known[2 * slot] = 0;
    this.known[2 * slot + 1] = 0;
    this.opened[slot] = 0;
    this.begun.delete(2 * slot);
    this.begun.delete(2 * slot + 1);
  }
}

/** How many bytes after the next sequence number the segments begin; 0: one of them continues it; below 0: they lie before it. */
function distance(next: number, ranges: readonly number[]): number {
  let nearest = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const begin = (ranges[i]! - next) | 0;
    const end = (ranges[i + 1]! - next) | 0;
    // a keep-alive repeats the last byte, or has its sequence number and no data (RFC 9293, 3.8.4)
    if ((begin <= 0 && end >= 0) || (begin === -1 && end === -1)) return 0;
    if (i === 0 || Math.abs(begin) < Math.abs(nearest)) nearest = begin;
  }
  return nearest;
}

/** A segment with nothing but the addresses and ports, to look its connection up with. */
function addressesOf(s: Segment): Segment {
  const copy = new Segment();
  copy.src0 = s.src0;
  copy.src1 = s.src1;
  copy.src2 = s.src2;
  copy.src3 = s.src3;
  copy.dst0 = s.dst0;
  copy.dst1 = s.dst1;
  copy.dst2 = s.dst2;
  copy.dst3 = s.dst3;
  copy.srcPort = s.srcPort;
  copy.dstPort = s.dstPort;
  return copy;
}
