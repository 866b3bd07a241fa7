import { crc32c } from '../../../base/crc32c.js';
import type { Input } from '../../../base/input.js';
import { LATE_FLAG_ABORTED } from '../constants.js';
import { crcSlot, EPILOGUE_REV0, FIRST_CRC, PREAMBLE, SEGMENT_CRC_START, type Revision } from '../layout.js';
import { plausiblePreamble, type Preamble } from '../preamble.js';

/** What a frame's own bytes tell of the revision. */
export interface RevisionVerdict {
  /** Null: nothing (yet). */
  readonly revision: Revision | null;
  /** Whether a checksum or the next frame says so. */
  readonly proven: boolean;
  /** Bytes that would tell more; 0: none would. */
  readonly need: number;
}

const NOTHING: RevisionVerdict = { revision: null, proven: false, need: 0 };
const more = (need: number): RevisionVerdict => ({ revision: null, proven: false, need });
const is = (revision: Revision, proven = true): RevisionVerdict => ({ revision, proven, need: 0 });

/** The crc of segment 0, which begins behind the preamble at the input's position. */
function firstCrc(input: Input, p: Preamble): number {
  const start = input.pos + PREAMBLE.size;
  return crc32c(SEGMENT_CRC_START, input.bytes, start, start + p.lengths[0]);
}

/**
 * Tells the revision of a frame by its own bytes: the crc of segment 0 stands right behind it in revision 1, in the epilogue in
 * revision 0. With several segments that epilogue lies far off, so that revision 0 is only what is left.
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
  // neither: a damaged frame; its successor tells
  const next = end + EPILOGUE_REV0.size + PREAMBLE.size;
  if (input.remaining < next) return more(next);
  if (plausiblePreamble(bytes, view, behind + FIRST_CRC.size)) return is(1);
  return plausiblePreamble(bytes, view, behind + EPILOGUE_REV0.size) ? is(0) : NOTHING;
}

/** Whether a frame that was found by searching has a first segment with a right checksum, as far as its bytes are there. */
export function provesItself(input: Input, p: Preamble, revision: Revision): boolean {
  const end = PREAMBLE.size + p.lengths[0];
  const at = revision === 1 ? end : end + crcSlot(0, 0);
  if (p.lengths[0] === 0 || input.remaining < at + 4 || (revision === 0 && p.count > 1)) return true;
  return input.view.getUint32(input.pos + at, true) === firstCrc(input, p);
}
