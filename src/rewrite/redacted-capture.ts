import { createHmac } from 'node:crypto';
import { CLIENT, SERVER, type Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import { count, wireText } from '../base/text.js';
import { NO_COMMENTS, type CaptureInfo, type Packet, type PacketSink, type SocketEvent } from '../capture/packet.js';
import type { Message } from '../contract/message.js';
import type { Rewrite } from '../contract/redaction.js';
import type { Protocol } from '../contract/protocol.js';
import type { Finding, Reporter, StreamRecord } from '../engine/event.js';
import type { StreamTap } from '../engine/tap.js';
import { LinkDecoder } from '../link/link-decoder.js';
import { USER0 } from '../link/link-types.js';
import type { Segment } from '../link/segment.js';
import { pathIn } from '../link/sockdump.js';
import type { End, StreamSink } from '../stream/byte-stream.js';
import { CaptureBuilder } from './capture-builder.js';
import type { CaptureWriter, InterfaceInfo, OutPacket } from './capture-writer.js';
import { endpointAddress } from './endpoint-address.js';
import type { PatchedFile } from './patched-file.js';
import type { Pseudonyms } from './pseudonyms.js';
import { RedactedDirection, type Summed } from './redacted-direction.js';
import { FieldRedaction } from './redacted-message.js';
import { checksumOf, redactedPacket } from './redacted-packet.js';
import { RedactedTls } from './redacted-tls.js';
import { SocketRecording, type RecordedConnection } from './socket-recording.js';
import { sum } from './tcp-frame.js';

/** Packets that wait for the stream they are part of: those before the beginning of a connection was recognised. */
const MOST_WAITING = 65_536;
/** Bytes that `--keep-equal` keeps equal together: a sector. */
const BLOCK = 512;

/** A payload that was written, and belongs to no stream yet. */
interface Written {
  /** Runs of its bytes in the file, in order. */
  readonly runs: readonly { readonly at: number; readonly length: number; readonly packet: Summed }[];
}

/**
 * A capture for others. Every packet of TCP and every event of a recorded socket is written again as it comes, with other addresses and with
 * zeros for its payload; once it is known which messages its bytes are, what may stay of them is put in their place.
 */
export class RedactedCapture implements Reporter {
  private readonly file: PatchedFile;
  private readonly names: Pseudonyms;
  /** Key of the pattern that keeps equal blocks equal; null: users' data become zeros. */
  private readonly equalKey: Uint8Array | null;
  /** Words that stay in paths. */
  private readonly labels: readonly string[];
  /** Recorded connections (by place, from 0) of which only one end has said anything, as an earlier run found out. */
  private readonly oneSided: ReadonlySet<number>;
  private readonly limits: Readonly<Limits>;
  private readonly onMessage: (stream: StreamRecord, m: Message) => void;
  private readonly writer: CaptureWriter;
  private builder: CaptureBuilder;
  private sockets: SocketRecording;
  private readonly connections = new Map<string, RecordedConnection>();
  private readonly streams = new Map<number, Followed>();
  private readonly fields = new Map<Protocol, FieldRedaction | null>();
  private readonly waiting = new Map<number, Written>();
  private readonly placed: PlacingWriter;
  private readonly link: LinkDecoder;
  private packet: Packet | null = null;
  /** Recorded connections, and of those which end has said anything. */
  private readonly place = new Map<RecordedConnection, [boolean, boolean]>();
  private readonly spoken: [boolean, boolean][] = [];
  private taken = false;
  private digits = 6;
  private problem_: string | null = null;
  /** Packets and comments that were left out, streams that became zeros. */
  readonly left = { packets: 0, comments: 0, secrets: 0, unknown: 0, sealed: 0, tooLong: 0, dropped: 0 };
  private messages = 0;
  private readonly onFinding: (f: Finding) => void;

  constructor(
    file: PatchedFile,
    makeWriter: (output: (bytes: Uint8Array) => void) => CaptureWriter,
    names: Pseudonyms,
    equalKey: Uint8Array | null,
    labels: readonly string[],
    oneSided: ReadonlySet<number>,
    limits: Readonly<Limits>,
    onFinding: (f: Finding) => void,
    onMessage: (stream: StreamRecord, m: Message) => void,
  ) {
    this.file = file;
    this.names = names;
    this.equalKey = equalKey;
    this.labels = labels;
    this.oneSided = oneSided;
    this.limits = limits;
    this.onMessage = onMessage;
    this.onFinding = onFinding;
    this.writer = makeWriter((bytes) => file.append(bytes));
    this.placed = new PlacingWriter(this.writer, file);
    this.builder = new CaptureBuilder(this.placed, this.digits);
    this.sockets = new SocketRecording(this.builder);
    this.link = new LinkDecoder(
      limits,
      (segment) => this.segment(segment),
      () => undefined,
    );
  }

  /** Why there is no result, in one line; null where there is one. */
  get problem(): string | null {
    return this.problem_;
  }

  /** What reads the input's packets, before they are analyzed. */
  readonly tee: Partial<PacketSink> = {
    packet: (p) => this.guarded(() => this.take(p)),
    keyLog: () => {
      this.left.secrets++;
    },
  };

  /** What sees the streams' bytes, before they are analyzed. */
  readonly tap: StreamTap = { open: (connection) => this.follow(connection.id) };

  capture(_file: string, info: CaptureInfo): void {
    this.digits = { s: 0, ms: 3, us: 6 }[info.resolution] ?? 9;
    this.builder = new CaptureBuilder(this.placed, this.digits);
    this.sockets = new SocketRecording(this.builder);
    this.connections.clear();
  }

  message(stream: StreamRecord, m: Message): void {
    this.messages++;
    this.onMessage(stream, m);
    this.guarded(() => this.redact(stream, m));
  }

  finding(f: Finding): void {
    this.onFinding(f);
  }

  open(stream: StreamRecord): void {
    const known = this.streams.get(stream.id);
    if (known !== undefined) known.record = stream;
  }

  skipped(stream: StreamRecord, side: Side, offset: number, length: number): void {
    const known = this.streams.get(stream.id);
    const redaction = stream.protocol?.redaction;
    // of TLS the records are rewritten
    if (known === undefined || redaction?.skipped === undefined || offset >= stream.tlsFrom[side]) return;
    const direction = known.directions[endOf(stream, side)];
    this.guarded(() => {
      const original = direction.bytesOf(offset, length);
      direction.settle(offset, original, redaction.skipped!(original, offset !== direction.skippedTo));
      direction.skippedTo = offset + length;
    });
  }

  stream(stream: StreamRecord): void {
    const known = this.streams.get(stream.id);
    if (known !== undefined) for (const end of [0, 1] as const) this.guarded(() => this.tls(known, end)?.end());
    this.streams.delete(stream.id);
    if (stream.protocol === null) this.left.unknown++;
    else if (stream.skipped.some((s) => s.opaque > 0)) this.left.sealed++;
    for (const direction of known?.directions ?? []) this.left.dropped += direction.dropped;
  }

  summary(): void {
    this.writer.flush();
    this.file.flush();
  }

  /** Recorded connections of which only one end has said anything: to be given as `oneSided` where findings are not the same. */
  get lonely(): Set<number> {
    return new Set(this.spoken.flatMap((s, i) => (s[0] === s[1] ? [] : [i])));
  }

  /** Lines for people. */
  report(): string[] {
    const { left, builder } = this;
    const out = [`${count(builder.packets, 'packet')}, ${count(this.messages, 'message')}`];
    const say = (n: number, words: string): void => {
      if (n > 0) out.push(words);
    };
    say(left.packets, `${count(left.packets, 'packet')} of no TCP left out`);
    say(left.comments, `${count(left.comments, 'comment')} left out`);
    say(left.secrets, `${count(left.secrets, 'block')} of TLS secrets left out`);
    say(left.unknown, `${count(left.unknown, 'stream')} of no known protocol: all bytes are zeros`);
    say(left.sealed, `${count(left.sealed, 'stream')} with encrypted parts, which became zeros`);
    say(left.tooLong + left.dropped, `redactBytes: ${count(left.tooLong, 'message')} too long to be held became zeros`);
    return out;
  }

  // ---- packets

  private guarded(work: () => void): void {
    if (this.problem_ !== null) return;
    try {
      work();
    } catch (error) {
      this.problem_ = (error as Error).message;
    }
  }

  private take(p: Packet): void {
    this.packet = p;
    this.taken = false;
    this.link.packet(p);
    if (!this.taken) this.left.packets++;
    else if (p.comment !== '') this.left.comments += 1 + p.moreComments.length;
    this.packet = null;
  }

  private segment(s: Segment): void {
    const p = this.packet!;
    this.taken = true;
    if (s.socket === null) this.tcp(p, s);
    else if (p.linkType === USER0) this.sockdump(p, s, s.socket);
    else this.socket(s, s.socket);
  }

  private tcp(p: Packet, s: Segment): void {
    const made = redactedPacket(p, s, this.names);
    const { bytes, tcpAt, payloadAt } = made;
    const id = this.builder.interfaceOf(made.linkType, this.description(p.interfaceDescription));
    this.placed.begin();
    this.builder.whole(id, p, bytes, made.originalLength);
    const at = this.placed.places[0]!.at;
    const field = new Uint8Array(2);
    const packet: Summed = {
      damaged: made.checksum === 'wrong',
      payload: 0,
      seal: (payload) => {
        const value = checksumOf(made, payload);
        field[0] = value >>> 8;
        field[1] = value & 0xff;
        this.file.write(at + tcpAt + CHECKSUM_AT, field);
      },
    };
    const length = s.end - s.start;
    if (length > 0) this.wait(s.packet, { runs: [{ at: at + payloadAt, length, packet }] });
  }

  /** Records of sockdump stay what they are: what such a recording does not know must not be known of the copy. */
  private sockdump(p: Packet, s: Segment, event: SocketEvent): void {
    if (event.kind !== 'data') return;
    const head = s.start - p.start;
    const bytes = new Uint8Array(p.end - p.start);
    bytes.set(p.block.bytes.subarray(p.start, s.start));
    const [from, to] = pathIn(bytes.subarray(0, head));
    const text = wireText(bytes, from, to);
    // where bytes are no UTF-8 their text is longer
    if (Buffer.byteLength(text) === to - from) bytes.set(Buffer.from(this.names.text(text, this.labels)), from);
    else this.names.rename(bytes, from, to);
    const id = this.builder.interfaceOf(USER0);
    this.placed.begin();
    this.builder.whole(id, p, bytes, p.originalLength);
    const packet: Summed = { payload: 0, seal: () => undefined };
    const at = this.placed.places[0]!.at + head;
    if (s.end > s.start) this.wait(s.packet, { runs: [{ at, length: s.end - s.start, packet }] });
  }

  /** What a recording of sockets says becomes packets of a recorded connection. */
  private socket(s: Segment, event: SocketEvent): void {
    let connection = event.kind === 'open' ? undefined : this.connections.get(event.connection);
    const at = { seconds: s.seconds, nanos: s.nanos };
    if (connection === undefined) {
      connection = this.sockets.connection(this.renamed(event));
      this.connections.set(event.connection, connection);
      const lone = this.oneSided.has(this.spoken.length);
      this.spoken.push([false, false]);
      this.place.set(connection, this.spoken.at(-1)!);
      if (event.kind === 'open' && lone) connection.openAlone(at);
      else if (event.kind === 'open') connection.open(at);
    }
    if (event.kind === 'data') this.place.get(connection)![event.from] = true;
    if (event.kind === 'data') {
      this.placed.begin();
      const captured = s.end - s.start;
      connection.data(event.from, new Uint8Array(captured), at, NO_COMMENTS, Math.max(s.length, captured));
      const runs: Written['runs'][number][] = [];
      for (const { at: start, bytes } of this.placed.places) {
        const tcp = bytes[0]! >>> 4 === 4 ? 20 : 40;
        const head = tcp + (bytes[tcp + 12]! >>> 4) * 4;
        if (bytes.length > head)
          runs.push({ at: start + head, length: bytes.length - head, packet: this.summed(start, bytes, head) });
      }
      if (captured > 0) this.wait(s.packet, { runs });
    } else if (event.kind === 'fin' || event.kind === 'reset') connection.end(event.from, event.kind, at);
    else if (event.kind === 'gap') connection.gap(event.from, event.length ?? -1);
  }

  /** A packet that was made, without link header: what its checksum is over. */
  private summed(at: number, bytes: Uint8Array, head: number): Summed {
    const tcp = head - 20;
    const v4 = tcp === 20;
    const first = v4 ? 12 : 8;
    bytes[tcp + CHECKSUM_AT] = 0;
    bytes[tcp + CHECKSUM_AT + 1] = 0;
    const total = 6 + sum(bytes, first, v4 ? 8 : 32) + (bytes.length - tcp) + sum(bytes, tcp, 20);
    const made = { checksum: 'right', sum: total, partial: 0 } as const;
    const field = new Uint8Array(2);
    return {
      payload: 0,
      seal: (payload) => {
        const value = checksumOf(made, payload);
        field[0] = value >>> 8;
        field[1] = value & 0xff;
        this.file.write(at + tcp + CHECKSUM_AT, field);
      },
    };
  }

  private renamed(event: SocketEvent): SocketEvent {
    const endpoint = (text: string): string => {
      const known = endpointAddress(text);
      if (known === null) return text.startsWith('unix:pid=') ? 'unix:' : this.description(text);
      const bytes = this.names.address(known.address);
      if (bytes.length === 4) return `${bytes.join('.')}:${known.port}`;
      const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
      return `[${groups.join(':')}]:${known.port}`;
    };
    const path = event.path === undefined ? {} : { path: this.names.text(event.path, this.labels) };
    return { ...event, endpoints: [endpoint(event.endpoints[0]), endpoint(event.endpoints[1])], ...path };
  }

  /** Of interfaces only that is told that they are recorded sockets. */
  private description(text: string): string {
    const found = /^(unix-stream:|unix:|vsock:)(.*)$/s.exec(text);
    return found === null ? '' : `${found[1]}${this.names.text(found[2]!, this.labels)}`;
  }

  private wait(packet: number, written: Written): void {
    if (this.waiting.size >= MOST_WAITING) this.waiting.delete(this.waiting.keys().next().value!);
    this.waiting.set(packet, written);
  }

  // ---- streams

  private follow(id: number): StreamSink {
    const make = (): RedactedDirection => new RedactedDirection(this.file, this.limits.redactBytes);
    const both = [make(), make()] as const;
    const known: Followed = { directions: both, tls: [null, null], record: null };
    this.streams.set(id, known);
    const carry = (from: End, packet: number, offset: number, bytes: Uint8Array): void => {
      const written = this.waiting.get(packet);
      if (written === undefined) return;
      this.waiting.delete(packet);
      let done = 0;
      for (const { at, length, packet: summed } of written.runs) {
        const run = { offset: offset + done, length, at, shift: 0, packet: summed };
        both[from].carry(run, bytes.subarray(done, done + length));
        done += length;
      }
    };
    let socket = true;
    return {
      segment: (s, from, offset) => {
        socket = false;
        if (s.end > s.start) this.guarded(() => carry(from, s.packet, offset, s.block.bytes.subarray(s.start, s.end)));
      },
      bytes: (from, block, start, end, origin) =>
        this.guarded(() => {
          if (socket) carry(from, origin.packet, both[from].next, block.bytes.subarray(start, end));
          both[from].deliver(block.bytes, start, end);
          this.tls(known, from)?.advance();
        }),
      gap: (from, length) => both[from].gap(length),
      end: () => undefined,
      note: () => undefined,
      close: () => undefined,
    };
  }

  /** What rewrites the records of TLS that this end sends, once it does. */
  private tls(known: Followed, end: End): RedactedTls | null {
    const { record, tls } = known;
    if (record === null || tls[end] !== null) return tls[end];
    const from = record.tlsFrom[record.clientEnd === end ? CLIENT : SERVER];
    return from === Infinity ? null : (tls[end] = new RedactedTls(known.directions[end], from));
  }

  private redact(stream: StreamRecord, m: Message): void {
    const direction = this.streams.get(stream.id)?.directions[endOf(stream, m.side)];
    const protocol = stream.protocol!;
    const fields = this.fieldsOf(protocol);
    if (direction === undefined || fields === null || m.length === 0) return;
    const length = Math.min(m.length - m.unsent, Math.max(0, direction.next - m.offset));
    if (length <= 0) return;
    if (length > this.limits.redactBytes) {
      this.left.tooLong++;
      return;
    }
    const original = direction.bytesOf(m.offset, length);
    const rewrite: Rewrite = (message, bytes, coarse) => fields.rewrite(bytes, protocol.annotate(message), coarse);
    const redacted = rewrite(m, original, false);
    if (protocol.redaction!.repack?.(m, original, redacted, rewrite) === false)
      this.problem_ ??= `stream ${stream.id} ${m.name} #${m.index}: its compressed part cannot be made as long as it was`;
    protocol.redaction!.seal?.(m, original, redacted);
    direction.settle(m.offset, original, redacted);
  }

  private fieldsOf(protocol: Protocol): FieldRedaction | null {
    let fields = this.fields.get(protocol);
    if (fields === undefined) {
      const { redaction } = protocol;
      const fill = this.equalKey === null ? null : equalBlocks(this.equalKey);
      fields = redaction === undefined ? null : new FieldRedaction(redaction, this.names, fill);
      this.fields.set(protocol, fields);
    }
    return fields;
  }
}

/** A stream that is rewritten. */
interface Followed {
  readonly directions: readonly [RedactedDirection, RedactedDirection];
  readonly tls: [RedactedTls | null, RedactedTls | null];
  record: StreamRecord | null;
}

function endOf(stream: StreamRecord, side: Side): End {
  return side === CLIENT ? stream.clientEnd : stream.clientEnd === 0 ? 1 : 0;
}

/** Place of the checksum in the TCP header. */
const CHECKSUM_AT = 16;

/** Blocks that are equal stay equal, and those of zeros zero; nothing else can be told of them without the key. */
function equalBlocks(key: Uint8Array): (bytes: Uint8Array, out: Uint8Array, at: number, length: number) => void {
  const zeros = new Uint8Array(BLOCK);
  return (bytes, out, at, length) => {
    for (let from = at; from < at + length; from += BLOCK) {
      const to = Math.min(at + length, from + BLOCK);
      const block = bytes.subarray(from, to);
      if (Buffer.compare(block, zeros.subarray(0, block.length)) === 0) continue;
      const pattern = createHmac('sha256', key).update(block).digest();
      for (let i = from; i < to; i += pattern.length) out.set(pattern.subarray(0, to - i), i);
    }
  };
}

/** Writes each packet at once, and says where it stands. */
class PlacingWriter implements CaptureWriter {
  private readonly writer: CaptureWriter;
  private readonly file: PatchedFile;
  readonly packetAt: number;
  /** Packets since `begin`. */
  places: { readonly at: number; readonly bytes: Uint8Array }[] = [];

  constructor(writer: CaptureWriter, file: PatchedFile) {
    this.writer = writer;
    this.file = file;
    this.packetAt = writer.packetAt;
  }

  begin(): void {
    this.places = [];
  }

  addInterface(info: InterfaceInfo): number {
    return this.writer.addInterface(info);
  }

  packet(p: OutPacket, bytes: Uint8Array, start: number, end: number): void {
    this.writer.flush();
    const at = this.file.length + this.packetAt;
    this.writer.packet(p, bytes, start, end);
    this.writer.flush();
    this.places.push({ at, bytes: bytes.slice(start, end) });
  }

  addDrops(interfaceId: number, seconds: number, nanos: number, drops: number): void {
    this.writer.addDrops(interfaceId, seconds, nanos, drops);
  }

  flush(): void {
    this.writer.flush();
  }
}
