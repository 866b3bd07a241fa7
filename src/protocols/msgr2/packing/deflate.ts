import * as zlib from 'node:zlib';
import { lazy } from '../../../base/lazy.js';

/** Fits raw deflate (RFC 1951) and brotli (RFC 7932) to a length: what zlib produces, filled up with empty blocks. */

const MARK = 1;
const LEVELS = [9, 8, 7, 6, 5, 4, 3, 2, 1];
const STRATEGIES = lazy(() => [zlib.constants.Z_DEFAULT_STRATEGY, zlib.constants.Z_FILTERED, zlib.constants.Z_FIXED]);
/** An empty stored block that begins on a byte boundary. */
const STORED = [0, 0, 0, 0xff, 0xff];

/** Deflated bytes of exactly `size`, including the byte `mark` before them, which names the implementation; null if none were found. */
export function fitDeflate(plain: Uint8Array, size: number, mark: number): Uint8Array | null {
  const room = size - MARK;
  const out = new Uint8Array(size);
  out[0] = mark;
  const open = zlib.deflateRawSync(plain, { level: 9, memLevel: 9, finishFlush: zlib.constants.Z_SYNC_FLUSH });
  const fill = emptyBlocks(room - open.length);
  if (fill !== null) {
    out.set(open, MARK);
    out.set(fill, MARK + open.length);
    return out;
  }
  for (const level of LEVELS)
    for (const strategy of STRATEGIES()) {
      const whole = zlib.deflateRawSync(plain, { level, strategy, memLevel: 9 });
      if (whole.length === room) {
        out.set(whole, MARK);
        return out;
      }
    }
  return null;
}

/** Empty deflate blocks of `n` bytes together, the last of which ends the stream; null if that is too short. */
function emptyBlocks(n: number): Uint8Array | null {
  if (n < 2) return null;
  const out = new Uint8Array(n);
  let pos = 0;
  for (; n - pos > 2 * STORED.length; pos += STORED.length) out.set(STORED, pos);
  const left = n - pos;
  // an empty block with fixed codes takes ten bits; for a remainder of 6 bytes, one of these and a stored block are needed
  const fixed = left === 6 ? 1 : Math.floor((8 * left) / 10);
  let bits = 8 * pos;
  for (let i = 0; i < fixed; i++, bits += 10) {
    const last = left !== 6 && i === fixed - 1;
    // BFINAL, and BTYPE 01; the end-of-block code is seven zeros
    if (last) setBit(out, bits);
    setBit(out, bits + 1);
  }
  if (left === 6) {
    setBit(out, bits);
    out.set([0xff, 0xff], n - 2);
  }
  return out;
}

function setBit(bytes: Uint8Array, at: number): void {
  bytes[at >> 3] = bytes[at >> 3]! | (1 << (at & 7));
}

/** An empty metadata block and the empty last block of brotli; each takes one byte. */
const EMPTY_METADATA = 0x06;
const LAST_EMPTY = 0x03;

export function fitBrotli(plain: Uint8Array, size: number): Uint8Array | null {
  const params = { [zlib.constants.BROTLI_PARAM_QUALITY]: 11 };
  const whole = zlib.brotliCompressSync(plain, { params });
  if (whole.length === size) return whole;
  const open = zlib.brotliCompressSync(plain, { params, finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH });
  if (open.length >= size) return null;
  const out = new Uint8Array(size).fill(EMPTY_METADATA);
  out.set(open);
  out[size - 1] = LAST_EMPTY;
  return out;
}
