import { extended, grownTo, integer } from '../base/columns.js';
import type { End } from './byte-stream.js';

const PRESENT = 1;
const SWAPPED = 2;
const CAPTURED = 4;
const INITIATOR_KNOWN = 8;
const FOLLOWED = 16;

/** What a receiver can be rebuilt from. */
export interface ParkedReceiver {
  next: number;
  base: number;
  newestRecord: number;
  /** What TcpReceiver packs into bits. */
  state: number;
}

/** What a connection can be rebuilt from. */
export interface ParkedConnection {
  readonly id: number;
  readonly packets: number;
  readonly vlan: number;
  readonly swapped: boolean;
  readonly captured: boolean;
  readonly initiatorKnown: boolean;
  readonly followed: boolean;
}

/**
 * Open connections that no protocol claims and that were quiet for a while, by slot of the flow table. A capture of a busy web server has
 * hardly any others. They take 53 bytes each here, and 1,400 as objects.
 */
export class ParkedConnections {
  private flags = new Uint8Array(0);
  private vlans = new Int16Array(0);
  private ids = new Float64Array(0);
  private packets = new Float64Array(0);
  /** By twice the slot plus the end. */
  private nexts = new Float64Array(0);
  private bases = new Int32Array(0);
  private records = new Int32Array(0);
  private states = new Uint8Array(0);
  private readonly receiver: ParkedReceiver = { next: 0, base: 0, newestRecord: 0, state: 0 };

  add(slot: number, c: ParkedConnection): void {
    if (slot >= this.flags.length) this.grow(slot);
    this.flags[slot] =
      PRESENT |
      (c.swapped ? SWAPPED : 0) |
      (c.captured ? CAPTURED : 0) |
      (c.initiatorKnown ? INITIATOR_KNOWN : 0) |
      (c.followed ? FOLLOWED : 0);
    this.vlans[slot] = c.vlan;
    this.ids[slot] = c.id;
    this.packets[slot] = c.packets;
  }

  addReceiver(slot: number, from: End, r: ParkedReceiver): void {
    const at = 2 * slot + from;
    this.nexts[at] = r.next;
    this.bases[at] = r.base;
    this.records[at] = r.newestRecord;
    this.states[at] = r.state;
  }

  /** Stream number of the slot's connection; 0 where none is parked. */
  id(slot: number): number {
    return slot < this.flags.length && (this.flags[slot]! & PRESENT) !== 0 ? integer(this.ids[slot]!) : 0;
  }

  connection(slot: number): ParkedConnection {
    const flags = this.flags[slot]!;
    return {
      id: integer(this.ids[slot]!),
      packets: integer(this.packets[slot]!),
      vlan: this.vlans[slot]!,
      swapped: (flags & SWAPPED) !== 0,
      captured: (flags & CAPTURED) !== 0,
      initiatorKnown: (flags & INITIATOR_KNOWN) !== 0,
      followed: (flags & FOLLOWED) !== 0,
    };
  }

  /** The result is reused. */
  receiverOf(slot: number, from: End): Readonly<ParkedReceiver> {
    const at = 2 * slot + from;
    const { receiver } = this;
    receiver.next = integer(this.nexts[at]!);
    receiver.base = this.bases[at]!;
    receiver.newestRecord = this.records[at]!;
    receiver.state = this.states[at]!;
    return receiver;
  }

  remove(slot: number): void {
    this.flags[slot] = 0;
  }

  private grow(slot: number): void {
    const n = grownTo(this.flags.length, slot);
    this.flags = extended(this.flags, new Uint8Array(n));
    this.vlans = extended(this.vlans, new Int16Array(n));
    this.ids = extended(this.ids, new Float64Array(n));
    this.packets = extended(this.packets, new Float64Array(n));
    this.nexts = extended(this.nexts, new Float64Array(2 * n));
    this.bases = extended(this.bases, new Int32Array(2 * n));
    this.records = extended(this.records, new Int32Array(2 * n));
    this.states = extended(this.states, new Uint8Array(2 * n));
  }
}
