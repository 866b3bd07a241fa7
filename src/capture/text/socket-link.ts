import type { SocketEvent } from '../packet.js';
import type { Moment, SocketPackets } from './socket-packets.js';

/** The side that connected (0) or accepted (1); where that is not known, 0 is the one that was seen first. */
export type SocketSide = 0 | 1;

export function peerOf(side: SocketSide): SocketSide {
  return side === 0 ? 1 : 0;
}

/** Bytes that a call transferred, and how many more after them that the recording does not show. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly missing: number;
}

/** Which call shows some bytes of a stream: the one that wrote them or the one that read them. */
export type View = 'write' | 'read';

/** One direction of a connection. */
class Flow {
  /** How many bytes the traced calls of its sender wrote, and those of its receiver read. */
  written = 0;
  read = 0;
  /** How many bytes were emitted: each when either call showed it first. */
  emitted = 0;
  /** Where the connection was open before the recording began, `written` and `read` do not count from the same byte: only one is used. */
  only: View | null = null;
  ended = false;
  /** When its sender closed its last known descriptor, or null; a child process that inherited one may still send. */
  closing: Moment | null = null;
}

/** Transport and endpoints of a connection. */
export interface LinkNames {
  readonly transport: SocketEvent['transport'];
  readonly endpoints: readonly [string, string];
  readonly rolesKnown: boolean;
}

/**
 * One connection in a trace of calls. If both ends are traced, every byte is seen twice, once written and once read: it is emitted when it
 * is seen first.
 */
export class SocketLink {
  private readonly flows = [new Flow(), new Flow()] as const;
  private opened = false;
  private names: LinkNames | null = null;
  /** Whether its set-up is in the recording. */
  startSeen = false;
  openedAt: Moment | null = null;

  private readonly key: string;
  /** Called once, as late as possible, when more is known. */
  private readonly name: () => LinkNames;
  private readonly packets: SocketPackets;

  constructor(key: string, name: () => LinkNames, packets: SocketPackets) {
    this.key = key;
    this.name = name;
    this.packets = packets;
  }

  /** Whether any event of it was emitted. */
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

  /** `from` may have sent an unknown number of bytes. */
  lost(at: Moment, from: SocketSide, ordered: boolean): void {
    if (this.flows[from].ended) return;
    this.packets.event(at, { ...this.event(at, 'gap', from, ordered), length: -1 });
  }

  /** `from` has shut down its direction (`write`), or its peer has read the end of it (`read`). */
  end(at: Moment, from: SocketSide, view: View, ordered: boolean): void {
    const flow = this.flows[from];
    // where only reads are used, the last bytes that were written may not have been read yet
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

  /** The side has used the socket again: it was not the end. */
  stillOpen(from: SocketSide): void {
    this.flows[from].closing = null;
  }

  /** Ends the direction of a side that has closed its last known descriptor, and has not used the socket since. */
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
