import { CLIENT, SERVER, type Side } from '../base/input.js';
import { count, safeText } from '../base/text.js';
import type { CaptureInfo } from '../capture/packet.js';
import { linkTypeName } from '../link/link-types.js';
import type { Counts, Finding, StreamRecord } from '../engine/event.js';

/** Phrases that several reports share. */

const LINK_NAMES: Readonly<Record<number, string>> = {
  [-1]: 'socket events',
  0: 'BSD loopback',
  1: 'Ethernet',
  12: 'raw IP',
  101: 'raw IP',
  108: 'OpenBSD loopback',
  113: 'Linux cooked',
  147: 'USER0',
  228: 'raw IPv4',
  229: 'raw IPv6',
  252: 'Wireshark upper PDU',
  271: 'vsock monitor',
  276: 'Linux cooked v2',
};

const RESOLUTIONS: Readonly<Record<string, string>> = {
  s: 'seconds',
  ms: 'milliseconds',
  us: 'microseconds',
  ns: 'nanoseconds',
  ps: 'picoseconds',
  none: 'no times',
};

/** Such as `pcap, Ethernet, microseconds`. */
export function captureWords(info: CaptureInfo): string {
  const links = [...new Set(info.linkTypes)].map((n) => LINK_NAMES[n] ?? `link type ${linkTypeName(n)}`);
  const files = info.parts === undefined ? '' : `one recording in ${info.parts.length} files`;
  return [files, info.format, ...links, RESOLUTIONS[info.resolution] ?? info.resolution]
    .filter((w) => w !== '')
    .join(', ');
}

/** The endpoint of the protocol's client or server. */
export function endpoint(stream: StreamRecord, side: Side): string {
  const { clientEnd, connection } = stream;
  return safeText(connection.endpoints[side === CLIENT ? clientEnd : clientEnd === 0 ? 1 : 0]);
}

/** Such as `tcp 127.0.0.1:46712 -> 127.0.0.1:10809`. */
export function streamWords(stream: StreamRecord): string {
  const arrow = stream.rolesKnown ? '->' : '<->';
  return `${stream.connection.transport} ${endpoint(stream, CLIENT)} ${arrow} ${endpoint(stream, SERVER)}`;
}

/** Such as `1 error, 2 warnings`. Zeros are left out; if all are zero, `no findings`. */
export function findingCounts(counts: Readonly<Counts>): string {
  const parts: string[] = [];
  for (const severity of ['error', 'warning', 'note'] as const)
    if (counts[severity] > 0) parts.push(count(counts[severity], severity));
  return parts.length === 0 ? 'no findings' : parts.join(', ');
}

/** Where a finding's bytes are: `server stream bytes 66230..66258`, or an offset in the file. */
export function byteWords(finding: Finding): string {
  const { offset, length, stream, side } = finding;
  const range = length > 0 ? `${offset}..${offset + length}` : `${offset}`;
  if (stream === null) return offset === 0 && length === 0 ? '' : `file ${length > 0 ? 'bytes' : 'offset'} ${range}`;
  const whose = side === null || !stream.rolesKnown ? '' : `${side === CLIENT ? 'client' : 'server'} `;
  return `${whose}stream ${length > 0 ? 'bytes' : 'offset'} ${range}`;
}

/** Plain printable ASCII, which needs no character by character check. */
const PLAIN = /^[\x20-\x7e]*$/;

/** Makes text safe for a terminal or a file for people. */
export function printable(text: string): string {
  return PLAIN.test(text) ? text : safeText(text);
}
