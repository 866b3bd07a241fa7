import { Block } from '../base/block.js';
import type { Packet } from '../capture/packet.js';
import { folded, isDamaged, pseudoHeader, TCP, TCP_CHECKSUM } from '../link/checksum.js';
import * as link from '../link/link-types.js';
import type { Segment } from '../link/segment.js';
import type { Pseudonyms } from './pseudonyms.js';
import { fold, RAW_LINK, sum, TcpFrame, type FrameLink } from './tcp-frame.js';

/** What the checksum of a packet is computed from. */
export interface ChecksumParts {
  /** Whether it was right, wrong, or not filled in (see link/checksum.ts). */
  readonly checksum: Checksum;
  /** Sum of the 16-bit words that the checksum covers, without the payload: addresses, protocol, length, and the TCP header. */
  readonly sum: number;
  /** The part of the sum that the stack fills in before checksum offload: addresses and protocol, with or without the length. */
  readonly partial: number;
}

/** A redacted packet: its headers, and zeros for its payload. */
export interface RedactedPacket extends ChecksumParts {
  readonly linkType: number;
  readonly bytes: Uint8Array;
  readonly originalLength: number;
  /** Offsets of its TCP header and its payload. */
  readonly tcpAt: number;
  readonly payloadAt: number;
}

export type Checksum = 'right' | 'wrong' | 'partial' | 'none';

const TCP_HEADER = 20;
/**
 * Options that tell nothing about a host: maximum segment size, window scale, selective acknowledgements, timestamps. End and no-operation
 * stay as well.
 */
const KNOWN_OPTIONS: ReadonlySet<number> = new Set([2, 3, 4, 5, 8]);
const NO_OPERATION = 1;

/** The value for a segment's checksum field if the payload's words have that sum. */
export function checksumOf(p: ChecksumParts, payload: number): number {
  if (p.checksum === 'none') return 0;
  // a partial checksum, which offload would complete, is not inverted
  if (p.checksum === 'partial') return ~fold(p.partial) & 0xffff;
  const right = fold(p.sum + payload);
  return p.checksum === 'right' ? right : right ^ WRONG;
}

const WRONG = 0x5a5a;

/**
 * Redacts a TCP packet. If only well-known headers precede it they stay, with other addresses; otherwise (tunnels, fragments) it gets new
 * headers. `s`: the segment that was found in it.
 */
export function redactedPacket(p: Packet, s: Segment, names: Pseudonyms): RedactedPacket {
  const ip = s.block === p.block ? ipAt(p) : -1;
  return (ip < 0 ? null : inPlace(p, s, ip, names)) ?? rebuilt(s, names);
}

/** Offset of the IP header of a packet; -1 if anything but link header and VLAN tags precedes it. */
function ipAt({ block, start, end, linkType }: Packet): number {
  const { view } = block;
  const isIp = (type: number): boolean => type === 0x0800 || type === 0x86dd;
  switch (linkType) {
    case link.ETHERNET:
      for (let at = start + 12; at + 2 <= end; at += 4) {
        const type = view.getUint16(at);
        if (isIp(type)) return at + 2;
        if (!TAGS.has(type)) return -1;
      }
      return -1;
    case link.LINUX_SLL:
      return end - start >= 16 && isIp(view.getUint16(start + 14)) ? start + 16 : -1;
    case link.LINUX_SLL2:
      return end - start >= 20 && isIp(view.getUint16(start)) ? start + 20 : -1;
    case link.NULL:
    case link.LOOP:
      return start + 4;
    case link.RAW:
    case link.IPV4:
    case link.IPV6:
      return start;
    default:
      return -1;
  }
}

const TAGS: ReadonlySet<number> = new Set([0x8100, 0x88a8, 0x9100, 0x9200, 0x9300]);

function inPlace(p: Packet, s: Segment, ip: number, names: Pseudonyms): RedactedPacket | null {
  const { block, start, end } = p;
  const tcp = s.header;
  const v4 = block.bytes[ip]! >>> 4 === 4;
  const length = tcp - ip;
  if (v4 ? length < 20 || length > 60 || length !== (block.bytes[ip]! & 15) * 4 : length !== 40) return null;
  // a fragment does not hold a whole segment
  if (v4 ? block.bytes[ip + 9] !== TCP || (block.view.getUint16(ip + 6) & 0x3fff) !== 0 : block.bytes[ip + 6] !== TCP)
    return null;
  const out = new Block(new Uint8Array(end - start));
  const { bytes } = out;
  bytes.set(block.bytes.subarray(start, s.start));
  linkNames(bytes, p, names);
  const at = ip - start;
  const size = v4 ? 4 : 16;
  const first = at + (v4 ? 12 : 8);
  for (const place of [first, first + size]) bytes.set(names.address(bytes.slice(place, place + size)), place);
  if (v4) {
    bytes.fill(NO_OPERATION, at + 20, tcp - start);
    const right = sum(block.bytes, ip, length) % 0xffff === 0;
    if (block.view.getUint16(ip + 10) !== 0) {
      out.view.setUint16(at + 10, 0);
      const made = fold(sum(bytes, at, length));
      out.view.setUint16(at + 10, right ? made : made ^ WRONG);
    }
  }
  return withTcp(s, p.linkType, out, tcp - start, s.start - start, first, size, p.originalLength);
}

