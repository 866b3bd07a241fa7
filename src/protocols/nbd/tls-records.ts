import type { Input, Side } from '../../base/input.js';
import type { Output } from '../../contract/protocol.js';
import type { NbdNotices } from './hints.js';
import { Prefix } from './payload.js';

/** Content type, version, length (RFC 8446, 5.1). */
export const TLS_RECORD_HEADER_LENGTH = 5;
export const TLS_ALERT = 21;
export const TLS_HANDSHAKE = 22;
const TLS_APPLICATION_DATA = 23;
/** Handshake types. */
export const CLIENT_HELLO = 1;
export const SERVER_HELLO = 2;
/** Longest record: 2^14 and what encryption adds (RFC 5246, 6.2.3). */
const MAX_RECORD = 16384 + 2048;
/** Clear records that are shown; the hellos are the first. */
const SHOWN_RECORDS = 3;

/** Whether a TLS record may begin with these bytes. */
export function isTlsRecord(bytes: Uint8Array, pos: number): boolean {
  const length = bytes[pos + 3]! * 256 + bytes[pos + 4]!;
  return bytes[pos]! >= 20 && bytes[pos]! <= 24 && bytes[pos + 1] === 3 && bytes[pos + 2]! <= 4 && length <= MAX_RECORD;
}

/** Walks the TLS records of one direction: counts their bytes as opaque, and hands out the few that are in clear. */
export class TlsRecords {
  private readonly side: Side;
  private readonly output: Output;
  private readonly notices: NbdNotices;
  records = 0;
  private type = 0;
  private at = 0;
  private clear: Prefix | null = null;
  private encrypted = false;

  constructor(side: Side, output: Output, notices: NbdNotices) {
    this.side = side;
    this.output = output;
    this.notices = notices;
  }

  /** Length of the record whose five header bytes are at the input's position, or -1 where they are none. */
  header(input: Input): number {
    const { bytes, pos } = input;
    if (!isTlsRecord(bytes, pos)) return -1;
    this.records++;
    this.type = bytes[pos]!;
    this.at = input.offset;
    const length = bytes[pos + 3]! * 256 + bytes[pos + 4]!;
    if (this.type === TLS_APPLICATION_DATA || this.type === 20) this.encrypted = true;
    // an encrypted alert is longer than the two bytes of one in clear
    const shown =
      (this.type === TLS_HANDSHAKE && this.records <= SHOWN_RECORDS && !this.encrypted) ||
      (this.type === TLS_ALERT && length === 2);
    this.clear = shown ? new Prefix(length, MAX_RECORD) : null;
    return length;
  }

  body(bytes: Uint8Array, start: number, end: number, offset: number): void {
    this.output.skip(this.side, offset, end - start, 'opaque');
    this.clear?.take(bytes, start, end);
  }

  /** Part of the record is not in the capture. */
  lost(): void {
    this.clear = null;
  }

  recordEnd(): void {
    const { clear } = this;
    if (clear === null) return;
    this.clear = null;
    this.notices.tlsRecord(this.side, this.at, this.type, clear.bytes.subarray(0, clear.length));
  }
}

/** What a hello says: the version that was chosen or the highest one offered, and the name of the server. */
export interface Hello {
  readonly from: 'client' | 'server';
  readonly version: number;
  readonly serverName: string | null;
}

const VERSIONS = new Map<number, string>([
  [0x0300, 'SSL 3.0'],
  [0x0301, 'TLS 1.0'],
  [0x0302, 'TLS 1.1'],
  [0x0303, 'TLS 1.2'],
  [0x0304, 'TLS 1.3'],
]);

export function tlsVersionName(version: number): string {
  return VERSIONS.get(version) ?? `TLS version 0x${version.toString(16).padStart(4, '0')}`;
}

/** Alerts that end handshakes, by number (RFC 8446, 6, and RFC 5246, 7.2). */
const ALERTS = new Map<number, string>([
  [0, 'close_notify'],
  [10, 'unexpected_message'],
  [20, 'bad_record_mac'],
  [22, 'record_overflow'],
  [40, 'handshake_failure'],
  [42, 'bad_certificate'],
  [43, 'unsupported_certificate'],
  [44, 'certificate_revoked'],
  [45, 'certificate_expired'],
  [46, 'certificate_unknown'],
  [47, 'illegal_parameter'],
  [48, 'unknown_ca'],
  [49, 'access_denied'],
  [50, 'decode_error'],
  [51, 'decrypt_error'],
  [70, 'protocol_version'],
  [71, 'insufficient_security'],
  [80, 'internal_error'],
  [86, 'inappropriate_fallback'],
  [90, 'user_canceled'],
  [100, 'no_renegotiation'],
  [109, 'missing_extension'],
  [110, 'unsupported_extension'],
  [112, 'unrecognized_name'],
  [113, 'bad_certificate_status_response'],
  [115, 'unknown_psk_identity'],
  [116, 'certificate_required'],
  [120, 'no_application_protocol'],
]);

export function tlsAlertName(description: number): string {
  return ALERTS.get(description) ?? 'an alert without a name';
}

/** Reads a ClientHello or ServerHello (RFC 8446, 4.1); null where the bytes are something else or cut. */
export function parseHello(bytes: Uint8Array): Hello | null {
  const from = bytes[0] === CLIENT_HELLO ? 'client' : bytes[0] === SERVER_HELLO ? 'server' : null;
  if (from === null || bytes.length < 39) return null;
  const u16 = (at: number): number => (at + 2 <= bytes.length ? bytes[at]! * 256 + bytes[at + 1]! : -1);
  let version = u16(4);
  let at = 38 + 1 + bytes[38]!;
  if (from === 'client') {
    at += 2 + Math.max(0, u16(at));
    at += 1 + (bytes[at] ?? 0);
  } else {
    at += 3;
  }
  let serverName: string | null = null;
  let end = Math.min(bytes.length, at + 2 + Math.max(0, u16(at)));
  at += 2;
  while (at + 4 <= end) {
    const type = u16(at);
    const length = u16(at + 2);
    const data = at + 4;
    if (data + length > bytes.length) break;
    if (type === 43) {
      if (from === 'server' && length === 2) version = u16(data);
      for (let i = data + 1; from === 'client' && i + 2 <= data + length; i += 2) {
        const offered = u16(i);
        if (VERSIONS.has(offered) && offered > version) version = offered;
      }
    } else if (type === 0 && length >= 5) {
      const n = Math.min(u16(data + 3), length - 5);
      serverName = Buffer.from(bytes.subarray(data + 5, data + 5 + n)).toString('latin1');
    }
    at = data + length;
    end = Math.min(end, bytes.length);
  }
  return { from, version, serverName };
}
