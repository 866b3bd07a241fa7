import type { Block } from '../base/block.js';
import type { CaptureClock } from '../base/capture-clock.js';
import type { Limits } from '../base/limits.js';
import { Fragments } from './fragments.js';
import { TCP } from './checksum.js';
import type { Segment } from './segment.js';
import { CUT, ETHERNET, gre, isTunnelPort, MPLS, NO_TUNNEL, udpTunnel, type Tunnel } from './tunnels.js';

/** Field offsets: RFC 791, section 3.1; RFC 8200, section 3; RFC 9293, section 3.1. */
const V4_TOTAL_LENGTH = 2;
const V4_ID = 4;
const V4_FRAGMENT = 6;
const V4_PROTOCOL = 9;
const V4_SOURCE = 12;
const V4_DESTINATION = 16;
const V4_HEADER = 20;
const MORE_FRAGMENTS = 0x2000;

const V6_PAYLOAD_LENGTH = 4;
const V6_NEXT_HEADER = 6;
const V6_SOURCE = 8;
const V6_DESTINATION = 24;
const V6_HEADER = 40;

const TCP_SEQ = 4;
const TCP_ACK = 8;
const TCP_DATA_OFFSET = 12;
const TCP_FLAGS = 13;
const TCP_HEADER = 20;
/** Bytes of a TCP header that must be captured to use its segment: up to the flags. */
const TCP_NEEDED = 14;

/** IP protocol numbers (IANA). */
const HOP_BY_HOP = 0;
const IP_IN_IP = 4;
const UDP = 17;
const IPV6_IN_IP = 41;
const ROUTING = 43;
const FRAGMENT = 44;
const GRE = 47;
const AH = 51;
const DESTINATION = 60;
const ETHER_IN_IP = 97;
const MOBILITY = 135;
const MPLS_IN_IP = 137;
const HIP = 139;
const SHIM6 = 140;
/** Protocols that may carry TCP, so that their fragments are joined. UDP does so only on the ports of tunnels, which the first fragment shows. */
const CARRIERS: ReadonlySet<number> = new Set([
  TCP,
  UDP,
  IP_IN_IP,
  IPV6_IN_IP,
  GRE,
  AH,
  DESTINATION,
  ETHER_IN_IP,
  MPLS_IN_IP,
]);
/** Protocols that may carry TCP and are not decoded. */
const UNREAD: ReadonlyMap<number, string> = new Map([
  [50, 'IPsec ESP (IP protocol 50)'],
  [108, 'IPComp (IP protocol 108)'],
  [115, 'L2TP (IP protocol 115)'],
]);

/** Option of the hop-by-hop header that carries the length of a packet beyond 65535 bytes (RFC 2675). */
const JUMBO_OPTION = 0xc2;

/** What the IP decoder hands back to the link decoder: frames inside IP packets, and what is only counted or reported. */
export interface IpSurroundings {
  /** The contents of a frame with that EtherType, from `at` on. */
  etherType(type: number, block: Block, at: number, end: number, wireEnd: number): void;
  /** A packet that may carry TCP inside a protocol that is not decoded; `what`: its name. */
  unread(what: string): void;
  limit(text: string): void;
}

/**
 * Finds the TCP segment in an IP packet, also where that is inside another packet. All positions are indexes into one block: `at` is where
 * something begins, `end` where the captured bytes end, `wireEnd` where they ended on the wire (beyond `end` where the packet was cut).
 * IP checksums are not checked: where the network card computes them, a recording on the sending host shows them unfinished.
 */
export class IpDecoder {
  private readonly segment: Segment;
  private readonly onSegment: (segment: Segment) => void;
  private readonly around: IpSurroundings;
  private readonly limits: Readonly<Limits>;
  private readonly fragments: Fragments;
  private nesting = 0;
  /** Number of packets without TCP, and of packets too short or too damaged to tell. */
  other = 0;
  damaged = 0;

  constructor(
    limits: Readonly<Limits>,
    segment: Segment,
    onSegment: (segment: Segment) => void,
    around: IpSurroundings,
    clock: CaptureClock,
  ) {
    this.limits = limits;
    this.segment = segment;
    this.onSegment = onSegment;
    this.around = around;
    this.fragments = new Fragments(limits, clock, (text) => around.limit(text));
  }

  /** Number of IP datagrams of which fragments are missing so far. */
  get unfinished(): number {
    return this.fragments.unfinished;
  }

  /** Number of IPv6 datagrams that were given up because their fragments overlap (RFC 5722). */
  get overlapping(): number {
    return this.fragments.overlapping;
  }

