import type { Block } from '../base/block.js';
import { CaptureClock } from '../base/capture-clock.js';
import { LIMIT, UNSUPPORTED_LINK } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import { count } from '../base/text.js';
import { SOCKET_EVENT, type CaptureNote, type Packet, type SocketEvent } from '../capture/packet.js';
import { IpDecoder } from './ip-decoder.js';
import * as link from './link-types.js';
import { Segment } from './segment.js';
import type { SocketLink } from './socket-link.js';
import { SOCKET_LINKS, type SocketLinks } from './socket-links.js';
import * as tunnel from './tunnels.js';

/** EtherType values (IANA, IEEE 802 numbers). */
const TYPE_IPV4 = 0x0800;
const TYPE_VLAN = 0x8100;
const TYPE_IPV6 = 0x86dd;
const TYPE_MPLS = 0x8847;
const TYPE_MPLS_MULTICAST = 0x8848;
const TYPE_PPPOE = 0x8864;
/** Types that may carry IP and are not decoded. */
const UNREAD_TYPES: ReadonlyMap<number, string> = new Map([
  [0x88e5, 'MACsec (EtherType 0x88e5)'],
  [0x88e7, 'provider backbone bridging (EtherType 0x88e7)'],
  [0x894f, 'NSH (EtherType 0x894f)'],
  [0x22f3, 'TRILL (EtherType 0x22f3)'],
]);
const TYPE_PROVIDER_VLAN = 0x88a8;
/** Outer tags of equipment from before 802.1ad. */
const TYPE_OLD_QINQ = 0x9100;
const TYPE_OLD_QINQ_2 = 0x9200;
const TYPE_OLD_QINQ_3 = 0x9300;
/** The two addresses that text2pcap writes into every frame: " RECV" and " SEND", each with a NUL. */
const TEXT2PCAP_MACS = [0x20524543, 0x56002053, 0x454e4400] as const;
/** Values up to here are lengths of IEEE 802.3 frames, not types. */
const LAST_LENGTH = 1500;

const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;

/** NFLOG attribute that holds the packet (linux/netfilter/nfnetlink_log.h). */
const NFULA_PAYLOAD = 9;

/**
 * Turns captured packets into TCP segments, and passes on the events of recorded sockets. One Segment object is reused for all.
 * Packets without TCP are counted; link types that are not decoded are reported once each, at the end.
 */
export class LinkDecoder {
  private readonly segment = new Segment();
  private readonly onSegment: (segment: Segment) => void;
  private readonly note: (note: CaptureNote) => void;
  private readonly limits: Readonly<Limits>;
  private readonly ip: IpDecoder;
  private readonly clock = new CaptureClock();
  /** Packets that are not decoded, by link type, or by the name of the protocol that may carry TCP. */
  private readonly unsupported = new Map<number | string, { packets: number; first: number }>();
  private readonly socketLinks: SocketLinks;
  private readonly socketDecoders = new Map<number, SocketLink>();
  private readonly limitsNoted = new Set<string>();
  private otherFrames = 0;

  constructor(
    limits: Readonly<Limits>,
    onSegment: (segment: Segment) => void,
    note: (note: CaptureNote) => void,
    socketLinks: SocketLinks = SOCKET_LINKS,
  ) {
    this.limits = limits;
    this.onSegment = onSegment;
    this.note = note;
    this.socketLinks = socketLinks;
    const around = {
      etherType: (type: number, block: Block, at: number, end: number, wireEnd: number) =>
        this.etherType(type, block, at, end, wireEnd),
      unread: (what: string) => this.countUnsupported(what, this.segment.packet),
      limit: (text: string) => this.limit(text),
    };
    this.ip = new IpDecoder(limits, this.segment, onSegment, around, this.clock);
  }

  /** Number of packets without a TCP segment: other protocols, frames without IP. */
  get notTcp(): number {
    return this.otherFrames + this.ip.other;
  }

  /** Number of packets whose headers are cut off or contradict themselves. */
  get damaged(): number {
    return this.ip.damaged;
  }

  packet(p: Packet): void {
    const s = this.segment;
    s.packet = p.number;
    s.seconds = p.seconds;
    this.clock.at(p.seconds);
    s.nanos = p.nanos;
    s.interfaceId = p.interfaceId;
    s.interfaceDescription = p.interfaceDescription;
    s.comment = p.comment;
    s.vlan = -1;
    s.fromZero = false;
    const { block, start, end } = p;
    const wireEnd = start + p.originalLength > end ? start + p.originalLength : end;
    if (p.linkType === link.ETHERNET) {
      s.fromZero = isFromText(block, start, end);
      this.typed(block, start + 12, end, wireEnd);
    } else this.framed(p, block, start, end, wireEnd);
  }

