import { pathStat } from '../base/path-stat.js';
import { FileOutput, TextOutput } from '../report/output.js';
import { systemWords, UsageError } from './usage-error.js';

/** Where results go: standard output, or a file that appears when it is complete (`live`: that grows). */
export function openDestination(path: string | undefined, live = false): TextOutput {
  if (path === undefined || path === '-') return new TextOutput(1);
  try {
    return FileOutput.create(path, live || isSpecial(path));
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemWords(error)}`);
  }
}

/** Closes the destination: complete, or not at all. */
export function finishDestination(output: TextOutput, path: string | undefined): void {
  try {
    output.finish();
  } catch (error) {
    throw new UsageError(`cannot write ${path ?? 'standard output'}: ${systemWords(error)}`);
  }
}

function isSpecial(path: string): boolean {
  const stat = pathStat(path);
  return stat !== undefined && !stat.isFile();
}
