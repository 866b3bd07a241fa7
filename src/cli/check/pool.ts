import { emptySummary } from '../../engine/summary.js';
import { Worker } from 'node:worker_threads';
import { inputName, inputParts } from '../../engine/analysis.js';
import { type FileReport } from '../../report/check-report.js';
import { packageRoot } from '../package-root.js';
import type { Job } from './judge.js';
import { STOP } from './stop.js';

/**
 * Judges jobs in several threads. The reports come in the order of the jobs, whichever is done first, and `each` is called in that
 * order as soon as it is a job's turn.
 */
export async function judgeInThreads(
  jobs: readonly Job[],
  threads: number,
  signal: AbortSignal,
  each?: (report: FileReport, index: number) => Promise<void>,
): Promise<FileReport[]> {
  const reports = new Array<FileReport | undefined>(jobs.length).fill(undefined);
  let next = 0;
  let told = 0;
  let telling = Promise.resolve();
  const tell = async (): Promise<void> => {
    for (let report = reports[told]; report !== undefined; report = reports[told]) await each?.(report, told++);
  };
  const one = async (): Promise<void> => {
    let worker = spawn();
    while (next < jobs.length && !signal.aborted) {
      const at = next++;
      try {
        reports[at] = await ask(worker, jobs[at]!, signal);
      } catch (error) {
        reports[at] = failed(jobs[at]!, error);
        await worker.terminate();
        worker = spawn();
      }
      if (each !== undefined) telling = telling.then(tell);
    }
    await worker.terminate();
  };
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, one));
  await telling;
  return reports.filter((r) => r !== undefined);
}

function spawn(): Worker {
  return new Worker(new URL('dist/worker.js', packageRoot()));
}

/** Rejects where the thread dies of the job. */
function ask(worker: Worker, job: Job, signal: AbortSignal): Promise<FileReport> {
  return new Promise((resolve, reject) => {
    const stop = (): void => worker.postMessage(STOP);
    signal.addEventListener('abort', stop);
    const settle = (): void => {
      signal.removeEventListener('abort', stop);
      worker.off('message', took);
      worker.off('error', died);
      worker.off('exit', left);
    };
    const took = (report: FileReport): void => {
      settle();
      resolve(report);
    };
    const died = (error: Error): void => {
      settle();
      reject(error);
    };
    const left = (): void => died(new Error('the thread ended'));
    worker.on('message', took);
    worker.on('error', died);
    worker.on('exit', left);
    worker.postMessage(job);
  });
}

function failed(job: Job, error: unknown): FileReport {
  const what = error instanceof Error ? error.message : String(error);
  return {
    file: inputName(job.input),
    parts: inputParts(job.input),
    exact: {},
    state: 'failed',
    problem: `judging it failed inside wirelint: ${what}`,
    capture: null,
    streams: [],
    findings: [],
    rules: {},
    summary: emptySummary(),
    transcript: null,
    golden: null,
    suppressed: {},
    silenced: 0,
    internalErrors: 1,
    page: null,
  };
}
