import { dirname, join, resolve } from 'node:path';
import { pathStat } from '../base/path-stat.js';

export const CONFIG_NAME = 'wirelint.config.json';

/** The nearest file of that name in a folder or the folders above it, or null. */
export function nearestConfig(from: string, name = CONFIG_NAME): string | null {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    const path = join(folder, name);
    if (pathStat(path)?.isFile()) return path;
    if (dirname(folder) === folder) return null;
  }
}
