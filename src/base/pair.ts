/**
 * Something by side ([client's, server's]) or by end. It is never changed, only replaced: as long as nothing stands in it that is a session's
 * own, thousands of sessions share one.
 */
export type Pair<T> = readonly [T, T];

export const NEITHER: Pair<boolean> = [false, false];
export const NO_PAIR: Pair<null> = [null, null];
export const ZEROS: Pair<number> = [0, 0];
/** Offsets in both streams that neither reaches. */
export const NOWHERE: Pair<number> = [Infinity, Infinity];

/** The same with `value` in place `at`. */
export function having<T>(pair: Pair<T>, at: 0 | 1, value: T): Pair<T> {
  if (pair[at] === value) return pair;
  return at === 0 ? [value, pair[1]] : [pair[0], value];
}

/** The same the other way round. */
export function turned<T>(pair: Pair<T>): Pair<T> {
  return pair[0] === pair[1] ? pair : [pair[1], pair[0]];
}
