import { createRequire } from 'node:module';
import { lazy } from './lazy.js';

/** CRC-32C (Castagnoli, polynomial 0x1EDC6F41 reflected), as raw register updates: no initial value, no final inversion. */

const TABLES = makeTables();

function makeTables(): Uint32Array {
  const t = new Uint32Array(8 * 256);
  for (let n = 0; n < 256; n++) {
    let c = n;
    for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
    t[n] = c >>> 0;
  }
  for (let s = 1; s < 8; s++) {
    for (let n = 0; n < 256; n++) {
      const c = t[(s - 1) * 256 + n]!;
      t[s * 256 + n] = (t[c & 0xff]! ^ (c >>> 8)) >>> 0;
    }
  }
  return t;
}

type NativeCrc32c = (input: Uint8Array, initial?: number) => number;

const nativeCrc32c = lazy((): NativeCrc32c | null => {
  try {
    return (createRequire(import.meta.url)('@node-rs/crc32') as { crc32c: NativeCrc32c }).crc32c;
  } catch {
    return null; // optional dependency: the table below serves alone
  }
});

/** Below this many bytes a call into native code costs more than the table. */
const NATIVE_FROM = 256;

/**
 * The register after `bytes[start..end)`, from register `crc` (unsigned 32 bits). Ceph's ceph_crc32c(seed, ...) is exactly
 * this; the everyday checksum is `~crc32c(0xffffffff, ...)`.
 */
export function crc32c(crc: number, bytes: Uint8Array, start = 0, end = bytes.length): number {
  if (end - start >= NATIVE_FROM) {
    const native = nativeCrc32c();
    // the native function inverts before and after
    if (native) return ~native(bytes.subarray(start, end), ~crc >>> 0) >>> 0;
  }
  const t = TABLES;
  let c = crc >>> 0;
  let i = start;
  for (const last = end - 7; i < last; i += 8) {
    c ^= bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    c =
      t[0x700 | (c & 0xff)]! ^
      t[0x600 | ((c >>> 8) & 0xff)]! ^
      t[0x500 | ((c >>> 16) & 0xff)]! ^
      t[0x400 | (c >>> 24)]! ^
      t[0x300 | bytes[i + 4]!]! ^
      t[0x200 | bytes[i + 5]!]! ^
      t[0x100 | bytes[i + 6]!]! ^
      t[bytes[i + 7]!]!;
  }
  for (; i < end; i++) c = t[(c ^ bytes[i]!) & 0xff]! ^ (c >>> 8);
  return c >>> 0;
}
