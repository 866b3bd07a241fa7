import { availableParallelism } from 'node:os';
import { inputPaths, type CaptureInput } from '../../engine/analysis.js';
import { single } from '../options.js';
import { UsageError } from '../usage-error.js';

/** Where another thread is worth its start, 0.1 s: so many bytes, or so many captures, to read. */
const WORTH_THREADS = 32 << 20;
const WORTH_THREADS_FILES = 256;

/**
 * On two cores many small captures are read sooner by one thread: V8 optimizes what it runs on the other core meanwhile, and would have to do it
 * for each of two threads with no core to itself.
 */
const FEW_CORES = 2;

export function isWorthThreads(captures: number, bytes: number): boolean {
  return bytes >= WORTH_THREADS || (captures >= WORTH_THREADS_FILES && availableParallelism() > FEW_CORES);
}

/** `-j`, for every command that reads several captures. */
export const JOBS_OPTION = {
  jobs: {
    ...single,
    type: 'string',
    alias: 'j',
    describe: 'Captures read at once (default: the cores, where there is much to read); the output is the same',
  },
} as const;

/** Captures that are to be read at once; null: as many as there are cores, where that is worth it. */
export function jobsOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--jobs ${text}: expected a number, 1 or more`);
  return Number(text);
}

/** How many threads read so many captures of so many bytes together. */
export function threadsFor(inputs: readonly CaptureInput[], bytes: number, wanted: number | null): number {
  // standard input can only be read by the main thread
  if (inputs.length < 2 || inputs.some((input) => inputPaths(input).includes('-'))) return 1;
  if (wanted !== null) return Math.min(wanted, inputs.length);
  if (!isWorthThreads(inputs.length, bytes)) return 1;
  return Math.min(availableParallelism(), inputs.length);
}