  /** A packet of another link layer than Ethernet. */
  private framed(p: Packet, block: Block, start: number, end: number, wireEnd: number): void {
    switch (p.linkType) {
      case link.LINUX_SLL:
        this.typed(block, start + 14, end, wireEnd);
        break;
      case link.LINUX_SLL2:
        // the EtherType comes first; the header has 20 bytes
        if (end - start < 20) this.ip.damaged++;
        else this.etherType(block.view.getUint16(start), block, start + 20, end, wireEnd);
        break;
      case link.RAW:
      case link.RAW_12:
      case link.RAW_14:
      case link.IPV4:
      case link.IPV6:
        this.ip.packet(block, start, end, wireEnd);
        break;
      case link.NULL:
      case link.LOOP:
        // the address family has the recording machine's byte order and numbers; IP tells its version itself
        this.ip.packet(block, start + 4, end, wireEnd);
        break;
      case link.PPP:
      case link.PPP_HDLC:
        this.ppp(block, start, end, wireEnd);
        break;
      case link.NFLOG:
        this.nflog(block, start, end, wireEnd);
        break;
      case SOCKET_EVENT:
        if (p.socket !== null) this.socket(p.socket, block, start, end, wireEnd - start);
        break;
      default:
        this.socketLinkOrUnsupported(p);
    }
  }

  /** Reports what was not decoded. */
  end(): void {
    for (const { limitHit } of this.socketDecoders.values()) if (limitHit !== '') this.limit(limitHit);
    let told = 0;
    for (const [kind, { packets, first }] of this.unsupported) {
      if (++told > this.limits.findingsPerRule) {
        const text = `and ${count(this.unsupported.size - told + 1, 'more kind')} (limit findingsPerRule)`;
        this.note({ rule: UNSUPPORTED_LINK, text, offset: 0, length: 0 });
        break;
      }
      const what = typeof kind === 'string' ? kind : `link type ${link.linkTypeName(kind)}`;
      const text = `${count(packets, 'packet')} of ${what} not decoded, the first is packet ${first}`;
      this.note({ rule: UNSUPPORTED_LINK, text, offset: 0, length: 0 });
    }
    this.unsupported.clear();
    const { unfinished, overlapping } = this.ip;
    if (unfinished > 0) {
      const text = `${count(unfinished, 'IP datagram')} not decoded, of which fragments are missing`;
      this.note({ rule: UNSUPPORTED_LINK, text, offset: 0, length: 0 });
    }
    if (overlapping > 0) {
      const text = `${count(overlapping, 'IPv6 datagram')} not decoded, whose fragments overlap (RFC 5722)`;
      this.note({ rule: UNSUPPORTED_LINK, text, offset: 0, length: 0 });
    }
    if (this.ip.damaged > 0) {
      const text = `${count(this.ip.damaged, 'packet')} not decoded, whose headers are cut off or contradict themselves`;
      this.note({ rule: UNSUPPORTED_LINK, text, offset: 0, length: 0 });
    }
  }

  /** `at` is the index of an EtherType field, which directly precedes its contents. */
  private typed(block: Block, at: number, end: number, wireEnd: number): void {
    if (end - at < 2) {
      this.ip.damaged++;
      return;
    }
    const type = block.view.getUint16(at);
    if (type === TYPE_IPV4) this.ip.v4(block, at + 2, end, wireEnd);
    else this.etherType(type, block, at + 2, end, wireEnd);
  }

  private etherType(first: number, block: Block, start: number, end: number, wireEnd: number): void {
    const { view } = block;
    let type = first;
    let at = start;
    for (let n = 0; n < this.limits.linkTags; n++) {
      switch (type) {
        case TYPE_IPV4:
          this.ip.v4(block, at, end, wireEnd);
          return;
        case TYPE_IPV6:
          this.ip.v6(block, at, end, wireEnd);
          return;
        case TYPE_VLAN:
        case TYPE_PROVIDER_VLAN:
        case TYPE_OLD_QINQ:
        case TYPE_OLD_QINQ_2:
        case TYPE_OLD_QINQ_3:
          if (end - at < 4) {
            this.ip.damaged++;
            return;
          }
          if (this.segment.vlan < 0) this.segment.vlan = view.getUint16(at) & 0x0fff;
          type = view.getUint16(at + 2);
          at += 4;
          break;
        case TYPE_MPLS:
        case TYPE_MPLS_MULTICAST:
          this.mpls(block, at, end, wireEnd);
          return;
        case TYPE_PPPOE:
          this.ppp(block, at + 6, end, wireEnd);
          return;
        case tunnel.PPP:
          this.ppp(block, at, end, wireEnd);
          return;
        case tunnel.ETHERNET:
          this.typed(block, at + 12, end, wireEnd);
          return;
        default:
          if (UNREAD_TYPES.has(type)) {
            this.countUnsupported(UNREAD_TYPES.get(type)!, this.segment.packet);
            return;
          }
          // LLC and SNAP with an EtherType: AA AA 03 00 00 00 TYPE
          if (type > LAST_LENGTH || end - at < 8 || view.getUint32(at) !== 0xaaaa0300 || block.bytes[at + 4] !== 0) {
            this.otherFrames++;
            return;
          }
          type = view.getUint16(at + 6);
          at += 8;
      }
    }
    this.tooManyTags();
  }