  /** An IP packet of the version that its first four bits give. */
  packet(block: Block, at: number, end: number, wireEnd: number): void {
    if (at >= end) {
      this.damaged++;
      return;
    }
    const version = block.bytes[at]! >> 4;
    if (version === 4) this.v4(block, at, end, wireEnd);
    else if (version === 6) this.v6(block, at, end, wireEnd);
    else this.damaged++;
  }

  v4(block: Block, at: number, end: number, wireEnd: number): void {
    if (end - at < V4_HEADER) {
      this.damaged++;
      return;
    }
    const { bytes, view } = block;
    const first = bytes[at]!;
    const header = (first & 0x0f) * 4;
    // segmentation offload leaves a total length of 0: then the frame's length counts
    const total = view.getUint16(at + V4_TOTAL_LENGTH) || wireEnd - at;
    if (first >> 4 !== 4 || header < V4_HEADER || total < header) {
      this.damaged++;
      return;
    }
    const protocol = bytes[at + V4_PROTOCOL]!;
    const payload = at + header;
    const payloadEnd = at + total;
    const capturedEnd = payloadEnd < end ? payloadEnd : end;
    const s = this.segment;
    s.ipVersion = 4;
    s.src0 = s.src1 = s.dst0 = s.dst1 = 0;
    s.src2 = s.dst2 = 0xffff;
    s.src3 = view.getInt32(at + V4_SOURCE);
    s.dst3 = view.getInt32(at + V4_DESTINATION);
    const fragment = view.getUint16(at + V4_FRAGMENT);
    if ((fragment & (MORE_FRAGMENTS | 0x1fff)) !== 0) {
      const id = view.getUint16(at + V4_ID);
      const more = (fragment & MORE_FRAGMENTS) !== 0;
      this.fragment(id, block, payload, capturedEnd, payloadEnd, (fragment & 0x1fff) * 8, !more, protocol);
    } else if (protocol === TCP) this.tcp(block, payload, capturedEnd, payloadEnd);
    else this.payload(protocol, block, payload, capturedEnd, payloadEnd);
  }

  v6(block: Block, at: number, end: number, wireEnd: number): void {
    if (end - at < V6_HEADER) {
      this.damaged++;
      return;
    }
    const { bytes, view } = block;
    if (bytes[at]! >> 4 !== 6) {
      this.damaged++;
      return;
    }
    const length = view.getUint16(at + V6_PAYLOAD_LENGTH);
    const s = this.segment;
    s.ipVersion = 6;
    s.src0 = view.getInt32(at + V6_SOURCE);
    s.src1 = view.getInt32(at + V6_SOURCE + 4);
    s.src2 = view.getInt32(at + V6_SOURCE + 8);
    s.src3 = view.getInt32(at + V6_SOURCE + 12);
    s.dst0 = view.getInt32(at + V6_DESTINATION);
    s.dst1 = view.getInt32(at + V6_DESTINATION + 4);
    s.dst2 = view.getInt32(at + V6_DESTINATION + 8);
    s.dst3 = view.getInt32(at + V6_DESTINATION + 12);
    const payload = at + V6_HEADER;
    // segmentation offload leaves 0; a jumbogram has 0 as well, and its length in an option
    const payloadEnd = length > 0 ? payload + length : jumboEnd(block, at, end, wireEnd);
    this.payload(bytes[at + V6_NEXT_HEADER]!, block, payload, payloadEnd < end ? payloadEnd : end, payloadEnd);
  }

  /** Skips extension headers up to TCP, or to a protocol that may carry another packet. */
  private payload(protocol: number, block: Block, at: number, end: number, wireEnd: number): void {
    const { bytes } = block;
    let next = protocol;
    let pos = at;
    for (let n = 0; n < this.limits.extensionHeaders; n++) {
      switch (next) {
        case TCP:
          this.tcp(block, pos, end, wireEnd);
          return;
        case HOP_BY_HOP:
        case ROUTING:
        case DESTINATION:
        case MOBILITY:
        case HIP:
        case SHIM6:
        case AH: {
          if (end - pos < 8) {
            this.damaged++;
            return;
          }
          const length = next === AH ? (bytes[pos + 1]! + 2) * 4 : (bytes[pos + 1]! + 1) * 8;
          next = bytes[pos]!;
          pos += length;
          break;
        }
        case FRAGMENT: {
          if (end - pos < 8) {
            this.damaged++;
            return;
          }
          const inside = bytes[pos]!;
          const place = block.view.getUint16(pos + 2);
          const id = block.view.getInt32(pos + 4);
          next = inside;
          pos += 8;
          // an "atomic" fragment is the whole packet (RFC 6946)
          if ((place & 0xfff9) === 0) break;
          this.fragment(id, block, pos, end, wireEnd, place & 0xfff8, (place & 1) === 0, inside);
          return;
        }
        default:
          this.nested(next, block, pos, end, wireEnd);
          return;
      }
    }
    this.damaged++;
    const { extensionHeaders } = this.limits;
    this.around.limit(
      `extensionHeaders: more than ${extensionHeaders} extension headers in one packet; it is not read`,
    );
  }

