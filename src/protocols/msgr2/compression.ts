import * as zlib from 'node:zlib';
import { algorithmName } from './constants.js';
import type { Frame } from './message.js';
import type { Revision } from './preamble.js';

/** Compressed frames: every segment that is not empty was compressed on its own (src/msg/async/compression_onwire.cc). */

export interface Opened {
  readonly segments: readonly Uint8Array[];
  /** Number of the first segment that could not be opened, or null. */
  readonly failed: number | null;
  readonly why: string;
  /** Whether that is for want of the algorithm here, and no fault of the sender. */
  readonly unsupported: boolean;
}

const NOTHING = new Uint8Array(0);

type Open = (bytes: Uint8Array, limit: number) => Uint8Array;

/** One mark byte (0 zlib, 1 ISA-L), then raw deflate. */
const inflate: Open = (bytes, limit) => zlib.inflateRawSync(bytes.subarray(1), { maxOutputLength: limit });
const brotli: Open = (bytes, limit) => zlib.brotliDecompressSync(bytes, { maxOutputLength: limit });

type ZstdDecompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Uint8Array;

/** u32 length, then a zstd frame; only newer versions of Node can read it. */
function zstd(): Open | null {
  const decompress = (zlib as unknown as { zstdDecompressSync?: ZstdDecompress }).zstdDecompressSync;
  return decompress === undefined ? null : (bytes, limit) => decompress(bytes.subarray(4), { maxOutputLength: limit });
}

function opener(algorithm: number): Open | null {
  if (algorithm === 2) return inflate;
  if (algorithm === 3) return zstd();
  return algorithm === 5 ? brotli : null;
}

/** Opens the segments that begin at `at`; no segment may grow beyond `limit` bytes. */
export function openSegments(
  frame: Frame,
  bytes: Uint8Array,
  at: number,
  revision: Revision,
  algorithm: number,
  limit: number,
): Opened {
  const open = opener(algorithm);
  const segments: Uint8Array[] = [];
  let pos = at;
  for (let i = 0; i < frame.count; i++) {
    const n = frame.segmentLength(i);
    if (n === 0) {
      segments.push(NOTHING);
      continue;
    }
    if (open === null) {
      return { segments, failed: i, why: `${algorithmName(algorithm)} cannot be read here`, unsupported: true };
    }
    try {
      segments.push(open(bytes.subarray(pos, pos + n), limit));
    } catch (error) {
      const tooLarge = (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
      const why = tooLarge ? `more than ${limit} bytes` : `not ${algorithmName(algorithm)}`;
      return { segments, failed: i, why, unsupported: tooLarge };
    }
    pos += n;
    if (i === 0 && revision === 1) pos += 4;
  }
  return { segments, failed: null, why: '', unsupported: false };
}
