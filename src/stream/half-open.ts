import { extended, grownTo, integer } from '../base/columns.js';
import { ACK, SYN, type Segment } from '../link/segment.js';
import { isRecordedSocket } from './recorded-socket.js';

/** Whether the segment says nothing but that a connection is wanted. */
export function isBareSyn(s: Segment): boolean {
  return s.flags === SYN && s.length === 0 && s.comment === '' && !isRecordedSocket(s);
}

/**
 * Connections of which a SYN is all that was seen, by slot of the flow table. A flood consists of nothing else, so that they are kept in
 * 40 bytes each; streams and sinks are made when more comes, or at the end.
 */
export class HalfOpen {
  private ids = new Float64Array(0);
  private packets = new Float64Array(0);
  private seconds = new Float64Array(0);
  private nanos = new Int32Array(0);
  private seqs = new Int32Array(0);
  private vlans = new Int16Array(0);
  private swaps = new Uint8Array(0);

  /** Keeps the SYN `s` as stream number `id`. */
  add(slot: number, id: number, s: Segment, swapped: boolean): void {
    if (slot >= this.ids.length) this.grow(slot);
    this.ids[slot] = id;
    this.packets[slot] = s.packet;
    this.seconds[slot] = s.seconds;
    this.nanos[slot] = s.nanos;
    this.seqs[slot] = s.seq;
    this.vlans[slot] = s.vlan;
    this.swaps[slot] = swapped ? 1 : 0;
  }

  remove(slot: number): void {
    this.ids[slot] = 0;
  }

  /** Stream number of the slot's connection; 0 where it is none that is half open. */
  id(slot: number): number {
    return slot < this.ids.length ? integer(this.ids[slot]!) : 0;
  }

  /** What the flow table's `swapped` says for segments of the end that sent the SYN. */
  swapped(slot: number): boolean {
    return this.swaps[slot] === 1;
  }

  /** Whether `s` is the same SYN again. */
  isRepeatedBy(s: Segment, slot: number): boolean {
    return s.flags === SYN && s.length === 0 && this.seqs[slot] === (s.seq | 0);
  }

  /** Whether `s`, of the other end, acknowledges the SYN and no more (RFC 9293, section 3.10.7.3), or is a SYN of its own. */
  isAnsweredBy(s: Segment, slot: number): boolean {
    return (s.flags & ACK) === 0 ? (s.flags & SYN) !== 0 : (s.ack | 0) === ((this.seqs[slot]! + 1) | 0);
  }

  /** Whether `s` can be of the connection that the SYN opens: of its sender (`mine`) or of the other end, at most `most` bytes on. */
  isContinuedBy(s: Segment, slot: number, mine: boolean, most: number): boolean {
    if (!mine && (s.flags & ACK) === 0) return false;
    const ahead = ((mine ? s.seq : s.ack) - this.seqs[slot]! - 1) | 0;
    return ahead >= 0 && ahead <= most;
  }

  /** Fills in what is known of the SYN. */
  recall(slot: number, s: Segment): void {
    s.packet = integer(this.packets[slot]!);
    s.seconds = integer(this.seconds[slot]!);
    s.nanos = this.nanos[slot]!;
    s.seq = this.seqs[slot]! >>> 0;
    s.vlan = this.vlans[slot]!;
    s.flags = SYN;
  }

  private grow(slot: number): void {
    const n = grownTo(this.ids.length, slot);
    this.ids = extended(this.ids, new Float64Array(n));
    this.packets = extended(this.packets, new Float64Array(n));
    this.seconds = extended(this.seconds, new Float64Array(n));
    this.nanos = extended(this.nanos, new Int32Array(n));
    this.seqs = extended(this.seqs, new Int32Array(n));
    this.vlans = extended(this.vlans, new Int16Array(n));
    this.swaps = extended(this.swaps, new Uint8Array(n));
  }
}
