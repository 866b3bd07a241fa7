import type { Segment } from './segment.js';

/** The TCP header's size without options, the offset of its data offset field, and the kinds of options that matter (RFC 9293, 3.1; RFC 7323). */
const FIXED_HEADER = 20;
const DATA_OFFSET = 12;
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const TIMESTAMPS = 8;
const TIMESTAMPS_LENGTH = 10;

/** A segment has no timestamp. A real timestamp of 0xffffffff, once in 49 days for a clock of milliseconds, is taken for none. */
export const NO_TIMESTAMP = -1;

/** TSval, the value of the sender's timestamp clock (RFC 7323, section 3.2), as a signed 32-bit integer that wraps. */
export function timestampOf(s: Segment): number {
  const { block, header } = s;
  if (header < 0 || s.start - header <= FIXED_HEADER) return NO_TIMESTAMP;
  const { bytes, view } = block;
  const end = Math.min(header + 4 * (bytes[header + DATA_OFFSET]! >>> 4), s.start);
  for (let at = header + FIXED_HEADER; at < end && bytes[at] !== END_OF_OPTIONS;) {
    if (bytes[at] === NO_OPERATION) {
      at++;
      continue;
    }
    const length = at + 1 < end ? bytes[at + 1]! : 0;
    if (length < 2 || at + length > end) return NO_TIMESTAMP;
    if (bytes[at] === TIMESTAMPS && length === TIMESTAMPS_LENGTH) return view.getInt32(at + 2);
    at += length;
  }
  return NO_TIMESTAMP;
}
