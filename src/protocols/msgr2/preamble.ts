import { crc32c } from '../../base/crc32c.js';
import { LAST_TAG, TAG } from './constants.js';

/** A frame begins with 32 bytes (doc/dev/msgr2.rst, frame format). All numbers little-endian. */
export const PREAMBLE = 32;
export const AT_TAG = 0;
export const AT_COUNT = 1;
/** Four descriptors: u32 length, u16 alignment. */
export const AT_SEGMENTS = 2;
export const DESCRIPTOR = 6;
export const MAX_SEGMENTS = 4;
export const AT_FLAGS = 26;
export const AT_RESERVED = 27;
export const AT_CRC = 28;

/** Header of a MESSAGE frame: segment 0. */
export const MESSAGE_HEADER = 41;
/** Its fields. */
export const AT = {
  seq: 0,
  tid: 8,
  type: 16,
  priority: 18,
  version: 20,
  dataPrePadding: 22,
  dataOff: 26,
  ackSeq: 28,
  flags: 36,
  compatVersion: 37,
  reserved: 39,
} as const;

/** Epilogues: one status byte, then crcs of the segments: four in revision 0, those after the first in revision 1. */
export const EPILOGUE_REV0 = 17;
export const EPILOGUE_REV1 = 13;

export type Revision = 0 | 1;

/** One reusable preamble: what the 32 bytes say. */
export class Preamble {
  tag = 0;
  count = 0;
  readonly lengths: [number, number, number, number] = [0, 0, 0, 0];
  readonly alignments: [number, number, number, number] = [0, 0, 0, 0];
  flags = 0;
  reserved = 0;
  crc = 0;
  computed = 0;

  read(bytes: Uint8Array, view: DataView, at: number): this {
    this.tag = bytes[at]!;
    this.count = bytes[at + AT_COUNT]!;
    for (let i = 0; i < MAX_SEGMENTS; i++) {
      const d = at + AT_SEGMENTS + DESCRIPTOR * i;
      this.lengths[i] = view.getUint32(d, true);
      this.alignments[i] = view.getUint16(d + 4, true);
    }
    this.flags = bytes[at + AT_FLAGS]!;
    this.reserved = bytes[at + AT_RESERVED]!;
    this.crc = view.getUint32(at + AT_CRC, true);
    this.computed = crc32c(0, bytes, at, at + AT_CRC);
    return this;
  }

  get crcHolds(): boolean {
    return this.crc === this.computed;
  }

  /** Whether the frame's end can be told from it. 32 zero bytes have a right crc, and no segments. */
  get framable(): boolean {
    return this.crc === this.computed && this.count >= 1 && this.count <= MAX_SEGMENTS;
  }

  /** Bytes from the preamble's first to the frame's last, in crc mode. */
  frameLength(revision: Revision): number {
    let n = PREAMBLE;
    for (let i = 0; i < this.count; i++) n += this.lengths[i]!;
    if (revision === 0) return n + EPILOGUE_REV0;
    if (this.lengths[0] > 0) n += 4;
    return this.count > 1 ? n + EPILOGUE_REV1 : n;
  }
}

/**
 * Whether a frame may begin at `at`, judged by what must hold for every frame that is sent by known software: cheap tests on
 * single bytes first, so that a scan over any bytes costs little; the crc last. 32 bytes must be there.
 */
export function plausiblePreamble(bytes: Uint8Array, view: DataView, at: number): boolean {
  const tag = bytes[at]!;
  if (tag === 0 || tag > LAST_TAG) return false;
  const count = bytes[at + AT_COUNT]!;
  if (count === 0 || count > MAX_SEGMENTS) return false;
  if (bytes[at + AT_FLAGS]! > 1 || bytes[at + AT_RESERVED] !== 0) return false;
  if (tag !== TAG.MESSAGE && count !== 1) return false;
  for (let i = count; i < MAX_SEGMENTS; i++)
    if (view.getUint32(at + AT_SEGMENTS + DESCRIPTOR * i, true) !== 0) return false;
  if (count > 1 && view.getUint32(at + AT_SEGMENTS + DESCRIPTOR * (count - 1), true) === 0) return false;
  const first = view.getUint32(at + AT_SEGMENTS, true);
  const compressed = bytes[at + AT_FLAGS] === 1;
  if (tag === TAG.MESSAGE && !compressed && first !== MESSAGE_HEADER) return false;
  if (tag >= TAG.KEEPALIVE2 && tag <= TAG.ACK && !compressed && first !== 8) return false;
  return view.getUint32(at + AT_CRC, true) === crc32c(0, bytes, at, at + AT_CRC);
}
