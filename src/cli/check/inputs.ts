import { readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { normalize } from 'node:path';
import { isPattern, patternBase, patternMatcher } from '../../base/pattern.js';
import { nameOfBytes, systemPath } from '../../base/file-name.js';
import { pathStat } from '../../base/path-stat.js';
import { inputParts, type CaptureInput } from '../../engine/analysis.js';
import { systemWords } from '../usage-error.js';

/** One file to be judged. */
export interface CheckInput {
  readonly path: string;
  /** Whether the user named it. A file that was found in a folder need not be a capture. */
  readonly named: boolean;
  readonly size: number;
  /** Whether it is a regular file. */
  readonly isFile: boolean;
}

export interface FoundInputs {
  readonly inputs: readonly CheckInput[];
  /** Folders and files that cannot be read, one line each. */
  readonly problems: readonly string[];
  /** Folders and patterns that hold no file at all. */
  readonly empty: readonly string[];
  /** Number of entries in folders that are not regular files, such as links that lead nowhere. */
  readonly irregular: number;
}

/** Folders that are skipped: they hold no recordings, but possibly very many files. */
export const IGNORED = new Set(['.git', '.hg', '.svn', 'node_modules']);

/** The size of a capture in bytes, as seen when the inputs were listed. */
export function bytesOf({ inputs }: FoundInputs): (input: CaptureInput) => number {
  const sizes = new Map(inputs.map((i) => [i.path, i.size]));
  return (input) => inputParts(input).reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0);
}

/** The files that are named by files, folders and patterns: in the given order, and within a folder in the order of their names. */
export function findInputs(given: readonly string[]): FoundInputs {
  const search = new Search();
  for (const text of given) search.add(text);
  return search;
}

class Search implements FoundInputs {
  readonly inputs: CheckInput[] = [];
  readonly problems: string[] = [];
  readonly empty: string[] = [];
  irregular = 0;
  /** Real paths of the files listed so far, so that none is judged twice. */
  private readonly listed = new Set<string>();

  add(text: string): void {
    if (text === '-') {
      if (!this.listed.has('-')) this.inputs.push({ path: '-', named: true, size: 0, isFile: false });
      this.listed.add('-');
      return;
    }
    const stat = pathStat(text);
    const before = this.inputs.length;
    if (stat === undefined && isPattern(text)) {
      this.glob(text);
      if (this.inputs.length === before) this.empty.push(text);
    } else if (stat?.isDirectory()) {
      this.folder(text, new Set(), () => true);
      if (this.inputs.length === before) this.empty.push(text);
    } else {
      // a named file that does not exist is reported when it is opened, like any other problem with it
      this.file(text, true, stat, stat === undefined ? text : realPath(text));
    }
  }

  private glob(pattern: string): void {
    const { folder, rest } = patternBase(pattern);
    const base = folder === '' ? '.' : folder;
    if (!pathStat(base)?.isDirectory()) return;
    const depth = rest.includes('**') ? Infinity : rest.split('/').length;
    const prefix = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
    this.folder(base, new Set(), patternMatcher(rest), prefix, '', depth);
  }

  private folder(
    folder: string,
    visited: Set<string>,
    wanted: (relative: string) => boolean,
    prefix = folder.endsWith('/') ? folder : `${folder}/`,
    relative = '',
    depth = Infinity,
  ): void {
    let real: string;
    let entries: Entry[];
    try {
      real = realPath(folder);
      entries = entriesOf(folder);
    } catch (error) {
      this.problems.push(`${folder}: ${systemWords(error)}`);
      return;
    }
    // links may lead to a folder a second time, or form a cycle
    if (visited.has(real)) return;
    visited.add(real);
    const inside = folderPrefix(normalize(folder));
    const realInside = folderPrefix(real);
    for (const { name, isPlain } of entries) {
      const full = `${inside}${name}`;
      const shown = `${prefix}${relative}${name}`;
      const stat = this.stat(full);
      if (stat === null) continue;
      if (stat?.isDirectory()) {
        if (depth > 1 && !IGNORED.has(name))
          this.folder(full, visited, wanted, prefix, `${relative}${name}/`, depth - 1);
      } else if (wanted(`${relative}${name}`)) {
        if (stat?.isFile()) this.file(shown, false, stat, isPlain ? `${realInside}${name}` : realPath(shown));
        else this.irregular++;
      }
    }
  }

  /** undefined: the path leads nowhere; null: it cannot be examined, which is added to `problems`. */
  private stat(path: string): Stats | undefined | null {
    try {
      return statSync(systemPath(path), { throwIfNoEntry: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ELOOP') return undefined;
      this.problems.push(`${path}: ${systemWords(error)}`);
      return null;
    }
  }

  private file(path: string, named: boolean, stat: Stats | undefined, real: string): void {
    if (this.listed.has(real)) return;
    this.listed.add(real);
    this.inputs.push({ path, named, size: stat?.size ?? 0, isFile: stat?.isFile() ?? false });
  }
}

/** One entry of a folder. */
interface Entry {
  readonly name: string;
  /** Whether it is known not to be a link: then its real path is its name below the folder's real path. */
  readonly isPlain: boolean;
}

function entriesOf(folder: string): Entry[] {
  const found = readdirSync(systemPath(folder), { encoding: 'buffer', withFileTypes: true });
  return found
    .map((entry) => ({ name: nameOfBytes(entry.name), isPlain: entry.isFile() }))
    .sort((a, b) => compare(a.name, b.name));
}

/** The prefix that turns a name in this folder into a path. */
function folderPrefix(folder: string): string {
  if (folder === '.') return '';
  return folder.endsWith('/') ? folder : `${folder}/`;
}

/** The path with links resolved; unchanged if the file has vanished in the meantime. */
function realPath(path: string): string {
  try {
    return nameOfBytes(realpathSync(systemPath(path), 'buffer'));
  } catch {
    return path;
  }
}

/** Compares by code units, which gives the same order on every machine and in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