  private nested(protocol: number, block: Block, at: number, end: number, wireEnd: number): void {
    const { nestedPackets } = this.limits;
    if (this.nesting >= nestedPackets) {
      this.around.limit(
        `nestedPackets: more than ${nestedPackets} packets inside each other; what is further in is not read`,
      );
      return;
    }
    this.nesting++;
    switch (protocol) {
      case IP_IN_IP:
      case IPV6_IN_IP:
        this.packet(block, at, end, wireEnd);
        break;
      case UDP:
        this.inside(udpTunnel(block, at, end), block, end, wireEnd);
        break;
      case GRE:
        this.inside(gre(block, at, end), block, end, wireEnd);
        break;
      case ETHER_IN_IP:
        // two bytes: version and reserved bits (RFC 3378)
        this.around.etherType(ETHERNET, block, at + 2, end, wireEnd);
        break;
      case MPLS_IN_IP:
        this.around.etherType(MPLS, block, at, end, wireEnd);
        break;
      default: {
        const unread = UNREAD.get(protocol);
        if (unread === undefined) this.other++;
        else this.around.unread(unread);
      }
    }
    this.nesting--;
  }

  private inside(tunnel: Tunnel, block: Block, end: number, wireEnd: number): void {
    if (typeof tunnel === 'string') this.around.unread(tunnel);
    else if (tunnel === CUT) this.damaged++;
    else if (tunnel === NO_TUNNEL) this.other++;
    else this.around.etherType(tunnel.type, block, tunnel.at, end, wireEnd);
  }

  private fragment(
    id: number,
    block: Block,
    at: number,
    end: number,
    wireEnd: number,
    offset: number,
    last: boolean,
    protocol: number,
  ): void {
    const { fragments, segment } = this;
    const unread = UNREAD.get(protocol);
    if (unread !== undefined && offset === 0) this.around.unread(unread);
    if (!CARRIERS.has(protocol)) {
      if (unread === undefined) this.other++;
      return;
    }
    if (protocol === UDP && offset === 0 && !isTunnelPort(block, at, end)) {
      this.other++;
      fragments.passOver(segment, protocol, id);
      return;
    }
    const captured = end > at ? end : at;
    const whole = fragments.add(segment, protocol, id, block, at, captured, offset, wireEnd - at, last);
    if (whole !== null) this.payload(protocol, whole.block, 0, whole.block.bytes.length, whole.length);
  }

  private tcp(block: Block, at: number, end: number, wireEnd: number): void {
    if (end - at < TCP_NEEDED) {
      this.damaged++;
      return;
    }
    const { bytes, view } = block;
    const header = (bytes[at + TCP_DATA_OFFSET]! >> 4) * 4;
    const start = at + header;
    if (header < TCP_HEADER || start > wireEnd) {
      this.damaged++;
      return;
    }
    const s = this.segment;
    s.srcPort = view.getUint16(at);
    s.dstPort = view.getUint16(at + 2);
    s.seq = view.getUint32(at + TCP_SEQ);
    s.ack = view.getUint32(at + TCP_ACK);
    s.flags = bytes[at + TCP_FLAGS]!;
    s.block = block;
    s.header = at;
    s.start = start < end ? start : end;
    s.end = end;
    s.length = wireEnd - start;
    s.cut = wireEnd > end;
    this.onSegment(s);
  }
}

/** End of an IPv6 packet whose payload length is 0: by its jumbo option, or else where the frame ends. */
function jumboEnd(block: Block, at: number, end: number, wireEnd: number): number {
  const { bytes } = block;
  if (bytes[at + V6_NEXT_HEADER] !== HOP_BY_HOP) return wireEnd;
  let pos = at + V6_HEADER;
  if (end - pos < 8) return wireEnd;
  const headerEnd = Math.min(pos + (bytes[pos + 1]! + 1) * 8, end);
  pos += 2;
  while (pos + 6 <= headerEnd) {
    const option = bytes[pos]!;
    if (option === JUMBO_OPTION && bytes[pos + 1] === 4) {
      const length = block.view.getUint32(pos + 2);
      return Math.min(at + V6_HEADER + length, wireEnd);
    }
    pos += option === 0 ? 1 : 2 + bytes[pos + 1]!;
  }
  return wireEnd;
}
