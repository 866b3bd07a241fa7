import { BANNER_TEXT_V2, PORT_V2 } from '../ceph/constants.js';
import { crc32c } from '../../base/crc32c.js';
import { LATE_ABORTED, LATE_COMPLETE, LATE_FLAG_ABORTED, TAG } from './constants.js';
import {
  BANNER,
  BANNER_FEATURES,
  EPILOGUE_REV0,
  EPILOGUE_REV1,
  FIRST_CRC,
  MAX_SEGMENTS,
  MESSAGE_HEADER,
  PREAMBLE,
  type Revision,
  SEGMENT_CRC_START,
} from './layout.js';
import { MSG } from '../ceph/message-types.js';
import { ascii, concat, u16, u32, u8, vec } from '../ceph/encode.js';

/** Alignment that senders put into segment descriptors: of data, and of all other segments. */
const DATA_ALIGNMENT = 4096;
const ALIGNMENT = 8;

/** Writes frames in crc mode, for the example sessions of rules and for tests. */

export * from '../ceph/encode.js';

export interface AddressParts {
  readonly type?: number;
  readonly nonce?: number;
  readonly ip?: readonly [number, number, number, number];
  readonly port?: number;
  readonly marker?: number;
  readonly family?: number;
  /** Length that is announced for the sockaddr. */
  readonly elen?: number;
}

/** entity_addr_t in its new encoding (marker 1), with an IPv4 address. */
export function addr(parts: AddressParts = {}): Uint8Array {
  const port = parts.port ?? PORT_V2;
  const sock = concat(
    u16(parts.family ?? 2),
    Uint8Array.of(port >>> 8, port & 0xff),
    Uint8Array.from(parts.ip ?? [10, 0, 0, 1]),
    new Uint8Array(8),
  );
  const body = concat(u32(parts.type ?? 2), u32(parts.nonce ?? 0), u32(parts.elen ?? sock.length), sock);
  return concat(u8(parts.marker ?? 1), Uint8Array.of(1, 1), u32(body.length), body);
}

/** An address without content, as an unbound client sends it. */
export function blankAddr(): Uint8Array {
  return concat(Uint8Array.of(1, 1, 1), u32(12), u32(0), u32(0), u32(0));
}

export function addrvec(...addresses: readonly Uint8Array[]): Uint8Array {
  return concat(u8(2), vec(addresses));
}

export interface BannerParts {
  readonly supported?: bigint;
  readonly required?: bigint;
  readonly prefix?: string;
  /** Bytes to add after the two feature words; negative: to leave out. */
  readonly extra?: number;
}

export function banner(parts: BannerParts = {}): Uint8Array {
  const words = BANNER_FEATURES.build({ supported: parts.supported ?? 1n, required: parts.required ?? 0n });
  const extra = parts.extra ?? 0;
  const payload = extra < 0 ? words.subarray(0, words.length + extra) : concat(words, new Uint8Array(extra));
  const prefix = ascii(parts.prefix ?? BANNER_TEXT_V2);
  return concat(BANNER.build({ prefix, payloadLength: payload.length }), payload);
}

export interface FrameParts {
  readonly revision?: Revision;
  /** Segment count to announce, if it is to differ from the number of segments. */
  readonly count?: number;
  readonly flags?: number | undefined;
  readonly reserved?: number;
  readonly aborted?: boolean;
  readonly late?: number;
  /** Segments whose crc is to be wrong. */
  readonly wrongCrc?: readonly number[];
  /** All crc slots are 0, as written by a sender that computes none. */
  readonly crcDisabled?: boolean;
  /** Value of the crc slots of unused segments. */
  readonly unusedCrc?: number;
  /** Length that the first descriptor announces, if it is to differ. */
  readonly length0?: number;
  /** Length in the descriptor of segment 3 if that segment is not used. */
  readonly unusedLength?: number;
  readonly wrongPreambleCrc?: boolean;
}

