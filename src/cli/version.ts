import { readFileSync } from 'node:fs';
import { packageRoot } from './package-root.js';

/** The version in the package's package.json. */
export function version(): string {
  const text = readFileSync(new URL('package.json', packageRoot()), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
