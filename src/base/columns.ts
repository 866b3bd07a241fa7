/** A typed array that can hold another's content. */
interface Column {
  readonly length: number;
  set(from: this): void;
}

/** `to`, with what `from` holds in front. */
export function extended<T extends Column>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Few: a capture of one connection has columns, too, and V8 keeps arrays of up to 64 bytes on its heap. */
const FIRST_ROWS = 4;

/** From so many rows on columns grow by a factor of 32: the system gives memory only for what is written, and old columns cost as much as new ones. */
const MANY_ROWS = 4096;

/** The length of columns that must have a row number `row`. */
export function grownTo(length: number, row: number): number {
  return Math.max((length < MANY_ROWS ? 2 : 32) * length, row + 1, FIRST_ROWS);
}

/**
 * The same number, as an integer where it is one of 32 bits. V8 takes what comes out of a Float64Array for a double, and boxes it in
 * every object whose field has ever held one: for the number and time of packets that was 400 bytes of each session.
 */
export function integer(x: number): number {
  const i = x | 0;
  return i === x ? i : x;
}
