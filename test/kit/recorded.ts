import { Intake } from '../../src/capture/intake.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { CaptureInfo, CaptureNote, Packet, PacketSink } from '../../src/capture/packet.js';

/** One TCP segment of a recording, taken apart by hand. */
export interface RecordedSegment {
  readonly from: string;
  readonly to: string;
  readonly seq: number;
  readonly ack: number;
  readonly flags: string;
  readonly payload: Buffer;
  readonly comment: string;
  readonly micros: number;
}

/** One connection of a recording. */
export interface RecordedTcp {
  readonly client: string;
  readonly server: string;
  readonly segments: RecordedSegment[];
  /** Payload by side, in order of sequence numbers. */
  readonly streams: readonly [Buffer, Buffer];
  /** `S`, `SA`, `A`, `P`, `F`, `R` with `>` from the client and `<` from the server; data shown as `.`. */
  readonly shape: string;
}

const FLAGS: readonly (readonly [number, string])[] = [
  [0x02, 'S'],
  [0x01, 'F'],
  [0x04, 'R'],
  [0x08, 'P'],
  [0x10, 'A'],
];

/** Reads the bytes of a pcapng of link type RAW, checks every checksum and sequence number, and gives its connections. */
export function recordedConnections(pcapng: Uint8Array): { connections: RecordedTcp[]; descriptions: Set<string> } {
  const segments: RecordedSegment[] = [];
  const descriptions = new Set<string>();
  const sink: PacketSink = {
    info: (info: CaptureInfo) => {
      if (info.format !== 'pcapng') throw new Error(info.format);
    },
    note: (note: CaptureNote) => {
      throw new Error(`${note.rule.id}: ${note.text}`);
    },
    packet: (packet: Packet) => {
      descriptions.add(packet.interfaceDescription);
      segments.push(readSegment(packet));
    },
  };
  const intake = new Intake('stream', sink, DEFAULT_LIMITS);
  intake.push(pcapng);
  intake.end(false);
  const connections = new Map<string, RecordedSegment[]>();
  for (const segment of segments) {
    const key = [segment.from, segment.to].sort().join(' ');
    connections.set(key, [...(connections.get(key) ?? []), segment]);
  }
  return { connections: [...connections.values()].map(connectionOf), descriptions };
}

function connectionOf(segments: RecordedSegment[]): RecordedTcp {
  const { from: client, to: server, flags } = segments[0]!;
  if (flags !== 'S') throw new Error(`begins with ${flags}`);
  /** By side: the number of the next byte; -1 until its SYN told where they begin. */
  const next = [-1, -1];
  const parts: [Buffer[], Buffer[]] = [[], []];
  let shape = '';
  let micros = 0;
  for (const s of segments) {
    const side = s.from === client ? 0 : 1;
    if (next[side]! < 0 && s.payload.length === 0) next[side] = s.seq;
    if (s.seq !== next[side]) throw new Error(`sequence number ${s.seq}, not ${next[side]}`);
    if (s.flags.includes('A') && ((next[1 - side]! - s.ack) | 0) < 0) throw new Error('acknowledges what was not sent');
    if (s.micros < micros) throw new Error('time runs backwards');
    micros = s.micros;
    next[side] = (next[side] + s.payload.length + (/[SF]/.test(s.flags) ? 1 : 0)) >>> 0;
    parts[side]!.push(s.payload);
    shape += (side === 0 ? '>' : '<') + (s.payload.length > 0 ? '.' : s.flags);
  }
  return { client, server, segments, streams: [Buffer.concat(parts[0]), Buffer.concat(parts[1])], shape };
}

function readSegment(packet: Packet): RecordedSegment {
  const bytes = Buffer.from(packet.block.bytes.subarray(packet.start, packet.end));
  const six = bytes[0]! >> 4 === 6;
  const header = six ? 40 : 20;
  if (six ? bytes.readUInt16BE(4) !== bytes.length - 40 : bytes.readUInt16BE(2) !== bytes.length)
    throw new Error('length');
  const [source, destination] = six
    ? [bytes.subarray(8, 24), bytes.subarray(24, 40)]
    : [bytes.subarray(12, 16), bytes.subarray(16, 20)];
  if (!six && checksum(bytes.subarray(0, 20)) !== 0) throw new Error('IP checksum');
  const tcp = bytes.subarray(header);
  const pseudo = Buffer.concat([source, destination, Buffer.from([0, 6, tcp.length >> 8, tcp.length & 0xff])]);
  if (checksum(Buffer.concat([pseudo, tcp])) !== 0) throw new Error('TCP checksum');
  const name = (address: Buffer, port: number): string =>
    `${six ? address.toString('hex') : [...address].join('.')}:${port}`;
  const flags = tcp[13]!;
  return {
    from: name(source, tcp.readUInt16BE(0)),
    to: name(destination, tcp.readUInt16BE(2)),
    seq: tcp.readUInt32BE(4),
    ack: tcp.readUInt32BE(8),
    flags: FLAGS.filter(([bit]) => flags & bit)
      .map(([, letter]) => letter)
      .join(''),
    payload: tcp.subarray((tcp[12]! >> 4) * 4),
    comment: packet.comment,
    micros: packet.seconds * 1e6 + packet.nanos / 1000,
  };
}

/** Internet checksum (RFC 1071), word by word. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let i = 0; i < bytes.length; i++) sum += i % 2 === 0 ? bytes[i]! << 8 : bytes[i]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}
