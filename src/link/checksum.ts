import type { Segment } from './segment.js';

/** Offset of the checksum in the TCP header (RFC 9293, section 3.1). */
export const TCP_CHECKSUM = 16;
const TCP_HEADER = 20;
/** The protocol number of TCP in IP headers. */
export const TCP = 6;

/**
 * Whether the segment has a checksum, and it is wrong. It cannot be checked where the packet was cut. It has none yet where the recording
 * host leaves it to its network card (checksum offloading): then the field is 0, or holds the sum of the pseudo-header alone.
 */
export function isDamaged(s: Segment): boolean {
  const { block, header, end } = s;
  if (header < 0 || s.cut || s.start - header < TCP_HEADER) return false;
  const field = block.view.getUint16(header + TCP_CHECKSUM);
  if (field === 0) return false;
  const pseudo = pseudoHeader(s);
  const finished = pseudo + end - header;
  // segmentation offload leaves the length out
  if (field === folded(finished) || field === folded(pseudo)) return false;
  const sum = folded(sumOf(block.view, header, end));
  return folded(finished + ((sum & 0xff) << 8) + (sum >>> 8)) !== 0xffff;
}

/** The sum of the 16-bit words of a segment's pseudo-header, without the length (RFC 9293, section 3.1; RFC 8200, 8.1). */
export function pseudoHeader(s: Segment): number {
  const sum = TCP + half(s.src3) + half(s.dst3);
  if (s.ipVersion !== 6) return sum;
  return sum + half(s.src0) + half(s.src1) + half(s.src2) + half(s.dst0) + half(s.dst1) + half(s.dst2);
}

/** The two 16-bit halves of a word, added. */
function half(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}

/** A sum that `folded` turns into the ones' complement sum of the 16-bit words in little endian. Adds 32-bit words, which is faster (RFC 1071). */
function sumOf(view: DataView, start: number, end: number): number {
  let sum = 0;
  let at = start;
  for (; at + 16 <= end; at += 16) {
    sum += view.getUint32(at, true) + view.getUint32(at + 4, true);
    sum += view.getUint32(at + 8, true) + view.getUint32(at + 12, true);
  }
  for (; at + 2 <= end; at += 2) sum += view.getUint16(at, true);
  return at < end ? sum + view.getUint8(at) : sum;
}

/** The ones' complement sum in 16 bits. */
export function folded(sum: number): number {
  let rest = sum;
  while (rest > 0xffff) rest = Math.floor(rest / 0x1_0000) + (rest % 0x1_0000);
  return rest;
}
