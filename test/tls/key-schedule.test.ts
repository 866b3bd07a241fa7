import {
  createCipheriv,
  createHmac,
  type CipherCCM,
  type CipherCCMTypes,
  type CipherGCM,
  type CipherGCMTypes,
} from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hex, unhex } from '../../src/base/hex.js';
import { trafficKeys, type WriteKeys } from '../../src/tls/key-schedule.js';
import { tls12Cipher, tls13Cipher } from '../../src/tls/record-cipher.js';
import { HASH_LENGTH, suiteOf, type Suite } from '../../src/tls/suites.js';

describe('traffic keys of RFC 8448, section 3', () => {
  it.each([
    [
      'server',
      'b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38',
      '3fce516009c21727d0f2e4e86ee403bc',
      '5d313eb2671276ee13000b30',
    ],
    [
      'client',
      'b3eddb126e067f35a780b3abf45e2d8f3b1a950738f52e9600746a0e27a55a21',
      'dbfaa693d1762c5b666af5d950258d01',
      '5bd3c71b836e0b76bb73265f',
    ],
  ])('of the %s', (_, secret, key, iv) => {
    const keys = trafficKeys(suiteOf(0x1301)!, unhex(secret));
    expect(hex(keys.key)).toBe(key);
    expect(hex(keys.iv)).toBe(iv);
  });
});

const CONTENT = Buffer.from('what stands in a record');
const SEQ = 5;

function nonceOf(iv: Uint8Array): Buffer {
  const nonce = Buffer.from(iv);
  nonce[11]! ^= SEQ;
  return nonce;
}

function aead(suite: Suite, key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array): Buffer {
  if (suite.protection === 'ccm') {
    const c: CipherCCM = createCipheriv(suite.cipher as CipherCCMTypes, key, nonce, { authTagLength: suite.tagLength });
    c.setAAD(aad, { plaintextLength: plain.length });
    return Buffer.concat([c.update(plain), c.final(), c.getAuthTag()]);
  }
  const c = createCipheriv(suite.cipher as CipherGCMTypes, key, nonce, { authTagLength: suite.tagLength }) as CipherGCM;
  c.setAAD(aad);
  return Buffer.concat([c.update(plain), c.final(), c.getAuthTag()]);
}

function header(length: number): Buffer {
  return Buffer.from([23, 3, 3, length >> 8, length & 255]);
}

function macHeader(length: number): Buffer {
  return Buffer.from([0, 0, 0, 0, 0, 0, 0, SEQ, 23, 3, 3, length >> 8, length & 255]);
}

function sealed13(suite: Suite, key: Uint8Array, iv: Uint8Array): Buffer {
  const inner = Buffer.concat([CONTENT, Buffer.from([23, 0, 0])]);
  const head = header(inner.length + suite.tagLength);
  return Buffer.concat([head, aead(suite, key, nonceOf(iv), head, inner)]);
}

function sealed12(suite: Suite, keys: WriteKeys, encryptThenMac: boolean): Buffer {
  if (suite.protection === 'cbc') {
    const mac = (...parts: Uint8Array[]): Buffer =>
      createHmac(suite.mac, keys.mac).update(Buffer.concat(parts)).digest();
    const iv = Buffer.alloc(suite.blockLength, 7);
    const inner = encryptThenMac ? CONTENT : Buffer.concat([CONTENT, mac(macHeader(CONTENT.length), CONTENT)]);
    const padding = suite.blockLength - (inner.length % suite.blockLength) - 1;
    const c = createCipheriv(suite.cipher, keys.key, iv);
    c.setAutoPadding(false);
    const body = Buffer.concat([iv, c.update(Buffer.concat([inner, Buffer.alloc(padding + 1, padding)])), c.final()]);
    const whole = encryptThenMac ? Buffer.concat([body, mac(macHeader(body.length), body)]) : body;
    return Buffer.concat([header(whole.length), whole]);
  }
  if (suite.protection === 'chacha20') {
    const body = aead(suite, keys.key, nonceOf(keys.iv), macHeader(CONTENT.length), CONTENT);
    return Buffer.concat([header(body.length), body]);
  }
  const explicit = Buffer.from([9, 8, 7, 6, 5, 4, 3, 2]);
  const body = aead(suite, keys.key, Buffer.concat([keys.iv, explicit]), macHeader(CONTENT.length), CONTENT);
  return Buffer.concat([header(8 + body.length), explicit, body]);
}

describe('records', () => {
  it.each([0x1301, 0x1302, 0x1303, 0x1304, 0x1305])('of TLS 1.3 under suite 0x%s', (id) => {
    const suite = suiteOf(id)!;
    const { key, iv } = trafficKeys(suite, Buffer.alloc(HASH_LENGTH[suite.hash], 3));
    const record = sealed13(suite, key, iv);
    const cipher = tls13Cipher(suite, key, iv);
    expect(cipher.open(record, 0, record.length, SEQ)).toEqual({ type: 23, content: CONTENT });
    expect(cipher.open(record, 0, record.length, SEQ + 1)).toBeNull();
    record[record.length - 1]! ^= 1;
    expect(cipher.open(record, 0, record.length, SEQ)).toBeNull();
  });

  // GCM, CCM, CCM-8, ChaCha20-Poly1305; CBC with SHA-1, SHA-256, SHA-384; Camellia and 3DES in CBC
  const old = [0xc02f, 0xc030, 0xc09c, 0xc09d, 0xc0a0, 0xc0af, 0xcca8, 0x00a8, 0xc013, 0xc027, 0xc028, 0x0041, 0x000a];
  it.each(old.flatMap((id) => [[id, false] as const, [id, true] as const]))(
    'of TLS 1.2 under suite %i, encrypt-then-MAC %s',
    (id, encryptThenMac) => {
      const suite = suiteOf(id)!;
      const keys: WriteKeys = {
        mac: Buffer.alloc(HASH_LENGTH[suite.mac], 1),
        key: Buffer.from(Array.from({ length: suite.keyLength }, (_, i) => i)),
        iv: Buffer.alloc(suite.protection === 'chacha20' ? 12 : 4, 2),
      };
      const record = sealed12(suite, keys, encryptThenMac);
      const cipher = tls12Cipher(suite, keys, encryptThenMac);
      expect(cipher.open(record, 0, record.length, SEQ)).toEqual({ type: 23, content: CONTENT });
      expect(cipher.open(record, 0, record.length, SEQ + 1)).toBeNull();
      record[record.length - 1]! ^= 1;
      expect(cipher.open(record, 0, record.length, SEQ)).toBeNull();
    },
  );

  it.each([0xc08a, 0x0005, 0x0096])('suite %i is named, and not supported', (id) => {
    expect(suiteOf(id)).toBeNull();
  });
});
