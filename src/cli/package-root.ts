import { existsSync } from 'node:fs';

/** A file that only the root folder of the package contains. package.json does not serve: the build puts one into its own folder. */
const IN_ROOT = 'schema/wirelint.config.schema.json';

/** The root folder of the package, wherever in it the build has put this module. */
export function packageRoot(): URL {
  let folder = new URL('.', import.meta.url);
  while (!existsSync(new URL(IN_ROOT, folder))) {
    const above = new URL('..', folder);
    if (above.href === folder.href) throw new Error('wirelint is not installed as a package');
    folder = above;
  }
  return folder;
}
