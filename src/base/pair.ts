/**
 * Two values, by side ([client's, server's]) or by end. A pair is never changed, only replaced, so that thousands of sessions share one with
 * the initial values.
 */
export type Pair<T> = readonly [T, T];

export const NEITHER: Pair<boolean> = [false, false];
export const NO_PAIR: Pair<null> = [null, null];
export const ZEROS: Pair<number> = [0, 0];
/** In place of offsets: in neither stream. */
export const NOWHERE: Pair<number> = [Infinity, Infinity];

/** The same pair with `value` at index `at`. */
export function having<T>(pair: Pair<T>, at: 0 | 1, value: T): Pair<T> {
  if (pair[at] === value) return pair;
  return at === 0 ? [value, pair[1]] : [pair[0], value];
}

/** The same pair, swapped. */
export function turned<T>(pair: Pair<T>): Pair<T> {
  return pair[0] === pair[1] ? pair : [pair[1], pair[0]];
}
