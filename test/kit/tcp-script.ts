import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import type { Origin } from '../../src/base/origin.js';
import type { Rule } from '../../src/base/rule.js';
import { ACK, FIN, RST, SYN, Segment } from '../../src/link/segment.js';
import type { Connection, End, StreamSink } from '../../src/stream/byte-stream.js';
import { StreamTable } from '../../src/stream/stream-table.js';

/** Sequence numbers of the SYNs of a script, where it does not say otherwise. */
export const CLIENT_ISN = 1000;
export const SERVER_ISN = 5000;

/** What a test says of one segment. `at` and `ack` are stream offsets: 0 is the first byte after the SYN. */
export interface SegmentSpec {
  readonly at?: number;
  /** Offset of the peer's stream that is acknowledged; no ACK flag where it is null. */
  readonly ack?: number | null;
  readonly flags?: number;
  /** Length on the wire, where the packet was cut. */
  readonly length?: number;
  readonly seconds?: number;
  readonly isn?: number | undefined;
  readonly peerIsn?: number | undefined;
  readonly port?: number;
  /** Last word of the client's address. */
  readonly host?: number;
  readonly interfaceDescription?: string;
  readonly comment?: string;
}

export interface Delivery {
  readonly from: End;
  readonly offset: number;
  readonly text: string;
  readonly packet: number;
  readonly peerSeen: number;
}

/** Keeps what one connection delivers, as text that tests compare. */
export class StreamLog implements StreamSink {
  readonly connection: Connection;
  readonly lines: string[] = [];
  readonly deliveries: Delivery[] = [];
  readonly notes: { rule: string; text: string }[] = [];
  /** Everything in order by end: bytes as they were, a gap as `<n>`, a gap by the snapshot length as `<n cut>`. */
  readonly content: [string, string] = ['', ''];
  readonly missing: [number, number] = [0, 0];
  closedAs: string | null = null;
  /** By which packet each end left. */
  readonly ends: { readonly from: End; readonly packet: number }[] = [];
  /** Whether it was told that there are too many. */
  neglected = false;
  private readonly offsets: [number, number] = [0, 0];

  constructor(connection: Connection) {
    this.connection = connection;
  }

  bytes(from: End, block: Block, start: number, end: number, origin: Origin): void {
    this.mustBeOpen();
    if (end <= start) throw new Error('no bytes delivered');
    const text = Buffer.from(block.bytes.subarray(start, end)).toString('latin1');
    this.deliveries.push({ from, offset: this.offsets[from], text, packet: origin.packet, peerSeen: origin.peerSeen });
    this.lines.push(`${name(from)} ${text}`);
    this.content[from] += text;
    this.offsets[from] += end - start;
  }

  gap(from: End, length: number, cut: boolean): void {
    this.mustBeOpen();
    if (length <= 0) throw new Error('empty gap');
    const text = `<${length}${cut ? ' cut' : ''}>`;
    this.lines.push(`${name(from)} ${text}`);
    this.content[from] += text;
    this.missing[from] += length;
    this.offsets[from] += length;
  }

  end(from: End, how: 'fin' | 'reset', { packet }: Origin): void {
    this.mustBeOpen();
    this.ends.push({ from, packet });
    this.lines.push(`${name(from)} ${how}`);
  }

  note(rule: Rule, from: End | null, offset: number, length: number, text: string): void {
    this.mustBeOpen();
    this.notes.push({ rule: rule.id, text });
    this.lines.push(`${from === null ? '' : `${name(from)} `}note ${rule.id} ${offset}+${length}`);
  }

  neglect(): void {
    this.neglected = true;
    this.connection.unclaimed?.();
  }

  close(how: 'closed' | 'reset' | 'open'): void {
    this.mustBeOpen();
    this.closedAs = how;
    this.lines.push(how);
  }

  private mustBeOpen(): void {
    if (this.closedAs !== null) throw new Error('something was delivered after close');
  }
}

