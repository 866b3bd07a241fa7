import { BANNER_TEXT_V1, BANNER_TEXT_V2, PORT_V2 } from '../ceph/constants.js';
import type { ProbeInput, ProbeResult } from '../../contract/protocol.js';
import type { Connection } from '../../stream/byte-stream.js';
import { TAG, tagSenders } from './constants.js';
import { LateSearch } from '../ceph/late-search.js';
import { senderOf } from '../ceph/senders.js';
import { BANNER, MESSAGE_HEADER, PREAMBLE } from './layout.js';
import { plausiblePreamble, Preamble } from './preamble.js';

const search = new LateSearch({
  size: PREAMBLE.size,
  ports: [PORT_V2],
  stands: plausiblePreamble,
  ends(bytes, view, at) {
    const preamble = new Preamble().read(bytes, view, at);
    return ([1, 0] as const).map((revision) => at + preamble.frameLength(revision));
  },
  roleOf,
});

function begins(bytes: Uint8Array, prefix: string): boolean | 'more' {
  const n = Math.min(bytes.length, prefix.length);
  for (let i = 0; i < n; i++) if (bytes[i] !== prefix.charCodeAt(i)) return false;
  return n === prefix.length ? true : 'more';
}

/**
 * Looks for the banner, with which both streams begin, or, on a connection that was joined late, for a preamble with a right crc. Two v1
 * banners are messenger v1, which this protocol does not take.
 */
export function probe(input: ProbeInput): ProbeResult {
  const { bytes, ended, cut, connection } = input;
  let more = false;
  let legacy = 0;
  let foreign = false;
  let late = connection.start === 'missed';
  for (const end of [0, 1] as const) {
    if (cut[end]) {
      late = true;
      continue;
    }
    if (bytes[end].length === 0) {
      if (!ended[end]) more = true;
      continue;
    }
    const v2 = begins(bytes[end], BANNER_TEXT_V2);
    if (v2 === true) return { score: 1, by: 'magic', clientEnd: search.clientEnd(input) };
    const v1 = begins(bytes[end], BANNER_TEXT_V1);
    if (v1 === true) legacy++;
    else if (v1 === false && v2 === false) foreign = true;
    else if (!ended[end]) more = true;
  }
  if (legacy > 0) return legacy === 2 || !more ? null : 'more';
  if (late) return search.probe(input);
  // an end that begins with other bytes rules the protocol out, even if its peer may still send a banner
  return more && !foreign ? 'more' : null;
}

/**
 * A hint about a stream that is not taken: it is messenger v1, or, on a Ceph port and joined late, probably msgr2 in secure mode. Null:
 * neither.
 */
export function relative(first: readonly [Uint8Array, Uint8Array], connection: Connection): string | null {
  if (connection.start === 'missed' && connection.ports.some(isCephPort) && first.some(looksRandom))
    return "probably Ceph msgr2 in secure mode, joined late; record from the connection's start, and give its keys with --keyring";
  if (!first.some((bytes) => begins(bytes, BANNER_TEXT_V1) === true)) return null;
  return 'Ceph messenger v1 ("ceph v027"); protocol msgr1 reads it';
}

/** Frames of one direction that are examined to find its role. */
const LOOKED_AT = 64;

/** The role of a direction: 1: client; 2: server; 0: not known. */
function roleOf(bytes: Uint8Array): 0 | 1 | 2 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const p = new Preamble();
  let at =
    begins(bytes, BANNER_TEXT_V2) === true && bytes.length >= BANNER.size
      ? BANNER.size + view.getUint16(BANNER.at.payloadLength, true)
      : search.find(bytes, 0);
  for (let n = 0; n < LOOKED_AT && at >= 0 && at + PREAMBLE.size <= bytes.length; n++) {
    p.read(bytes, view, at);
    if (!p.framable) {
      const next = search.find(bytes.subarray(at), 1);
      if (next < 0) return 0;
      at += next;
      continue;
    }
    const senders = tagSenders(p.tag);
    if (senders === 1 || senders === 2) return senders;
    const type = at + PREAMBLE.size + MESSAGE_HEADER.at.type;
    if (p.tag === TAG.MESSAGE && p.lengths[0] === MESSAGE_HEADER.size && type + 2 <= bytes.length) {
      const sender = senderOf(view.getUint16(type, true));
      if (sender !== 0) return sender;
    }
    const rev1 = at + p.frameLength(1);
    const rev0 = at + p.frameLength(0);
    at = rev0 + PREAMBLE.size <= bytes.length && plausiblePreamble(bytes, view, rev0) ? rev0 : rev1;
  }
  return 0;
}

/**
 * Whether it is a monitor's port, or one that daemons bind to (ms_bind_port_min and ms_bind_port_max of src/common/options/global.yaml.in).
 */
function isCephPort(port: number): boolean {
  return port === PORT_V2 || (port >= 6800 && port <= 7568);
}

/** Fewest bytes that `looksRandom` can judge. */
const ENOUGH = 96;

/**
 * Whether bytes have about as many distinct values as random ones: n random bytes have about 256 (1 - e^(-n/256)) of them; headers, text
 * and numbers have far fewer.
 */
function looksRandom(bytes: Uint8Array): boolean {
  const n = Math.min(bytes.length, 512);
  if (n < ENOUGH) return false;
  const kinds = new Set(bytes.subarray(0, n)).size;
  return kinds > 0.9 * 256 * (1 - Math.exp(-n / 256));
}
