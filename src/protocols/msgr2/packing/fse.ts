/** The table of an entropy code (FSE, RFC 8878, 4.1), by state: its symbol, and from where and by how many bits the next state is told. */
export interface Fse {
  readonly bits: number;
  readonly symbols: Uint8Array;
  readonly more: Uint8Array;
  readonly base: Uint16Array;
}

/** `counts`: how often each symbol is expected, of 2^bits; -1: less than once. */
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

/** The state with that symbol from which `following` can be told. */
export function stateBefore(t: Fse, symbol: number, following: number): number {
  return t.symbols.findIndex(
    (s, state) => s === symbol && following >= t.base[state]! && following < t.base[state]! + (1 << t.more[state]!),
  );
}

/** Bits that are read from their end. */
export class BackwardBits {
  private readonly bytes: number[] = [];
  private held = 0;
  private has = 0;

  /** `value` of `n` bits, up to 24; what is written last is read first. */
  put(value: number, n: number): void {
    this.held += value * 2 ** this.has;
    this.has += n;
    for (; this.has >= 8; this.has -= 8) {
      this.bytes.push(this.held % 256);
      this.held = Math.floor(this.held / 256);
    }
  }

  /** A single bit marks where they begin. */
  finish(): number[] {
    this.put(1, 1);
    if (this.has > 0) this.put(0, 8 - this.has);
    return this.bytes;
  }
}
