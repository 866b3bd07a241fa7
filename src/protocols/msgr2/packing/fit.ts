import { algorithmName } from '../constants.js';
import { fitBrotli, fitDeflate } from './deflate.js';
import { fitLz4 } from './lz4.js';
import { fitSnappy } from './snappy.js';
import { fitZstd } from './zstd.js';

/**
 * Compresses `plain` to a segment as long as `packed`, the one that it replaces (and that decompresses to as many bytes), so that all
 * offsets after it stay. A shorter result is filled up by means that the format offers; null if it cannot be as short.
 */
export function fit(algorithm: number, packed: Uint8Array, plain: Uint8Array): Uint8Array | null {
  switch (algorithmName(algorithm)) {
    case 'snappy':
      return fitSnappy(plain, packed.length);
    case 'zlib':
      return fitDeflate(plain, packed.length, packed[0]!);
    case 'zstd':
      return behind(packed.subarray(0, LENGTH), fitZstd(plain, packed.length - LENGTH));
    case 'lz4':
      return lz4Blocks(packed, plain);
    case 'brotli':
      return fitBrotli(plain, packed.length);
    default:
      return null;
  }
}

/** Bytes of the length before a zstd frame, and of each number in LZ4's table of blocks (see compression.ts). */
const LENGTH = 4;

function behind(head: Uint8Array, rest: Uint8Array | null): Uint8Array | null {
  return rest === null ? null : Buffer.concat([head, rest]);
}

/** Each block keeps its compressed and its decompressed length. */
function lz4Blocks(packed: Uint8Array, plain: Uint8Array): Uint8Array | null {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.length);
  const blocks = view.getUint32(0, true);
  const table = LENGTH + 2 * LENGTH * blocks;
  const out = new Uint8Array(packed);
  let from = 0;
  let to = table;
  for (let at = LENGTH; at < table; at += 2 * LENGTH) {
    const length = view.getUint32(at, true);
    const size = view.getUint32(at + LENGTH, true);
    const block = fitLz4(plain.subarray(from, from + length), size);
    if (block === null) return null;
    out.set(block, to);
    from += length;
    to += size;
  }
  return out;
}
