import { field, type Facts } from '../session/facts.js';
import type { Chunk, Request } from '../messages.js';
import type { ExtentScan } from '../decoder/payload.js';
import { isMisaligned, minimumBlock, rangeStart } from '../session/request-range.js';
import { BLOCK_STATUS_UNALIGNED } from '../rules/block-status.js';
import { CHUNK, EXTENDED_CHUNK } from '../layout.js';

/**
 * Judges whether the extents of a complete block status chunk are multiples of the minimum block size. The only exception is an extent at
 * the end of an export whose size is no multiple either. As extents have lengths but no offsets, the request is needed to tell where the
 * last one ends; `request` is null if it is not known.
 */
export function checkExtentAlignment(facts: Facts, m: Chunk, scan: ExtentScan, request: Request | null): void {
  if (scan.alignmentJudged || scan.count === 0) return;
  const minimum = minimumBlock(facts);
  if (minimum === 1) return;
  scan.alignmentJudged = true;
  const mask = minimum - 1;
  // the extents at the edges of a misaligned request are misaligned as well, which is the client's fault
  if (request !== null && isMisaligned(request, minimum, facts)) return;
  const inside = (scan.lengthBits & mask) !== 0;
  if (!inside && ((scan.lastLength & mask) === 0 || mayEndUnaligned(facts, m, scan, request, mask))) return;
  const i = inside ? scan.lengthLo.findIndex((lo) => (lo & mask) !== 0) : scan.count - 1;
  const known = i >= 0 && i < scan.lengthLo.length;
  const at = (m.extended ? EXTENDED_CHUNK.size : CHUNK.size) + (scan.wide ? 8 : 4) + i * (scan.wide ? 16 : 8);
  facts.raise(BLOCK_STATUS_UNALIGNED, {
    ...(known ? field(m, at, scan.wide ? 16 : 8) : { message: m }),
    ...(request !== null && { related: [request] }),
    text: known
      ? `extent ${i + 1} of ${scan.lengthHi[i]! * 4294967296 + scan.lengthLo[i]!} bytes is not a multiple of ${minimum}`
      : `an extent is not a multiple of ${minimum}`,
  });
}

/** Whether the last extent may be the tail of an export whose size is no multiple of the minimum. */
function mayEndUnaligned(facts: Facts, m: Chunk, scan: ExtentScan, request: Request | null, mask: number): boolean {
  if (facts.size < 0) return true;
  if ((facts.sizeLo & mask) === 0) return false;
  if (request !== null) return rangeStart(request) + scan.sum === facts.size;
  if (m.extended) return m.requestOffsetHi * 4294967296 + m.requestOffsetLo + scan.sum === facts.size;
  return true;
}
