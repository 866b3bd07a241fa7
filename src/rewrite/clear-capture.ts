import type { Side } from '../base/input.js';
import { CLIENT } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import type { CaptureInfo, Packet, PacketSink } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import type { StreamTap } from '../engine/tap.js';
import { LinkDecoder } from '../link/link-decoder.js';
import type { Segment } from '../link/segment.js';
import type { End } from '../stream/byte-stream.js';
import { CaptureBuilder, type Moment } from './capture-builder.js';
import type { CaptureWriter } from './capture-writer.js';
import { endpointAddress } from './endpoint-address.js';
import { SocketRecording, type RecordedConnection } from './socket-recording.js';
import { StreamBytes } from './stream-bytes.js';

/** A key for both ends of a connection, independent of their order. */
function pairOf(a: Uint8Array, aPort: number, b: Uint8Array, bPort: number): string {
  return [`${a.join('.')}:${aPort}`, `${b.join('.')}:${bPort}`].sort().join(' ');
}

function pairOfStream({ connection }: StreamRecord): string | null {
  const [a, b] = connection.endpoints.map(endpointAddress);
  return !a || !b || connection.transport !== 'tcp' ? null : pairOf(a.address, a.port, b.address, b.port);
}

function pairOfSegment(s: Segment): string {
  const bytes = (words: readonly number[]): Uint8Array =>
    Uint8Array.from(words.flatMap((w) => [w >>> 24, (w >>> 16) & 255, (w >>> 8) & 255, w & 255]));
  const v4 = s.ipVersion === 4;
  const source = bytes(v4 ? [s.src3] : [s.src0, s.src1, s.src2, s.src3]);
  const destination = bytes(v4 ? [s.dst3] : [s.dst0, s.dst1, s.dst2, s.dst3]);
  return pairOf(source, s.srcPort, destination, s.dstPort);
}

/**
 * Finds the streams of a capture that were encrypted and could be decrypted. The whole capture must be read before any of them is written
 * in clear.
 */
export class OpenedStreams implements Reporter {
  /** Ids of these streams. */
  readonly ids = new Set<number>();
  /** Keys of their connections (see pairOf). */
  readonly pairs = new Set<string>();
  private readonly others = new Set<string>();

  /**
   * How many streams stay encrypted, because others that were not decrypted have the same addresses and ports, or because they are not TCP.
   */
  left = 0;

  private readonly opened = new Map<number, StreamRecord>();

  capture(): void {}
  finding(): void {}

  message(stream: StreamRecord, m: Message): void {
    if (this.opened.has(stream.id)) return;
    const inTls = m.offset >= stream.tlsFrom[m.side];
    if (inTls || stream.protocol!.inClear?.isEncrypted(m) === true) this.opened.set(stream.id, stream);
  }

  stream(stream: StreamRecord): void {
    const pair = pairOfStream(stream);
    if (pair !== null && !this.opened.has(stream.id)) this.others.add(pair);
  }

  summary(): void {
    for (const [id, stream] of this.opened) {
      const pair = pairOfStream(stream);
      if (pair === null || this.others.has(pair)) this.left++;
      else {
        this.ids.add(id);
        this.pairs.add(pair);
      }
    }
  }
}

/**
 * Writes a capture in which decrypted streams are in clear: as a TCP connection with their messages, each in a packet of its own at the
 * time when it was complete. All other packets stay as they were.
 */
export class ClearCapture implements Reporter {
  private readonly writer: CaptureWriter;
  private readonly opened: OpenedStreams;
  private readonly limits: Readonly<Limits>;
  private readonly onMessage: (m: Message, isKept: boolean) => void;
  private readonly onFinding: (f: Finding) => void;
  private builder: CaptureBuilder;
  private sockets: SocketRecording;
  private digits = 6;
  private readonly link: LinkDecoder;
  private passes = true;
  private readonly streams = new Map<number, ClearStream>();
  private problem_: string | null = null;

  constructor(
    writer: CaptureWriter,
    opened: OpenedStreams,
    limits: Readonly<Limits>,
    onMessage: (m: Message, isKept: boolean) => void,
    onFinding: (f: Finding) => void,
  ) {
    this.writer = writer;
    this.opened = opened;
    this.limits = limits;
    this.onMessage = onMessage;
    this.onFinding = onFinding;
    this.builder = new CaptureBuilder(writer, this.digits);
    this.sockets = new SocketRecording(this.builder);
    this.link = new LinkDecoder(
      limits,
      (s) => {
        if (s.socket === null && this.opened.pairs.has(pairOfSegment(s))) this.passes = false;
      },
      () => undefined,
    );
  }

