import * as zlib from 'node:zlib';
import { decompress as decompressZstd } from 'fzstd';
import { uncompress as uncompressSnappy } from 'snappyjs';
import { algorithmName } from './constants.js';
import { openLz4Block } from './lz4.js';
import type { Frame } from './message.js';
import { FIRST_CRC, type Revision } from './layout.js';

/** Compressed frames: each segment that is not empty is compressed on its own (src/msg/async/compression_onwire.cc). */

export interface Opened {
  readonly segments: readonly Uint8Array[];
  /** Number of the first segment that could not be decompressed, or null. */
  readonly failed: number | null;
  readonly why: string;
  /** Whether the reason is a limit of this program (an algorithm that it cannot read, or messageBytes), and not a fault of the sender. */
  readonly unsupported: boolean;
}

const NOTHING = new Uint8Array(0);

/** Throws if the bytes are not of that algorithm, or would decompress to more than `limit` bytes. */
type Open = (bytes: Uint8Array, limit: number) => Uint8Array;

class TooLarge extends Error {}

/** One byte with the implementation (0 zlib, 1 ISA-L), then raw deflate. */
const inflate: Open = (bytes, limit) => zlib.inflateRawSync(bytes.subarray(1), { maxOutputLength: limit });
const brotli: Open = (bytes, limit) => zlib.brotliDecompressSync(bytes, { maxOutputLength: limit });

/** A raw snappy block. It begins with its decompressed length, which is checked before anything is allocated. */
const snappy: Open = (bytes, limit) => {
  if (varint(bytes) > limit) throw new TooLarge();
  return uncompressSnappy(bytes, limit);
};

/** A number in groups of seven bits, lowest first, as snappy writes lengths. */
function varint(bytes: Uint8Array): number {
  let value = 0;
  for (let i = 0; i < 5 && i < bytes.length; i++) {
    value += (bytes[i]! & 0x7f) * 2 ** (7 * i);
    if (bytes[i]! < 0x80) return value;
  }
  throw new Error('no length');
}

/**
 * u32 decompressed length, then a zstd frame. It is decompressed into a buffer of that length: no window is allocated, and a decompression
 * bomb cannot write beyond it.
 */
const zstd: Open = (bytes, limit) => {
  const size = lengthAt(bytes, 0);
  if (size > limit) throw new TooLarge();
  const out = new Uint8Array(size);
  decompressZstd(bytes.subarray(4), out);
  return out;
};

/** u32 count, count x (u32 original length, u32 compressed length), then the blocks; later blocks refer back to earlier ones. */
const lz4: Open = (bytes, limit) => {
  const count = lengthAt(bytes, 0);
  let at = 4 + 8 * count;
  if (at > bytes.length) throw new Error('more blocks than bytes');
  let size = 0;
  for (let i = 0; i < count; i++) size += lengthAt(bytes, 4 + 8 * i);
  if (size > limit) throw new TooLarge();
  const out = new Uint8Array(size);
  let has = 0;
  for (let i = 0; i < count; i++) {
    const original = lengthAt(bytes, 4 + 8 * i);
    const end = at + lengthAt(bytes, 8 + 8 * i);
    if (end > bytes.length) throw new Error('a block beyond the segment');
    has = openLz4Block(bytes, at, end, out, has, has + original);
    at = end;
  }
  return out;
};

function lengthAt(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) throw new Error('no length');
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** By number (src/msg/async/compression_onwire.h). */
const OPENERS: readonly (Open | undefined)[] = [undefined, snappy, inflate, zstd, lz4, brotli];

/** Decompresses the segments, which begin at `at`. None may grow beyond `limit` bytes. */
export function openSegments(
  frame: Frame,
  bytes: Uint8Array,
  at: number,
  revision: Revision,
  algorithm: number,
  limit: number,
): Opened {
  const open = OPENERS[algorithm];
  const segments: Uint8Array[] = [];
  let pos = at;
  for (let i = 0; i < frame.count; i++) {
    const n = frame.segmentLength(i);
    if (n === 0) {
      segments.push(NOTHING);
      continue;
    }
    if (open === undefined) {
      return { segments, failed: i, why: `${algorithmName(algorithm)} cannot be read here`, unsupported: true };
    }
    try {
      segments.push(open(bytes.subarray(pos, pos + n), limit));
    } catch (error) {
      const tooLarge = error instanceof TooLarge || (error as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE';
      const why = tooLarge ? `messageBytes: more than ${limit} bytes` : `not ${algorithmName(algorithm)}`;
      return { segments, failed: i, why, unsupported: tooLarge };
    }
    pos += n;
    if (i === 0 && revision === 1) pos += FIRST_CRC.size;
  }
  return { segments, failed: null, why: '', unsupported: false };
}
