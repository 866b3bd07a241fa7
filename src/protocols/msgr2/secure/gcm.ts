import { createCipheriv, createDecipheriv, createSecretKey, type DecipherGCM, type KeyObject } from 'node:crypto';
import type { Revision } from '../layout.js';
import { GCM_TAG } from './layout.js';

const GCM = 'aes-128-gcm';
const OPTIONS = { authTagLength: GCM_TAG };
/**
 * The GCM operations of one direction (src/msg/async/crypto_onwire.cc). Each increments the nonce: revision 1 counts in its last 8 bytes,
 * revision 0 in its first 4, both little-endian.
 */
export class GcmStream {
  private readonly key: KeyObject;
  private readonly first: Uint8Array;
  private readonly revision: Revision;

  constructor(key: Uint8Array, nonce: Uint8Array, revision: Revision) {
    this.key = createSecretKey(key);
    // copied into a plain array, since a slice of a Buffer shares its memory
    this.first = Uint8Array.from(nonce);
    this.revision = revision;
  }

  /** The nonce of an operation; the first one has number 0. */
  nonce(operation: number): Uint8Array {
    const nonce = this.first.slice();
    const at = this.revision === 1 ? 4 : 0;
    const end = this.revision === 1 ? 12 : 4;
    let carry = operation;
    for (let i = at; i < end && carry > 0; i++) {
      const sum = nonce[i]! + (carry % 256);
      nonce[i] = sum & 0xff;
      carry = Math.floor(carry / 256) + (sum >> 8);
    }
    return nonce;
  }

  open(operation: number): DecipherGCM {
    return createDecipheriv(GCM, this.key, this.nonce(operation), OPTIONS);
  }

  /** For examples and tests: seals one operation, and appends its tag. */
  seal(operation: number, plain: Uint8Array): Uint8Array {
    const cipher = createCipheriv(GCM, this.key, this.nonce(operation), OPTIONS);
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** The first 32 bytes of key stream of `count` operations from `operation` on, one after another. */
  keyStream(operation: number, count: number): Uint8Array {
    const blocks = Buffer.alloc(32 * count);
    for (let i = 0; i < count; i++) {
      const nonce = this.nonce(operation + i);
      blocks.set(nonce, 32 * i);
      blocks.set(nonce, 32 * i + 16);
      // counter 1 is used for the tag, so the key stream of the content begins at counter 2
      blocks[32 * i + 15] = 2;
      blocks[32 * i + 31] = 3;
    }
    const cipher = createCipheriv('aes-128-ecb', this.key, null).setAutoPadding(false);
    return cipher.update(blocks);
  }
}

/** Whether the tag of an operation that was decrypted completely is right. */
export function tagHolds(operation: DecipherGCM, tag: Uint8Array): boolean {
  operation.setAuthTag(tag);
  try {
    operation.final();
    return true;
  } catch {
    return false;
  }
}
