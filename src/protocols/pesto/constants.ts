import { flagNames as bitNames, nameOf } from '../../base/field.js';
import { unhex } from '../../base/hex.js';

/** `basil:s` and a NUL: the first eight bytes that a server sends. */
export const MAGIC = unhex('62 61 73 69 6c 3a 73 00');

/** The version of the newest release. */
export const NEWEST_VERSION = 2;

/** Whether a release has that version. The layout of any other version can only be guessed. */
export function isReleased(version: number): boolean {
  return version === 1 || version === NEWEST_VERSION;
}

/** Fixed sizes that the hello announces. */
export const PIF_NAME_SIZE = 128;
export const IFNAMSIZ = 16;

export const PIF_NONE = 0;
export const PIF_HOST = 1;
export const PIF_TAP = 2;
export const PIF_SPLICE = 3;

/** Whether no released server has a table with that id. */
export function isStrange(pif: number): boolean {
  return pif === PIF_TAP || pif > PIF_SPLICE;
}
export const PIF_NAMES: readonly string[] = ['NONE', 'HOST', 'TAP', 'SPLICE'];

/** The name that a pif id has in every shipped server. */
export function pifName(id: number): string {
  return PIF_NAMES[id] ?? `pif ${id}`;
}

/** The most entries of a list that a client has room for. */
export const MAX_PIFS = 3;
/** The most rules of one table. */
export const MAX_RULES = 255;
/** The most listening sockets of one table: the ports of all its rules together. */
export const MAX_SOCKETS = 65_536 * 5;

export const CAP_IPV4 = 0x01;
export const CAP_IPV6 = 0x02;
export const CAP_TCP = 0x04;
export const CAP_UDP = 0x08;
export const CAP_SCAN = 0x10;
export const CAP_IFNAME = 0x20;
export const CAPS_KNOWN = 0x3f;
export const CAP_NAMES: readonly string[] = ['IPV4', 'IPV6', 'TCP', 'UDP', 'SCAN', 'IFNAME'];

export const DUAL_STACK_ANY = 0x01;
export const WEAK = 0x02;
export const SCAN = 0x04;
export const FLAGS_KNOWN = 0x07;
export const FLAG_NAMES: readonly string[] = ['DUAL_STACK_ANY', 'WEAK', 'SCAN'];

export const TCP = 6;
export const UDP = 17;
export const PROTO_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'ICMP'],
  [6, 'TCP'],
  [17, 'UDP'],
  [58, 'ICMPv6'],
]);

/** Names of capability bits; bits without a name as one hex number. */
export function capNames(caps: number): string[] {
  return bitNames(caps, CAP_NAMES, 1, 'together');
}

/** Names of rule flags; bits without a name as one hex number. */
export function flagNames(flags: number): string[] {
  return bitNames(flags, FLAG_NAMES, 1, 'together');
}

/** `TCP`, `UDP`, or `proto 132`. */
export function protoName(proto: number): string {
  return nameOf(PROTO_NAMES, 'proto ', proto);
}