/** A frame with that tag in crc mode. Empty segments at the end are not counted. */
export function frame(tag: number, segments: readonly Uint8Array[], parts: FrameParts = {}): Uint8Array {
  const revision = parts.revision ?? 1;
  let used = segments.length;
  while (used > 1 && segments[used - 1]!.length === 0) used--;
  used = Math.max(1, used);
  const count = parts.count ?? used;
  const descriptors = Array.from({ length: MAX_SEGMENTS }, (_, i) => {
    if (i >= count) return { length: i === 3 ? (parts.unusedLength ?? 0) : 0, alignment: 0 };
    const length = i === 0 ? (parts.length0 ?? segments[0]?.length ?? 0) : (segments[i]?.length ?? 0);
    return { length, alignment: i === 3 ? DATA_ALIGNMENT : ALIGNMENT };
  });
  const { flags = 0, reserved = 0 } = parts;
  const header = { tag, segmentCount: count, segments: descriptors, flags, reserved };
  const right = crc32c(0, PREAMBLE.build({ ...header, crc: 0 }), 0, PREAMBLE.at.crc);
  const preamble = PREAMBLE.build({ ...header, crc: (right ^ (parts.wrongPreambleCrc ? 1 : 0)) >>> 0 });

  const crc = (i: number): number => {
    const bytes = segments[i] ?? new Uint8Array(0);
    if (parts.crcDisabled) return 0;
    if (i >= count) return parts.unusedCrc ?? 0;
    return (crc32c(SEGMENT_CRC_START, bytes) ^ (parts.wrongCrc?.includes(i) ? 1 : 0)) >>> 0;
  };
  const crcs = { segment1Crc: crc(1), segment2Crc: crc(2), segment3Crc: crc(3) };
  const body = segments.slice(0, count);
  if (revision === 0) {
    const lateStatus = parts.late ?? (parts.aborted ? LATE_FLAG_ABORTED : 0);
    return concat(preamble, ...body, EPILOGUE_REV0.build({ lateStatus, segment0Crc: crc(0), ...crcs }));
  }
  const first = body[0] ?? new Uint8Array(0);
  const head = first.length > 0 ? concat(preamble, first, FIRST_CRC.build({ segment0Crc: crc(0) })) : preamble;
  if (count === 1) return head;
  const lateStatus = parts.late ?? (parts.aborted ? LATE_ABORTED : LATE_COMPLETE);
  return concat(head, ...body.slice(1), EPILOGUE_REV1.build({ lateStatus, ...crcs }));
}

export interface MessageParts extends FrameParts {
  readonly seq?: number | bigint;
  readonly tid?: number | bigint;
  readonly type?: number;
  readonly version?: number;
  readonly compatVersion?: number;
  readonly ackSeq?: number | bigint;
  readonly reservedWord?: number;
  readonly front?: Uint8Array | undefined;
  readonly middle?: Uint8Array;
  readonly data?: Uint8Array | undefined;
  /** How many bytes to leave out at the end of the header. */
  readonly shortHeader?: number;
}

const NOTHING = new Uint8Array(0);

export function messageHeader(parts: MessageParts): Uint8Array {
  const full = MESSAGE_HEADER.build({
    seq: BigInt(parts.seq ?? 1),
    tid: BigInt(parts.tid ?? 0),
    type: parts.type ?? MSG.PING,
    priority: 127,
    version: parts.version ?? 1,
    dataPrePadding: 0,
    dataOff: 0,
    ackSeq: BigInt(parts.ackSeq ?? 0),
    footerFlags: 3,
    compatVersion: parts.compatVersion ?? 1,
    reserved: parts.reservedWord ?? 0,
  });
  return full.subarray(0, full.length - (parts.shortHeader ?? 0));
}

/** A MESSAGE; by default a PING (type 2) without payload. */
export function message(parts: MessageParts = {}): Uint8Array {
  const segments = [messageHeader(parts), parts.front ?? NOTHING, parts.middle ?? NOTHING, parts.data ?? NOTHING];
  return frame(TAG.MESSAGE, segments, parts);
}
