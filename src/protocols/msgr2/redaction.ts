import { BANNER_TEXT_V1 } from '../ceph/constants.js';
import { crc32c } from '../../base/crc32c.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { decode } from '../../base/structure/decode.js';
import type { Message } from '../../contract/message.js';
import type { Redaction, Rewrite } from '../../contract/redaction.js';
import { CEPH_REDACTION } from '../ceph/redaction.js';
import { heldFront } from './annotate.js';
import { crcSlot, PREAMBLE, SEGMENT_CRC_START } from './layout.js';
import { DataFrame, Frame } from './message.js';
import { fit } from './packing/fit.js';
import { places } from './places.js';
import { plainTwin, segmentsOf } from './plain-twin.js';

/** How frames in crc mode are redacted. */
export const REDACTION: Redaction = {
  ...CEPH_REDACTION,
  magics: ['prefix'],
  words: [BANNER_TEXT_V1, ...CEPH_REDACTION.words],
  skipped,
  repack,
  seal,
};

/** Replaces skipped bytes. Zeros would form a preamble with a right crc. */
const NOTHING_KNOWN = 0xff;

/** Redacts skipped bytes. A preamble at their beginning stays if they follow a message and its crc is right. */
function skipped(bytes: Uint8Array, first: boolean): Uint8Array {
  const out = new Uint8Array(bytes.length).fill(NOTHING_KNOWN);
  const { crc } = PREAMBLE.at;
  if (!first || bytes.length < PREAMBLE.size) return out;
  const stored = new DataView(bytes.buffer, bytes.byteOffset).getUint32(crc, true);
  if (stored === crc32c(0, bytes, 0, crc)) out.fill(0).set(bytes.subarray(0, PREAMBLE.size));
  return out;
}

/** Redacts the contents of compressed segments; each stays as long as it was. */
function repack(m: Message, original: Uint8Array, redacted: Uint8Array, rewrite: Rewrite): boolean {
  if (!(m instanceof Frame) || !m.compressed || m.mode !== 'crc') return true;
  const plain = plainTwin(m, original);
  // what cannot be decompressed reveals nothing
  if (plain === null) return true;
  const packed = segmentsOf(m, original);
  const to = places(m).segments;
  const from = places(plain.message).segments;
  const segment = (bytes: Uint8Array, i: number): Uint8Array =>
    bytes.subarray(from[i], from[i]! + plain.segments[i]!.length);
  const fine = rewrite(plain.message, plain.bytes, false);
  let coarse: Uint8Array | null = null;
  return packed.every((was, i) => {
    if (was.length === 0) return true;
    const now = segment(fine, i);
    let made: Uint8Array | null = was;
    if (Buffer.compare(now, plain.segments[i]!) !== 0) {
      made = fit(m.algorithm, was, now);
      if (made === null) {
        coarse ??= rewrite(plain.message, plain.bytes, true);
        made = fit(m.algorithm, was, segment(coarse, i));
      }
    }
    if (made !== null) redacted.set(made, to[i]);
    return made !== null;
  });
}

/** Bytes that are kept of a field at which a front fails to decode: a length, a number of items, a version. */
const JUDGED = 4;

/** Keeps the fields at which a front fails to decode, so that the redacted front fails in the same places. */
function keepJudged(m: DataFrame, original: Uint8Array, redacted: Uint8Array): void {
  if (m.compressed) return;
  const held = heldFront(m);
  if (held === null) return;
  const { body, bytes, start, end } = held;
  const { problems } = decode(body.form, bytes, start, end, { limits: DEFAULT_LIMITS, version: m.version });
  for (const { at, length } of problems) {
    const from = places(m).segments[1]! + at - start;
    redacted.set(original.subarray(from, from + Math.min(length, JUDGED)), from);
  }
}

/** Recomputes the checksums of the segments: those that were right stay right, those that were wrong stay wrong. */
function seal(m: Message, original: Uint8Array, redacted: Uint8Array): void {
  if (!(m instanceof Frame) || m.mode !== 'crc' || original.length < m.length) return;
  if (m instanceof DataFrame) keepJudged(m, original, redacted);
  const { segments, firstCrc, epilogue } = places(m);
  const was = new DataView(original.buffer, original.byteOffset, original.length);
  const is = new DataView(redacted.buffer, redacted.byteOffset, redacted.length);
  for (let i = 0; i < m.count; i++) {
    const from = segments[i]!;
    const to = from + m.segmentLength(i);
    const slot = crcSlot(m.revision, i);
    const at = i === 0 && m.revision === 1 ? firstCrc : epilogue < 0 || slot < 0 ? -1 : epilogue + slot;
    if (to === from || at < 0 || at + 4 > original.length) continue;
    const stored = was.getUint32(at, true);
    const right = crc32c(SEGMENT_CRC_START, redacted, from, to);
    if (stored === crc32c(SEGMENT_CRC_START, original, from, to)) is.setUint32(at, right, true);
    // a wrong one keeps its value, since 0 in place of all of them means that checksums are switched off
    else is.setUint32(at, stored === right ? ~stored : stored, true);
  }
}
