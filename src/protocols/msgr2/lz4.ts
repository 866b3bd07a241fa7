/** Shortest match of the LZ4 block format (lz4_Block_format.md). */
const SHORTEST = 4;

/**
 * Decompresses one LZ4 block, `bytes[at..end)`, into `out[to..limit)`. Matches may refer to bytes in `out` before `to`, since Ceph
 * compresses the parts of a segment as one stream. Returns `limit`; throws unless the block fills the output exactly.
 */
export function openLz4Block(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  to: number,
  limit: number,
): number {
  let pos = at;
  const extended = (nibble: number): number => {
    let n = nibble;
    let more = nibble === 15 ? 255 : 0;
    while (more === 255) {
      if (pos >= end) throw new Error('a length is cut');
      more = bytes[pos++]!;
      n += more;
    }
    return n;
  };
  while (pos < end) {
    const token = bytes[pos++]!;
    const literals = extended(token >>> 4);
    if (pos + literals > end || to + literals > limit) throw new Error('literals beyond the block');
    out.set(bytes.subarray(pos, pos + literals), to);
    pos += literals;
    to += literals;
    // the last sequence has no match
    if (pos === end) break;
    if (pos + 2 > end) throw new Error('an offset is cut');
    const offset = bytes[pos]! | (bytes[pos + 1]! << 8);
    pos += 2;
    const length = extended(token & 15) + SHORTEST;
    if (offset === 0 || offset > to || to + length > limit) throw new Error('a match beyond the output');
    // byte by byte, since a match may overlap its own output
    for (let i = 0; i < length; i++, to++) out[to] = out[to - offset]!;
  }
  if (to !== limit) throw new Error('another length');
  return to;
}