/** Replaces the addresses in the link header. */
function linkNames(bytes: Uint8Array, p: Packet, names: Pseudonyms): void {
  const mac = (at: number): void => bytes.set(names.mac(bytes.slice(at, at + 6)), at);
  if (p.linkType === link.ETHERNET) {
    // the header was made up for a text recording, and contains nothing else
    if (Buffer.from(bytes.subarray(0, 12)).toString('latin1').includes('RECV')) return;
    mac(0);
    mac(6);
  } else if (p.linkType === link.LINUX_SLL || p.linkType === link.LINUX_SLL2) {
    const at = p.linkType === link.LINUX_SLL ? 6 : 12;
    const other = names.mac(bytes.slice(at, at + 6));
    bytes.fill(0, at, at + 8);
    bytes.set(other, at);
  }
}

/** A packet with new headers: IP without a link header, or with Ethernet if a VLAN tag must tell connections apart. */
function rebuilt(s: Segment, names: Pseudonyms): RedactedPacket {
  const v4 = s.ipVersion === 4;
  const words = (all: readonly number[]): Uint8Array => {
    const out = Buffer.alloc(4 * all.length);
    all.forEach((w, i) => out.writeUInt32BE(w >>> 0, 4 * i));
    return names.address(new Uint8Array(out));
  };
  const source = words(v4 ? [s.src3] : [s.src0, s.src1, s.src2, s.src3]);
  const destination = words(v4 ? [s.dst3] : [s.dst0, s.dst1, s.dst2, s.dst3]);
  const form: FrameLink = s.vlan >= 0 ? { linkType: link.ETHERNET, vlan: s.vlan } : RAW_LINK;
  const frame = new TcpFrame({ addresses: [source, destination], ports: [s.srcPort, s.dstPort] }, form);
  const head = frame.headerBytes(s.flags);
  const captured = s.end - s.start;
  const out = new Block(new Uint8Array(head + captured));
  frame.put(out, 0, { from: 0, flags: s.flags, seq: s.seq >>> 0, ack: s.ack >>> 0 }, s.length, captured);
  const { tcpAt } = frame;
  const first = tcpAt - (v4 ? 8 : 32);
  return withTcp(s, form.linkType, out, tcpAt, head, first, v4 ? 4 : 16, head + s.length);
}

/** Computes the checksum and its parts, and removes options that may tell something about a host. */
function withTcp(
  s: Segment,
  linkType: number,
  out: Block,
  tcpAt: number,
  payloadAt: number,
  addressesAt: number,
  size: number,
  originalLength: number,
): RedactedPacket {
  const { bytes, view } = out;
  redactOptions(bytes, tcpAt + TCP_HEADER, payloadAt);
  const addresses = sum(bytes, addressesAt, 2 * size) + TCP;
  const length = payloadAt - tcpAt + s.length;
  const { state, partial } = checksumState(s, addresses, length);
  if (tcpAt + TCP_CHECKSUM + 2 <= bytes.length) view.setUint16(tcpAt + TCP_CHECKSUM, 0);
  const total = addresses + length + sum(bytes, tcpAt, payloadAt - tcpAt);
  const made: RedactedPacket = {
    ...{ linkType, bytes, originalLength: Math.max(originalLength, bytes.length), tcpAt, payloadAt },
    ...{ checksum: state, sum: total, partial },
  };
  if (tcpAt + TCP_CHECKSUM + 2 <= bytes.length) view.setUint16(tcpAt + TCP_CHECKSUM, checksumOf(made, 0));
  return made;
}

function checksumState(
  s: Segment,
  addresses: number,
  length: number,
): { readonly state: Checksum; readonly partial: number } {
  const { block, header } = s;
  const right = { state: 'right' as const, partial: 0 };
  if (header < 0 || header + TCP_CHECKSUM + 2 > block.bytes.length) return right;
  const field = block.view.getUint16(header + TCP_CHECKSUM);
  if (field === 0) return { state: 'none', partial: 0 };
  if (s.cut) return right;
  const pseudo = pseudoHeader(s);
  if (field === folded(pseudo + length)) return { state: 'partial', partial: addresses + length };
  if (field === folded(pseudo)) return { state: 'partial', partial: addresses };
  return isDamaged(s) ? { state: 'wrong', partial: 0 } : right;
}

function redactOptions(bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end;) {
    const kind = bytes[at]!;
    if (kind === 0) {
      bytes.fill(0, at, end);
      return;
    }
    const n = kind === NO_OPERATION ? 1 : Math.max(2, bytes[at + 1] ?? 2);
    const next = Math.min(end, at + n);
    if (kind !== NO_OPERATION && !KNOWN_OPTIONS.has(kind)) bytes.fill(NO_OPERATION, at, next);
    at = next;
  }
}
