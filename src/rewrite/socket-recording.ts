import type { SocketEvent } from '../capture/packet.js';
import { RAW } from '../link/link-types.js';
import { ACK, FIN, PSH, RST, SYN } from '../link/segment.js';
import type { End } from '../stream/byte-stream.js';
import type { CaptureBuilder, Moment } from './capture-builder.js';
import { endpointAddress, wide } from './endpoint-address.js';
import { TcpFrame, type FrameEnds } from './tcp-frame.js';

/** The names of a recorded connection. */
export interface SocketNames {
  readonly transport: SocketEvent['transport'];
  /** See SocketEvent. */
  readonly endpoints: readonly [string, string];
  readonly path?: string;
}

const FIRST_SEQ = 1000;
const FIRST_PORT = 1024;
const PORTS = 64_512;
/** The server's port of a recorded Unix socket (discard), as `wirelint record` writes it. */
const SERVER_PORT = 9;

/** The connections of a socket recording, written as TCP on an interface whose description marks them as recorded sockets. */
export class SocketRecording {
  private connections = 0;
  private readonly builder: CaptureBuilder;

  constructor(builder: CaptureBuilder) {
    this.builder = builder;
  }

  connection(names: SocketNames): RecordedConnection {
    const n = this.connections++;
    const real = names.transport === 'tcp' ? realEnds(names.endpoints) : null;
    const ends: FrameEnds = real ?? {
      addresses: [Uint8Array.of(127, 1, n / PORTS, 1), Uint8Array.of(127, 1, n / PORTS, 2)],
      ports: [FIRST_PORT + (n % PORTS), SERVER_PORT],
    };
    const interfaceId = this.builder.interfaceOf(RAW, names.transport === 'tcp' ? '' : describe(names));
    const pid = /^unix:pid=(\d+)$/.exec(names.endpoints[0])?.[1];
    const comments = pid === undefined ? [] : [`client pid ${pid}`];
    return new RecordedConnection(this.builder, interfaceId, new TcpFrame(ends), comments);
  }
}

/** One such connection: SYN, SYN+ACK, ACK, data with exact sequence numbers, and FIN or RST of each direction. */
export class RecordedConnection {
  private readonly next: [number, number] = [FIRST_SEQ, FIRST_SEQ];
  private begun: Moment | null = null;
  private readonly builder: CaptureBuilder;
  private readonly interfaceId: number;
  private readonly frame: TcpFrame;
  private readonly comments: readonly string[];

  constructor(builder: CaptureBuilder, interfaceId: number, frame: TcpFrame, comments: readonly string[]) {
    this.builder = builder;
    this.interfaceId = interfaceId;
    this.frame = frame;
    this.comments = comments;
  }

  /**
   * Opens a connection of which only one end is in the recording. The handshake packet of that end is written before the first packet that
   * it sends.
   */
  openAlone(at: Moment): void {
    this.next[0]++;
    this.next[1]++;
    this.begun = at;
  }

  private begin(from: End): void {
    if (this.begun === null) return;
    this.next[from]--;
    this.put(from, from === 0 ? SYN : SYN | ACK, this.begun);
    this.next[from]++;
    this.begun = null;
  }

  open(at: Moment): void {
    this.put(0, SYN, at, NOTHING, 0, this.comments);
    this.next[0]++;
    this.put(1, SYN | ACK, at);
    this.next[1]++;
    this.put(0, ACK, at);
  }

  /** Writes `bytes`, the captured part of `length` bytes that were sent. */
  data(from: End, bytes: Uint8Array, at: Moment, comments: readonly string[] = [], length = bytes.length): void {
    this.begin(from);
    this.put(from, PSH | ACK, at, bytes, length, comments);
    this.advance(from, length);
  }

  /** Skips bytes that the recording does not have; one byte if their number is not known. */
  gap(from: End, length: number): void {
    this.advance(from, length > 0 ? length : 1);
  }

  end(from: End, how: 'fin' | 'reset', at: Moment, comments: readonly string[] = []): void {
    this.begin(from);
    this.put(from, (how === 'fin' ? FIN : RST) | ACK, at, NOTHING, 0, comments);
    if (how === 'fin') this.advance(from, 1);
  }

  private advance(from: End, length: number): void {
    this.next[from] = (this.next[from] + length) >>> 0;
  }

  private put(
    from: End,
    flags: number,
    at: Moment,
    bytes = NOTHING,
    length = 0,
    comments: readonly string[] = [],
  ): void {
    const header = { from, flags, seq: this.next[from], ack: this.next[from === 0 ? 1 : 0] };
    this.builder.segment(this.interfaceId, this.frame, header, at, bytes, 0, bytes.length, length, comments);
  }
}

const NOTHING: Uint8Array = new Uint8Array(0);

function describe({ endpoints, path }: SocketNames): string {
  const server = path === undefined || path === '' ? endpoints[1] : path;
  return `unix-stream:${server.startsWith('unix:') ? server.slice('unix:'.length) : server}`;
}

function realEnds(endpoints: readonly [string, string]): FrameEnds | null {
  const a = endpointAddress(endpoints[0]);
  const b = endpointAddress(endpoints[1]);
  if (a === null || b === null) return null;
  const mixed = a.address.length !== b.address.length;
  return {
    addresses: mixed ? [wide(a.address), wide(b.address)] : [a.address, b.address],
    ports: [a.port, b.port],
  };
}
