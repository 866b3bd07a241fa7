import { BackwardBits, fseTable, stateBefore, type Fse } from './fse.js';
import { sequences, type Sequence } from './matches.js';

/**
 * A zstd frame (RFC 8878) with uncompressed literals and the predefined codes, which need no table. Empty blocks fill it up to any length.
 */

const MAGIC = [0x28, 0xb5, 0x2f, 0xfd];
const MOST_BLOCK = 128 << 10;
const WINDOW = 1 << 17;
const BLOCK_HEADER = 3;
const RAW = 0;
const REPEATED = 1;
const COMPRESSED = 2;
/**
 * Frame_Header_Descriptor: single segment. The upper two bits tell how many bytes the content size has, the lowest two how many the
 * dictionary id.
 */
const SINGLE_SEGMENT = 0x20;

/** A frame of exactly `size` bytes that decompresses to `plain`; null if the frame would be longer. */
export function fitZstd(plain: Uint8Array, size: number): Uint8Array | null {
  const blocks: number[][] = [];
  for (let at = 0; at < plain.length; at += MOST_BLOCK)
    blocks.push(block(plain.subarray(at, at + MOST_BLOCK), at + MOST_BLOCK >= plain.length));
  const length = sizeField(plain.length);
  const needed = MAGIC.length + 1 + length.bytes.length + blocks.reduce((n, b) => n + b.length, 0);
  const room = size - needed;
  if (room < 0) return null;
  // a dictionary id of 0 means no dictionary
  const id = room % BLOCK_HEADER;
  const out = new Uint8Array(size);
  let pos = 0;
  const put = (bytes: readonly number[]): void => {
    out.set(bytes, pos);
    pos += bytes.length;
  };
  put(MAGIC);
  put([(length.code << 6) | SINGLE_SEGMENT | id]);
  pos += id;
  put(length.bytes);
  // empty raw blocks, which consist of zeros
  pos += room - id;
  for (const b of blocks) put(b);
  return out;
}

function sizeField(n: number): { readonly code: number; readonly bytes: readonly number[] } {
  if (n < 256) return { code: 0, bytes: [n] };
  const little = (value: number, bytes: number): number[] =>
    Array.from({ length: bytes }, (_, i) => (value >>> (8 * i)) & 0xff);
  // a size of two bytes counts from 256
  return n < 256 + 65_536 ? { code: 1, bytes: little(n - 256, 2) } : { code: 2, bytes: little(n, 4) };
}

function block(bytes: Uint8Array, last: boolean): number[] {
  const header = (type: number, n: number): number[] => {
    const word = (n << 3) | (type << 1) | (last ? 1 : 0);
    return [word & 0xff, (word >>> 8) & 0xff, word >>> 16];
  };
  if (bytes.every((b) => b === bytes[0])) return [...header(REPEATED, bytes.length), bytes[0] ?? 0];
  const packed = compressed(bytes);
  if (packed !== null && packed.length < bytes.length) return [...header(COMPRESSED, packed.length), ...packed];
  return [...header(RAW, bytes.length), ...bytes];
}

/**
 * How numbers are coded: those below `from` are their own code; a code above stands for numbers from `starts` on, and `bits` more bits tell
 * which.
 */
interface Codes {
  readonly fse: Fse;
  readonly from: number;
  readonly starts: readonly number[];
  readonly bits: readonly number[];
}

