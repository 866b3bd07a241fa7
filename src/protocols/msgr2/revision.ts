import { crc32c } from '../../base/crc32c.js';
import type { Input } from '../../base/input.js';
import { EPILOGUE_REV0, plausiblePreamble, PREAMBLE, type Preamble, type Revision } from './preamble.js';

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
  const start = input.pos + PREAMBLE;
  return crc32c(0xffff_ffff, input.bytes, start, start + p.lengths[0]);
}

/**
 * Tells the revision of a frame by its own bytes: the crc of segment 0 stands right behind it in revision 1, in the epilogue in
 * revision 0. With several segments that epilogue lies far off, so that revision 0 is only what is left.
 */
export function tellRevision(input: Input, p: Preamble, limit: number): RevisionVerdict {
  const l0 = p.lengths[0];
  const end = PREAMBLE + l0;
  if (l0 === 0 || end + EPILOGUE_REV0 + PREAMBLE > limit) return NOTHING;
  if (input.remaining < end + 4) return more(end + 4);
  const { bytes, view } = input;
  const behind = input.pos + end;
  const crc = firstCrc(input, p);
  if (view.getUint32(behind, true) === crc) return is(1);
  if (p.count > 1) return is(0, false);
  if (input.remaining < end + 5) return more(end + 5);
  if (bytes[behind]! <= 1 && view.getUint32(behind + 1, true) === crc) return is(0);
  // neither: a damaged frame; its successor tells
  const next = end + EPILOGUE_REV0 + PREAMBLE;
  if (input.remaining < next) return more(next);
  if (plausiblePreamble(bytes, view, behind + 4)) return is(1);
  return plausiblePreamble(bytes, view, behind + EPILOGUE_REV0) ? is(0) : NOTHING;
}

/** Whether a frame that was found by searching has a first segment with a right checksum, as far as its bytes are there. */
export function provesItself(input: Input, p: Preamble, revision: Revision): boolean {
  const end = PREAMBLE + p.lengths[0];
  const at = revision === 1 ? end : end + 1;
  if (p.lengths[0] === 0 || input.remaining < at + 4 || (revision === 0 && p.count > 1)) return true;
  return input.view.getUint32(input.pos + at, true) === firstCrc(input, p);
}
