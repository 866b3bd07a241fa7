import type { RedactedDirection } from './redacted-direction.js';

/** Record types (RFC 8446, 5.1), and handshake message types (4). */
const CHANGE_CIPHER_SPEC = 20;
const ALERT = 21;
const HANDSHAKE = 22;
const APPLICATION_DATA = 23;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const RECORD_HEADER = 5;
const HANDSHAKE_HEADER = 4;
/** Longest record, including what a cipher may add (RFC 5246, 6.2.3). */
const MOST_RECORD = 16_384 + 2048;
/** Extensions that are lists of numbers that the protocol defines: groups, point formats, signatures, versions, modes. */
const NUMBERS: ReadonlySet<number> = new Set([10, 11, 13, 43, 45, 50]);
/** Extensions whose inner lengths stay, so that they can still be decoded. */
const SERVER_NAME = 0;
const ALPN = 16;
const PRE_SHARED_KEY = 41;
const KEY_SHARE = 51;
const RANDOM_BYTES = 32;
/** The first bytes of the random of a HelloRetryRequest (RFC 8446, 4.1.3). */
const RETRY = [0xcf, 0x21, 0xad, 0x74];

/**
 * Redacts TLS that is not decrypted. Of each record the header stays; of the handshake in clear the message headers stay, and the versions
 * and cipher suites of a hello. Randoms, names, certificates and all encrypted bytes become zeros.
 */
export class RedactedTls {
  private readonly direction: RedactedDirection;
  /** Stream offset of the next record. */
  private at: number;
  /** Whether further handshake records are encrypted. */
  private sealed = false;
  /** Bytes of a handshake message that continue in the next record. */
  private rest = 0;
  private over = false;

  constructor(direction: RedactedDirection, at: number) {
    this.direction = direction;
    this.at = at;
  }

  /** Rewrites the records that are complete. */
  advance(): void {
    const { direction } = this;
    while (!this.over && direction.next >= this.at + RECORD_HEADER) {
      if (!direction.has(this.at, RECORD_HEADER)) return this.stop();
      const header = direction.bytesOf(this.at, RECORD_HEADER);
      const length = (header[3]! << 8) | header[4]!;
      if (header[0]! < CHANGE_CIPHER_SPEC || header[0]! > APPLICATION_DATA || header[1] !== 3 || length > MOST_RECORD)
        return this.stop();
      const whole = RECORD_HEADER + length;
      if (direction.next < this.at + whole) return;
      if (!direction.has(this.at, whole)) return this.stop();
      const record = direction.bytesOf(this.at, whole);
      const out = new Uint8Array(whole);
      out.set(header);
      this.body(record, out, header[0]!);
      direction.rewrite(this.at, record, out);
      this.at += whole;
    }
  }

  /** No more bytes come: keeps the header of a record that is not complete. */
  end(): void {
    this.advance();
    const { direction } = this;
    if (this.over || !direction.has(this.at, RECORD_HEADER)) return;
    const header = direction.bytesOf(this.at, RECORD_HEADER);
    direction.rewrite(this.at, header, header);
  }

  private stop(): void {
    this.over = true;
  }

  private body(record: Uint8Array, out: Uint8Array, type: number): void {
    if (type === CHANGE_CIPHER_SPEC) {
      out.set(record.subarray(RECORD_HEADER, RECORD_HEADER + 1), RECORD_HEADER);
      this.sealed = true;
    } else if (type === ALERT && record.length === RECORD_HEADER + 2) {
      out.set(record.subarray(RECORD_HEADER), RECORD_HEADER);
    } else if (type === HANDSHAKE) {
      // after a HelloRetryRequest, a second hello comes in clear
      if (this.sealed && !isWholeHello(record)) return;
      this.handshake(record, out);
    }
  }

  private handshake(record: Uint8Array, out: Uint8Array): void {
    let at = RECORD_HEADER + Math.min(this.rest, record.length - RECORD_HEADER);
    this.rest -= at - RECORD_HEADER;
    while (at + HANDSHAKE_HEADER <= record.length) {
      const body = at + HANDSHAKE_HEADER;
      out.set(record.subarray(at, body), at);
      const length = (record[at + 1]! << 16) | (record[at + 2]! << 8) | record[at + 3]!;
      const end = Math.min(body + length, record.length);
      if (record[at] === CLIENT_HELLO || record[at] === SERVER_HELLO)
        hello(record, out, body, end, record[at] === CLIENT_HELLO);
      this.rest = body + length - end;
      at = end;
    }
  }
}

function isWholeHello(record: Uint8Array): boolean {
  const length = (record[6]! << 16) | (record[7]! << 8) | record[8]!;
  return record[5] === CLIENT_HELLO && length + HANDSHAKE_HEADER + RECORD_HEADER === record.length;
}

/**
 * Keeps version, cipher suites, compression methods, the lengths of everything else, the types of extensions, and the lists of numbers in
 * them.
 */
function hello(bytes: Uint8Array, out: Uint8Array, start: number, end: number, client: boolean): void {
  let at = start;
  const keep = (n: number): number => {
    const from = Math.min(at, end);
    at = Math.min(end, at + n);
    out.set(bytes.subarray(from, at), from);
    return from;
  };
  const number = (from: number, n: number): number => {
    let value = 0;
    for (let i = 0; i < n; i++) value = value * 256 + (from + i < end ? bytes[from + i]! : 0);
    return value;
  };
  const vector = (size: number, last: number, item: () => void): void => {
    const stop = Math.min(last, number(keep(size), size) + at);
    while (at < stop) item();
  };
  /** Skips bytes after their length, which stays. */
  const blob = (size: number): void => {
    const length = number(keep(size), size);
    at += length;
  };
  const inside = (type: number, last: number): void => {
    if (at === last) return;
    if (type === SERVER_NAME)
      vector(2, last, () => {
        keep(1);
        blob(2);
      });
    else if (type === ALPN) vector(2, last, () => blob(1));
    else if (type === KEY_SHARE) {
      const share = (): void => {
        keep(2);
        if (at < last) blob(2);
      };
      if (client) vector(2, last, share);
      else share();
    } else if (type === PRE_SHARED_KEY && client) {
      vector(2, last, () => {
        blob(2);
        at += 4;
      });
      vector(2, last, () => blob(1));
    } else if (type === PRE_SHARED_KEY) keep(2);
  };
  keep(2);
  const retry = RETRY.every((b, i) => bytes[at + i] === b);
  if (retry) keep(RANDOM_BYTES);
  else at += RANDOM_BYTES;
  const id = number(keep(1), 1);
  // the session id, which identifies a resumed session, becomes zeros
  at = Math.min(end, at + id);
  if (client) {
    keep(number(keep(2), 2));
    keep(number(keep(1), 1));
  } else keep(3);
  keep(2);
  while (at + 4 <= end) {
    const type = number(keep(2), 2);
    const length = number(keep(2), 2);
    const next = at + length;
    if (NUMBERS.has(type)) keep(length);
    else inside(type, Math.min(next, end));
    at = next;
  }
}
