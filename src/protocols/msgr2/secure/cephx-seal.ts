import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ByteReader } from './byte-reader.js';

/** How cephx seals structures (src/auth/Crypto.cc, src/auth/cephx/CephxProtocol.h), for keys of type 1. */

/** CryptoKey.type: AES with 128 bits, and the newer AES256KRB5. */
export const KEY_AES = 1;
export const KEY_AES256KRB5 = 2;
export const AES_KEY_BYTES = 16;

const CIPHER = 'aes-128-cbc';
/** The initialization vector is the same for everything. */
const VECTOR = Buffer.from('cephsageyudagreg', 'latin1');
/** The envelope: u8 1, u64 magic; the magic tells a right key from a wrong one. */
const MAGIC = 0xff009cad8826aa55n;
const ENVELOPE = 9;
/** No sealed structure of a login is larger; what is, is not tried. */
const SEALED_MAX = 1 << 20;

export interface CryptoKey {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** u16 type, u32 seconds and u32 nanoseconds of its making, u16 length, bytes. */
export function readCryptoKey(r: ByteReader): CryptoKey {
  const type = r.u16();
  r.take(8);
  return { type, bytes: r.raw(r.u16()) };
}

/** Opens ENC(key, T): the bytes of T, or null where the key does not fit. */
export function unseal(key: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  if (key.length !== AES_KEY_BYTES || sealed.length === 0 || sealed.length % 16 !== 0 || sealed.length > SEALED_MAX)
    return null;
  const plain = decrypt(key, sealed);
  if (plain === null || plain.length < ENVELOPE) return null;
  const r = new ByteReader(plain);
  if (r.u8() !== 1 || r.u64() !== MAGIC) return null;
  return plain.subarray(ENVELOPE);
}

/** The same for LENC: u32 length in front, nothing behind. */
export function unsealSized(key: Uint8Array, bytes: Uint8Array): Uint8Array | null {
  const r = new ByteReader(bytes);
  const sealed = r.blob();
  return r.failed ? null : unseal(key, sealed);
}

function decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  const decipher = createDecipheriv(CIPHER, key, VECTOR);
  const first = decipher.update(sealed);
  try {
    return Buffer.concat([first, decipher.final()]);
  } catch {
    return null; // padding that is none: the key does not fit
  }
}

/** ENC(key, T). */
export function seal(key: Uint8Array, content: Uint8Array): Uint8Array {
  const head = Buffer.alloc(ENVELOPE);
  head[0] = 1;
  head.writeBigUInt64LE(MAGIC, 1);
  const cipher = createCipheriv(CIPHER, key, VECTOR);
  return Buffer.concat([cipher.update(head), cipher.update(content), cipher.final()]);
}

/**
 * What a client proves its key with (cephx_calc_client_server_challenge): both challenges sealed, a u32 length in front, and of these
 * bytes the whole words of eight xored together. 8 bytes.
 */
export function proofOf(key: Uint8Array, serverChallenge: bigint, clientChallenge: bigint): Uint8Array {
  const challenges = Buffer.alloc(16);
  challenges.writeBigUInt64LE(serverChallenge, 0);
  challenges.writeBigUInt64LE(clientChallenge, 8);
  const sealed = seal(key, challenges);
  const sized = Buffer.alloc(4 + sealed.length);
  sized.writeUInt32LE(sealed.length, 0);
  sized.set(sealed, 4);
  const proof = new Uint8Array(8);
  for (let i = 0; i + 8 <= sized.length; i += 8) for (let k = 0; k < 8; k++) proof[k]! ^= sized[i + k]!;
  return proof;
}
