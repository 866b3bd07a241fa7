import type { Claim, ProbeInput, ProbeResult } from '../../contract/protocol.js';
import { MSG as TYPE } from '../ceph/message-types.js';
import { senderOf } from '../ceph/senders.js';
import { BANNER_TEXT } from './constants.js';
import { provenHeader } from './header.js';
import { ADDRESS_SIZE, BANNER, FOOTER, MSG } from './layout.js';

export const PORTS: readonly number[] = [6789];

/** What both versions of the messenger begin with, and what only v2 does. */
const COMMON = 'ceph v';
const V2 = 'ceph v2\n';

/** Bytes of a connection that was joined late that are waited for to tell its client from its server. */
const PATIENCE = 2048;
/** Messages of one direction that are looked at to find its role. */
const LOOKED_AT = 64;

type Begins = 'v1' | 'v2' | 'other' | 'more';

function beginning(bytes: Uint8Array): Begins {
  const starts = (text: string): boolean => {
    const n = Math.min(bytes.length, text.length);
    for (let i = 0; i < n; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
    return true;
  };
  if (starts(BANNER_TEXT)) return bytes.length < BANNER_TEXT.length ? 'more' : 'v1';
  if (starts(V2)) return bytes.length < V2.length ? 'more' : 'v2';
  return starts(COMMON) && bytes.length < V2.length ? 'more' : 'other';
}

/**
 * Looks for the banner, which begins both streams; for a connection that was joined late, for a message whose header's checksum holds.
 * Where one side speaks v2, the connection is that protocol's.
 */
export function probe(input: ProbeInput): ProbeResult {
  const { bytes, ended, cut, connection } = input;
  const seen = [0, 1].map((end): Begins | 'nothing' | 'later' => {
    if (cut[end as 0 | 1]) return 'later';
    const own = bytes[end as 0 | 1];
    if (own.length > 0) {
      const begins = beginning(own);
      return begins === 'more' && ended[end as 0 | 1] ? 'other' : begins;
    }
    return ended[end as 0 | 1] ? 'nothing' : 'more';
  });
  if (seen.includes('v2')) return null;
  if (seen.includes('v1')) {
    // its peer may still turn out to speak v2
    return seen.includes('more') ? 'more' : { score: 1, by: 'magic', clientEnd: clientEnd(input) };
  }
  if (seen.includes('later') || connection.start === 'missed') return search(input);
  return seen.includes('more') && !seen.includes('other') ? 'more' : null;
}

/**
 * How many captured bytes of each end have been searched, so that every byte is looked at once. It is the connection's,
 * and goes with it.
 */
const searched = new WeakMap<ProbeInput['connection'], [number, number]>();

function search(input: ProbeInput): ProbeResult {
  let marks = searched.get(input.connection);
  if (marks === undefined) searched.set(input.connection, (marks = [0, 0]));
  for (const end of [0, 1] as const) {
    const bytes = input.bytes[end];
    if (find(bytes, Math.max(0, marks[end] - input.at[end])) >= 0) {
      const roles = clientEnd(input);
      // a few more messages may tell who is who
      const total = input.bytes[0].length + input.bytes[1].length;
      if (roles === null && total < PATIENCE && !(input.ended[0] && input.ended[1])) return 'more';
      return { score: 0.95, by: 'heuristic', clientEnd: roles };
    }
    marks[end] = input.at[end] + Math.max(0, bytes.length - MSG.size + 1);
  }
  return input.ended[0] && input.ended[1] ? null : 'more';
}

/** Offset of the first message's header in `bytes`, from `from` on, or -1. */
function find(bytes: Uint8Array, from: number): number {
  if (bytes.length < from + MSG.size) return -1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = from; at + MSG.size <= bytes.length; at++) if (provenHeader(bytes, view, at)) return at;
  return -1;
}

/** Which end connected: the handshake says it; else the banners, which differ, and types of messages do; else the monitors' port. */
function clientEnd(input: ProbeInput): Claim['clientEnd'] {
  if (input.connection.initiatorKnown) return 0;
  for (const end of [0, 1] as const) {
    const role = roleOf(input.bytes[end]);
    if (role !== 0) return role === 1 ? end : end === 0 ? 1 : 0;
  }
  const { ports } = input.connection;
  if (PORTS.includes(ports[1]) !== PORTS.includes(ports[0])) return PORTS.includes(ports[1]) ? 0 : 1;
  return null;
}

/** 1: sent by a client; 2: by a server; 0: cannot tell. */
function roleOf(bytes: Uint8Array): 0 | 1 | 2 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const second = BANNER.size + ADDRESS_SIZE;
  // a server's second address begins with zeros, a client's feature word never does
  if (beginning(bytes) === 'v1' && bytes.length >= second + 4) return view.getUint32(second, true) === 0 ? 2 : 1;
  let at = find(bytes, 0);
  for (let n = 0; n < LOOKED_AT && at >= 0; n++) {
    const type = view.getUint16(at + MSG.at.type, true);
    const sender = type === TYPE.PING ? 0 : senderOf(type);
    if (sender !== 0) return sender;
    at = find(bytes, at + Math.min(MSG.size, FOOTER.size));
  }
  return 0;
}
