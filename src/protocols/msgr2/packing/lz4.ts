import { fitted, SHORTEST, sequences, stretched, type Sequence } from './matches.js';

/** One block of LZ4 (lz4_Block_format.md). */

const WINDOW = 65_535;
/** The last bytes must be literals, and no match may begin later than LAST_MATCH bytes before the end. */
const LAST_LITERALS = 5;
const LAST_MATCH = 12;
const IN_TOKEN = 15;

/** A block of exactly `size` bytes that decompresses to `plain`; null if none was found. */
export function fitLz4(plain: Uint8Array, size: number): Uint8Array | null {
  const all = ended(sequences(plain, WINDOW, LAST_LITERALS), plain.length);
  const block = (literals: number): Sequence[] => ended(stretched(all, literals), plain.length);
  return fitted(
    plain.length,
    size,
    (literals) => sizeOf(block(literals)),
    (literals) => {
      const chosen = block(literals);
      return sizeOf(chosen) === size ? write(plain, chosen, size) : null;
    },
  );
}

/** Drops matches that begin too near to the end, and ends with literals. */
function ended(all: readonly Sequence[], length: number): Sequence[] {
  const kept = all.filter((s) => s.length > 0 && s.at + s.literals + LAST_MATCH <= length);
  const last = kept.at(-1);
  const at = last === undefined ? 0 : last.at + last.literals + last.length;
  return [...kept, { at, literals: length - at, offset: 0, length: 0 }];
}

function sizeOf(all: readonly Sequence[]): number {
  let n = 0;
  for (const s of all) n += 1 + s.literals + more(s.literals) + (s.length === 0 ? 0 : 2 + more(s.length - SHORTEST));
  return n;
}

/** Extra bytes of a length that does not fit into its half of the token. */
function more(n: number): number {
  return n < IN_TOKEN ? 0 : 1 + Math.floor((n - IN_TOKEN) / 255);
}

function write(plain: Uint8Array, all: readonly Sequence[], size: number): Uint8Array {
  const out = new Uint8Array(size);
  let pos = 0;
  const length = (n: number): void => {
    if (n < IN_TOKEN) return;
    let rest = n - IN_TOKEN;
    for (; rest >= 255; rest -= 255) out[pos++] = 255;
    out[pos++] = rest;
  };
  for (const s of all) {
    const matched = Math.max(0, s.length - SHORTEST);
    out[pos++] = (Math.min(IN_TOKEN, s.literals) << 4) | Math.min(IN_TOKEN, matched);
    length(s.literals);
    out.set(plain.subarray(s.at, s.at + s.literals), pos);
    pos += s.literals;
    if (s.length === 0) continue;
    out[pos++] = s.offset & 0xff;
    out[pos++] = s.offset >>> 8;
    length(matched);
  }
  return out;
}
