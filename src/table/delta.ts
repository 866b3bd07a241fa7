/** Number of values in a block, and in each of its miniblocks, which have separate bit widths. */
const BLOCK = 128;
const PARTS = 4;
const PART = BLOCK / PARTS;

/** Largest span of the values in a page: up to here, differences of differences are exact in doubles. */
export const MAX_SPAN = 2 ** 52;

/**
 * Encodes integers in Apache Parquet's "Delta Encoding" (DELTA_BINARY_PACKED), in which rising numbers take only a few bits each. The
 * values are doubles relative to `base`, and at most MAX_SPAN apart.
 */
export function packDeltas(values: Float64Array, base: bigint): Uint8Array {
  // room for each block: its smallest difference, the bit widths, and values of at most 53 bits, even if it is not full
  const out = new BitWriter(64 + (16 + 7 * BLOCK) * Math.ceil(values.length / BLOCK));
  out.varint(BLOCK);
  out.varint(PARTS);
  out.varint(values.length);
  out.wideZigzag(BigInt.asIntN(64, base + BigInt(values[0]!)));
  const deltas = new Float64Array(BLOCK);
  for (let from = 1; from < values.length; from += BLOCK) {
    const n = Math.min(BLOCK, values.length - from);
    let least = Infinity;
    for (let i = 0; i < n; i++) {
      const delta = values[from + i]! - values[from + i - 1]!;
      deltas[i] = delta;
      if (delta < least) least = delta;
    }
    block(out, deltas.subarray(0, n), least);
  }
  return out.taken();
}

function block(out: BitWriter, deltas: Float64Array, least: number): void {
  out.varint(least < 0 ? -2 * least - 1 : 2 * least);
  const widths = out.skip(PARTS);
  for (let part = 0; part < PARTS; part++) {
    const start = PART * part;
    const end = Math.min(start + PART, deltas.length);
    let most = 0;
    for (let i = start; i < end; i++) {
      const above = deltas[i]! - least;
      if (above > most) most = above;
    }
    const width = bitsOf(most);
    out.bytes[widths + part] = width;
    if (width === 0) continue;
    for (let i = start; i < end; i++) out.bits(deltas[i]! - least, width);
    for (let i = end; i < start + PART; i++) out.bits(0, width);
  }
}

/** Number of bits that a non-negative number below 2^53 takes. */
function bitsOf(n: number): number {
  return n <= 0xffffffff ? 32 - Math.clz32(n) : 64 - Math.clz32(n / 2 ** 32);
}

/** Writes bytes, and numbers of any bit width from the lowest bit up, into a buffer that must be large enough. */
class BitWriter {
  readonly bytes: Uint8Array;
  private at = 0;
  private pending = 0;
  private used = 0;

  constructor(room: number) {
    this.bytes = new Uint8Array(room);
  }

  /** Skips `n` bytes, and returns the index of the first. */
  skip(n: number): number {
    this.at += n;
    return this.at - n;
  }

  varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.bytes[this.at++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.bytes[this.at++] = rest;
  }

  wideZigzag(value: bigint): void {
    let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
    while (rest >= 0x80n) {
      this.bytes[this.at++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.bytes[this.at++] = Number(rest);
  }

  /** Writes a number with `width` bits. 32 numbers of one width end on a byte boundary. */
  bits(value: number, width: number): void {
    if (width > 24) {
      // at most seven bits are pending, so that together they fit into 32
      this.bits(value % 2 ** 24, 24);
      this.bits(Math.floor(value / 2 ** 24), width - 24);
      return;
    }
    let pending = this.pending | (value << this.used);
    let used = this.used + width;
    while (used >= 8) {
      this.bytes[this.at++] = pending;
      pending >>>= 8;
      used -= 8;
    }
    this.pending = pending;
    this.used = used;
  }

  taken(): Uint8Array {
    return this.bytes.subarray(0, this.at);
  }
}
