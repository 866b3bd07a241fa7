import type { Block } from '../base/block.js';

/** EtherTypes of what tunnels carry (IANA, IEEE 802 numbers). */
const IPV4 = 0x0800;
const IPV6 = 0x86dd;
export const MPLS = 0x8847;
export const PPP = 0x880b;
/** "Transparent Ethernet bridging": a whole Ethernet frame. */
export const ETHERNET = 0x6558;

const UDP_HEADER = 8;
/** UDP ports of tunnels (IANA). */
const VXLAN_PORT = 4789;
/** The port that Linux used for VXLAN before one was assigned. */
const OLD_VXLAN_PORT = 8472;
const VXLAN_GPE_PORT = 4790;
const GENEVE_PORT = 6081;

/** GRE (RFC 2784, RFC 2890): bits that say which fields of four bytes follow; version 1 is that of PPTP (RFC 2637). */
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_ACKNOWLEDGMENT = 0x0080;
const GRE_VERSION = 0x0007;
/** ERSPAN types I and II, and III (draft-foschiano-erspan): Ethernet frames that a switch mirrors. */
const ERSPAN = 0x88be;
const ERSPAN_III = 0x22eb;
const ERSPAN_II_HEADER = 8;
const ERSPAN_III_HEADER = 12;
const ERSPAN_SUBHEADER = 8;

/** Instead of a tunnel: UDP of another kind; a tunnel's header that is cut off. */
export const NO_TUNNEL = null;
export const CUT = undefined;

/** What a tunnel carries: its EtherType and the index where it begins; or its name, where it is not decoded. */
export type Tunnel = { readonly type: number; readonly at: number } | string | typeof NO_TUNNEL | typeof CUT;

/** What follows the GRE header at `at`. */
export function gre(block: Block, at: number, end: number): Tunnel {
  if (end - at < 4) return CUT;
  const { view } = block;
  const flags = view.getUint16(at);
  const type = view.getUint16(at + 2);
  const version = flags & GRE_VERSION;
  if (version > 1) return `GRE of version ${version}`;
  if ((flags & GRE_ROUTING) !== 0) return 'GRE with source routes';
  let inner = at + 4;
  for (const bit of [GRE_CHECKSUM, GRE_KEY, GRE_SEQUENCE]) if ((flags & bit) !== 0) inner += 4;
  if (version === 1 && (flags & GRE_ACKNOWLEDGMENT) !== 0) inner += 4;
  if (inner > end) return CUT;
  switch (type) {
    case IPV4:
    case IPV6:
    case MPLS:
    case PPP:
    case ETHERNET:
      return { type, at: inner };
    case ERSPAN:
      // type I has no header of its own, and no sequence numbers
      return { type: ETHERNET, at: inner + ((flags & GRE_SEQUENCE) !== 0 ? ERSPAN_II_HEADER : 0) };
    case ERSPAN_III: {
      if (end - inner < ERSPAN_III_HEADER) return CUT;
      const subheader = (block.bytes[inner + ERSPAN_III_HEADER - 1]! & 1) !== 0 ? ERSPAN_SUBHEADER : 0;
      return { type: ETHERNET, at: inner + ERSPAN_III_HEADER + subheader };
    }
    default:
      return `GRE with protocol 0x${type.toString(16).padStart(4, '0')}`;
  }
}

/** Whether a UDP datagram goes to the port of a tunnel; `at` is where its header begins. */
export function isTunnelPort(block: Block, at: number, end: number): boolean {
  if (end - at < UDP_HEADER) return false;
  const port = block.view.getUint16(at + 2);
  return port === VXLAN_PORT || port === OLD_VXLAN_PORT || port === VXLAN_GPE_PORT || port === GENEVE_PORT;
}

/** What the UDP datagram at `at` carries. */
export function udpTunnel(block: Block, at: number, end: number): Tunnel {
  if (!isTunnelPort(block, at, end)) return NO_TUNNEL;
  const header = at + UDP_HEADER;
  if (end - header < 8) return CUT;
  const port = block.view.getUint16(at + 2);
  return port === GENEVE_PORT ? geneve(block, header, end) : vxlan(block, header, port === VXLAN_GPE_PORT);
}

/** VXLAN (RFC 7348): a header of eight bytes, whose flag 0x08 must be set, then an Ethernet frame. */
function vxlan(block: Block, at: number, generic: boolean): Tunnel {
  const { bytes } = block;
  const flags = bytes[at]!;
  if ((flags & 0x08) === 0) return NO_TUNNEL;
  const inner = at + 8;
  // the generic extension names its contents where its bit 0x04 is set (draft-ietf-nvo3-vxlan-gpe)
  if (!generic || (flags & 0x04) === 0) return { type: ETHERNET, at: inner };
  const next = bytes[at + 3]!;
  const type = [undefined, IPV4, IPV6, ETHERNET, undefined, MPLS][next];
  return type === undefined ? `VXLAN-GPE with protocol ${next}` : { type, at: inner };
}

/** Geneve (RFC 8926): version and length of the options, flags, EtherType, network number, options. */
function geneve(block: Block, at: number, end: number): Tunnel {
  const first = block.bytes[at]!;
  if (first >> 6 !== 0) return NO_TUNNEL;
  const type = block.view.getUint16(at + 2);
  const inner = at + 8 + (first & 0x3f) * 4;
  if (inner > end) return CUT;
  if (type === IPV4 || type === IPV6 || type === ETHERNET || type === MPLS) return { type, at: inner };
  return `Geneve with protocol 0x${type.toString(16).padStart(4, '0')}`;
}
