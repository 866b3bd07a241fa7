import {
  CMD_BLOCK_STATUS,
  CMD_FLAG_DF,
  CMD_FLAG_FAST_ZERO,
  CMD_FLAG_FUA,
  CMD_FLAG_NO_HOLE,
  CMD_FLAG_PAYLOAD_LEN,
  CMD_FLAG_REQ_ONE,
  CMD_READ,
  CMD_RESIZE,
  CMD_TRIM,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
} from '../constants.js';
import type { Facts } from './facts.js';
import type { Request } from '../messages.js';
import { exact, isSmall, wide } from '../../../base/u64.js';
import { STATUS_QUERY } from '../layout.js';

/** Facts about single requests that several checks need. */

/** Flags besides FUA that the protocol defines for each command. */
const FLAGS_OF: readonly number[] = [
  CMD_FLAG_DF,
  CMD_FLAG_PAYLOAD_LEN,
  0,
  0,
  0,
  0,
  CMD_FLAG_NO_HOLE | CMD_FLAG_FAST_ZERO,
  CMD_FLAG_REQ_ONE | CMD_FLAG_PAYLOAD_LEN,
  0,
];

/** Defined flags of the request that do not belong to its command. */
export function strayFlags(r: Request): number {
  const allowed = FLAGS_OF[r.type];
  return allowed === undefined ? 0 : r.flags & 0x3f & ~(allowed | CMD_FLAG_FUA);
}

/** Whether the command works on a range of the export. */
export function hasRange(type: number): boolean {
  return type === CMD_READ || type === CMD_WRITE || (type >= CMD_TRIM && type <= CMD_BLOCK_STATUS);
}

const EFFECT = STATUS_QUERY.at.effectLength;

/** Whether the command changes the export. */
export function isWrite(type: number): boolean {
  return type === CMD_WRITE || type === CMD_TRIM || type === CMD_WRITE_ZEROES || type === CMD_RESIZE;
}

/** Length of the request's range; for a BLOCK_STATUS with payload, the effect length in it. -1: that was not captured. */
export function rangeLength(r: Request): number {
  if (r.query === null) return wide(r.lengthHi, r.lengthLo);
  return r.query.length >= STATUS_QUERY.size ? wide(r.query.u32(EFFECT), r.query.u32(EFFECT + 4)) : -1;
}

export function rangeStart(r: Request): number {
  return wide(r.offsetHi, r.offsetLo);
}

/** Whether offset + length exceeds the size of the export; computed beyond 64 bits. */
export function isBeyond(r: Request, facts: Facts): boolean {
  const small = isSmall(r.offsetHi) && isSmall(r.lengthHi) && isSmall(facts.sizeHi) && r.query === null;
  if (small) return rangeStart(r) + wide(r.lengthHi, r.lengthLo) > facts.size;
  const { query } = r;
  if (query !== null && query.length < STATUS_QUERY.size) return false;
  const length = query === null ? exact(r.lengthHi, r.lengthLo) : exact(query.u32(EFFECT), query.u32(EFFECT + 4));
  return exact(r.offsetHi, r.offsetLo) + length > exact(facts.sizeHi, facts.sizeLo);
}

/** Whether offset or length is no multiple of `size`, a power of two. The tail of an export whose size is no multiple is exempt. */
export function isMisaligned(r: Request, size: number, facts: Facts): boolean {
  const mask = size - 1;
  if ((r.offsetLo & mask) !== 0) return true;
  const length = r.query === null ? r.lengthLo : r.query.length >= STATUS_QUERY.size ? r.query.u32(EFFECT + 4) : 0;
  if ((length & mask) === 0) return false;
  return !((facts.sizeLo & mask) !== 0 && rangeStart(r) + rangeLength(r) === facts.size);
}

/** The maximum payload that the server advertised; null: none, or an impossible one, which is reported by its own rule. */
export function maximumPayload({ blockSizes }: Facts): number | null {
  if (blockSizes === null || blockSizes.maximum === 0 || blockSizes.maximum < blockSizes.preferred) return null;
  return blockSizes.maximum;
}

/** The minimum block size that the server advertised; 1: none, or an impossible one. */
export function minimumBlock(facts: Facts): number {
  const minimum = facts.blockSizes?.minimum ?? 1;
  return minimum > 1 && minimum <= 65536 && Number.isInteger(Math.log2(minimum)) ? minimum : 1;
}
