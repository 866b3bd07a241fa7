import { statSync, type Stats } from 'node:fs';
import { systemPath } from './file-name.js';

/** What a path leads to; undefined where it leads nowhere, whatever the reason: who opens it hears that. */
export function pathStat(path: string): Stats | undefined {
  try {
    return statSync(systemPath(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
