import { availableParallelism } from 'node:os';
import { inputPaths, type CaptureInput } from '../../engine/analysis.js';
import { single } from '../options.js';
import { UsageError } from '../usage-error.js';

/** Starting a thread takes 0.1 s. It is worth that from so many bytes, or so many captures, on. */
const WORTH_THREADS = 32 << 20;
const WORTH_THREADS_FILES = 256;

/**
 * With two cores, many small captures are read faster by one thread: V8 optimizes its code on the other core meanwhile. With two threads,
 * V8 would have to optimize for each of them without a free core.
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
    describe: 'Number of captures to read at once (default: the number of cores, if there is much to read)',
  },
} as const;

/** How many captures are to be read at once; null: as many as there are cores, if threads are worth it. */
export function jobsOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`--jobs ${text}: expected a number, 1 or more`);
  return Number(text);
}

/** How many threads to use for these captures, which have `bytes` bytes together. */
export function threadsFor(inputs: readonly CaptureInput[], bytes: number, wanted: number | null): number {
  // standard input can only be read by the main thread
  if (inputs.length < 2 || inputs.some((input) => inputPaths(input).includes('-'))) return 1;
  if (wanted !== null) return Math.min(wanted, inputs.length);
  if (!isWorthThreads(inputs.length, bytes)) return 1;
  return Math.min(availableParallelism(), inputs.length);
}
