import { extended, grownTo } from '../../base/columns.js';
import type { Limits } from '../../base/limits.js';
import { FIN, Segment, SYN } from '../../link/segment.js';
import { CLOSED, FlowTable } from '../../stream/flow-table.js';

/** Segments of each direction that are kept of the beginning: behind some that were sent again stands what comes next. */
const START_SEGMENTS = 8;
/** Sequence numbers that lie this far apart at most are of the same connection, with bytes between them that nobody captured. */
const SAME_CONNECTION = 1 << 30;
/** A segment that begins this far before what comes next is one that was sent again. */
const SENT_AGAIN = 1 << 20;

/** How the connections of one capture go on in another. */
export interface Continuation {
  /** Directions that go on with the very next byte. */
  readonly exact: number;
  /** Directions in both captures between which bytes are missing. */
  readonly missing: number;
  /** Directions whose sequence numbers have nothing to do with one another. */
  readonly apart: number;
  /** One of those between which bytes are missing; for people. */
  readonly example: { readonly endpoints: readonly [string, string]; readonly bytes: number } | null;
}

/** The first segments of one direction of a connection whose beginning is not in the capture. */
export interface TcpStart {
  /** Its addresses and ports (see addressesOf). */
  readonly segment: Segment;
  /** Sequence numbers of first bytes and of what comes behind the last ones, in turns. */
  readonly ranges: number[];
}

/** Where the TCP connections of a capture begin, and which byte of each comes next at its end. */
export class TcpEnds {
  private readonly begun = new Map<number, TcpStart>();
  private readonly table: FlowTable;
  /** By slot and direction: the sequence number that comes next; whether there is one. */
  private next = new Int32Array(0);
  private known = new Uint8Array(0);
  /** By slot: whether its SYN was seen. */
  private opened = new Uint8Array(0);

  private readonly keepStarts: boolean;

  /** `keepStarts`: whether this is a beginning, of a bounded number of packets. */
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

/** Bytes from the sequence number that comes next to where segments go on; 0: they hold it. Below 0: they end before it. */
function distance(next: number, ranges: readonly number[]): number {
  let nearest = 0;
  for (let i = 0; i < ranges.length; i += 2) {
    const begin = (ranges[i]! - next) | 0;
    const end = (ranges[i + 1]! - next) | 0;
    // a probe that asks whether the peer is still there repeats the last byte, or its number only (RFC 9293, 3.8.4)
    if ((begin <= 0 && end >= 0) || (begin === -1 && end === -1)) return 0;
    if (i === 0 || Math.abs(begin) < Math.abs(nearest)) nearest = begin;
  }
  return nearest;
}

/** A segment with the addresses and ports alone, by which its connection is found. */
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
