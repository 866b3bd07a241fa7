import { crc32c } from '../../../base/crc32c.js';
import type { Input } from '../../../base/input.js';
import { LATE_FLAG_ABORTED } from '../constants.js';
import { crcSlot, EPILOGUE_REV0, FIRST_CRC, PREAMBLE, SEGMENT_CRC_START, type Revision } from '../layout.js';
import { plausiblePreamble, type Preamble } from '../preamble.js';

/** What a frame's own bytes tell about the revision. */
export interface RevisionVerdict {
  /** Null: not known (yet). */
  readonly revision: Revision | null;
  /** Whether a checksum or the preamble of the next frame shows it. */
  readonly proven: boolean;
  /** How many bytes would tell more; 0: no number of bytes would. */
  readonly need: number;
}

const NOTHING: RevisionVerdict = { revision: null, proven: false, need: 0 };
const more = (need: number): RevisionVerdict => ({ revision: null, proven: false, need });
const is = (revision: Revision, proven = true): RevisionVerdict => ({ revision, proven, need: 0 });

/** Computes the crc of segment 0, which follows the preamble at the input's position. */
function firstCrc(input: Input, p: Preamble): number {
  const start = input.pos + PREAMBLE.size;
  return crc32c(SEGMENT_CRC_START, input.bytes, start, start + p.lengths[0]);
}

/**
 * Tells the revision of a frame by its own bytes: the crc of segment 0 is directly after that segment in revision 1, and in the epilogue in
 * revision 0. A frame with several segments has its epilogue far off, so revision 0 is only concluded from the crc not being there.
 */
export function tellRevision(input: Input, p: Preamble, limit: number): RevisionVerdict {
  const l0 = p.lengths[0];
  const end = PREAMBLE.size + l0;
  if (l0 === 0 || end + EPILOGUE_REV0.size + PREAMBLE.size > limit) return NOTHING;
  if (input.remaining < end + FIRST_CRC.size) return more(end + FIRST_CRC.size);
  const { bytes, view } = input;
  const behind = input.pos + end;
  const crc = firstCrc(input, p);
  if (view.getUint32(behind, true) === crc) return is(1);
  if (p.count > 1) return is(0, false);
  const stored = crcSlot(0, 0);
  if (input.remaining < end + stored + 4) return more(end + stored + 4);
  const late = bytes[behind + EPILOGUE_REV0.at.lateStatus]!;
  if (late <= LATE_FLAG_ABORTED && view.getUint32(behind + stored, true) === crc) return is(0);
  // neither crc is right, so the frame is damaged: look for the preamble of the next frame
  const next = end + EPILOGUE_REV0.size + PREAMBLE.size;
  if (input.remaining < next) return more(next);
  if (plausiblePreamble(bytes, view, behind + FIRST_CRC.size)) return is(1);
  return plausiblePreamble(bytes, view, behind + EPILOGUE_REV0.size) ? is(0) : NOTHING;
}

/**
 * Whether segment 0 of a frame that was found by searching has a right crc. True if that cannot be checked: there is no segment 0, its crc
 * is not there yet, or lies in the epilogue of a frame with several segments.
 */
export function provesItself(input: Input, p: Preamble, revision: Revision): boolean {
  const end = PREAMBLE.size + p.lengths[0];
  const at = revision === 1 ? end : end + crcSlot(0, 0);
  if (p.lengths[0] === 0 || input.remaining < at + 4 || (revision === 0 && p.count > 1)) return true;
  return input.view.getUint32(input.pos + at, true) === firstCrc(input, p);
}
