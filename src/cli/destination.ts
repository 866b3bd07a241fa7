import { resolve } from 'node:path';
import { pathStat } from '../base/path-stat.js';
import { FileOutput, removeForsaken, TextOutput } from '../report/output.js';
import { systemWords, UsageError } from './usage-error.js';

/**
 * Opens what results are written to: standard output, or a file that appears once it is complete (`live`: that grows as it is written). It
 * must not be one of the `inputs`, which it would overwrite.
 */
export function openDestination(
  path: string | undefined,
  { live = false, inputs = [] }: { readonly live?: boolean; readonly inputs?: readonly string[] } = {},
): TextOutput {
  if (path === undefined || path === '-') return new TextOutput(1);
  const input = inputs.find((other) => isSameFile(path, other));
  if (input !== undefined) throw new UsageError(`cannot write ${path}: it is also an input (${input})`);
  const direct = live || isSpecial(path);
  if (!direct) removeForsaken(path);
  try {
    return FileOutput.create(path, direct);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${systemWords(error)}`);
  }
}

/** Closes the destination, so that the file is either complete or absent. */
export function finishDestination(output: TextOutput, path: string | undefined): void {
  try {
    output.finish();
  } catch (error) {
    throw new UsageError(`cannot write ${path ?? 'standard output'}: ${systemWords(error)}`);
  }
}

function isSameFile(path: string, other: string): boolean {
  const a = pathStat(path);
  if (a === undefined) return resolve(path) === resolve(other);
  if (!a.isFile()) return false;
  const b = pathStat(other);
  return b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

function isSpecial(path: string): boolean {
  const stat = pathStat(path);
  return stat !== undefined && !stat.isFile();
}
