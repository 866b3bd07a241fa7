import { crc32c } from '../../base/crc32c.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import type { Message } from '../../contract/message.js';
import { openSegments } from './compression.js';
import { FRAME_COMPRESSED } from './constants.js';
import { crcSlot, epilogueOf, FIRST_CRC, lengthAt, MAX_SEGMENTS, PREAMBLE, SEGMENT_CRC_START } from './layout.js';
import { Frame } from './message.js';
import { places } from './places.js';

/** A frame as it would be in crc mode and uncompressed. */
export interface PlainTwin<F extends Frame = Frame> {
  readonly message: F;
  readonly bytes: Uint8Array;
  readonly segments: readonly Uint8Array[];
}

/**
 * The plain twin of a frame that was compressed, encrypted, or both; null if the frame is incomplete or damaged, or could not be
 * decompressed. `bytes`: the whole frame, in crc mode as on the wire, in secure mode in its plain form (see SecureLayout).
 */
export function plainTwin<F extends Frame>(m: F, bytes: Uint8Array): PlainTwin<F> | null {
  if (!m.complete || m.damaged || !m.isPlain || bytes.length < m.length) return null;
  const segments = plainSegments(m, bytes);
  if (segments === null) return null;
  const made = frameOf(m, bytes, segments, m.flags & ~FRAME_COMPRESSED);
  const lengths = Array.from({ length: MAX_SEGMENTS }, (_, i) => segments[i]?.length ?? 0);
  return { message: m.inPlain(made, lengths), bytes: made, segments };
}

/** See Protocol.plain. */
export function plainOf(m: Message, captured: () => Uint8Array): PlainTwin | null {
  if (!(m instanceof Frame) || (m.mode === 'crc' && !m.compressed)) return null;
  return plainTwin(m, m.mode === 'secure' ? (m.head ?? new Uint8Array(0)) : captured());
}

/** A decrypted frame in crc mode; a compressed one stays compressed. Null if it is incomplete or damaged. */
export function inCrcMode(m: Frame, bytes: Uint8Array, segments = segmentsOf(m, bytes)): Uint8Array | null {
  return m.complete && !m.damaged && bytes.length >= m.length ? frameOf(m, bytes, segments, m.flags) : null;
}

/** The segments as they are in the frame; those of a compressed frame are compressed. */
export function segmentsOf(m: Frame, bytes: Uint8Array): Uint8Array[] {
  const { segments } = places(m);
  return Array.from({ length: m.count }, (_, i) => bytes.subarray(segments[i], segments[i]! + m.segmentLength(i)));
}

function plainSegments(m: Frame, bytes: Uint8Array): readonly Uint8Array[] | null {
  const own = segmentsOf(m, bytes);
  if (!m.compressed) return own;
  // the segments are passed without a crc between them, as in revision 0
  const opened = openSegments(m, Buffer.concat(own), 0, 0, m.algorithm, DEFAULT_LIMITS.messageBytes);
  return opened.failed === null ? opened.segments : null;
}

/** Builds a frame in crc mode with the revision and late status of `m`. `bytes` begin with its preamble. */
function frameOf(m: Frame, bytes: Uint8Array, segments: readonly Uint8Array[], flags: number): Uint8Array {
  const preamble = bytes.slice(0, PREAMBLE.size);
  const view = new DataView(preamble.buffer);
  segments.forEach((s, i) => view.setUint32(lengthAt(i), s.length, true));
  preamble[PREAMBLE.at.flags] = flags;
  view.setUint32(PREAMBLE.at.crc, crc32c(0, preamble, 0, PREAMBLE.at.crc), true);
  const parts: Uint8Array[] = [preamble];
  const crcs = segments.map((s) => crc32c(SEGMENT_CRC_START, s, 0, s.length));
  segments.forEach((s, i) => {
    parts.push(s);
    if (i === 0 && m.revision === 1 && s.length > 0) parts.push(FIRST_CRC.build({ segment0Crc: crcs[0]! }));
  });
  if (m.revision === 0 || m.count > 1) {
    const end = new Uint8Array(epilogueOf(m.revision).size);
    const endView = new DataView(end.buffer);
    end[0] = m.late;
    for (let i: number = m.revision; i < m.count; i++) endView.setUint32(crcSlot(m.revision, i), crcs[i]!, true);
    parts.push(end);
  }
  return Buffer.concat(parts);
}
