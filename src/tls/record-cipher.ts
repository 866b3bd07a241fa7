import {
  createDecipheriv,
  createHmac,
  timingSafeEqual,
  type CipherCCMTypes,
  type CipherGCMTypes,
  type DecipherCCM,
  type DecipherGCM,
} from 'node:crypto';
import { APPLICATION_DATA, RECORD_HEADER } from './constants.js';
import type { WriteKeys } from './key-schedule.js';
import { HASH_LENGTH, type Suite } from './suites.js';

/** An opened record (decrypted and authenticated): its real content type, and its content. */
export interface Opened {
  readonly type: number;
  readonly content: Uint8Array;
}

/** Opens the records of one direction under one key. */
export interface RecordCipher {
  /**
   * Opens the record `bytes[start..end)`, header included, with the sequence number `seq`; null where its tag or MAC does not fit.
   */
  open(bytes: Uint8Array, start: number, end: number, seq: number): Opened | null;
  /** The least number of bytes by which a record is longer than its content. */
  readonly overhead: number;
}

/** Records of TLS 1.3 (RFC 8446, 5.2): the content type and padding are encrypted as well. */
export function tls13Cipher(suite: Suite, key: Uint8Array, iv: Uint8Array): RecordCipher {
  const nonce = Buffer.alloc(12);
  const { tagLength } = suite;
  const overhead = RECORD_HEADER + 1 + tagLength;
  return {
    overhead,
    open(bytes, start, end, seq) {
      if (end - start < overhead || bytes[start] !== APPLICATION_DATA) return null;
      xorSequence(nonce, iv, seq);
      const aad = bytes.subarray(start, start + RECORD_HEADER);
      const body = bytes.subarray(start + RECORD_HEADER, end - tagLength);
      const inner = openAead(suite, key, nonce, aad, body, bytes.subarray(end - tagLength, end));
      if (inner === null) return null;
      let last = inner.length - 1;
      while (last >= 0 && inner[last] === 0) last--;
      return last < 0 ? null : { type: inner[last]!, content: inner.subarray(0, last) };
    },
  };
}

/** Records of TLS 1.2. `encryptThenMac` (RFC 7366) concerns CBC suites only; `macLength`: given where truncated_hmac (RFC 6066) shortens it. */
export function tls12Cipher(suite: Suite, keys: WriteKeys, encryptThenMac: boolean, macLength?: number): RecordCipher {
  if (suite.protection === 'cbc' || suite.protection === 'null') {
    const length = macLength ?? HASH_LENGTH[suite.mac];
    return suite.protection === 'null'
      ? macOnly(suite, keys, length)
      : encryptThenMac
        ? macOutside(suite, keys, length)
        : macInside(suite, keys, length);
  }
  return tls12Aead(suite, keys);
}

/** GCM (RFC 5288), CCM (RFC 6655) with an explicit half of the nonce; ChaCha20-Poly1305 (RFC 7905) without. */
function tls12Aead(suite: Suite, keys: WriteKeys): RecordCipher {
  const { tagLength } = suite;
  const explicit = suite.protection === 'chacha20' ? 0 : 8;
  const overhead = RECORD_HEADER + explicit + tagLength;
  const nonce = Buffer.alloc(12);
  const aad = Buffer.alloc(13);
  return {
    overhead,
    open(bytes, start, end, seq) {
      const length = end - start - overhead;
      if (length < 0) return null;
      const at = start + RECORD_HEADER;
      if (explicit === 0) xorSequence(nonce, keys.iv, seq);
      else {
        nonce.set(keys.iv);
        nonce.set(bytes.subarray(at, at + explicit), keys.iv.length);
      }
      macHeader(aad, bytes, start, seq, length);
      const body = bytes.subarray(at + explicit, end - tagLength);
      const content = openAead(suite, keys.key, nonce, aad, body, bytes.subarray(end - tagLength, end));
      return content === null ? null : { type: bytes[start]!, content };
    },
  };
}

function openAead(
  suite: Suite,
  key: Uint8Array,
  nonce: Uint8Array,
  aad: Uint8Array,
  body: Uint8Array,
  tag: Uint8Array,
): Uint8Array | null {
  try {
    if (suite.protection === 'ccm') {
      const d: DecipherCCM = createDecipheriv(suite.cipher as CipherCCMTypes, key, nonce, {
        authTagLength: suite.tagLength,
      });
      d.setAuthTag(tag);
      d.setAAD(aad, { plaintextLength: body.length });
      const content = d.update(body);
      d.final();
      return content;
    }
    const d: DecipherGCM = createDecipheriv(suite.cipher as CipherGCMTypes, key, nonce, {
      authTagLength: suite.tagLength,
    });
    d.setAAD(aad);
    d.setAuthTag(tag);
    const content = d.update(body);
    d.final();
    return content;
  } catch {
    return null;
  }
}

