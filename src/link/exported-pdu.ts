import { EMPTY_BLOCK, type Block } from '../base/block.js';
import { hex } from '../base/hex.js';
import type { Limits } from '../base/limits.js';
import { seqDistance } from '../base/seq.js';
import type { Packet, SocketEvent } from '../capture/packet.js';
import { forgetOldest, type EmitSocketEvent, type SocketLink } from './socket-link.js';

/**
 * Wireshark's exported PDUs (link type WIRESHARK_UPPER_PDU): tags with a type and a length of 16 bits each, both big endian, then
 * the PDU. A value is padded to a multiple of four, and its length counts the padding.
 */
const END_OF_TAGS = 0;
const IPV4_SOURCE = 20;
const IPV4_DESTINATION = 21;
const IPV6_SOURCE = 22;
const IPV6_DESTINATION = 23;
const PORT_TYPE = 24;
const SOURCE_PORT = 25;
const DESTINATION_PORT = 26;
const TCP_INFO = 34;
const DIRECTION = 35;
const TCP_STREAM = 39;

const PORT_NONE = 0;
const PORT_TCP = 2;
/** Version, sequence number, next sequence number, last acknowledgement, reassembled, flags, urgent pointer. */
const TCP_INFO_SIZE = 19;

/** The values of one packet's tags. */
class Tags {
  source = '';
  destination = '';
  sourcePort = 0;
  destinationPort = 0;
  portType = PORT_NONE;
  /** 0 sent, 1 received, -1 unknown. */
  direction = -1;
  /** Wireshark's number of the TCP stream, or -1. */
  stream = -1;
  /** Sequence numbers of the segment that ended the PDU: its first byte, and the one after its last. */
  seq = -1;
  next = -1;
  reassembled = false;
  /** Where the PDU begins. */
  at = 0;
}

/** One connection. */
class Conversation {
  readonly connection: string;
  readonly endpoints: readonly [string, string];
  readonly ports: readonly [number, number];
  /** Identifies the sender of side 0 (see `sender`). */
  readonly first: string;
  /** By side: the next sequence number, or -1. */
  readonly expected: [number, number] = [-1, -1];

  constructor(connection: string, t: Tags) {
    this.connection = connection;
    this.first = sender(t);
    this.endpoints = [endpoint(t.source, t.sourcePort), endpoint(t.destination, t.destinationPort)];
    this.ports = [t.sourcePort, t.destinationPort];
  }
}

/** Joins the exported PDUs of each direction to a stream: by their sequence numbers, where they have any. */
export class ExportedPdu implements SocketLink {
  limitHit = '';
  private readonly limits: Readonly<Limits>;
  private readonly conversations = new Map<string, Conversation>();
  private count = 0;

  constructor(limits: Readonly<Limits>) {
    this.limits = limits;
  }

  packet(p: Packet, emit: EmitSocketEvent): boolean {
    const tags = readTags(p.block, p.start, p.end, this.limits.pduTags);
    if (tags === 'too many') {
      this.limitHit = `pduTags: more than ${this.limits.pduTags} tags in front of a PDU; its packet is not decoded`;
      return false;
    }
    if (tags === null || (tags.portType !== PORT_NONE && tags.portType !== PORT_TCP)) return false;
    const key = groupKey(tags);
    let talk = this.conversations.get(key);
    const fresh = talk === undefined;
    if (talk === undefined) {
      if (this.conversations.size >= this.limits.flows) {
        forgetOldest(this.conversations, this.limits.flows);
        this.limitHit = `flows: more than ${this.limits.flows} conversations; the oldest are forgotten`;
      }
      talk = new Conversation(`pdu ${++this.count}`, tags);
      this.conversations.set(key, talk);
    }
    const from = sender(tags) === talk.first ? 0 : 1;
    const event = (kind: SocketEvent['kind'], length?: number): SocketEvent => ({
      transport: 'tcp',
      connection: talk.connection,
      endpoints: talk.endpoints,
      ports: talk.ports,
      rolesKnown: false,
      ordered: true,
      assumed: true,
      kind,
      from,
      length,
    });
    if (fresh) emit(event('open'), EMPTY_BLOCK, 0, 0, 0);
    const wire = p.originalLength - (tags.at - p.start);
    const repeated = this.advance(talk, from, tags, wire, (n) => emit(event('gap', n), EMPTY_BLOCK, 0, 0, 0));
    const start = Math.min(tags.at + repeated, p.end);
    if (wire > repeated) emit(event('data'), p.block, start, p.end, wire - repeated);
    return true;
  }

