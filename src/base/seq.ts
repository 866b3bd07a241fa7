/** 32-bit sequence arithmetic (RFC 9293, section 3.4). Numbers are unsigned 32-bit integers; comparisons wrap. */

/** TCP windows have at most 2^30 bytes (RFC 7323, section 2.3): a sequence number further ahead does not belong to the connection. */
export const MAX_WINDOW = 2 ** 30;

/** Signed distance from `from` to `to`, in -2^31 .. 2^31-1: positive where `to` lies after `from`. */
export function seqDistance(from: number, to: number): number {
  return (to - from) | 0;
}
