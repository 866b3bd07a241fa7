import { statSync, type Stats } from 'node:fs';

/** What a path leads to; undefined where it leads nowhere, whatever the reason: who opens it hears that. */
export function pathStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
