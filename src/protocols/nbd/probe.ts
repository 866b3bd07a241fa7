import type { Connection, End } from '../../stream/byte-stream.js';
import { CERTAIN, type ProbeInput, type ProbeResult } from '../../contract/protocol.js';
import {
  EXTENDED_REPLY_MAGIC,
  EXTENDED_REQUEST_MAGIC,
  IANA_PORT,
  IHAVEOPT_HI,
  IHAVEOPT_LO,
  NBDMAGIC_HI,
  NBDMAGIC_LO,
  OLDSTYLE_HI,
  OLDSTYLE_LO,
  REP_MAGIC_HI,
  REQUEST_MAGIC,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from './constants.js';
import { CLIENT_LOOKAHEAD, MORE, NO, plausibleClient, plausibleServer } from './decoder/headers.js';
import { GREETING } from './layout.js';
import { CLIENT_HELLO, HANDSHAKE, isTlsRecord, RECORD_HEADER, SERVER_HELLO } from '../../tls/constants.js';
import { holdsRecords } from '../../tls/sniff.js';

/** Offset of the greeting's second magic, which differs between newstyle and oldstyle. */
const STYLE = GREETING.at.style;

const SURE = 1;
/** Scores of weaker evidence: of several headers that chain, and of a single header. */
const CHAINED = 0.9;
const ALONE = 0.7;
/**
 * This many headers that chain from the first captured byte on are certain to be NBD. A chain that begins later may be payload of another
 * protocol.
 */
const ENOUGH = 3;

type Role = 'client' | 'server';
/** `at`: index of the header that is the evidence. */
type Sign = { readonly role: Role; readonly score: number; readonly by: 'magic' | 'heuristic'; readonly at: number };
type Guess = Sign | 'more' | null;

/** Recognises NBD: by the greeting, by a client's flags and first option, or by headers that chain, in either direction. */
export function probe(input: ProbeInput): ProbeResult {
  let open = false;
  let refused = false;
  let best: { end: End; guess: Sign } | null = null;
  for (const end of [0, 1] as const) {
    const bytes = input.bytes[end];
    if (bytes.length === 0) {
      open ||= !input.ended[end];
      continue;
    }
    const fromStart = input.connection.start === 'captured' && !input.cut[end];
    let guess = fromStart ? fromFirstBytes(bytes, input.ended[end]) : fromAnywhere(input, end);
    if (guess === null && fromStart && input.connection.ports.includes(IANA_PORT))
      guess = helloOfTls(bytes, input.ended[end]);
    if (guess === 'more') open = true;
    else if (guess === null) refused = true;
    else if (best === null || isBetter(guess, best.guess)) best = { end, guess };
  }
  if (best !== null) {
    const { score, by, role } = best.guess;
    const clientEnd: End = role === 'client' ? best.end : best.end === 0 ? 1 : 0;
    // payload may contain NBD messages of either role, but the end that opened the connection is the client
    return { score, by, clientEnd: by === 'heuristic' && input.connection.initiatorKnown ? 0 : clientEnd };
  }
  return open && !refused ? 'more' : null;
}

/**
 * If both ends seem to have the same role, one of them carries NBD messages as payload: the end whose header comes earlier wins, as the
 * header of the message that carries them comes before them.
 */
function isBetter(a: Sign, b: Sign): boolean {
  return a.score > b.score || (a.score === b.score && a.role === b.role && a.at < b.at);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const GREETING_MAGIC = [0x4e, 0x42, 0x44, 0x4d, 0x41, 0x47, 0x49, 0x43];
const OPTION_MAGIC = [0x49, 0x48, 0x41, 0x56, 0x45, 0x4f, 0x50, 0x54];

/** Whether the bytes at `at` are `magic`, as far as they are there. */
function agrees(bytes: Uint8Array, at: number, magic: readonly number[]): boolean {
  for (let i = 0; i < magic.length && at + i < bytes.length; i++) if (bytes[at + i] !== magic[i]) return false;
  return true;
}

/** Judges the true first bytes of a direction. */
function fromFirstBytes(bytes: Uint8Array, ended: boolean): Guess {
  if (agrees(bytes, 0, GREETING_MAGIC)) {
    if (bytes.length >= 8) return { role: 'server', score: SURE, by: 'magic', at: 0 };
    return ended ? null : 'more';
  }
  const view = viewOf(bytes);
  // a greeting with a wrong first magic is recognised by its second one
  if (bytes.length >= 16 && bytes[0] === GREETING_MAGIC[0]) {
    const second =
      agrees(bytes, STYLE, OPTION_MAGIC) ||
      (view.getUint32(STYLE) === OLDSTYLE_HI && view.getUint32(STYLE + 4) === OLDSTYLE_LO);
    if (second) return { role: 'server', score: CHAINED, by: 'heuristic', at: 0 };
  }
  // client flags have no magic, but the option after them has one
  if (bytes.length > 4 && agrees(bytes, 4, OPTION_MAGIC)) {
    if (bytes.length >= 12) return { role: 'client', score: SURE, by: 'magic', at: 0 };
    return ended ? null : 'more';
  }
  if (bytes.length >= 4) {
    const magic = view.getUint32(0);
    if (magic === REQUEST_MAGIC || magic === EXTENDED_REQUEST_MAGIC) {
      const length = plausibleClient(view, 0, bytes.length);
      if (length === MORE && !ended) return 'more';
      return length > NO ? { role: 'client', score: CHAINED, by: 'heuristic', at: 0 } : null;
    }
  }
  // bytes that can be a small flag word: wait for what follows
  const flags = bytes.length <= 4 && bytes[0] === 0 && (bytes[1] ?? 0) === 0 && (bytes[2] ?? 0) === 0;
  return flags && !ended ? 'more' : null;
}

/** Recognises TLS from the first byte on NBD's port as NBD in a tunnel: nothing else is expected on that port. */
function helloOfTls(bytes: Uint8Array, ended: boolean): Guess {
  if (bytes[0] !== HANDSHAKE || (bytes.length > 1 && bytes[1] !== 3)) return null;
  if (bytes.length <= RECORD_HEADER) return ended ? null : 'more';
  const type = bytes[RECORD_HEADER]!;
  if (!isTlsRecord(bytes, 0) || (type !== CLIENT_HELLO && type !== SERVER_HELLO)) return null;
  return { role: type === CLIENT_HELLO ? 'client' : 'server', score: ALONE, by: 'heuristic', at: 0 };
}

const MAGICS: readonly (readonly [Role, Buffer])[] = (
  [
    ['client', REQUEST_MAGIC],
    ['client', EXTENDED_REQUEST_MAGIC],
    ['client', IHAVEOPT_HI],
    ['server', SIMPLE_REPLY_MAGIC],
    ['server', STRUCTURED_REPLY_MAGIC],
    ['server', EXTENDED_REPLY_MAGIC],
    ['server', REP_MAGIC_HI],
  ] as const
).map(([role, magic]) => {
  const b = Buffer.alloc(4);
  b.writeUInt32BE(magic);
  return [role, b] as const;
});

/** The role of a side that begins with these bytes, or null. The first half of a greeting's first magic may be missing. */
function greetingIn(view: DataView): Role | null {
  const total = view.byteLength;
  if (total >= 16 && view.getUint32(0) === NBDMAGIC_HI && view.getUint32(4) === NBDMAGIC_LO) return 'server';
  if (total < 12 || view.getUint32(4) !== IHAVEOPT_HI || view.getUint32(8) !== IHAVEOPT_LO) return null;
  // the word before IHAVEOPT is a client's flags, or the second half of a server's NBDMAGIC
  return view.getUint32(0) === NBDMAGIC_LO ? 'server' : 'client';
}

/** Judges bytes from anywhere in a direction. */
function fromAnywhere(input: ProbeInput, end: End): Guess {
  const bytes = input.bytes[end];
  const { probeCandidates } = input.limits;
  const view = viewOf(bytes);
  const greeting = input.at[end] === 0 ? greetingIn(view) : null;
  if (greeting !== null) return { role: greeting, score: SURE, by: 'magic', at: 0 };
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let best: Sign | null = null;
  let candidates = 0;
  for (const [role, magic] of MAGICS) {
    for (let at = buffer.indexOf(magic); at >= 0; at = buffer.indexOf(magic, at + 1)) {
      // without a limit, 256 KiB of nothing but magics took 66 ms
      if (candidates++ >= probeCandidates) {
        input.limited(
          `probeCandidates: more than ${probeCandidates} places where NBD's headers may stand; no more were looked at`,
        );
        break;
      }
      if (best !== null && best.score >= CHAINED && best.at < at) break;
      const score = follow(view, at, role);
      if (score > 0 && (best === null || score >= best.score)) best = { role, score, by: 'heuristic', at };
      if (score >= CHAINED) break;
    }
  }
  if (best !== null) return best;
  return input.ended[end] ? null : 'more';
}

/** Scores the header at `at`, by whether headers follow where its length says, and whether the bytes begin with it; 0: not believable. */
function follow(view: DataView, at: number, role: Role): number {
  const total = view.byteLength;
  const judge = role === 'client' ? plausibleClient : plausibleServer;
  let pos = at;
  let headers = 0;
  while (pos < total && headers < ENOUGH) {
    const length = judge(view, pos, total - pos);
    if (length === NO) return at === 0 && headers > 0 ? ALONE : 0;
    if (length === MORE) break;
    headers++;
    pos += length;
  }
  if (headers === ENOUGH && at === 0) return CERTAIN;
  if (headers >= 2) return CHAINED;
  if (headers === 1 && at === 0) return ALONE;
  return headers === 1 && pos === total && total >= CLIENT_LOOKAHEAD ? ALONE : 0;
}

/** Recognises NBD inside TLS on a connection that was joined late: TLS records on NBD's port. */
export function relative(first: readonly [Uint8Array, Uint8Array], connection: Connection): string | null {
  if (connection.start !== 'missed' || !connection.ports.includes(IANA_PORT) || !first.some(holdsRecords)) return null;
  return "probably NBD inside TLS, joined late; record from the connection's start, and give its secrets with --tls-keylog";
}
