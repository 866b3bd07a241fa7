import { CLIENT, type Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { duration } from '../base/time.js';
import { SOCKET_EVENT, type CaptureInfo, type Packet, type PacketSink } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import { CaptureBuilder } from '../rewrite/capture-builder.js';
import { endpointAddress } from '../rewrite/endpoint-address.js';
import { PcapngWriter } from '../rewrite/pcapng-writer.js';
import { SocketRecording, type RecordedConnection } from '../rewrite/socket-recording.js';
import type { TextOutput } from './output.js';
import { printable } from './words.js';
import { Queue } from '../base/queue.js';

/** A packet that is held until what is known about it can be written as comments. */
interface Waiting {
  readonly number: number;
  readonly interfaceId: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly originalLength: number;
  readonly bytes: Uint8Array;
  /** Its comments in the input. */
  readonly own: readonly string[];
  /** Writes it as packets of a recorded connection, if it is an event of a recorded socket; else null. */
  readonly write: ((comments: readonly string[]) => void) | null;
  readonly findings: string[];
  readonly messages: string[];
}

/**
 * Writes the capture again as pcapng. Each packet that ends a message gets a comment with that message's line, after comments with the
 * findings at that packet. Packets are held for as long as `limits.annotatedBytes` allows, since some findings are known only a few packets
 * later.
 */
export class AnnotatedCapture implements Reporter {
  private readonly writer: PcapngWriter;
  private builder: CaptureBuilder | null = null;
  private sockets: SocketRecording | null = null;
  private readonly connections = new Map<string, RecordedConnection>();
  private readonly waiting = new Queue<Waiting>();
  private held = 0;
  private digits = 6;
  /** Comments for packets that are not held any more, or that have none of their own; the next packet gets them. */
  private homeless: string[] = [];
  /** Addresses that got a name in the file. */
  private readonly named = new Set<string>();
  private streams = 0;
  /** Packets that were written as captured. */
  private packets = 0;
  private lastSeconds = 0;
  private lastNanos = 0;

  private readonly limits: Readonly<Limits>;
  private readonly secrets: boolean;

  /** `secrets`: whether TLS secrets of the input are written. */
  constructor(output: TextOutput, limits: Readonly<Limits>, secrets: boolean, application: string) {
    this.limits = limits;
    this.secrets = secrets;
    this.writer = new PcapngWriter((bytes) => output.addBytes(bytes), application);
  }

  /** Receives the input's packets before they are analyzed. */
  readonly tee: Partial<PacketSink> = {
    packet: (packet) => this.packet(packet),
    keyLog: (text) => {
      if (this.secrets) this.addSecrets(text);
    },
  };

  /** Adds TLS secrets, as the text of a key log. */
  addSecrets(keyLog: string): void {
    this.writer.addTlsSecrets(keyLog);
  }

  capture(_file: string, info: CaptureInfo): void {
    this.digits = { s: 0, ms: 3, us: 6 }[info.resolution] ?? 9;
    this.builder = new CaptureBuilder(this.writer, this.digits);
    this.sockets = new SocketRecording(this.builder);
    this.connections.clear();
  }

  message(stream: StreamRecord, m: Message): void {
    const what = stream.protocol!.describe(m, false);
    const reply = m.inReplyTo === 0 ? '' : `  re #${m.inReplyTo}${m.latency < 0 ? '' : `  +${duration(m.latency)}`}`;
    const cut = m.complete ? '' : '  [cut]';
    const text = `${this.place(stream)}#${m.index} ${arrow(stream, m.side)} ${m.name}${what === '' ? '' : `  ${what}`}${reply}${cut}`;
    this.say(m.packet, 'messages', text);
  }

  finding(f: Finding): void {
    const sure = f.confidence === 'certain' ? '' : `, ${f.confidence}`;
    const about = f.message !== null && f.message.index > 0 ? ` about #${f.message.index}` : '';
    const place = f.stream === null ? '' : this.place(f.stream);
    this.say(f.packet, 'findings', `${place}${f.severity} ${f.rule.id} (${f.party}${sure})${about}: ${f.text}`);
  }

  /** Names the stream's endpoints, before the packets that are held. */
  open(stream: StreamRecord): void {
    this.streams++;
    const { connection, clientEnd, rolesKnown } = stream;
    const { name } = stream.protocol!;
    const [client, server] = [clientEnd, clientEnd === 0 ? 1 : 0].map((end) => connection.endpoints[end]!);
    const roles = new Map<string, readonly [Uint8Array, string]>();
    for (const [endpoint, role] of [[client!, `${name}-client`] as const, [server!, `${name}-server`] as const]) {
      const address = endpointAddress(endpoint)?.address;
      if (address === undefined) continue;
      const key = address.join('.');
      const other = roles.get(key)?.[1];
      roles.set(key, [address, !rolesKnown ? name : other === undefined ? role : `${other}+${role}`]);
    }
    for (const [key, record] of roles) {
      if (this.named.has(key) || this.named.size >= this.limits.listItems) continue;
      this.named.add(key);
      this.writer.addNames([record]);
    }
  }

  stream(): void {}

  endOfFile(): void {
    while (this.waiting.length > 0) this.release();
  }

  summary(): void {
    // comments that no packet followed
    if (this.builder !== null && this.builder.packets + this.packets > 0)
      for (const text of this.homeless) this.writer.addStatistics(0, this.lastSeconds, this.lastNanos, text);
    this.writer.flush();
  }

  /** Names the stream in a line, once there is more than one. */
  private place(stream: StreamRecord): string {
    return this.streams > 1 || stream.id > 1 ? `stream ${stream.id} ` : '';
  }

  private packet(p: Packet): void {
    if (p.number < (this.waiting.last?.number ?? 0)) this.endOfFile();
    this.lastSeconds = p.seconds;
    this.lastNanos = p.nanos;
    const bytes = p.block.bytes.slice(p.start, p.end);
    const at = { seconds: p.seconds, nanos: p.nanos };
    this.waiting.push({
      number: p.number,
      interfaceId: p.linkType === SOCKET_EVENT ? -1 : this.builder!.interfaceOf(p.linkType, p.interfaceDescription),
      ...at,
      originalLength: p.originalLength,
      bytes,
      own: p.comment === '' ? [] : [p.comment, ...p.moreComments],
      write: p.linkType === SOCKET_EVENT ? this.socketWriter(p, bytes) : null,
      findings: [],
      messages: [],
    });
    this.held += bytes.length + OVERHEAD;
    while (this.held > this.limits.annotatedBytes) this.release();
  }

  /** Prepares to write an event of a recorded socket as packets of a recorded connection. */
  private socketWriter(p: Packet, bytes: Uint8Array): (comments: readonly string[]) => void {
    const event = { ...p.socket! };
    const length = Math.max(p.originalLength, bytes.length);
    const at = { seconds: p.seconds, nanos: p.nanos };
    return (comments) => {
      let connection = event.kind === 'open' ? undefined : this.connections.get(event.connection);
      if (connection === undefined) {
        connection = this.sockets!.connection(event);
        this.connections.set(event.connection, connection);
        if (event.kind === 'open') connection.open(at);
      }
      if (event.kind === 'data') connection.data(event.from, bytes, at, comments, length);
      else if (event.kind === 'fin' || event.kind === 'reset') connection.end(event.from, event.kind, at, comments);
      else {
        // such an event is no packet of its own
        this.homeless.unshift(...comments);
        if (event.kind === 'gap') connection.gap(event.from, event.length ?? -1);
      }
    };
  }

  private release(): void {
    const p = this.waiting.shift()!;
    this.held -= p.bytes.length + OVERHEAD;
    const comments = [...p.own, ...this.homeless, ...p.findings, ...p.messages];
    this.homeless = [];
    if (p.write !== null) {
      p.write(comments);
      return;
    }
    this.packets++;
    const { interfaceId, seconds, nanos, originalLength } = p;
    this.writer.packet({ interfaceId, seconds, nanos, originalLength, comments }, p.bytes, 0, p.bytes.length);
  }

  /** The last held packet with that number. Numbers rise, but may have gaps. */
  private waitingOf(packet: number): Waiting | null {
    const found = this.waiting.lastWhere((w) => w.number <= packet);
    return found?.number === packet ? found : null;
  }

  private say(packet: number, kind: 'findings' | 'messages', text: string): void {
    const line = printable(text);
    const p = this.waitingOf(packet);
    if (p !== null) p[kind].push(line);
    else if (this.homeless.length < this.limits.listItems)
      this.homeless.push(`(packet ${packet}, written before this was known: annotatedBytes) ${line}`);
  }
}

/** Estimated memory of a held packet besides its bytes. */
const OVERHEAD = 300;

function arrow(stream: StreamRecord, side: Side): string {
  if (!stream.rolesKnown) return side === CLIENT ? '>>' : '<<';
  return side === CLIENT ? '->' : '<-';
}
