import { folded, TCP } from '../link/checksum.js';
import type { Block } from '../base/block.js';
import type { ETHERNET } from '../link/link-types.js';
import { RAW } from '../link/link-types.js';
import { ACK, SYN } from '../link/segment.js';
import type { End } from '../stream/byte-stream.js';

/** Most payload of a segment that is made. With its headers it fits into an IP packet. */
export const SEGMENT_BYTES = 65_000;
export const WINDOW_SCALE = 14;

const WINDOW = 65_535;
const TTL = 64;
const TCP_HEADER = 20;
/** Maximum segment size, no-operation, window scale. */
const SYN_OPTIONS = [2, 4, SEGMENT_BYTES >>> 8, SEGMENT_BYTES & 0xff, 1, 3, 3, WINDOW_SCALE];
const ETHERNET_HEADER = 14;
const VLAN_TAG = 4;
const IPV4_HEADER = 20;
const IPV6_HEADER = 40;
/** First bytes of made-up Ethernet addresses: locally administered. */
const LOCAL_MAC = [0x02, 0x00];

/** Both ends of a conversation: IP addresses (4 or 16 bytes, both of the same length) and ports. */
export interface FrameEnds {
  readonly addresses: readonly [Uint8Array, Uint8Array];
  readonly ports: readonly [number, number];
}

/** The header before IP: none (link type RAW), or Ethernet, with a VLAN tag if `vlan` is not -1. */
export interface FrameLink {
  readonly linkType: typeof RAW | typeof ETHERNET;
  readonly vlan: number;
}

export const RAW_LINK: FrameLink = { linkType: RAW, vlan: -1 };

/** The header fields of a segment. */
export interface FrameHeader {
  readonly from: End;
  /** See link/segment.ts. */
  readonly flags: number;
  readonly seq: number;
  readonly ack: number;
}

/** Makes the packets of one TCP connection: headers with right lengths and checksums before a payload. */
export class TcpFrame {
  /** Bytes before the TCP header. */
  readonly tcpAt: number;
  private readonly ipAt: number;
  private readonly addressSum: number;
  private readonly ends: FrameEnds;
  private readonly link: FrameLink;

  constructor(ends: FrameEnds, link: FrameLink = RAW_LINK) {
    this.ends = ends;
    this.link = link;
    const v4 = ends.addresses[0].length === 4;
    this.ipAt = link.linkType === RAW ? 0 : ETHERNET_HEADER + (link.vlan >= 0 ? VLAN_TAG : 0);
    this.tcpAt = this.ipAt + (v4 ? IPV4_HEADER : IPV6_HEADER);
    let sum = 0;
    for (const address of ends.addresses)
      for (let i = 0; i < address.length; i += 2) sum += (address[i]! << 8) | address[i + 1]!;
    this.addressSum = sum;
  }

  /** Bytes of all headers of a segment with those flags. */
  headerBytes(flags: number): number {
    return this.tcpAt + tcpHeader(flags);
  }

  /**
   * Writes the headers at `at` of a block, in which the first `captured` of the segment's `payload` bytes must follow them. The checksum of
   * a segment that was cut covers only the bytes that are there.
   */
  put(block: Block, at: number, h: FrameHeader, payload: number, captured = payload): void {
    const header = tcpHeader(h.flags);
    if (this.ipAt > 0) this.putEthernet(h.from, block, at);
    this.putIp(h.from, block, at + this.ipAt, this.tcpAt - this.ipAt + header + payload);
    this.putTcp(h, block, at + this.tcpAt, header, payload, captured);
  }

  private putEthernet(from: End, block: Block, at: number): void {
    const { bytes, view } = block;
    for (const [i, end] of [from === 0 ? 1 : 0, from].entries()) {
      const address = this.ends.addresses[end as End];
      bytes.set(LOCAL_MAC, at + 6 * i);
      bytes.set(address.subarray(address.length - 4), at + 6 * i + 2);
    }
    let type = at + 12;
    if (this.link.vlan >= 0) {
      view.setUint16(type, 0x8100);
      view.setUint16(type + 2, this.link.vlan);
      type += VLAN_TAG;
    }
    view.setUint16(type, this.tcpAt - this.ipAt === IPV4_HEADER ? 0x0800 : 0x86dd);
  }

