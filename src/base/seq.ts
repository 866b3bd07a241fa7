/** 32-bit sequence arithmetic (RFC 9293, section 3.4). Numbers are unsigned 32-bit integers; comparisons wrap. */

/** Signed distance from `from` to `to`, in -2^31 .. 2^31-1: positive where `to` lies after `from`. */
export function seqDistance(from: number, to: number): number {
  return (to - from) | 0;
}
