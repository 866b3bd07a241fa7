import { chainA, isOddHeader } from '../family-a/framing.js';
import { HEADER, isDefined, isLegalPair, MAX_PAYLOAD, payloadLengthAt } from '../family-a/layout.js';
import { chainB, classifyB } from '../family-b/framing.js';
import { PIPE_HEADER, FRAME, isReplyLength, NEW_PIPE_REQUEST, REPLY_B2 } from '../family-b/layout.js';
import { chainC } from '../family-c/framing.js';
import { chainL } from '../family-l/framing.js';
import type { Family, Role } from '../generations.js';
import type { Chain } from './chain.js';

/** The family must be recognised within this many bytes of a direction. */
const RECOGNITION_BYTES = 8192;
/** So many frames must follow each other from a position in the middle of a stream, before it counts as a frame's first byte. */
export const CHAINED = 3;

/** Follows frames of a family from `at`, at most `max` of them. */
export function chainOf(
  family: Family,
  bytes: Uint8Array,
  at: number,
  end: number,
  max: number,
  role: Role | null,
): Chain {
  switch (family) {
    case 'A':
      return chainA(bytes, at, end, max);
    case 'B':
      return chainB(bytes, at, end, max);
    case 'C':
      return chainC(bytes, at, end, max, role);
    case 'L':
      return chainL(bytes, at, end, max);
  }
}

/**
 * The family of a direction by its first bytes (arca.md 1.6), which begin a frame. `more`: more bytes are needed; null: none of the
 * families.
 */
export function recognise(
  bytes: Uint8Array,
  at: number,
  end: number,
  role: Role | null,
  final: boolean,
): Family | 'more' | null {
  const there = end - at;
  if (there === 0) return 'more';
  const c = chainC(bytes, at, end, 1, role);
  if (c.frames > 0 || c.begun) return 'C';
  const mayBeC = !c.broken;
  if (there < 3) return final ? null : 'more';
  const payload = payloadLengthAt(bytes, at);
  const mayBeA = isLegalPair(bytes[at]!, payload);
  if (mayBeA && !mayBeC) return 'A';
  const length = bytes[at]! | (bytes[at + 1]! << 8);
  const have = Math.min(there - FRAME.size, length);
  const b = classifyB(bytes, at + FRAME.size, length, have, role);
  if (b?.strong) return 'B';
  const l = chainL(bytes, at, end, 2);
  if (l.frames === 2) return 'L';
  // a request, a reply or a pipe's header of family B would be recognised once it is complete
  const growingB = have < length && (length <= REPLY_B2.size || have < PIPE_HEADER.size) && length < RECOGNITION_BYTES;
  if (!final && there < RECOGNITION_BYTES) {
    if (mayBeC || mayBeA || growingB || (!l.broken && there < 32)) return 'more';
  }
  if (mayBeA) return 'A';
  if (b?.pipe === 'file' && have === length) return 'B';
  // a frame that does not fit is accepted as one of family A only if it is complete, or if its length is impossible
  const oddA = there >= HEADER.size + payload || (payload > MAX_PAYLOAD && isDefined(bytes[at]!));
  if (growingB && (length === NEW_PIPE_REQUEST.size || isReplyLength(length) || !oddA)) return null;
  if (isOddHeader(bytes, at, end)) return 'A';
  if (l.frames > 0 && l.end === end) return 'L';
  return b === null ? null : 'B';
}