  private tooManyTags(): void {
    this.otherFrames++;
    const { linkTags } = this.limits;
    this.limit(`linkTags: more than ${linkTags} tags or labels in front of one packet; it is not read`);
  }

  private mpls(block: Block, start: number, end: number, wireEnd: number): void {
    let at = start;
    for (let n = 0; n < this.limits.linkTags && end - at >= 4; n++) {
      const bottom = (block.bytes[at + 2]! & 1) === 1;
      at += 4;
      if (bottom) {
        this.ip.packet(block, at, end, wireEnd);
        return;
      }
    }
    if (end - at >= 4) this.tooManyTags();
    else this.otherFrames++;
  }

  /** PPP: address and control bytes may be left out, and so may the first byte of the protocol (RFC 1661, section 6.5). */
  private ppp(block: Block, start: number, end: number, wireEnd: number): void {
    const { bytes, view } = block;
    let at = start;
    if (end - at >= 2 && view.getUint16(at) === 0xff03) at += 2;
    if (end - at < 2) {
      this.ip.damaged++;
      return;
    }
    const short = (bytes[at]! & 1) === 1;
    const protocol = short ? bytes[at]! : view.getUint16(at);
    if (protocol !== PPP_IPV4 && protocol !== PPP_IPV6) this.otherFrames++;
    else this.ip.packet(block, at + (short ? 1 : 2), end, wireEnd);
  }

  /** Netfilter log: four bytes, then attributes (length, type, value) in the recording machine's byte order. */
  private nflog(block: Block, start: number, end: number, wireEnd: number): void {
    const { bytes, view } = block;
    let at = start + 4;
    // attribute lengths are short, so their high byte is 0
    const little = end - at < 2 || bytes[at] !== 0;
    for (let n = 0; n < this.limits.linkTags && end - at >= 4; n++) {
      const length = view.getUint16(at, little);
      const type = view.getUint16(at + 2, little) & 0x7fff;
      if (length < 4) break;
      if (type === NFULA_PAYLOAD) {
        this.ip.packet(block, at + 4, end, Math.min(at + length, wireEnd));
        return;
      }
      at += (length + 3) & ~3;
    }
    this.otherFrames++;
  }

  private socketLinkOrUnsupported(p: Packet): void {
    const make = this.socketLinks.get(p.linkType);
    if (make === undefined) {
      this.countUnsupported(p.linkType, p.number);
      return;
    }
    let decoder = this.socketDecoders.get(p.linkType);
    if (decoder === undefined) {
      decoder = make(this.limits);
      this.socketDecoders.set(p.linkType, decoder);
    }
    if (!decoder.packet(p, this.emit)) this.countUnsupported(p.linkType, p.number);
  }

  private countUnsupported(kind: number | string, packet: number): void {
    const seen = this.unsupported.get(kind);
    if (seen === undefined) this.unsupported.set(kind, { packets: 1, first: packet });
    else seen.packets++;
  }

  private readonly emit = (event: SocketEvent, block: Block, start: number, end: number, length: number): void => {
    this.socket(event, block, start, end, length);
  };

  private socket(event: SocketEvent, block: Block, start: number, end: number, length: number): void {
    const s = this.segment;
    s.socket = event;
    s.block = block;
    s.start = start;
    s.end = end;
    s.length = length;
    s.cut = length > end - start;
    this.onSegment(s);
    s.socket = null;
  }

  private limit(text: string): void {
    const name = text.slice(0, text.indexOf(':'));
    if (this.limitsNoted.has(name)) return;
    this.limitsNoted.add(name);
    this.note({ rule: LIMIT, text, offset: 0, length: 0 });
  }
}

/** Whether text2pcap made the Ethernet frame. */
function isFromText(block: Block, at: number, end: number): boolean {
  const { view } = block;
  return (
    end - at >= 12 &&
    view.getUint32(at) === TEXT2PCAP_MACS[0] &&
    view.getUint32(at + 4) === TEXT2PCAP_MACS[1] &&
    view.getUint32(at + 8) === TEXT2PCAP_MACS[2]
  );
}
