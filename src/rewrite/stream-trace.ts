import type { Origin } from '../base/origin.js';
import type { StreamTap } from '../engine/tap.js';
import type { Connection, End, StreamSink } from '../stream/byte-stream.js';

/** An event of one direction: bytes, missing bytes, or the end. */
export interface TraceItem {
  readonly from: End;
  readonly kind: 'bytes' | 'gap' | 'fin' | 'reset';
  /** Its offset in the bytes that `from` sent. */
  readonly offset: number;
  /** Empty except for `bytes`. */
  readonly bytes: Uint8Array;
  readonly length: number;
  readonly packet: number;
  readonly seconds: number;
  readonly nanos: number;
  /** See Origin. */
  readonly peerSeen: number;
}

export interface StreamTrace {
  readonly connection: Connection;
  readonly items: TraceItem[];
  readonly firstSeconds: number;
  readonly firstNanos: number;
}

/** Keeps what streams carried, up to a number of bytes for all streams together. */
export class Tracer implements StreamTap {
  private readonly most: number;
  readonly traces = new Map<number, StreamTrace>();
  /** Whether there was more than that. */
  overflowed = false;
  private held = 0;

  constructor(most: number) {
    this.most = most;
  }

  open(connection: Connection, first: Origin): StreamSink {
    const trace: StreamTrace = { connection, items: [], firstSeconds: first.seconds, firstNanos: first.nanos };
    this.traces.set(connection.id, trace);
    const next: [number, number] = [0, 0];
    const add = (from: End, kind: TraceItem['kind'], bytes: Uint8Array, length: number, origin: Origin): void => {
      this.held += bytes.length + ITEM_BYTES;
      if (this.held > this.most) {
        this.overflowed = true;
        return;
      }
      const { packet, seconds, nanos, peerSeen } = origin;
      trace.items.push({ from, kind, offset: next[from], bytes, length, packet, seconds, nanos, peerSeen });
      next[from] += length;
    };
    return {
      bytes: (from, block, start, end, origin) =>
        add(from, 'bytes', block.bytes.slice(start, end), end - start, origin),
      gap: (from, length, _cut, origin) => add(from, 'gap', NOTHING, Math.max(length, 1), origin),
      end: (from, how, origin) => add(from, how, NOTHING, 0, origin),
      note: () => undefined,
      close: () => undefined,
    };
  }
}

const NOTHING = new Uint8Array(0);
/** Estimated memory of an item besides its bytes. */
const ITEM_BYTES = 160;