  /** Follows the sequence numbers: calls `gap` where bytes are missing. Returns how many of the PDU's first bytes have come before. */
  private advance(talk: Conversation, from: 0 | 1, t: Tags, length: number, gap: (n: number) => void): number {
    if (t.seq < 0) return 0;
    const first = t.reassembled ? (t.next - length) >>> 0 : t.seq;
    const expected = talk.expected[from];
    const ahead = expected < 0 ? 0 : seqDistance(expected, first);
    const end = (first + length) >>> 0;
    if (ahead >= 0 || seqDistance(expected, end) > 0) talk.expected[from] = end;
    if (ahead > 0) gap(ahead);
    return ahead < 0 ? Math.min(-ahead, length) : 0;
  }
}

/** The tags and where they end, or null where they run past the packet. */
function readTags(block: Block, start: number, end: number, most: number): Tags | 'too many' | null {
  const { view } = block;
  const t = new Tags();
  let at = start;
  for (let n = 0; at + 4 <= end; n++) {
    if (n >= most) return 'too many';
    const tag = view.getUint16(at);
    const length = view.getUint16(at + 2);
    const value = at + 4;
    if (value + length > end) return null;
    at = value + length;
    if (tag === END_OF_TAGS) {
      t.at = at;
      return t;
    }
    if (length >= 4) readTag(t, tag, block, value, length);
  }
  return null;
}

function readTag(t: Tags, tag: number, block: Block, at: number, length: number): void {
  const { view, bytes } = block;
  switch (tag) {
    case IPV4_SOURCE:
      t.source = bytes.subarray(at, at + 4).join('.');
      break;
    case IPV4_DESTINATION:
      t.destination = bytes.subarray(at, at + 4).join('.');
      break;
    case IPV6_SOURCE:
      if (length >= 16) t.source = ipv6(bytes, at);
      break;
    case IPV6_DESTINATION:
      if (length >= 16) t.destination = ipv6(bytes, at);
      break;
    case PORT_TYPE:
      t.portType = view.getUint32(at);
      break;
    case SOURCE_PORT:
      t.sourcePort = view.getUint32(at);
      break;
    case DESTINATION_PORT:
      t.destinationPort = view.getUint32(at);
      break;
    case DIRECTION:
      t.direction = view.getUint32(at);
      break;
    case TCP_STREAM:
      t.stream = view.getUint32(at);
      break;
    case TCP_INFO:
      if (length < TCP_INFO_SIZE || view.getUint16(at) !== 1) break;
      t.seq = view.getUint32(at + 2);
      t.next = view.getUint32(at + 6);
      t.reassembled = bytes[at + 14] !== 0;
      break;
  }
}

/** The address in brackets, with its first run of zero groups as `::`. */
function ipv6(bytes: Uint8Array, at: number): string {
  const groups: string[] = [];
  for (let i = 0; i < 16; i += 2) groups.push(hex(bytes, at + i, at + i + 2).replace(/^0{1,3}/, ''));
  return `[${groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::')}]`;
}

function endpoint(address: string, port: number): string {
  return `${address === '' ? '0.0.0.0' : address}:${port}`;
}

/** Identifies the sending end: by address and port, or by the direction tag where both ends have the same. */
function sender(t: Tags): string {
  const own = endpoint(t.source, t.sourcePort);
  return own === endpoint(t.destination, t.destinationPort) ? `direction ${t.direction}` : own;
}

function groupKey(t: Tags): string {
  const ends = [endpoint(t.source, t.sourcePort), endpoint(t.destination, t.destinationPort)].sort();
  return `${t.stream} ${ends.join(' ')}`;
}
