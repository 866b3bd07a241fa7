import { statSync, type Stats } from 'node:fs';
import { systemPath } from './file-name.js';

/** The status of a path; undefined where it has none, for whatever reason: opening it will report that. */
export function pathStat(path: string): Stats | undefined {
  try {
    return statSync(systemPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