function name(from: End): string {
  return from === 0 ? 'client' : 'server';
}

/** Plays segments of made-up connections into a stream table, step by step. */
export class TcpScript {
  readonly streams: StreamLog[] = [];
  /** Diagnostics about the capture as a whole. */
  readonly notes: string[] = [];
  readonly table: StreamTable;
  private readonly s = new Segment();

  constructor(limits: Partial<Limits> = {}) {
    this.table = new StreamTable(
      { ...DEFAULT_LIMITS, ...limits },
      (connection) => {
        const log = new StreamLog(connection);
        this.streams.push(log);
        return log;
      },
      (note) => this.notes.push(`${note.rule.id} ${note.text}`),
    );
    this.s.seconds = 1_700_000_000;
  }

  /** The first stream. */
  get log(): StreamLog {
    return this.streams[0]!;
  }

  get lines(): string[] {
    return this.log.lines;
  }

  client(text: string, spec: SegmentSpec = {}): this {
    return this.send(0, text, spec);
  }

  server(text: string, spec: SegmentSpec = {}): this {
    return this.send(1, text, spec);
  }

  /** The three packets that open a connection. */
  handshake(spec: SegmentSpec = {}): this {
    return this.syn(spec)
      .synAck(spec)
      .client('', { ...spec, at: 0, ack: 0 });
  }

  syn(spec: SegmentSpec = {}): this {
    return this.client('', { ...spec, at: -1, ack: null, flags: SYN });
  }

  synAck(spec: SegmentSpec = {}): this {
    return this.server('', { ...spec, at: -1, ack: 0, flags: SYN, isn: spec.peerIsn, peerIsn: spec.isn });
  }

  fin(from: End, at: number, ack: number, text = ''): this {
    return this.send(from, text, { at, ack, flags: FIN });
  }

  rst(from: End, at: number, ack: number | null = null): this {
    return this.send(from, '', { at, ack, flags: RST });
  }

  /** Segments without payload of both ends: packets that pass while something is awaited. */
  idle(packets: number, clientAt: number, serverAt: number): this {
    for (let i = 0; i < packets; i++) {
      if (i % 2 === 0) this.client('', { at: clientAt, ack: serverAt });
      else this.server('', { at: serverAt, ack: clientAt });
    }
    return this;
  }

  end(): this {
    this.table.end();
    return this;
  }

  private send(from: End, text: string, spec: SegmentSpec): this {
    const { s } = this;
    const isn = spec.isn ?? (from === 0 ? CLIENT_ISN : SERVER_ISN);
    const peerIsn = spec.peerIsn ?? (from === 0 ? SERVER_ISN : CLIENT_ISN);
    const bytes = Buffer.from(text, 'latin1');
    const client = spec.host ?? 0x0a000001;
    const server = 0x0a000002;
    const clientPort = spec.port ?? 40000;
    s.packet++;
    s.seconds = spec.seconds ?? s.seconds;
    s.src2 = s.dst2 = 0xffff;
    s.src3 = from === 0 ? client : server;
    s.dst3 = from === 0 ? server : client;
    s.srcPort = from === 0 ? clientPort : 10809;
    s.dstPort = from === 0 ? 10809 : clientPort;
    s.seq = (isn + 1 + (spec.at ?? 0)) >>> 0;
    s.ack = spec.ack === null ? 0 : (peerIsn + 1 + (spec.ack ?? 0)) >>> 0;
    s.flags = (spec.flags ?? 0) | (spec.ack === null ? 0 : ACK);
    s.block = new Block(new Uint8Array(bytes));
    s.start = 0;
    s.end = bytes.length;
    s.length = spec.length ?? bytes.length;
    s.cut = s.length > bytes.length;
    s.interfaceDescription = spec.interfaceDescription ?? '';
    s.comment = spec.comment ?? '';
    this.table.segment(s);
    // the bytes belong to the sender again
    s.block.bytes.fill(0x21);
    return this;
  }
}
