import { existsSync } from 'node:fs';

/** A file that lies in the root of the package, and in no folder of it: the build puts a package.json into its own. */
const IN_ROOT = 'schema/wirelint.config.schema.json';

/** The folder of the package, wherever in it the build has put this module. */
export function packageRoot(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL(IN_ROOT, folder))) {
    const above = new URL('..', folder);
    if (above.href === folder.href) throw new Error('wirelint is not installed as a package');
    folder = above;
  }
  return folder;
}