  /** Why there is no result, in one line; null if there is one. */
  get problem(): string | null {
    return this.problem_;
  }

  readonly tee: Partial<PacketSink> = { packet: (p) => this.packet(p) };

  /** Remembers how the ends of each stream ended. */
  readonly tap: StreamTap = {
    open: (connection, first) => {
      const clear = new ClearStream(first.seconds, first.nanos);
      if (this.opened.ids.has(connection.id)) this.streams.set(connection.id, clear);
      return {
        bytes: () => undefined,
        gap: () => undefined,
        end: (from, how, { seconds, nanos }) => clear.ends.push({ from, how, at: { seconds, nanos } }),
        note: () => undefined,
        close: () => undefined,
      };
    },
  };

  capture(_file: string, info: CaptureInfo): void {
    this.digits = { s: 0, ms: 3, us: 6 }[info.resolution] ?? 9;
    this.builder = new CaptureBuilder(this.writer, this.digits);
    this.sockets = new SocketRecording(this.builder);
  }

  data(stream: StreamRecord, side: Side, offset: number, bytes: Uint8Array, start: number, end: number): void {
    const held = this.streams.get(stream.id)?.held[side];
    if (held === undefined) return;
    if (held.held + end - start > this.limits.redactBytes) {
      this.problem_ ??= `redactBytes: a message of stream ${stream.id} has more than ${this.limits.redactBytes} bytes`;
      held.drop(Infinity);
    }
    held.put(offset, bytes, start, end);
  }

  message(stream: StreamRecord, m: Message): void {
    const clear = this.streams.get(stream.id);
    const bytes = clear === undefined ? NOTHING : this.inClear(stream, m, clear.held[m.side]);
    this.onMessage(m, bytes !== null);
    if (clear === undefined || bytes === null) return;
    this.put(stream, clear, m.side, bytes, { seconds: m.seconds, nanos: m.nanos });
  }

  /** Writes bytes that are part of no message, as they are, if all of them are held. */
  skipped(stream: StreamRecord, side: Side, offset: number, length: number): void {
    const clear = this.streams.get(stream.id);
    if (clear?.held[side].has(offset, length) !== true) return;
    this.put(stream, clear, side, clear.held[side].copy(offset, length), clear.last);
  }

  finding(f: Finding): void {
    this.onFinding(f);
  }

  stream(stream: StreamRecord): void {
    const clear = this.streams.get(stream.id);
    this.streams.delete(stream.id);
    if (!clear?.connection) return;
    for (const { from, how, at } of clear.ends) clear.connection.end(from, how, at);
  }

  summary(): void {
    this.writer.flush();
  }

  private packet(p: Packet): void {
    this.passes = true;
    this.link.packet(p);
    if (!this.passes) return;
    const id = this.builder.interfaceOf(p.linkType, p.interfaceDescription);
    this.builder.whole(id, p, p.block.bytes.slice(p.start, p.end), p.originalLength);
  }

  private inClear(stream: StreamRecord, m: Message, held: StreamBytes): Uint8Array | null {
    const { inClear } = stream.protocol!;
    const length = m.length - m.unsent;
    const bytes = inClear?.isEncrypted(m) === true ? (m.head ?? NOTHING) : held.copy(m.offset, length);
    held.drop(m.offset + length);
    return inClear === undefined ? bytes : inClear.bytesOf(m, bytes);
  }

  private put(stream: StreamRecord, clear: ClearStream, side: Side, bytes: Uint8Array, at: Moment): void {
    const { connection, clientEnd } = stream;
    clear.last = at;
    if (clear.connection === null) {
      clear.connection = this.sockets.connection({ transport: 'tcp', endpoints: connection.endpoints });
      if (connection.start === 'captured') clear.connection.open(clear.first);
    }
    const from: End = side === CLIENT ? clientEnd : clientEnd === 0 ? 1 : 0;
    clear.connection.data(from, bytes, at);
  }
}

const NOTHING = new Uint8Array(0);

/** One stream that is written in clear. */
class ClearStream {
  readonly held = [new StreamBytes(), new StreamBytes()] as const;
  readonly ends: { readonly from: End; readonly how: 'fin' | 'reset'; readonly at: Moment }[] = [];
  connection: RecordedConnection | null = null;
  readonly first: Moment;
  last: Moment;

  constructor(seconds: number, nanos: number) {
    this.first = { seconds, nanos };
    this.last = this.first;
  }
}