  private putIp(from: End, block: Block, at: number, length: number): void {
    const { bytes, view } = block;
    const [a, b] = this.ends.addresses;
    const [source, destination] = from === 0 ? [a, b] : [b, a];
    if (this.tcpAt - this.ipAt === IPV6_HEADER) {
      view.setUint32(at, 0x60000000);
      view.setUint16(at + 4, length - IPV6_HEADER);
      bytes[at + 6] = TCP;
      bytes[at + 7] = TTL;
      bytes.set(source, at + 8);
      bytes.set(destination, at + 24);
      return;
    }
    view.setUint32(at, 0x45000000 | length);
    // identification 0, do not fragment
    view.setUint32(at + 4, 0x00004000);
    view.setUint32(at + 8, (TTL << 24) | (TCP << 16));
    bytes.set(source, at + 12);
    bytes.set(destination, at + 16);
    view.setUint16(at + 10, fold(0x4500 + length + 0x4000 + ((TTL << 8) | TCP) + this.addressSum));
  }

  private putTcp(h: FrameHeader, block: Block, at: number, header: number, payload: number, captured: number): void {
    const { view } = block;
    const { from, flags } = h;
    view.setUint16(at, this.ends.ports[from]);
    view.setUint16(at + 2, this.ends.ports[from === 0 ? 1 : 0]);
    view.setUint32(at + 4, h.seq);
    view.setUint32(at + 8, flags & ACK ? h.ack : 0);
    view.setUint16(at + 12, ((header / 4) << 12) | flags);
    view.setUint16(at + 14, WINDOW);
    view.setUint32(at + 16, 0);
    if (header > TCP_HEADER) block.bytes.set(SYN_OPTIONS, at + TCP_HEADER);
    const words = sum(block.bytes, at, header + captured);
    view.setUint16(at + 16, fold(this.addressSum + TCP + header + payload + words));
  }
}

function tcpHeader(flags: number): number {
  return flags & SYN ? TCP_HEADER + SYN_OPTIONS.length : TCP_HEADER;
}

/** Internet checksum of a sum of 16-bit words (RFC 1071). */
export function fold(value: number): number {
  return ~folded(value) & 0xffff;
}

/** Sum of the 16-bit big-endian words of `bytes[at..at+length)`, at most 65535 bytes. */
export function sum(bytes: Uint8Array, at: number, length: number): number {
  const start = bytes.byteOffset + at;
  const rest = at + (length & ~3);
  let total = 0;
  if (start % 4 === 0) {
    const words = new Uint32Array(bytes.buffer, start, length >>> 2);
    // in either byte order, the halves of a 32-bit word are two of the words to be summed; on a little-endian machine their bytes are
    // swapped
    let low = 0;
    let high = 0;
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!;
      low += word & 0xffff;
      high += word >>> 16;
    }
    total = machineSum(low + high);
  } else if (start % 2 === 0) {
    const words = new Uint16Array(bytes.buffer, start, (length >>> 2) * 2);
    let words16 = 0;
    for (let i = 0; i < words.length; i++) words16 += words[i]!;
    total = machineSum(words16);
  } else {
    for (let i = at; i < rest; i += 2) total += (bytes[i]! << 8) | bytes[i + 1]!;
  }
  const end = at + length;
  for (let i = rest; i < end; i++) total += (i - rest) % 2 === 0 ? bytes[i]! << 8 : bytes[i]!;
  return total;
}

/** Converts a sum of words in the machine's byte order to one of big-endian words (RFC 1071, section 2B). */
function machineSum(words: number): number {
  let total = (words & 0xffff) + Math.floor(words / 0x10000);
  total = (total & 0xffff) + (total >>> 16);
  return LITTLE_ENDIAN ? ((total & 0xff) << 8) | (total >>> 8) : total;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
