/** A typed array of any kind. */
interface Column {
  readonly length: number;
  set(from: this): void;
}

/** Copies `from` to the beginning of `to`, and returns `to`. */
export function extended<T extends Column>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** The first number of rows. Small, as a capture of one connection has columns, too, and V8 keeps arrays of up to 64 bytes on its heap. */
const FIRST_ROWS = 4;

/**
 * From this many rows on columns grow by a factor of 32: the operating system provides memory only for what is written, while each step leaves
 * an old column behind that takes as much as was written to it.
 */
const MANY_ROWS = 4096;

/** The new length of columns of the given length that need a row number `row`. */
export function grownTo(length: number, row: number): number {
  return Math.max((length < MANY_ROWS ? 2 : 32) * length, row + 1, FIRST_ROWS);
}

/**
 * The same number, as a 32-bit integer if it is one. V8 treats what is read from a Float64Array as a double, and boxes it in every object
 * whose field has ever held one: for the numbers and times of packets that took 400 bytes in each session.
 */
export function integer(x: number): number {
  const i = x | 0;
  return i === x ? i : x;
}
