import { crc32c } from '../../base/crc32c.js';
import { FRAME_COMPRESSED, LAST_TAG, TAG } from './constants.js';
import {
  descriptorAt,
  DESCRIPTOR,
  EPILOGUE_REV0,
  EPILOGUE_REV1,
  FIRST_CRC,
  lengthAt,
  MAX_SEGMENTS,
  MESSAGE_HEADER,
  PREAMBLE,
  type Revision,
} from './layout.js';

const AT = PREAMBLE.at;
/** Payload bytes of ACK, KEEPALIVE2 and KEEPALIVE2_ACK: one 64-bit value. */
const SINGLE_VALUE = 8;

/** The fields of a preamble's 32 bytes. One object is reused for all frames. */
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
    this.tag = bytes[at + AT.tag]!;
    this.count = bytes[at + AT.segmentCount]!;
    for (let i = 0; i < MAX_SEGMENTS; i++) {
      const d = at + descriptorAt(i);
      this.lengths[i] = view.getUint32(d + DESCRIPTOR.at.length, true);
      this.alignments[i] = view.getUint16(d + DESCRIPTOR.at.alignment, true);
    }
    this.flags = bytes[at + AT.flags]!;
    this.reserved = bytes[at + AT.reserved]!;
    this.crc = view.getUint32(at + AT.crc, true);
    this.computed = crc32c(0, bytes, at, at + AT.crc);
    return this;
  }

  get crcHolds(): boolean {
    return this.crc === this.computed;
  }

  /** Whether the end of the frame can be computed from it. The segment count is checked because 32 zero bytes have a right crc. */
  get framable(): boolean {
    return this.crc === this.computed && this.count >= 1 && this.count <= MAX_SEGMENTS;
  }

  /** Whether the segments are compressed. */
  get compressed(): boolean {
    return (this.flags & FRAME_COMPRESSED) !== 0;
  }

  /** Length of the whole frame in crc mode, preamble and epilogue included. */
  frameLength(revision: Revision): number {
    let n = PREAMBLE.size;
    for (let i = 0; i < this.count; i++) n += this.lengths[i]!;
    if (revision === 0) return n + EPILOGUE_REV0.size;
    if (this.lengths[0] > 0) n += FIRST_CRC.size;
    return this.count > 1 ? n + EPILOGUE_REV1.size : n;
  }
}

/**
 * Whether a frame may begin at `at`, judged by what holds for every frame that known software sends. Single bytes are tested first and the
 * crc last, so that a scan over arbitrary bytes is cheap. 32 bytes must be there.
 */
export function plausiblePreamble(bytes: Uint8Array, view: DataView, at: number): boolean {
  const tag = bytes[at + AT.tag]!;
  if (tag === 0 || tag > LAST_TAG) return false;
  const count = bytes[at + AT.segmentCount]!;
  if (count === 0 || count > MAX_SEGMENTS) return false;
  if (bytes[at + AT.flags]! > FRAME_COMPRESSED || bytes[at + AT.reserved] !== 0) return false;
  if (tag !== TAG.MESSAGE && count !== 1) return false;
  for (let i = count; i < MAX_SEGMENTS; i++) if (view.getUint32(at + lengthAt(i), true) !== 0) return false;
  if (count > 1 && view.getUint32(at + lengthAt(count - 1), true) === 0) return false;
  const first = view.getUint32(at + lengthAt(0), true);
  const compressed = bytes[at + AT.flags] === FRAME_COMPRESSED;
  if (tag === TAG.MESSAGE && !compressed && first !== MESSAGE_HEADER.size) return false;
  if (tag >= TAG.KEEPALIVE2 && tag <= TAG.ACK && !compressed && first !== SINGLE_VALUE) return false;
  return view.getUint32(at + AT.crc, true) === crc32c(0, bytes, at, at + AT.crc);
}
