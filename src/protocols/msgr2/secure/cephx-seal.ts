import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import { ByteReader } from './byte-reader.js';
import { krb5Seal, krb5Unseal } from './krb5-seal.js';

/**
 * How cephx seals structures (src/auth/Crypto.cc, src/auth/cephx/CephxProtocol.h). The type of a key shows in its length: 16 or 32 bytes.
 */

/** CryptoKey.type: AES with 128 bits, and the newer AES256KRB5. */
export const KEY_AES = 1;
export const KEY_AES256KRB5 = 2;
export const AES_KEY_BYTES = 16;
export const KRB5_KEY_BYTES = 32;

/**
 * What a structure is sealed for. With keys of type 2 a key is derived for each usage (CephxProtocol.h); keys of type 1 are used directly.
 */
export const USAGE = {
  CONNECTION_SECRET: 0x03,
  TICKET_SESSION_KEY: 0x04,
  TICKET_BLOB: 0x05,
  AUTHORIZE: 0x10,
  AUTHORIZE_CHALLENGE: 0x11,
  AUTHORIZE_REPLY: 0x12,
  ROTATING_SECRETS: 0x20,
  TICKET_INFO: 0x30,
} as const;

/** Type of a key by its length; 0 if no type has that length. */
export function keyType(key: Uint8Array): number {
  if (key.length === AES_KEY_BYTES) return KEY_AES;
  return key.length === KRB5_KEY_BYTES ? KEY_AES256KRB5 : 0;
}

const CIPHER = 'aes-128-cbc';
/** The initialization vector, which is always the same. */
const VECTOR = Buffer.from('cephsageyudagreg', 'latin1');
/** The envelope is u8 1 and u64 magic. The magic shows whether the key was right. */
const MAGIC = 0xff009cad8826aa55n;
const ENVELOPE = 9;
/** Longer sealed structures are not unsealed; none in a login is that long. */
const SEALED_MAX = 1 << 20;

export interface CryptoKey {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** Reads u16 type, u32 seconds and u32 nanoseconds of its creation, u16 length, bytes. */
export function readCryptoKey(r: ByteReader): CryptoKey {
  const type = r.u16();
  r.take(8);
  return { type, bytes: r.raw(r.u16()) };
}

/** Unseals ENC(key, T): the bytes of T, or null if the key does not fit. */
export function unseal(key: Uint8Array, sealed: Uint8Array, usage: number): Uint8Array | null {
  const type = keyType(key);
  if (type === 0 || sealed.length === 0 || sealed.length > SEALED_MAX) return null;
  const plain = type === KEY_AES256KRB5 ? krb5Unseal(key, usage, sealed) : decrypt(key, sealed);
  if (plain === null || plain.length < ENVELOPE) return null;
  const r = new ByteReader(plain);
  if (r.u8() !== 1 || r.u64() !== MAGIC) return null;
  return plain.subarray(ENVELOPE);
}

/** The same for LENC, which is ENC with a u32 length before it. */
export function unsealSized(key: Uint8Array, bytes: Uint8Array, usage: number): Uint8Array | null {
  const r = new ByteReader(bytes);
  const sealed = r.blob();
  return r.failed ? null : unseal(key, sealed, usage);
}

/** Decrypts AES-128-CBC with padding; null if the key does not fit. */
export function decrypt(key: Uint8Array, sealed: Uint8Array): Uint8Array | null {
  if (sealed.length % 16 !== 0) return null;
  const decipher = createDecipheriv(CIPHER, key, VECTOR);
  const first = decipher.update(sealed);
  try {
    return Buffer.concat([first, decipher.final()]);
  } catch {
    return null; // invalid padding: the key does not fit
  }
}

export function seal(key: Uint8Array, content: Uint8Array, usage: number): Uint8Array {
  const head = Buffer.alloc(ENVELOPE);
  head[0] = 1;
  head.writeBigUInt64LE(MAGIC, 1);
  if (keyType(key) === KEY_AES256KRB5) return krb5Seal(key, usage, Buffer.concat([head, content]));
  const cipher = createCipheriv(CIPHER, key, VECTOR);
  return Buffer.concat([cipher.update(head), cipher.update(content), cipher.final()]);
}

/**
 * The 8 bytes with which a client proves that it has a key (cephx_calc_client_server_challenge): both challenges are sealed, a u32 length
 * is put before them, and all whole words of eight bytes are xored together; with a key of type 2, the words of their HMAC-SHA256.
 */
export function proofOf(key: Uint8Array, serverChallenge: bigint, clientChallenge: bigint): Uint8Array {
  const challenges = Buffer.alloc(16);
  challenges.writeBigUInt64LE(serverChallenge, 0);
  challenges.writeBigUInt64LE(clientChallenge, 8);
  if (keyType(key) === KEY_AES256KRB5) return folded(createHmac('sha256', key).update(challenges).digest());
  const sealed = seal(key, challenges, 0);
  const sized = Buffer.alloc(4 + sealed.length);
  sized.writeUInt32LE(sealed.length, 0);
  sized.set(sealed, 4);
  return folded(sized);
}

/** All whole words of eight bytes, xored together. */
function folded(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(8);
  for (let i = 0; i + 8 <= bytes.length; i += 8) for (let k = 0; k < 8; k++) out[k]! ^= bytes[i + k]!;
  return out;
}
