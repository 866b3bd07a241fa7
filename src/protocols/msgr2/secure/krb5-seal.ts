import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto';

/** Sealing as in Kerberos (RFC 8009, aes256-cts-hmac-sha384-192), which cephx uses with keys of type 2. */

const CIPHER = 'aes-256-cbc';
const BLOCK = 16;
const VECTOR = new Uint8Array(BLOCK);
/** Bytes of the digest after the ciphertext. */
const DIGEST = 24;
const ENCRYPTION_KEY = 32;

/** What a derived key is for: encryption, or the digest (RFC 8009, section 5). */
const FOR_ENCRYPTION = 0xaa;
const FOR_DIGEST = 0x55;

/** KDF-HMAC-SHA2 (RFC 8009, section 3): derives `size` bytes for one usage, a big-endian number of 32 bits. */
function derive(key: Uint8Array, usage: number, purpose: number, size: number): Buffer {
  const input = Buffer.alloc(14);
  input.writeUInt32BE(1, 0);
  input.writeUInt32BE(usage, 4);
  input[8] = purpose;
  input.writeUInt32BE(8 * size, 10);
  return createHmac('sha384', key).update(input).digest().subarray(0, size);
}

function digest(key: Uint8Array, usage: number, encrypted: Uint8Array): Buffer {
  const own = derive(key, usage, FOR_DIGEST, DIGEST);
  return createHmac('sha384', own).update(VECTOR).update(encrypted).digest().subarray(0, DIGEST);
}

/** Unseals what was sealed for that usage; null if the key or the usage is another one, or the bytes are damaged. */
export function krb5Unseal(key: Uint8Array, usage: number, sealed: Uint8Array): Uint8Array | null {
  const size = sealed.length - DIGEST;
  // ciphertext stealing needs more than one block: a confounder, and at least one byte
  if (size <= BLOCK) return null;
  const encrypted = sealed.subarray(0, size);
  if (!timingSafeEqual(digest(key, usage, encrypted), sealed.subarray(size))) return null;
  const own = derive(key, usage, FOR_ENCRYPTION, ENCRYPTION_KEY);
  // the last two blocks are swapped, and the truncated one is completed with bytes from the decryption of the other
  const last = size % BLOCK === 0 ? BLOCK : size % BLOCK;
  const full = size - last - BLOCK;
  const swapped = encrypted.subarray(full, full + BLOCK);
  const single = createDecipheriv('aes-256-ecb', own, null).setAutoPadding(false);
  const stolen = Buffer.concat([single.update(swapped), single.final()]);
  const rest = Buffer.concat([encrypted.subarray(full + BLOCK), stolen.subarray(last)]);
  const decipher = createDecipheriv(CIPHER, own, VECTOR).setAutoPadding(false);
  const plain = Buffer.concat([
    decipher.update(encrypted.subarray(0, full)),
    decipher.update(rest),
    decipher.update(swapped),
    decipher.final(),
  ]);
  return plain.subarray(BLOCK, size);
}

/** Seals for one usage. `confounder`: 16 bytes that make equal contents look different. */
export function krb5Seal(
  key: Uint8Array,
  usage: number,
  content: Uint8Array,
  confounder: Uint8Array = VECTOR,
): Uint8Array {
  const plain = Buffer.concat([confounder, content]);
  const size = plain.length;
  const last = size % BLOCK === 0 ? BLOCK : size % BLOCK;
  const cipher = createCipheriv(CIPHER, derive(key, usage, FOR_ENCRYPTION, ENCRYPTION_KEY), VECTOR).setAutoPadding(
    false,
  );
  const whole = Buffer.concat([cipher.update(Buffer.concat([plain, Buffer.alloc(BLOCK - last)])), cipher.final()]);
  const end = whole.length;
  const swapped =
    end === BLOCK
      ? whole
      : Buffer.concat([
          whole.subarray(0, end - 2 * BLOCK),
          whole.subarray(end - BLOCK),
          whole.subarray(end - 2 * BLOCK, end - 2 * BLOCK + last),
        ]);
  return Buffer.concat([swapped, digest(key, usage, swapped)]);
}
