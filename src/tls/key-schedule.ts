import { createHmac } from 'node:crypto';
import { HASH_LENGTH, type Suite } from './suites.js';

/** Keys from secrets: HKDF-Expand-Label of TLS 1.3 (RFC 8446, 7.1), the PRF of TLS 1.2 (RFC 5246, 5). */

type Hash = Suite['hash'];

/** HKDF-Expand-Label(secret, label, context, length); `context` is at most 255 bytes. */
export function expandLabel(
  hash: Hash,
  secret: Uint8Array,
  label: string,
  context: Uint8Array,
  length: number,
): Uint8Array {
  const full = `tls13 ${label}`;
  const info = Buffer.concat([
    Uint8Array.of(length >> 8, length & 255, full.length),
    Buffer.from(full, 'latin1'),
    Uint8Array.of(context.length),
    context,
  ]);
  const out = Buffer.alloc(Math.ceil(length / HASH_LENGTH[hash]) * HASH_LENGTH[hash]);
  let block: Uint8Array = new Uint8Array(0);
  for (let at = 0, i = 1; at < length; at += block.length, i++) {
    block = createHmac(hash, secret).update(block).update(info).update(Uint8Array.of(i)).digest();
    out.set(block, at);
  }
  return out.subarray(0, length);
}

const NOTHING = new Uint8Array(0);

/** Key and IV of one direction under one traffic secret (RFC 8446, 7.3). */
export function trafficKeys(suite: Suite, secret: Uint8Array): { readonly key: Uint8Array; readonly iv: Uint8Array } {
  return {
    key: expandLabel(suite.hash, secret, 'key', NOTHING, suite.keyLength),
    iv: expandLabel(suite.hash, secret, 'iv', NOTHING, 12),
  };
}

/** The application traffic secret after a KeyUpdate (RFC 8446, 7.2). */
export function nextSecret(suite: Suite, secret: Uint8Array): Uint8Array {
  return expandLabel(suite.hash, secret, 'traffic upd', NOTHING, HASH_LENGTH[suite.hash]);
}

/** PRF(secret, label, seed) of TLS 1.2: P_hash. */
export function prf(hash: Hash, secret: Uint8Array, label: string, seed: Uint8Array, length: number): Uint8Array {
  const full = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  const size = HASH_LENGTH[hash];
  const out = Buffer.alloc(Math.ceil(length / size) * size);
  let a: Uint8Array = full;
  for (let at = 0; at < length; at += size) {
    a = createHmac(hash, secret).update(a).digest();
    out.set(createHmac(hash, secret).update(a).update(full).digest(), at);
  }
  return out.subarray(0, length);
}

/** One direction's part of the key block (RFC 5246, 6.3): MAC key, cipher key, and the implicit part of the nonce. */
export interface WriteKeys {
  readonly mac: Uint8Array;
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** The keys of both directions of a TLS 1.2 session, client first. */
export function sessionKeys(
  suite: Suite,
  master: Uint8Array,
  clientRandom: Uint8Array,
  serverRandom: Uint8Array,
): readonly [WriteKeys, WriteKeys] {
  const aead = suite.protection !== 'cbc' && suite.protection !== 'null';
  const macLength = aead ? 0 : HASH_LENGTH[suite.mac];
  const ivLength = !aead ? 0 : suite.protection === 'chacha20' ? 12 : 4;
  const seed = Buffer.concat([serverRandom, clientRandom]);
  const block = prf(suite.hash, master, 'key expansion', seed, 2 * (macLength + suite.keyLength + ivLength));
  let at = 0;
  const take = (n: number): Uint8Array => block.subarray(at, (at += n));
  const macs = [take(macLength), take(macLength)] as const;
  const keys = [take(suite.keyLength), take(suite.keyLength)] as const;
  const ivs = [take(ivLength), take(ivLength)] as const;
  return [
    { mac: macs[0], key: keys[0], iv: ivs[0] },
    { mac: macs[1], key: keys[1], iv: ivs[1] },
  ];
}
