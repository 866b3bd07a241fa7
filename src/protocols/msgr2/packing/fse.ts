/**
 * The decoding table of an entropy code (FSE, RFC 8878, 4.1): for each state its symbol, and the base and number of bits that give the next
 * state.
 */
export interface Fse {
  readonly bits: number;
  readonly symbols: Uint8Array;
  readonly more: Uint8Array;
  readonly base: Uint16Array;
}

/** `counts`: how often each symbol is expected among 2^bits; -1: less than once. */
export function fseTable(bits: number, counts: readonly number[]): Fse {
  const size = 1 << bits;
  const symbols = new Uint8Array(size);
  const more = new Uint8Array(size);
  const base = new Uint16Array(size);
  let high = size;
  counts.forEach((n, symbol) => {
    if (n < 0) symbols[--high] = symbol;
  });
  let at = 0;
  counts.forEach((n, symbol) => {
    for (let i = 0; i < n; i++) {
      symbols[at] = symbol;
      do at = (at + (size >> 1) + (size >> 3) + 3) & (size - 1);
      while (at >= high);
    }
  });
  const next = counts.map((n) => Math.max(1, n));
  for (let state = 0; state < size; state++) {
    const n = next[symbols[state]!]!++;
    more[state] = bits - (31 - Math.clz32(n));
    base[state] = (n << more[state]!) - size;
  }
  return { bits, symbols, more, base };
}

/** A state with that symbol whose next state can be `following`. */
export function stateBefore(t: Fse, symbol: number, following: number): number {
  return t.symbols.findIndex(
    (s, state) => s === symbol && following >= t.base[state]! && following < t.base[state]! + (1 << t.more[state]!),
  );
}

/** A stream of bits that is read from its end. */
export class BackwardBits {
  private readonly bytes: number[] = [];
  private held = 0;
  private has = 0;

  /** Adds `value` of `n` bits, at most 24. What is written last is read first. */
  put(value: number, n: number): void {
    this.held += value * 2 ** this.has;
    this.has += n;
    for (; this.has >= 8; this.has -= 8) {
      this.bytes.push(this.held % 256);
      this.held = Math.floor(this.held / 256);
    }
  }

  /** Ends the stream with a single bit, which marks where reading begins. */
  finish(): number[] {
    this.put(1, 1);
    if (this.has > 0) this.put(0, 8 - this.has);
    return this.bytes;
  }
}
