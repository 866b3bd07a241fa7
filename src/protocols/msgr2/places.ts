import type { Evidence } from '../../contract/protocol.js';
import { DESCRIPTOR, FIRST_CRC, lengthAt, MESSAGE_HEADER, PREAMBLE } from './layout.js';
import type { DataFrame, Frame } from './message.js';
import { layoutOf, onWire } from './secure/layout.js';

/**
 * Offsets of a frame's parts: on the wire in crc mode, depending on the revision; in secure mode in the frame's plain form (see
 * SecureLayout), which its head holds, and which is as long as the frame on the wire, with all tags at the end.
 */
export interface Places {
  readonly segments: readonly number[];
  /** The crc after segment 0, or -1. */
  readonly firstCrc: number;
  /** The epilogue, or -1. */
  readonly epilogue: number;
}

export function places(m: Frame): Places {
  if (m.mode === 'secure') {
    const { starts, epilogue } = layoutOf(m);
    return { segments: starts, firstCrc: -1, epilogue };
  }
  const behind = PREAMBLE.size + m.length0;
  const firstCrc = m.revision === 1 && m.length0 > 0 ? behind : -1;
  const one = firstCrc >= 0 ? behind + FIRST_CRC.size : behind;
  const two = one + m.length1;
  const three = two + m.length2;
  const epilogue = m.revision === 0 || m.count > 1 ? one + restOf(m) : -1;
  return { segments: [PREAMBLE.size, one, two, three], firstCrc, epilogue };
}

function restOf(m: Frame): number {
  let n = 0;
  for (let i = 1; i < m.count; i++) n += m.segmentLength(i);
  return n;
}

/** The first bytes of a message's data, decrypted and decompressed, if they are held. */
export function firstData(m: DataFrame): Uint8Array | null {
  if (m.head === null || m.compressed) return m.data;
  const at = places(m).segments[3]!;
  const end = Math.min(at + m.length3, m.head.length, m.complete ? Infinity : m.length - m.missing);
  return at >= end ? m.data : m.head.subarray(at, end);
}

/** Evidence at bytes of a frame; in secure mode, `inFrame` counts in its plain form. */
export function at(frame: Frame, inFrame: number, length: number, text: string): Evidence {
  if (frame.mode === 'crc') return { message: frame, offset: frame.offset + inFrame, length, text };
  const [from, to] = onWire(frame, inFrame, length);
  return { message: frame, offset: frame.offset + from, length: to - from, text };
}

const FRAME_START = { offset: 0 };

/** Evidence at fields of a frame's preamble. */
export function inPreamble(
  frame: Frame,
  text: string,
  first: keyof typeof PREAMBLE.at,
  last: keyof typeof PREAMBLE.at = first,
): Evidence {
  const { offset, length } = PREAMBLE.where(FRAME_START, first, last);
  return at(frame, offset, length, text);
}

/** Evidence at the length that the preamble announces for a segment. */
export function atLength(frame: Frame, segment: number, text: string): Evidence {
  return at(frame, lengthAt(segment), DESCRIPTOR.sizeOf('length'), text);
}

/** Evidence at fields of a message's header. */
export function inHeader(
  frame: Frame,
  text: string,
  first: keyof typeof MESSAGE_HEADER.at,
  last: keyof typeof MESSAGE_HEADER.at = first,
): Evidence {
  const { offset, length } = MESSAGE_HEADER.where(FRAME_START, first, last, PREAMBLE.size);
  return at(frame, offset, length, text);
}
