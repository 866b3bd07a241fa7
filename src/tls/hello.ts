import { wireText } from '../base/text.js';
import { CLIENT_HELLO, SERVER_HELLO, isKnownVersion } from './constants.js';

/** A ClientHello or ServerHello (RFC 8446, 4.1 and 4.2), as far as its bytes were captured. */
export interface Hello {
  readonly from: 'client' | 'server';
  /** The version that was chosen, or the highest one offered. */
  readonly version: number;
  readonly random: Uint8Array;
  readonly sessionId: Uint8Array;
  /** The suite that was chosen, or those offered. */
  readonly suites: readonly number[];
  /** Compression of TLS 1.2, where the server chose one. */
  readonly compressed: boolean;
  /** A HelloRetryRequest: a ServerHello with a fixed random. */
  readonly retry: boolean;
  readonly serverName: string | null;
  /** Application protocols: offered, or the one chosen. */
  readonly alpn: readonly string[];
  /** A session ticket of TLS 1.2 that the client offers. */
  readonly ticket: Uint8Array;
  readonly presharedKey: boolean;
  readonly earlyData: boolean;
  readonly encryptThenMac: boolean;
  readonly extendedMasterSecret: boolean;
  readonly truncatedHmac: boolean;
}

const SERVER_NAME = 0;
const TRUNCATED_HMAC = 4;
const ALPN = 16;
const ENCRYPT_THEN_MAC = 22;
const EXTENDED_MASTER_SECRET = 23;
const SESSION_TICKET = 35;
const PRE_SHARED_KEY = 41;
export const EARLY_DATA = 42;
const SUPPORTED_VERSIONS = 43;

/** The random of a HelloRetryRequest: the SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3). */
const RETRY_RANDOM = Buffer.from('cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c', 'hex');

const HELLO_LEAST = 38;
/** How many names of application protocols are kept of one list. */
const MAX_NAMES = 16;

/** Reads big-endian numbers and runs of bytes; beyond the end, numbers are 0 and runs are short. */
class Cursor {
  private readonly bytes: Uint8Array;
  public at: number;
  private readonly end: number;

  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  get left(): number {
    return this.end - this.at;
  }

  u8(): number {
    return this.at < this.end ? this.bytes[this.at++]! : 0;
  }

  u16(): number {
    return this.u8() * 256 + this.u8();
  }

  take(length: number): Uint8Array {
    const to = Math.min(this.end, this.at + length);
    const part = this.bytes.subarray(this.at, to);
    this.at = to;
    return part;
  }

  sub(length: number): Cursor {
    const to = Math.min(this.end, this.at + length);
    const part = new Cursor(this.bytes, this.at, to);
    this.at = to;
    return part;
  }
}

/** The complete extensions by type; of several with one type, the first. */
function extensionsOf(c: Cursor): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  const list = c.sub(c.u16());
  while (list.left >= 4) {
    const type = list.u16();
    const length = list.u16();
    if (length > list.left) break;
    const data = list.take(length);
    if (!found.has(type)) found.set(type, data);
  }
  return found;
}

function serverName(data: Uint8Array | undefined): string | null {
  if (data === undefined || data.length < 5) return null;
  const c = new Cursor(data, 3, data.length);
  return wireText(c.take(c.u16()));
}

function alpn(data: Uint8Array | undefined): string[] {
  if (data === undefined) return [];
  const c = new Cursor(data, 2, data.length);
  const names: string[] = [];
  while (c.left > 1 && names.length < MAX_NAMES) names.push(wireText(c.take(c.u8())));
  return names;
}

function highest(legacy: number, data: Uint8Array | undefined, from: 'client' | 'server'): number {
  if (data === undefined) return legacy;
  const c = new Cursor(data, from === 'client' ? 1 : 0, data.length);
  let version = from === 'client' ? 0 : legacy;
  while (c.left >= 2) {
    const offered = c.u16();
    // a client may also offer drafts of TLS 1.3 (0x7fNN) and random numbers (GREASE, RFC 8701): only known versions count
    if (from === 'server') return offered;
    if (isKnownVersion(offered) && offered > version) version = offered;
  }
  return version === 0 ? legacy : version;
}

/** Reads a hello from its handshake type and body; null where it is too short to hold a random, or something else. */
export function parseHello(type: number, body: Uint8Array): Hello | null {
  if ((type !== CLIENT_HELLO && type !== SERVER_HELLO) || body.length < HELLO_LEAST - 4) return null;
  const from = type === CLIENT_HELLO ? 'client' : 'server';
  const c = new Cursor(body, 0, body.length);
  const legacy = c.u16();
  const random = c.take(32).slice();
  const sessionId = c.take(c.u8()).slice();
  const suites: number[] = [];
  let compressed = false;
  if (from === 'client') {
    const list = c.sub(c.u16());
    while (list.left >= 2) suites.push(list.u16());
    c.take(c.u8());
  } else {
    suites.push(c.u16());
    compressed = c.u8() !== 0;
  }
  const extensions = extensionsOf(c);
  return {
    from,
    version: highest(legacy, extensions.get(SUPPORTED_VERSIONS), from),
    random,
    sessionId,
    suites,
    compressed,
    retry: from === 'server' && RETRY_RANDOM.equals(random),
    serverName: from === 'client' ? serverName(extensions.get(SERVER_NAME)) : null,
    alpn: alpn(extensions.get(ALPN)),
    ticket: extensions.get(SESSION_TICKET)?.slice() ?? new Uint8Array(0),
    presharedKey: extensions.has(PRE_SHARED_KEY),
    earlyData: extensions.has(EARLY_DATA),
    encryptThenMac: extensions.has(ENCRYPT_THEN_MAC),
    extendedMasterSecret: extensions.has(EXTENDED_MASTER_SECRET),
    truncatedHmac: extensions.has(TRUNCATED_HMAC),
  };
}

/** Reads an EncryptedExtensions message (RFC 8446, 4.3.1). */
export function parseEncryptedExtensions(body: Uint8Array): {
  readonly alpn: readonly string[];
  readonly earlyData: boolean;
} {
  const extensions = extensionsOf(new Cursor(body, 0, body.length));
  return { alpn: alpn(extensions.get(ALPN)), earlyData: extensions.has(EARLY_DATA) };
}

/** The ticket of a NewSessionTicket of TLS 1.2 (RFC 5077, 3.3): lifetime (4 bytes), then the ticket with its length. */
export function parseTicket12(body: Uint8Array): Uint8Array {
  const c = new Cursor(body, 4, body.length);
  return c.take(c.u16()).slice();
}

/** Whether a Certificate message holds a certificate: a context with its length (TLS 1.3 only), then a list of at least one. */
export function hasCertificate(body: Uint8Array, tls13: boolean): boolean {
  const c = new Cursor(body, 0, body.length);
  if (tls13) c.take(c.u8());
  return c.u8() * 65536 + c.u16() > 0;
}
