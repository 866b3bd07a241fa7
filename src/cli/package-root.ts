import { existsSync } from 'node:fs';

/** The folder of the package, wherever in it the build has put this module. */
export function packageRoot(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL('package.json', folder))) {
    const above = new URL('..', folder);
    if (above.href === folder.href) throw new Error('wirelint is not installed as a package');
    folder = above;
  }
  return folder;
}
