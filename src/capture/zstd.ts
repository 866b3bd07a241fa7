import { Transform, type TransformCallback } from 'node:stream';
import { Decompress, ZstdErrorCode, type ZstdError } from 'fzstd';
import { NotACapture } from './packet.js';

/** Zstandard (RFC 8878): the magic number of a frame, little endian. */
const FRAME = 0xfd2fb528;
/** The first of the 16 magic numbers of skippable frames, which hold data of applications. */
const SKIPPABLE = 0x184d2a50;
const MAGIC_BYTES = 4;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
/** Block type (RFC 8878 3.1.1.2.2) of a block that stores one byte, to be repeated. */
const REPEATED = 1;

/** Sizes of two fields of a frame header, by their codes (RFC 8878 3.1.1.1.1). */
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;

/**
 * Finds where blocks end, so that one can be decompressed at a time: each gives at most 128 KiB, while a chunk may hold a block in every four
 * bytes. Throws NotACapture where a frame needs a window of more than `most` bytes, as the decompressor would allocate it.
 */
export class ZstdBlocks {
  /** Bytes of the current header or block that are still to come, in pieces of any size. */
  private left = 0;
  private then: 'frame' | 'block' = 'frame';
  private checksum = 0;
  private readonly most: number;

  constructor(most: number) {
    this.most = most;
  }

  /** How many of the bytes from index `at` on belong to one header or block; 0: more bytes are needed to know. */
  next(bytes: Uint8Array, at: number): number {
    if (this.left === 0) this.left = this.then === 'frame' ? this.frame(bytes, at) : this.block(bytes, at);
    const piece = Math.min(this.left, bytes.length - at);
    this.left -= piece;
    return piece;
  }

  /** Size of a frame's header, or of a whole skippable frame. */
  private frame(bytes: Uint8Array, at: number): number {
    if (bytes.length - at < MAGIC_BYTES + 1) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, bytes.length - at);
    const magic = view.getUint32(0, true);
    if ((magic & ~15) >>> 0 === SKIPPABLE) {
      if (view.byteLength < 8) return 0;
      return 8 + view.getUint32(4, true);
    }
    // anything else is left to the decompressor, which reports what is wrong
    if (magic !== FRAME) return view.byteLength;
    const descriptor = view.getUint8(4);
    const single = (descriptor & 0x20) !== 0;
    const sizeCode = descriptor >> 6;
    const sizeBytes = sizeCode === 0 && single ? 1 : CONTENT_SIZE_BYTES[sizeCode as 0 | 1 | 2 | 3];
    const before = MAGIC_BYTES + 1 + (single ? 0 : 1) + DICTIONARY_BYTES[(descriptor & 3) as 0 | 1 | 2 | 3];
    if (view.byteLength < before + sizeBytes) return 0;
    const window = single ? contentSize(view, before, sizeBytes) : windowSize(view.getUint8(5));
    if (window > this.most)
      throw new NotACapture(
        `a window of ${window} bytes (limit zstdWindowBytes: ${this.most}; unpack it first: zstd -d --long=31 FILE)`,
      );
    this.then = 'block';
    this.checksum = (descriptor & 4) !== 0 ? CHECKSUM_BYTES : 0;
    return before + sizeBytes;
  }

  private block(bytes: Uint8Array, at: number): number {
    if (bytes.length - at < BLOCK_HEADER_BYTES) return 0;
    const header = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16);
    const size = ((header >> 1) & 3) === REPEATED ? 1 : header >> 3;
    if ((header & 1) === 0) return BLOCK_HEADER_BYTES + size;
    this.then = 'frame';
    return BLOCK_HEADER_BYTES + size + this.checksum;
  }
}

function contentSize(view: DataView, at: number, bytes: number): number {
  if (bytes === 1) return view.getUint8(at);
  // a size of two bytes counts from 256
  if (bytes === 2) return view.getUint16(at, true) + 256;
  return view.getUint32(at, true) + (bytes === 8 ? view.getUint32(at + 4, true) * 2 ** 32 : 0);
}

/** Window size in bytes, from its descriptor: five bits of exponent, three of mantissa. */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >> 3));
  return base + (base / 8) * (descriptor & 7);
}

/** Decompresses what is written to it, which should be one block at a time. Checksums of contents are not verified. */
export class ZstdStream extends Transform {
  private readonly decompress = new Decompress((data) => {
    if (data.length > 0) this.push(data);
  });

  override _transform(piece: Uint8Array, _: BufferEncoding, done: TransformCallback): void {
    done(this.fails(piece, false));
  }

  override _flush(done: TransformCallback): void {
    done(this.fails(new Uint8Array(0), true));
  }

  private fails(piece: Uint8Array, last: boolean): Error | null {
    try {
      this.decompress.push(piece, last);
      return null;
    } catch (error) {
      return error as Error;
    }
  }
}

/** Whether the data ended too early. */
export function isZstdCut(error: Error): boolean {
  return (error as Partial<ZstdError>).code === ZstdErrorCode.UnexpectedEOF;
}

/** Decompresses the beginning of the data, whole blocks only, to at most `most` bytes. Throws where it is damaged. */
export function startOfZstd(bytes: Uint8Array, most: number, windowBytes: number): Buffer {
  const blocks = new ZstdBlocks(windowBytes);
  const parts: Uint8Array[] = [];
  let length = 0;
  const decompress = new Decompress((data) => {
    parts.push(data);
    length += data.length;
  });
  for (let at = 0; at < bytes.length && length < most;) {
    const piece = blocks.next(bytes, at);
    if (piece === 0) break;
    decompress.push(bytes.subarray(at, at + piece));
    at += piece;
  }
  return Buffer.concat(parts, Math.min(length, most));
}
