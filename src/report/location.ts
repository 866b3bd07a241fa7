import { basename, isAbsolute, relative, resolve, sep } from 'node:path';
import type { CheckedFinding, FileReport } from './check-report.js';

/** Where CI systems show a finding: a line of the transcript beside the capture, or else the capture. */
export interface Place {
  /**
   * Relative to the working directory if it is below that, with `/`; else absolute. It has the exact bytes of the path (see
   * base/file-name).
   */
  readonly path: string;
  /** 1 if there is no transcript. */
  readonly line: number;
}

export function placeOf(file: FileReport, finding: CheckedFinding): Place {
  if (file.transcript !== null && finding.line !== null)
    return { path: exactPath(file, file.transcript), line: finding.line };
  return { path: exactPath(file, finding.part?.file ?? file.file), line: 1 };
}

/** The path to open for a path that a report shows, with its exact bytes. */
export function exactPath(file: FileReport, shown: string): string {
  return repositoryPath(Object.hasOwn(file.exact, shown) ? file.exact[shown]! : shown);
}

/** A path relative to the working directory, which in CI is the root of the repository. */
export function repositoryPath(path: string): string {
  if (path === '-') return 'stdin';
  const below = relative(process.cwd(), resolve(path));
  const chosen = below === '' || below.startsWith(`..${sep}`) || isAbsolute(below) ? resolve(path) : below;
  return chosen.split(sep).join('/');
}

/** Such as `stream 2, packet 35, server-to-client bytes 66230..66258`. */
export function whereWords(f: CheckedFinding): string {
  const words: string[] = [];
  if (f.stream !== null) words.push(`stream ${f.stream}`);
  if (f.message !== null) words.push(`message #${f.message}${f.messageName === null ? '' : ` ${f.messageName}`}`);
  if (f.packet > 0) {
    const within = f.part === null ? '' : ` (packet ${f.part.packet} of ${basename(f.part.file)})`;
    words.push(`packet ${f.packet}${within}`);
  }
  const range = f.length > 0 ? `bytes ${f.offset}..${f.offset + f.length}` : '';
  if (range !== '')
    words.push(f.stream === null ? `file ${range}` : f.direction === 'unknown' ? range : `${f.direction} ${range}`);
  return words.join(', ');
}
