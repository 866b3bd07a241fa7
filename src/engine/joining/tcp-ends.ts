import type { Limits } from '../../base/limits.js';
import { FIN, Segment, SYN } from '../../link/segment.js';
import { CLOSED, FlowTable } from '../../stream/flow-table.js';

/** First segments of connections without a SYN that are kept for the comparison. */
const MAX_STARTS = 256;
/** Sequence numbers that lie this far apart at most are of the same connection, with bytes between them that nobody captured. */
const SAME_CONNECTION = 1 << 30;
/** A segment that begins this far before what comes next is one that was sent again. */
const SENT_AGAIN = 1 << 20;

/** How the connections of one capture go on in another. */
export interface Continuation {
  /** Directions whose first byte is the one that comes next. */
  readonly exact: number;
  /** Directions in both captures between which bytes are missing. */
  readonly missing: number;
  /** Directions whose sequence numbers have nothing to do with one another. */
  readonly apart: number;
  /** One of those, with the bytes that are missing; for people. */
  readonly example: { readonly endpoints: readonly [string, string]; readonly bytes: number } | null;
}

/** Where the TCP connections of a capture begin, and which byte of each comes next at its end. */
export class TcpEnds {
  /** The first segment of each direction of a connection whose beginning is not in the capture. */
  readonly starts: Segment[] = [];
  private readonly table: FlowTable;
  /** By slot and direction: the sequence number that comes next; whether there is one. */
  private next = new Int32Array(0);
  private known = new Uint8Array(0);
  /** By slot: whether its SYN was seen. */
  private opened = new Uint8Array(0);

  constructor(limits: Readonly<Limits>) {
    this.table = new FlowTable(limits.flows, () => undefined);
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
    if (this.known[at] === 0) {
      this.known[at] = 1;
      this.next[at] = end;
      if (this.opened[slot] === 0 && this.starts.length < MAX_STARTS) this.starts.push(copyOf(s));
    } else if (syn || ((end - this.next[at]!) | 0) > 0) this.next[at] = end;
  }

  /** Compares the end of this capture with the beginning of a later one. */
  continuedBy(later: TcpEnds): Continuation {
    let exact = 0;
    let missing = 0;
    let apart = 0;
    let example: Continuation['example'] = null;
    for (const s of later.starts) {
      const slot = this.table.find(s);
      const { swapped } = this.table;
      const at = 2 * slot + (swapped ? 1 : 0);
      if (slot < 0 || this.known[at] === 0) continue;
      const ahead = (s.seq - this.next[at]!) | 0;
      // a probe that asks whether the peer is still there repeats the last byte (RFC 9293, 3.8.4)
      if (ahead === 0 || (ahead === -1 && s.length <= 1)) exact++;
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
      const size = Math.max(64, 2 * slot);
      this.next = grown(this.next, new Int32Array(2 * size));
      this.known = grown(this.known, new Uint8Array(2 * size));
      this.opened = grown(this.opened, new Uint8Array(size));
    }
    this.known[2 * slot] = 0;
    this.known[2 * slot + 1] = 0;
    this.opened[slot] = 0;
  }
}

function grown<T extends Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** What of a segment finds its connection, and its place in it. */
function copyOf(s: Segment): Segment {
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
  copy.seq = s.seq;
  copy.length = s.length;
  return copy;
}
