import { BANNER_TEXT_V1, BANNER_TEXT_V2 } from '../ceph/constants.js';
import { text, u16, u32, u64, u8, magic } from '../../base/field.js';
import { hexNumber } from '../../base/hex.js';
import { layout, repeat } from '../../base/layout.js';
import { bannerFeatureNames, FRAME_COMPRESSED, tagName } from './constants.js';
import { messageTypeField } from '../ceph/message-type-field.js';

/** The headers of the messenger protocol (doc/dev/msgr2.rst; src/msg/async/frames_v2.h). All numbers are little endian. */

const ascii = (s: string): Uint8Array => Uint8Array.from(s, (c) => c.charCodeAt(0));
const featureWord = u64({ text: (word) => bannerFeatureNames(word).join(' ') || 'none' });

/** Either side's greeting begins with this; features follow. */
export const BANNER = layout('little', {
  prefix: magic(ascii(BANNER_TEXT_V2), { text: 'ceph v2' }),
  payloadLength: u16({ description: 'bytes of the banner that follow', example: 16 }),
});
/** What every banner's payload begins with. */
export const BANNER_FEATURES = layout('little', { supported: featureWord, required: featureWord });
/** The old protocol's greeting; it differs from the other one at byte 6. */
export const BANNER_V1 = layout('little', {
  prefix: text(BANNER_TEXT_V1.length, { is: ascii(BANNER_TEXT_V1), text: () => 'messenger v1' }),
});

/** Segments of a frame, at most. */
export const MAX_SEGMENTS = 4;
/** What a preamble says of one segment. */
export const DESCRIPTOR = layout('little', { length: u32(), alignment: u16() });

function flagText(value: number): string {
  return value & FRAME_COMPRESSED ? `${hexNumber(value, 2)} compressed` : hexNumber(value, 2);
}

/** Every frame begins with it. Its crc is over all that stands in front of it, with start value 0. */
export const PREAMBLE = layout('little', {
  tag: u8({ text: tagName }),
  segmentCount: u8(),
  segments: repeat(MAX_SEGMENTS, 'segment', DESCRIPTOR),
  flags: u8({ text: flagText }),
  reserved: u8(),
  crc: u32({ text: (crc) => hexNumber(crc, 8) }),
});

/** Where the preamble describes a segment, and where it says how long that is. */
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

/** Start value of the checksums of segments; the preamble's is 0. */
export const SEGMENT_CRC_START = 0xffff_ffff;

const segmentCrc = u32({ hidden: true, text: (crc) => hexNumber(crc, 8) });

/** Behind the last segment of a frame of revision 0: how it ended, and the checksums of all segments. */
export const EPILOGUE_REV0 = layout('little', {
  lateStatus: u8(),
  segment0Crc: segmentCrc,
  segment1Crc: segmentCrc,
  segment2Crc: segmentCrc,
  segment3Crc: segmentCrc,
});
/** The same in revision 1, for frames with more than one segment: the first one's checksum stands right behind it. */
export const EPILOGUE_REV1 = EPILOGUE_REV0.without('segment0Crc');
export const FIRST_CRC = layout('little', { segment0Crc: segmentCrc });

export type Revision = 0 | 1;

/** The epilogue of frames of that revision. */
export function epilogueOf(revision: Revision): typeof EPILOGUE_REV0 | typeof EPILOGUE_REV1 {
  return revision === 0 ? EPILOGUE_REV0 : EPILOGUE_REV1;
}

const CRC_SLOTS = ['segment0Crc', 'segment1Crc', 'segment2Crc', 'segment3Crc'] as const;

/** Where in the epilogue the checksum of a segment stands; -1 where it does not. */
export function crcSlot(revision: Revision, segment: number): number {
  return epilogueOf(revision).at[CRC_SLOTS[segment]!];
}
