/** Values of a block, and of each of its parts that have a width of bits of their own. */
const BLOCK = 128;
const PARTS = 4;
const PART = BLOCK / PARTS;

/** How far the values of a page may lie apart: differences of differences are exact in doubles up to here. */
export const MAX_SPAN = 2 ** 52;

/**
 * Whole numbers as Apache Parquet's "Delta Encoding" (DELTA_BINARY_PACKED) has them: what counts up takes a few bits a value. They are given
 * relative to `base`, in doubles, and lie at most MAX_SPAN apart.
 */
export function packDeltas(values: Float64Array, base: bigint): Uint8Array {
  // a block: its least difference, widths, and values of at most 53 bits, also where it is not full
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

/** Bits that a number from 0 on takes, below 2^53. */
function bitsOf(n: number): number {
  return n <= 0xffffffff ? 32 - Math.clz32(n) : 64 - Math.clz32(n / 2 ** 32);
}

/** Bytes, and numbers of any width from the lowest bit up, in room that is large enough. */
class BitWriter {
  readonly bytes: Uint8Array;
  private at = 0;
  private pending = 0;
  private used = 0;

  constructor(room: number) {
    this.bytes = new Uint8Array(room);
  }

  /** Leaves out so many bytes, and gives the place of the first. */
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

  /** 32 numbers of one width end at a whole byte. */
  bits(value: number, width: number): void {
    if (width > 24) {
      // what is pending has seven bits at most, so that all of it fits into 32
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
