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

/** The length of columns that must have a row number `row`: they double. */
export function grownTo(length: number, row: number): number {
  return Math.max(2 * length, row + 1, 256);
}
