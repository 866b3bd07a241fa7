import { extended, grownTo, integer } from '../base/columns.js';
import { ACK, SYN, type Segment } from '../link/segment.js';
import { isRecordedSocket } from './recorded-socket.js';

/** Whether the segment is a SYN and nothing else. */
export function isBareSyn(s: Segment): boolean {
  return s.flags === SYN && s.length === 0 && s.comment === '' && !isRecordedSocket(s);
}

/**
 * Connections of which only a SYN was seen, by slot of the flow table. A SYN flood consists of nothing else, so that each takes only 35 bytes,
 * and 4 for each slot. Streams and sinks are made when more comes, or at the end.
 */
export class HalfOpen {
  /** By slot: its row in the arrays below, from 1; 0: none. */
  private rows = new Int32Array(0);
  /** The row that was freed last, or 0. `seqs` of a free row links to the row that was freed before it. */
  private free = 0;
  private used = 1;
  private ids = new Float64Array(0);
  private packets = new Float64Array(0);
  private seconds = new Float64Array(0);
  private nanos = new Int32Array(0);
  private seqs = new Int32Array(0);
  private vlans = new Int16Array(0);
  private swaps = new Uint8Array(0);

  /** Keeps the SYN `s` as stream number `id`. */
  add(slot: number, id: number, s: Segment, swapped: boolean): void {
    if (slot >= this.rows.length) this.rows = extended(this.rows, new Int32Array(grownTo(this.rows.length, slot)));
    const row = this.rows[slot]! || this.freeRow();
    this.rows[slot] = row;
    this.ids[row] = id;
    this.packets[row] = s.packet;
    this.seconds[row] = s.seconds;
    this.nanos[row] = s.nanos;
    this.seqs[row] = s.seq;
    this.vlans[row] = s.vlan;
    this.swaps[row] = swapped ? 1 : 0;
  }

  remove(slot: number): void {
    const row = this.rowOf(slot);
    if (row === 0) return;
    this.rows[slot] = 0;
    this.seqs[row] = this.free;
    this.free = row;
  }

  /** Stream number of the slot's connection; 0 where it is not half open. */
  id(slot: number): number {
    const row = this.rowOf(slot);
    return row === 0 ? 0 : integer(this.ids[row]!);
  }

  /** The flow table's `swapped` for segments of the end that sent the SYN. */
  swapped(slot: number): boolean {
    return this.swaps[this.rows[slot]!] === 1;
  }

  /** Whether `s` is the same SYN again. */
  isRepeatedBy(s: Segment, slot: number): boolean {
    return s.flags === SYN && s.length === 0 && this.seqOf(slot) === (s.seq | 0);
  }

  /** Whether `s`, of the other end, acknowledges the SYN and no more (RFC 9293, section 3.10.7.3), or is a SYN of its own. */
  isAnsweredBy(s: Segment, slot: number): boolean {
    return (s.flags & ACK) === 0 ? (s.flags & SYN) !== 0 : (s.ack | 0) === ((this.seqOf(slot) + 1) | 0);
  }

  /** Whether `s` can belong to the SYN's connection: the SYN's sender (`mine`) has sent, or the other end received, at most `most` bytes. */
  isContinuedBy(s: Segment, slot: number, mine: boolean, most: number): boolean {
    if (!mine && (s.flags & ACK) === 0) return false;
    const ahead = ((mine ? s.seq : s.ack) - this.seqOf(slot) - 1) | 0;
    return ahead >= 0 && ahead <= most;
  }

  /** Fills `s` with what is known of the SYN. */
  recall(slot: number, s: Segment): void {
    const row = this.rows[slot]!;
    s.packet = integer(this.packets[row]!);
    s.seconds = integer(this.seconds[row]!);
    s.nanos = this.nanos[row]!;
    s.seq = this.seqs[row]! >>> 0;
    s.vlan = this.vlans[row]!;
    s.flags = SYN;
  }

  private rowOf(slot: number): number {
    return slot < this.rows.length ? this.rows[slot]! : 0;
  }

  private seqOf(slot: number): number {
    return this.seqs[this.rows[slot]!]!;
  }

  private freeRow(): number {
    const row = this.free;
    if (row > 0) {
      this.free = this.seqs[row]!;
      return row;
    }
    if (this.used >= this.ids.length) this.grow(this.used);
    return this.used++;
  }

  private grow(row: number): void {
    const n = grownTo(this.ids.length, row);
    this.ids = extended(this.ids, new Float64Array(n));
    this.packets = extended(this.packets, new Float64Array(n));
    this.seconds = extended(this.seconds, new Float64Array(n));
    this.nanos = extended(this.nanos, new Int32Array(n));
    this.seqs = extended(this.seqs, new Int32Array(n));
    this.vlans = extended(this.vlans, new Int16Array(n));
    this.swaps = extended(this.swaps, new Uint8Array(n));
  }
}
