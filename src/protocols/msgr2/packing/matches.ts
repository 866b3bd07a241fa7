/**
 * Literals from `at` on, followed by a match: `length` bytes that repeat those `offset` bytes before. The last sequence of a segment has
 * none (length 0).
 */
export interface Sequence {
  readonly at: number;
  readonly literals: number;
  readonly offset: number;
  readonly length: number;
}

/** Shortest match that is used. */
export const SHORTEST = 4;
/** How many earlier places with the same four bytes are tried. */
const TRIES = 24;
const HASH_BITS = 15;

/** Splits `bytes` into sequences (LZ77). No match refers further back than `window`, or includes any of the last `tail` bytes. */
export function sequences(bytes: Uint8Array, window: number, tail: number): Sequence[] {
  const out: Sequence[] = [];
  const heads = new Int32Array(1 << HASH_BITS).fill(-1);
  const before = new Int32Array(bytes.length);
  const word = (at: number): number =>
    bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  const hash = (at: number): number => Math.imul(word(at), 0x9e3779b1) >>> (32 - HASH_BITS);
  const end = bytes.length - tail;
  const enter = (at: number): void => {
    const h = hash(at);
    before[at] = heads[h]!;
    heads[h] = at;
  };
  const longest = (at: number): readonly [length: number, offset: number] => {
    let length = 0;
    let offset = 0;
    let place = heads[hash(at)]!;
    for (let tries = TRIES; tries > 0 && place >= 0 && at - place <= window; tries--, place = before[place]!) {
      if (length > 0 && bytes[place + length] !== bytes[at + length]) continue;
      let n = 0;
      while (at + n < end && bytes[place + n] === bytes[at + n]) n++;
      if (n > length) [length, offset] = [n, at - place];
      if (n >= ENOUGH) break;
    }
    return length >= SHORTEST ? [length, offset] : [0, 0];
  };
  let from = 0;
  let at = 0;
  while (at + SHORTEST <= end) {
    let [length, offset] = longest(at);
    enter(at);
    if (length === 0) {
      at++;
      continue;
    }
    // a match that begins one byte later may be longer
    if (length < ENOUGH && at + 1 + SHORTEST <= end) {
      const [next, nextOffset] = longest(at + 1);
      if (next > length + 1) {
        at++;
        enter(at);
        [length, offset] = [next, nextOffset];
      }
    }
    out.push({ at: from, literals: at - from, offset, length });
    const to = at + length;
    // of a long match, only the first places are entered
    for (let i = at + 1; i < Math.min(to, at + ENOUGH, end - SHORTEST); i++) enter(i);
    at = to;
    from = to;
  }
  out.push({ at: from, literals: bytes.length - from, offset: 0, length: 0 });
  return out;
}

const ENOUGH = 256;

/** The same sequences with the first `n` bytes as literals. */
export function stretched(all: readonly Sequence[], n: number): Sequence[] {
  const out: Sequence[] = [];
  let from = 0;
  for (const s of all) {
    const match = s.at + s.literals;
    const end = match + s.length;
    const start = Math.max(match, n);
    // the rest of a match may be too short
    if (s.length > 0 && end - start < SHORTEST) continue;
    out.push({ at: from, literals: start - from, offset: s.offset, length: s.length === 0 ? 0 : end - start });
    from = end;
  }
  return out;
}

/**
 * Searches for the number of leading literals with which the result has `size` bytes, and returns what `make` gives for it. Sizes grow with
 * that number, but not strictly, so numbers near the one at which the size is reached are tried too. Null if none fits.
 */
export function fitted(
  plain: number,
  size: number,
  sizeOf: (literals: number) => number,
  make: (literals: number) => Uint8Array | null,
): Uint8Array | null {
  let low = 0;
  let high = plain;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (sizeOf(middle) <= size) low = middle;
    else high = middle - 1;
  }
  // sizes grow on the whole, but not from each number to the next
  for (let n = Math.min(plain, low + NEAR); n >= Math.max(0, low - NEAR); n--) {
    const made = make(n);
    if (made !== null) return made;
  }
  return null;
}

const NEAR = 80;
