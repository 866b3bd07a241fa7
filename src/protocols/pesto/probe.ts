import type { ProbeInput, ProbeResult } from '../../contract/protocol.js';
import type { End } from '../../stream/byte-stream.js';
import { IFNAMSIZ, MAGIC, MAX_PIFS, MAX_RULES, NEWEST_VERSION, PIF_NAME_SIZE, PIF_SPLICE } from './constants.js';
import { findLandmark, magicPrefix } from './decoder/landmark.js';
import { HELLO, RULE_V1, RULE_V2, SECTION, type RuleLayout } from './layout.js';
import { cleanIfname, FULL_MARKS, walkTables } from './decoder/rule-walk.js';

/** The most bytes of a client's update. */
const MAX_UPDATE = MAX_PIFS * (SECTION.size + MAX_RULES * RULE_V2.size) + 1;

/** Looks for a server's hello, for a list that was joined late, and for an update without its server. */
export function probe(input: ProbeInput): ProbeResult {
  let more = false;
  for (const end of [0, 1] as const) {
    const result = probeServer(input, end);
    if (result === 'more') more = true;
    else if (result !== null) return result;
  }
  for (const end of [0, 1] as const) {
    const result = probeClient(input, end);
    if (result === 'more') more = true;
    else if (result !== null) return result;
  }
  return more ? 'more' : null;
}

function claim(score: number, by: 'magic' | 'heuristic', server: End): ProbeResult {
  return { score, by, clientEnd: server === 0 ? 1 : 0 };
}

/** Judges whether `end` sends as a server. */
function probeServer(input: ProbeInput, end: End): ProbeResult {
  const bytes = input.bytes[end];
  const fromStart = input.connection.start === 'captured' && !input.cut[end];
  const other = input.bytes[end === 0 ? 1 : 0];
  if (bytes.length === 0) return input.ended[end] || !mayBeUpdate(other, fromStart) ? null : 'more';
  const same = magicPrefix(bytes, 0, bytes.length);
  if (same === MAGIC.length) return claim(1, 'magic', end);
  if (same === bytes.length) return input.ended[end] ? null : 'more';
  if (hasHelloNumbers(bytes)) return claim(0.7, 'heuristic', end);
  if (fromStart) return nearMagic(input, bytes, same) && !input.ended[end] ? 'more' : null;
  const mark = findLandmark(bytes, 0, bytes.length);
  if (mark === null) return input.ended[end] ? null : 'more';
  if (mark.kind === 'pif') return claim(0.95, 'heuristic', end);
  return bytes.length - mark.at >= HELLO.size && hasHelloNumbers(bytes.subarray(mark.at))
    ? claim(0.95, 'magic', end)
    : 'more';
}

/**
 * Whether a server that has sent nothing so far may be the peer of a client that sent these bytes. A stream that was joined late can begin
 * with any.
 */
function mayBeUpdate(bytes: Uint8Array, fromStart: boolean): boolean {
  return bytes.length === 0 || (bytes.length <= MAX_UPDATE && (!fromStart || bytes[0]! <= PIF_SPLICE));
}

/**
 * Whether the bytes may be a hello with an error in its magic, by the magic's first letters or by the socket's name: then its numbers are
 * waited for.
 */
function nearMagic(input: ProbeInput, bytes: Uint8Array, same: number): boolean {
  if (bytes.length >= HELLO.size) return false;
  return same >= 5 || isNamed(input);
}

/** Whether the version and the two sizes of a hello follow the first eight bytes. */
function hasHelloNumbers(bytes: Uint8Array): boolean {
  if (bytes.length < HELLO.size) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, HELLO.size);
  return (
    view.getUint32(HELLO.at.version) <= NEWEST_VERSION &&
    view.getUint32(HELLO.at.pifNameSize) === PIF_NAME_SIZE &&
    view.getUint32(HELLO.at.ifnamsiz) === IFNAMSIZ
  );
}

/** Judges whether `end` sends an update of which the server's side is missing. */
function probeClient(input: ProbeInput, end: End): ProbeResult {
  const bytes = input.bytes[end];
  const server: End = end === 0 ? 1 : 0;
  if (input.bytes[server].length > 0 || bytes.length === 0 || bytes.length > MAX_UPDATE) return null;
  if (input.connection.start === 'captured' && input.cut[end]) return null;
  if (bytes[0] !== 1 && bytes[0] !== 3) return null;
  if (bytes.length < SECTION.size) return input.ended[end] ? null : 'more';
  if (bytes[1] !== 0 || bytes[2] !== 0 || bytes[3] !== 0) return null;
  if (!input.ended[end]) return 'more';
  if ([RULE_V2, RULE_V1].some((layout) => isUpdate(bytes, layout))) return claim(0.6, 'heuristic', server);
  // few bytes, or implausible ones, on a socket with the server's name
  return isNamed(input) && [RULE_V2, RULE_V1].some((layout) => isWhole(bytes, layout))
    ? claim(0.5, 'heuristic', server)
    : null;
}

/** Whether the bytes are an update, complete or cut, whose rules are beyond doubt. */
function isUpdate(bytes: Uint8Array, layout: RuleLayout): boolean {
  const walk = walkTables(bytes, 0, bytes.length, 0, layout, SECTION);
  if (walk.failed || walk.rules === 0 || walk.worst < FULL_MARKS) return false;
  if (walk.terminated) return walk.rest === 0;
  return bytes[4] !== 0 && cleanIfname(bytes, SECTION.size, layout);
}

/** Whether the bytes are exactly tables and their end. */
function isWhole(bytes: Uint8Array, layout: RuleLayout): boolean {
  const walk = walkTables(bytes, 0, bytes.length, 0, layout, SECTION);
  return !walk.failed && walk.terminated && walk.rest === 0;
}

/** Whether the socket's path names passt, pasta or pesto. */
function isNamed(input: ProbeInput): boolean {
  const { connection } = input;
  // making text of the addresses is too slow to be done for each TCP connection
  if (connection.transport === 'tcp') return false;
  return connection.endpoints.some((e) => e.startsWith('unix:') && /pasta|passt|pesto/.test(e));
}
