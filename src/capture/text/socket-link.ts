import type { SocketEvent } from '../packet.js';
import type { Moment, SocketPackets } from './socket-packets.js';

/** The side that connected (0) or accepted (1); where neither is known, 0 is the first that was seen. */
export type SocketSide = 0 | 1;

export function peerOf(side: SocketSide): SocketSide {
  return side === 0 ? 1 : 0;
}

/** Bytes that a call carried, and how many more it carried that the recording does not show after them. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly missing: number;
}

/** Who showed some bytes of a stream: the call that wrote them or the one that read them. */
export type View = 'write' | 'read';

/** One direction of a connection. */
class Flow {
  /** Bytes that the traced calls of its sender wrote, and those that its receiver read. */
  written = 0;
  read = 0;
  /** Bytes that were handed on: what either of both showed first. */
  emitted = 0;
  /** Of a connection that was open before the recording began, both ends count from different points: only one is followed. */
  only: View | null = null;
  ended = false;
  /** Its sender closed the last descriptor that is known; a child that inherited one may still speak. */
  closing: Moment | null = null;
}

/** What tells a connection's ends apart. */
export interface LinkNames {
  readonly transport: SocketEvent['transport'];
  readonly endpoints: readonly [string, string];
  readonly rolesKnown: boolean;
}

/**
 * One connection of a trace of calls. Both of its ends may be traced: then every byte is seen twice, once written and once read,
 * and is handed on when it is seen first.
 */
export class SocketLink {
  private readonly flows = [new Flow(), new Flow()] as const;
  private opened = false;
  private names: LinkNames | null = null;
  /** Whether its set-up is in the recording. */
  startSeen = false;
  openedAt: Moment | null = null;

  private readonly key: string;
  /** Asked once, as late as possible: by then more is known. */
  private readonly name: () => LinkNames;
  private readonly packets: SocketPackets;

  constructor(key: string, name: () => LinkNames, packets: SocketPackets) {
    this.key = key;
    this.name = name;
    this.packets = packets;
  }

  /** Whether anything of it was handed on. */
  get emitted(): boolean {
    return this.opened;
  }

  hasEnded(from: SocketSide): boolean {
    return this.flows[from].ended;
  }

  isClosing(from: SocketSide): boolean {
    return this.flows[from].closing !== null;
  }

  data(at: Moment, from: SocketSide, view: View, pieces: readonly Piece[], ordered: boolean): void {
    const flow = this.flows[from];
    if (!this.startSeen) {
      flow.only ??= view;
      if (flow.only !== view) return;
    }
    let offset = view === 'write' ? flow.written : flow.read;
    for (const { bytes, missing } of pieces) {
      const known = Math.max(0, flow.emitted - offset);
      if (known < bytes.length) {
        const fresh = known === 0 ? bytes : bytes.subarray(known);
        this.packets.data(at, this.event(at, 'data', from, ordered), fresh);
        flow.emitted = offset + bytes.length;
      }
      offset += bytes.length;
      if (missing > 0) {
        const gap = offset + missing - flow.emitted;
        if (gap > 0) {
          this.packets.event(at, { ...this.event(at, 'gap', from, ordered), length: gap });
          flow.emitted = offset + missing;
        }
        offset += missing;
      }
    }
    if (view === 'write') flow.written = offset;
    else flow.read = offset;
  }

  /** An unknown number of bytes may have gone out. */
  lost(at: Moment, from: SocketSide, ordered: boolean): void {
    if (this.flows[from].ended) return;
    this.packets.event(at, { ...this.event(at, 'gap', from, ordered), length: -1 });
  }

  /** `from` said that it sends no more (`write`), or its peer read the end (`read`). */
  end(at: Moment, from: SocketSide, view: View, ordered: boolean): void {
    const flow = this.flows[from];
    // what the sender wrote last has not been read yet where only reads are followed
    if (flow.ended || (view === 'write' && flow.only === 'read')) return;
    flow.ended = true;
    flow.closing = null;
    this.packets.event(at, this.event(at, 'fin', from, ordered));
  }

  reset(at: Moment, from: SocketSide, ordered: boolean): void {
    const flow = this.flows[from];
    if (flow.ended) return;
    flow.ended = true;
    flow.closing = null;
    this.packets.event(at, this.event(at, 'reset', from, ordered));
  }

  /** The last known descriptor of a side was closed. */
  closing(at: Moment, from: SocketSide): void {
    const flow = this.flows[from];
    if (!flow.ended) flow.closing ??= at;
  }

  /** That side is alive after all. */
  stillOpen(from: SocketSide): void {
    this.flows[from].closing = null;
  }

  /** Believes a close that nothing contradicted. */
  endIfClosing(from: SocketSide, ordered: boolean): void {
    const { closing } = this.flows[from];
    if (closing !== null) this.end(closing, from, 'write', ordered);
    this.flows[from].closing = null;
  }

  private event(at: Moment, kind: SocketEvent['kind'], from: SocketSide, ordered: boolean): SocketEvent {
    this.names ??= this.name();
    const { transport, endpoints, rolesKnown } = this.names;
    const base = { transport, connection: this.key, endpoints, rolesKnown, ordered };
    if (!this.opened) {
      this.opened = true;
      if (this.startSeen) this.packets.event(this.openedAt ?? at, { ...base, kind: 'open', from: 0 });
    }
    return { ...base, kind, from };
  }
}
