import { LIMIT, UNDECODED } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import type { Origin } from '../base/origin.js';
import { count } from '../base/text.js';
import type { CaptureNote, SocketEvent } from '../capture/packet.js';
import type { Segment } from '../link/segment.js';
import type { Connection, End, StreamOpener, StreamSink } from './byte-stream.js';

/** A connection in a recording of socket calls. It has no sequence numbers: the bytes of each direction are recorded in order. */
class SocketStream implements Connection {
  readonly id: number;
  readonly transport: 'tcp' | 'unix' | 'vsock';
  readonly ports: readonly [number, number];
  start: 'captured' | 'missed';
  readonly initiatorKnown: boolean;
  readonly ordered: boolean;
  readonly heard: [boolean, boolean] = [false, false];
  readonly vlan = -1;
  readonly comment: string;
  readonly sink: StreamSink;
  readonly ended: [boolean, boolean] = [false, false];
  wasReset = false;
  private readonly names: readonly [string, string];
  private readonly path: string;
  private readonly assumed: boolean;
  /** The end whose name is `path`. */
  private serverEnd: End = 1;

  constructor(id: number, event: SocketEvent, comment: string, open: StreamOpener, origin: Origin) {
    this.id = id;
    this.transport = event.transport;
    this.names = event.endpoints;
    this.path = event.path ?? '';
    this.ports = event.ports ?? [0, 0];
    this.assumed = event.assumed ?? false;
    this.start = event.kind === 'open' ? 'captured' : 'missed';
    this.initiatorKnown = event.rolesKnown;
    this.ordered = event.ordered;
    this.comment = comment;
    this.sink = open(this, origin, -1);
  }

  get endpoints(): readonly [string, string] {
    if (this.path === '') return this.names;
    const path = `unix:${this.path}`;
    return this.serverEnd === 1 ? [this.names[0], path] : [path, this.names[1]];
  }

  identified(clientEnd: End): void {
    this.serverEnd = clientEnd === 0 ? 1 : 0;
  }

  get startAssumed(): boolean {
    return this.assumed && this.start === 'captured';
  }

  doubtStart(): boolean {
    if (!this.startAssumed) return false;
    this.start = 'missed';
    return true;
  }
}

/** Streams of recorded socket calls (Unix, vsock), by the recording's own names of connections. */
export class SocketStreams {
  private readonly limits: Readonly<Limits>;
  private readonly open: StreamOpener;
  private readonly nextId: () => number;
  private readonly note: (note: CaptureNote) => void;
  private evicted = false;
  private live = 0;
  /** Bytes that came after the end of their direction. */
  private afterEnd = 0;
  /** In order of opening; null for a connection that is closed. */
  private readonly streams = new Map<string, SocketStream | null>();

  constructor(limits: Readonly<Limits>, open: StreamOpener, nextId: () => number, note: (note: CaptureNote) => void) {
    this.limits = limits;
    this.open = open;
    this.nextId = nextId;
    this.note = note;
  }

  event(s: Segment, event: SocketEvent, origin: Origin): void {
    let stream = this.streams.get(event.connection);
    // the end of a connection that was given up opens no new stream
    if (stream === undefined && this.evicted && (event.kind === 'fin' || event.kind === 'reset')) return;
    if (stream === undefined || (stream === null && event.kind === 'open')) stream = this.openStream(s, event, origin);
    const { from } = event;
    if (stream === null || stream.ended[from]) {
      this.afterEnd += s.end - s.start;
      return;
    }
    if (event.kind === 'open') return;
    stream.heard[from] = true;
    switch (event.kind) {
      case 'data': {
        const captured = s.end - s.start;
        const cut = s.length - captured;
        if (captured > 0) stream.sink.bytes(from, s.block, s.start, s.end, origin);
        if (cut > 0) stream.sink.gap(from, cut, true, origin);
        break;
      }
      case 'gap':
        if (event.length !== 0) stream.sink.gap(from, Math.max(event.length ?? 0, 0), false, origin);
        break;
      case 'fin':
      case 'reset':
        stream.ended[from] = true;
        stream.wasReset ||= event.kind === 'reset';
        stream.sink.end(from, event.kind, origin);
        if (stream.ended[from === 0 ? 1 : 0] || event.kind === 'reset') this.close(event.connection, stream);
        break;
    }
  }

  /** The recording is over. */
  end(): void {
    for (const [name, stream] of this.streams) if (stream !== null) this.close(name, stream);
    if (this.afterEnd === 0) return;
    const text = `${count(this.afterEnd, 'byte')} of sockets came after the end of their direction, and are part of no stream`;
    this.note({ rule: UNDECODED, text, offset: 0, length: 0 });
  }

  private openStream(s: Segment, event: SocketEvent, origin: Origin): SocketStream {
    if (this.streams.size >= this.limits.flows) this.makeRoom('flows');
    if (++this.live > this.limits.openStreams) this.makeRoom('openStreams');
    const stream = new SocketStream(this.nextId(), event, s.comment, this.open, origin);
    this.streams.delete(event.connection);
    this.streams.set(event.connection, stream);
    return stream;
  }

  /**
   * Gives up the oldest connections, and forgets closed ones that are older. Several at once, as iterating over entries that were deleted
   * at a Map's front costs as much as deleting them.
   */
  private makeRoom(limit: 'flows' | 'openStreams'): void {
    let room = Math.max(1, this.limits[limit] >> 4);
    for (const [name, stream] of this.streams) {
      if (stream !== null) {
        if (!this.evicted) {
          this.evicted = true;
          const text = `${limit}: more than ${this.limits[limit]} connections at once; the oldest ones are given up`;
          this.note({ rule: LIMIT, text, offset: 0, length: 0 });
        }
        this.close(name, stream);
      }
      // a connection that goes on becomes another stream, joined late
      this.streams.delete(name);
      if ((stream !== null || limit === 'flows') && --room === 0) return;
    }
  }

  private close(name: string, stream: SocketStream): void {
    this.live--;
    this.streams.set(name, null);
    stream.sink.close(stream.wasReset ? 'reset' : stream.ended[0] && stream.ended[1] ? 'closed' : 'open');
  }
}
