import { BANNER_TEXT_V1, BANNER_TEXT_V2 } from '../ceph/constants.js';
import { text, u16, u32, u64, u8, magic } from '../../base/field.js';
import { hexNumber } from '../../base/hex.js';
import { layout, repeat } from '../../base/layout.js';
import { bannerFeatureNames, FRAME_COMPRESSED, tagName } from './constants.js';
import { messageTypeField } from '../ceph/message-type-field.js';

/** The headers of the messenger protocol (doc/dev/msgr2.rst; src/msg/async/frames_v2.h). All numbers are little endian. */

const ascii = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));
const featureWord = u64({ text: (word) => bannerFeatureNames(word).join(' ') || 'none' });

/** Each side's stream begins with this; features follow. */
export const BANNER = layout('little', {
  prefix: magic(ascii(BANNER_TEXT_V2), { text: 'ceph v2' }),
  payloadLength: u16({ description: 'bytes of the banner that follow', example: 16 }),
});
/** The beginning of every banner's payload. */
export const BANNER_FEATURES = layout('little', { supported: featureWord, required: featureWord });
/** The banner of messenger v1. It differs from that of v2 at byte 6. */
export const BANNER_V1 = layout('little', {
  prefix: text(BANNER_TEXT_V1.length, { is: ascii(BANNER_TEXT_V1), text: () => 'messenger v1' }),
});

/** Most segments of a frame. */
export const MAX_SEGMENTS = 4;
/** What a preamble says about one segment. */
export const DESCRIPTOR = layout('little', { length: u32(), alignment: u16() });

function flagText(value: number): string {
  return value & FRAME_COMPRESSED ? `${hexNumber(value, 2)} compressed` : hexNumber(value, 2);
}

/** Every frame begins with it. Its crc covers the bytes before it, with start value 0. */
export const PREAMBLE = layout('little', {
  tag: u8({ text: tagName }),
  segmentCount: u8(),
  segments: repeat(MAX_SEGMENTS, 'segment', DESCRIPTOR),
  flags: u8({ text: flagText }),
  reserved: u8(),
  crc: u32({ text: (crc) => hexNumber(crc, 8) }),
});

/** Offset of a segment's descriptor in the preamble, and of the length in it. */
export function descriptorAt(segment: number): number {
  return PREAMBLE.at.segments + segment * DESCRIPTOR.size;
}
export function lengthAt(segment: number): number {
  return descriptorAt(segment) + DESCRIPTOR.at.length;
}

/** Segment 0 of a MESSAGE frame (ceph_msg_header2). */
export const MESSAGE_HEADER = layout('little', {
  seq: u64(),
  tid: u64(),
  type: messageTypeField,
  priority: u16(),
  version: u16(),
  dataPrePadding: u32({ hidden: true, text: String }),
  dataOff: u16(),
  ackSeq: u64(),
  footerFlags: u8({ hidden: true, text: (v) => hexNumber(v, 2) }),
  compatVersion: u16(),
  reserved: u16({ hidden: true, text: String }),
});

/** Start value of the segments' checksums; the preamble's is 0. */
export const SEGMENT_CRC_START = 0xffff_ffff;

const segmentCrc = u32({ hidden: true, text: (crc) => hexNumber(crc, 8) });

/** Follows the last segment of a frame of revision 0: how the frame ended, and the checksums of all segments. */
export const EPILOGUE_REV0 = layout('little', {
  lateStatus: u8(),
  segment0Crc: segmentCrc,
  segment1Crc: segmentCrc,
  segment2Crc: segmentCrc,
  segment3Crc: segmentCrc,
});
/**
 * The epilogue of revision 1, which only frames with more than one segment have. The checksum of segment 0 directly follows that segment
 * (FIRST_CRC).
 */
export const EPILOGUE_REV1 = EPILOGUE_REV0.without('segment0Crc');
export const FIRST_CRC = layout('little', { segment0Crc: segmentCrc });

export type Revision = 0 | 1;

export function epilogueOf(revision: Revision): typeof EPILOGUE_REV0 | typeof EPILOGUE_REV1 {
  return revision === 0 ? EPILOGUE_REV0 : EPILOGUE_REV1;
}

const CRC_SLOTS = ['segment0Crc', 'segment1Crc', 'segment2Crc', 'segment3Crc'] as const;

/** Offset of a segment's checksum in the epilogue; -1 if it is not there. */
export function crcSlot(revision: Revision, segment: number): number {
  return epilogueOf(revision).at[CRC_SLOTS[segment]!];
}
