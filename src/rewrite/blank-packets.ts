import { USER0 } from '../link/link-types.js';
import type { Summed } from './redacted-direction.js';
import type { CaptureWriter } from './capture-writer.js';
import type { Segment } from '../link/segment.js';
import { CaptureBuilder } from './capture-builder.js';
import { endpointAddress } from './endpoint-address.js';
import { wireText } from '../base/text.js';
import type { PatchedFile } from './patched-file.js';
import type { RecordedConnection } from './socket-recording.js';
import { SocketRecording } from './socket-recording.js';
import { pathIn } from '../link/sockdump.js';
import { TCP_CHECKSUM } from '../link/checksum.js';
import { sum } from './tcp-frame.js';
import type { Limits } from '../base/limits.js';
import type { Pseudonyms } from './pseudonyms.js';
import { LinkDecoder } from '../link/link-decoder.js';
import { PlacingWriter } from './placing-writer.js';
import type { Packet } from '../capture/packet.js';
import { NO_COMMENTS, type SocketEvent } from '../capture/packet.js';
import { checksumOf, redactedPacket } from './redacted-packet.js';
/** Decimal places of a time in microseconds. */
export const MICROSECONDS = 6;

/** Most packets whose payload waits for its stream. These are packets that came before their connection was recognised. */
const MOST_WAITING = 65_536;
/** A payload that was written and has not been assigned to a stream yet. */
export interface Written {
  /** Runs of its bytes in the file, in order. */
  readonly runs: readonly { readonly at: number; readonly length: number; readonly packet: Summed }[];
}

/**
 * Writes every TCP packet and every event of a recorded socket again, with other addresses and with zeros for the payload. Remembers where
 * in the file each payload is, until it is claimed for a stream.
 */
export class BlankPackets {
  private readonly file: PatchedFile;
  private readonly names: Pseudonyms;
  /** Words that stay in paths. */
  private readonly labels: readonly string[];
  /** Recorded connections (by index, from 0) of which only one end has sent anything, as found by an earlier run. */
  private readonly oneSided: ReadonlySet<number>;
  private readonly writer: CaptureWriter;
  private readonly placed: PlacingWriter;
  private builder: CaptureBuilder;
  private sockets: SocketRecording;
  private readonly connections = new Map<string, RecordedConnection>();
  private readonly waiting = new Map<number, Written>();
  private readonly link: LinkDecoder;
  private packet: Packet | null = null;
  /** For each recorded connection, which of its ends have sent anything; and the same in the order of the connections. */
  private readonly place = new Map<RecordedConnection, [boolean, boolean]>();
  private readonly spoken: [boolean, boolean][] = [];
  private taken = false;
  /** Number of packets and comments that were left out. */
  readonly left = { packets: 0, comments: 0 };

  constructor(
    file: PatchedFile,
    makeWriter: (output: (bytes: Uint8Array) => void) => CaptureWriter,
    names: Pseudonyms,
    labels: readonly string[],
    oneSided: ReadonlySet<number>,
    limits: Readonly<Limits>,
  ) {
    this.file = file;
    this.names = names;
    this.labels = labels;
    this.oneSided = oneSided;
    this.writer = makeWriter((bytes) => file.append(bytes));
    this.placed = new PlacingWriter(this.writer, file);
    this.builder = new CaptureBuilder(this.placed, MICROSECONDS);
    this.sockets = new SocketRecording(this.builder);
    this.link = new LinkDecoder(
      limits,
      (segment) => this.segment(segment),
      () => undefined,
    );
  }

  /** Begins another capture, whose times have `digits` decimal places. */
  begin(digits: number): void {
    this.builder = new CaptureBuilder(this.placed, digits);
    this.sockets = new SocketRecording(this.builder);
    this.connections.clear();
  }

  /** Number of packets that were written. */
  get count(): number {
    return this.builder.packets;
  }

  flush(): void {
    this.writer.flush();
    this.file.flush();
  }

  /** Recorded connections of which only one end has sent anything. */
  get lonely(): Set<number> {
    return new Set(this.spoken.flatMap((s, i) => (s[0] === s[1] ? [] : [i])));
  }

  /** Takes the place of that packet's payload, for the stream that it belongs to. Undefined if it has none, or it was taken before. */
  claim(packet: number): Written | undefined {
    const written = this.waiting.get(packet);
    if (written !== undefined) this.waiting.delete(packet);
    return written;
  }

  /** Writes a packet of the input again. */
  take(p: Packet): void {
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
        this.file.write(at + tcpAt + TCP_CHECKSUM, field);
      },
    };
    const length = s.end - s.start;
    if (length > 0) this.wait(s.packet, { runs: [{ at: at + payloadAt, length, packet }] });
  }

  /** Records of sockdump keep their form, since the copy must not tell more than such a recording knows. */
  private sockdump(p: Packet, s: Segment, event: SocketEvent): void {
    if (event.kind !== 'data') return;
    const head = s.start - p.start;
    const bytes = new Uint8Array(p.end - p.start);
    bytes.set(p.block.bytes.subarray(p.start, s.start));
    const [from, to] = pathIn(bytes.subarray(0, head));
    const text = wireText(bytes, from, to);
    // text with bytes that are no UTF-8 is longer than the bytes
    if (Buffer.byteLength(text) === to - from) bytes.set(Buffer.from(this.names.text(text, this.labels)), from);
    else this.names.rename(bytes, from, to);
    const id = this.builder.interfaceOf(USER0);
    this.placed.begin();
    this.builder.whole(id, p, bytes, p.originalLength);
    const packet: Summed = { payload: 0, seal: () => undefined };
    const at = this.placed.places[0]!.at + head;
    if (s.end > s.start) this.wait(s.packet, { runs: [{ at, length: s.end - s.start, packet }] });
  }

  /** Events of a recorded socket become packets of a recorded connection. */
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

  /** The checksum parts of a packet that was made without a link header. */
  private summed(at: number, bytes: Uint8Array, head: number): Summed {
    const tcp = head - 20;
    const v4 = tcp === 20;
    const first = v4 ? 12 : 8;
    bytes[tcp + TCP_CHECKSUM] = 0;
    bytes[tcp + TCP_CHECKSUM + 1] = 0;
    const total = 6 + sum(bytes, first, v4 ? 8 : 32) + (bytes.length - tcp) + sum(bytes, tcp, 20);
    const made = { checksum: 'right', sum: total, partial: 0 } as const;
    const field = new Uint8Array(2);
    return {
      payload: 0,
      seal: (payload) => {
        const value = checksumOf(made, payload);
        field[0] = value >>> 8;
        field[1] = value & 0xff;
        this.file.write(at + tcp + TCP_CHECKSUM, field);
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

  /** Of an interface's description, only the part that marks recorded sockets stays, with a pseudonym for the path. */
  private description(text: string): string {
    const found = /^(unix-stream:|unix:|vsock:)(.*)$/s.exec(text);
    return found === null ? '' : `${found[1]}${this.names.text(found[2]!, this.labels)}`;
  }

  private wait(packet: number, written: Written): void {
    if (this.waiting.size >= MOST_WAITING) this.waiting.delete(this.waiting.keys().next().value!);
    this.waiting.set(packet, written);
  }
}
