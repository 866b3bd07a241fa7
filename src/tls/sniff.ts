import { CLIENT_HELLO, HANDSHAKE, isTlsRecord, RECORD_HEADER, SERVER_HELLO } from './constants.js';

/** Record header, handshake header, version, random. */
const LEAST = RECORD_HEADER + 4 + 2 + 32;

/** A hello at the beginning of a direction: who sent it, and its random. */
export interface HelloSign {
  readonly from: 'client' | 'server';
  readonly random: Uint8Array;
}

/** The hello with which a direction begins, by its first bytes; `more`: more bytes are needed; null: none. */
export function helloIn(bytes: Uint8Array): HelloSign | 'more' | null {
  if (bytes.length === 0) return 'more';
  if (bytes[0] !== HANDSHAKE || (bytes.length > 1 && bytes[1] !== 3) || (bytes.length > 2 && bytes[2]! > 4))
    return null;
  if (bytes.length > 5 && bytes[5] !== CLIENT_HELLO && bytes[5] !== SERVER_HELLO) return null;
  if (bytes.length > 9 && bytes[9] !== 3) return null;
  if (bytes.length < LEAST) return 'more';
  const body = bytes[6]! * 65536 + bytes[7]! * 256 + bytes[8]!;
  if (!isTlsRecord(bytes, 0) || body < 34) return null;
  return { from: bytes[5] === CLIENT_HELLO ? 'client' : 'server', random: bytes.slice(11, 43) };
}

/** How many records in a row prove that a direction is TLS, where they do not begin with its first byte. */
const CHAIN = 2;

/** Whether the bytes hold TLS records, one after the other; the first need not begin at the first byte. */
export function holdsRecords(bytes: Uint8Array): boolean {
  for (let at = 0; at + RECORD_HEADER <= bytes.length; at++) {
    if (!isTlsRecord(bytes, at) || bytes[at + 2] !== 3) continue;
    let next = at;
    let records = 0;
    while (records < CHAIN && next + RECORD_HEADER <= bytes.length && isTlsRecord(bytes, next)) {
      records++;
      next += RECORD_HEADER + bytes[next + 3]! * 256 + bytes[next + 4]!;
    }
    if (records >= CHAIN || (at === 0 && next === bytes.length)) return true;
  }
  return false;
}
