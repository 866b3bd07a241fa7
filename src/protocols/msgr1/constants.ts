/** Numbers and names of the messenger protocol, version 1 (src/include/msgr.h; src/msg/async/ProtocolV1.cc). */

/** Tags: the answer in a connect reply, and the first byte of every item after the handshake. */
export const TAG = {
  READY: 1,
  RESETSESSION: 2,
  WAIT: 3,
  RETRY_SESSION: 4,
  RETRY_GLOBAL: 5,
  CLOSE: 6,
  MSG: 7,
  ACK: 8,
  KEEPALIVE: 9,
  BADPROTOVER: 10,
  BADAUTHORIZER: 11,
  FEATURES: 12,
  SEQ: 13,
  KEEPALIVE2: 14,
  KEEPALIVE2_ACK: 15,
  CHALLENGE_AUTHORIZER: 16,
} as const;

export const TAG_NAMES: readonly string[] = ['TAG_0', ...Object.keys(TAG)];

/** `MSG`; a number without a name as `TAG_40`. */
export function tagName(tag: number): string {
  return TAG_NAMES[tag] ?? `TAG_${tag}`;
}

/** Tags of what follows the handshake, in either direction. */
const TRAFFIC: readonly number[] = [TAG.CLOSE, TAG.MSG, TAG.ACK, TAG.KEEPALIVE, TAG.KEEPALIVE2, TAG.KEEPALIVE2_ACK];

export function isTraffic(tag: number): boolean {
  return TRAFFIC.includes(tag);
}

/** Tags of connect replies. */
export function isReply(tag: number): boolean {
  return tag >= TAG.READY && tag <= TAG.CHALLENGE_AUTHORIZER && !isTraffic(tag);
}

/** Every name that a message can have. */
export function messageNames(): string[] {
  return ['BANNER', 'CONNECT', 'CONNECT_REPLY', 'SEQ', ...TRAFFIC.map(tagName)];
}

/** Flags of the footer. */
export const FOOTER_COMPLETE = 1;
export const FOOTER_NOCRC = 2;

/** Flag of CONNECT and CONNECT_REPLY. */
export const CONNECT_LOSSY = 1;

/** Feature bit: footers have room for a signature. */
export const MSG_AUTH = 1n << 23n;

/**
 * Receivers refuse authorizers of this many bytes or more: userspace stops with a failed assertion (ProtocolV1.cc,
 * wait_connect_reply_auth).
 */
export const AUTHORIZER_MAX = 4096;
/** The most bytes that kernel peers accept: of front and of middle, and of the data (include/linux/ceph/libceph.h). */
export const FRONT_MAX = 16 << 20;
export const DATA_MAX = 64 << 20;