const LITERALS: Codes = {
  fse: fseTable(6, [
    ...[4, 3, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 2, 2],
    ...[2, 2, 2, 2, 2, 2, 2, 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
  ]),
  from: 16,
  starts: [16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
  bits: [1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
};
/** For match lengths less 3. */
const LENGTHS: Codes = {
  fse: fseTable(6, [
    ...[1, 4, 3, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1],
    ...[1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, -1],
  ]),
  from: 32,
  starts: [32, 34, 36, 38, 40, 44, 48, 56, 64, 80, 96, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536],
  bits: [1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
};
const OFFSETS: Fse = fseTable(5, [
  ...[1, 1, 1, 1, 1, 1, 2, 2, 2, 1, 1, 1, 1, 1, 1],
  ...[1, 1, 1, 1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1],
]);
const SHORTEST_LENGTH = 3;

/** The code of a number, and the bits that follow the code. */
interface Coded {
  readonly code: number;
  readonly rest: number;
  readonly bits: number;
}

function coded(n: number, { from, starts, bits }: Codes): Coded {
  if (n < from) return { code: n, rest: 0, bits: 0 };
  let i = starts.length - 1;
  while (starts[i]! > n) i--;
  return { code: from + i, rest: n - starts[i]!, bits: bits[i]! };
}

function codedOffset(value: number): Coded {
  const code = 31 - Math.clz32(value);
  return { code, rest: value - (1 << code), bits: code };
}

/** Names an offset: 1 to 3 if it is one of the last three (RFC 8878, 3.1.1.5). */
class Recent {
  private last: [number, number, number] = [1, 4, 8];

  name(offset: number, literals: number): number {
    const [a, b, c] = this.last;
    const known = literals > 0 ? [a, b, c] : [b, c, a - 1];
    const place = known.indexOf(offset);
    const isSecond = place === (literals > 0 ? 1 : 0);
    if (isSecond) this.last = [b, a, c];
    else if (place !== 0) this.last = [offset, a, b];
    return place >= 0 ? place + 1 : offset + 3;
  }
}

/** The contents of a compressed block; null if there is no match. */
function compressed(bytes: Uint8Array): number[] | null {
  const all = sequences(bytes, WINDOW, 0);
  const matches = all.filter((s) => s.length > 0);
  if (matches.length === 0) return null;
  const literals: number[] = [];
  for (const s of all) for (let i = 0; i < s.literals; i++) literals.push(bytes[s.at + i]!);
  return [...literalsHeader(literals.length), ...literals, ...countOf(matches.length), 0, ...stream(matches)];
}

/** Header of uncompressed literals: their number in 5, 12 or 20 bits. */
function literalsHeader(n: number): number[] {
  if (n < 32) return [n << 3];
  if (n < 4096) return [0b0100 | ((n & 15) << 4), n >>> 4];
  return [0b1100 | ((n & 15) << 4), (n >>> 4) & 0xff, n >>> 12];
}

function countOf(n: number): number[] {
  if (n < 128) return [n];
  if (n < 0x7f00) return [(n >>> 8) + 128, n & 0xff];
  return [255, (n - 0x7f00) & 0xff, (n - 0x7f00) >>> 8];
}

/** The bit stream of the sequences. What is read last is written first. */
function stream(matches: readonly Sequence[]): number[] {
  const recent = new Recent();
  const parts = matches.map((s) => ({
    literals: coded(s.literals, LITERALS),
    length: coded(s.length - SHORTEST_LENGTH, LENGTHS),
    offset: codedOffset(recent.name(s.offset, s.literals)),
  }));
  const out = new BackwardBits();
  const states = { literals: -1, length: -1, offset: -1 };
  const step = (table: Fse, name: keyof typeof states, symbol: number): void => {
    const following = states[name];
    // the last state may be any one with its symbol
    const state = following < 0 ? table.symbols.indexOf(symbol) : stateBefore(table, symbol, following);
    if (following >= 0) out.put(following - table.base[state]!, table.more[state]!);
    states[name] = state;
  };
  for (const { literals, length, offset } of parts.reverse()) {
    step(OFFSETS, 'offset', offset.code);
    step(LENGTHS.fse, 'length', length.code);
    step(LITERALS.fse, 'literals', literals.code);
    for (const part of [literals, length, offset]) out.put(part.rest, part.bits);
  }
  out.put(states.length, LENGTHS.fse.bits);
  out.put(states.offset, OFFSETS.bits);
  out.put(states.literals, LITERALS.fse.bits);
  return out.finish();
}