/** MAC-then-encrypt: IV, then encrypted content, MAC and padding (RFC 5246, 6.2.3.2). */
function macInside(suite: Suite, keys: WriteKeys, macLength: number): RecordCipher {
  const block = suite.blockLength;
  const header = Buffer.alloc(13);
  return {
    overhead: RECORD_HEADER + block + macLength + 1,
    open(bytes, start, end, seq) {
      const body = bytes.subarray(start + RECORD_HEADER, end);
      if (body.length < 2 * block || body.length % block !== 0) return null;
      const plain = openCbc(suite, keys.key, body.subarray(0, block), body.subarray(block));
      const length = unpadded(plain) - macLength;
      if (length < 0) return null;
      macHeader(header, bytes, start, seq, length);
      const content = plain.subarray(0, length);
      const mac = plain.subarray(length, length + macLength);
      return isMac(suite, keys, header, content, mac) ? { type: bytes[start]!, content } : null;
    },
  };
}

/** Encrypt-then-MAC (RFC 7366): the MAC covers IV and ciphertext, and follows them. */
function macOutside(suite: Suite, keys: WriteKeys, macLength: number): RecordCipher {
  const block = suite.blockLength;
  const header = Buffer.alloc(13);
  return {
    overhead: RECORD_HEADER + block + macLength + 1,
    open(bytes, start, end, seq) {
      const body = bytes.subarray(start + RECORD_HEADER, end - macLength);
      if (end - start - RECORD_HEADER < 2 * block + macLength || body.length % block !== 0) return null;
      macHeader(header, bytes, start, seq, body.length);
      if (!isMac(suite, keys, header, body, bytes.subarray(end - macLength, end))) return null;
      const plain = openCbc(suite, keys.key, body.subarray(0, block), body.subarray(block));
      const length = unpadded(plain);
      return length < 0 ? null : { type: bytes[start]!, content: plain.subarray(0, length) };
    },
  };
}

/** Suites that authenticate and do not encrypt. */
function macOnly(suite: Suite, keys: WriteKeys, macLength: number): RecordCipher {
  const header = Buffer.alloc(13);
  return {
    overhead: RECORD_HEADER + macLength,
    open(bytes, start, end, seq) {
      const length = end - start - RECORD_HEADER - macLength;
      if (length < 0) return null;
      const content = bytes.slice(start + RECORD_HEADER, end - macLength);
      macHeader(header, bytes, start, seq, length);
      return isMac(suite, keys, header, content, bytes.subarray(end - macLength, end))
        ? { type: bytes[start]!, content }
        : null;
    },
  };
}

/** Whether `mac`, which may be truncated, is the MAC of `header` and `content`. */
function isMac(suite: Suite, keys: WriteKeys, header: Buffer, content: Uint8Array, mac: Uint8Array): boolean {
  const right = createHmac(suite.mac, keys.mac).update(header).update(content).digest();
  return timingSafeEqual(right.subarray(0, mac.length), mac);
}

function openCbc(suite: Suite, key: Uint8Array, iv: Uint8Array, body: Uint8Array): Uint8Array {
  const d = createDecipheriv(suite.cipher, key, iv);
  d.setAutoPadding(false);
  const plain = d.update(body);
  d.final();
  return plain;
}

/** Length without the padding, each byte of which is the padding's length minus 1; -1 where they differ. */
function unpadded(plain: Uint8Array): number {
  const padding = plain[plain.length - 1]!;
  const length = plain.length - padding - 1;
  if (length < 0) return -1;
  for (let i = length; i < plain.length; i++) if (plain[i] !== padding) return -1;
  return length;
}

/** What a MAC of TLS 1.2 covers before the content: sequence number (8 bytes), type (1), version (2), length (2). */
function macHeader(out: Buffer, bytes: Uint8Array, start: number, seq: number, length: number): void {
  out.writeUInt32BE(Math.floor(seq / 0x1_0000_0000), 0);
  out.writeUInt32BE(seq >>> 0, 4);
  out[8] = bytes[start]!;
  out[9] = bytes[start + 1]!;
  out[10] = bytes[start + 2]!;
  out.writeUInt16BE(length, 11);
}

/** Sets `nonce` to the IV with its last eight bytes XORed with the sequence number (RFC 8446, 5.3). */
function xorSequence(nonce: Buffer, iv: Uint8Array, seq: number): void {
  nonce.set(iv);
  const hi = Math.floor(seq / 0x1_0000_0000);
  const lo = seq >>> 0;
  nonce.writeUInt32BE((nonce.readUInt32BE(4) ^ hi) >>> 0, 4);
  nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ lo) >>> 0, 8);
}
