import { extended, grownTo, integer } from '../base/columns.js';
import { Origin } from '../base/origin.js';
import { having } from '../base/pair.js';
import type { StreamRecord } from './event.js';
import { skippedOf } from './stream-record.js';

/** How many first bytes of an unknown stream are shown. */
export const FIRST_BYTES = 32;

/**
 * Streams that no protocol claimed, or that carried nothing so far, while their connections are parked: the counts of their records, in
 * typed arrays, by the number that StreamSink.park was given.
 */
export class ParkedStreams {
  private unclaimed = new Uint8Array(0);
  private firstPacket = new Float64Array(0);
  private firstSeconds = new Float64Array(0);
  private firstNanos = new Int32Array(0);
  private packet = new Float64Array(0);
  private seconds = new Float64Array(0);
  private nanos = new Int32Array(0);
  /** By twice the number plus the end. */
  private bytes = new Float64Array(0);
  private missing = new Float64Array(0);
  private firstLengths = new Uint8Array(0);
  /** FIRST_BYTES for each end; empty until a record has any. */
  private firstBytes = new Uint8Array(0);
  private readonly origin = new Origin();

  /** `unclaimed`: no protocol claims it; else it has no bytes so far. `now`: its last packet. */
  add(as: number, record: StreamRecord, unclaimed: boolean, now: Origin): void {
    if (as >= this.unclaimed.length) this.grow(as);
    this.unclaimed[as] = unclaimed ? 1 : 0;
    this.firstPacket[as] = record.firstPacket;
    this.firstSeconds[as] = record.firstSeconds;
    this.firstNanos[as] = record.firstNanos;
    this.packet[as] = now.packet;
    this.seconds[as] = now.seconds;
    this.nanos[as] = now.nanos;
    for (const end of [0, 1] as const) {
      const at = 2 * as + end;
      this.bytes[at] = record.bytes[end];
      this.missing[at] = record.missing[end];
      const first = record.firstBytes;
      this.firstLengths[at] = first === null ? 0 : first[end].length;
      if (first !== null) this.keepFirst(at, first[end]);
    }
  }

  /** Number and time of its first packet; the object is reused. */
  first(as: number): Origin {
    const { origin } = this;
    origin.packet = integer(this.firstPacket[as]!);
    origin.seconds = integer(this.firstSeconds[as]!);
    origin.nanos = this.firstNanos[as]!;
    return origin;
  }

  /** Fills `record` and `now` with what was kept. Returns whether no protocol claims the stream. */
  recall(as: number, record: StreamRecord, now: Origin, firstBytes: boolean): boolean {
    now.packet = integer(this.packet[as]!);
    now.seconds = integer(this.seconds[as]!);
    now.nanos = this.nanos[as]!;
    const unclaimed = this.unclaimed[as] === 1;
    for (const end of [0, 1] as const) {
      record.bytes[end] = integer(this.bytes[2 * as + end]!);
      record.missing = having(record.missing, end, integer(this.missing[2 * as + end]!));
      if (unclaimed) skippedOf(record, end).undecoded = record.bytes[end];
    }
    if (unclaimed && firstBytes) record.firstBytes = [this.firstOf(2 * as), this.firstOf(2 * as + 1)];
    return unclaimed;
  }

  private firstOf(at: number): Uint8Array {
    return this.firstBytes.slice(at * FIRST_BYTES, at * FIRST_BYTES + this.firstLengths[at]!);
  }

  private keepFirst(at: number, bytes: Uint8Array): void {
    const wanted = this.firstLengths.length * FIRST_BYTES;
    if (this.firstBytes.length < wanted) this.firstBytes = extended(this.firstBytes, new Uint8Array(wanted));
    this.firstBytes.set(bytes, at * FIRST_BYTES);
  }

  private grow(as: number): void {
    const n = grownTo(this.unclaimed.length, as);
    this.unclaimed = extended(this.unclaimed, new Uint8Array(n));
    this.firstPacket = extended(this.firstPacket, new Float64Array(n));
    this.firstSeconds = extended(this.firstSeconds, new Float64Array(n));
    this.firstNanos = extended(this.firstNanos, new Int32Array(n));
    this.packet = extended(this.packet, new Float64Array(n));
    this.seconds = extended(this.seconds, new Float64Array(n));
    this.nanos = extended(this.nanos, new Int32Array(n));
    this.bytes = extended(this.bytes, new Float64Array(2 * n));
    this.missing = extended(this.missing, new Float64Array(2 * n));
    this.firstLengths = extended(this.firstLengths, new Uint8Array(2 * n));
  }
}
