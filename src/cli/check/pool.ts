import { Worker } from 'node:worker_threads';
import { inputName, inputParts } from '../../engine/analysis.js';
import { emptySummary } from '../../engine/summary.js';
import type { FileReport } from '../../report/check-report.js';
import { packageRoot } from '../package-root.js';
import type { Job } from './job.js';
import { judge } from './judge.js';
import { STOP } from './stop.js';

/**
 * The most that another thread is sent at once, in bytes of captures and in captures: judging one small capture takes less time than
 * sending a message and its answer.
 */
const BATCH_BYTES = 1 << 20;
const BATCH_JOBS = 64;

export interface PoolJob {
  readonly job: Job;
  /** Size of the job's capture. */
  readonly bytes: number;
}

/** Threads that judge captures. The calling thread is one of them, so that using a second core takes one more heap, not two. */
export class Pool {
  private readonly workers: Worker[];
  private readonly flags: readonly string[];

  /** `threads`: including this one. `flags`: the V8 flags of the process (see base/heap-flags). The threads start at once. */
  constructor(threads: number, flags: readonly string[]) {
    this.flags = flags;
    this.workers = Array.from({ length: threads - 1 }, () => this.spawn());
  }

  /**
   * Returns the reports in the order of the jobs, whichever is finished first. `each` is called in that order too, as soon as a job's turn
   * has come.
   */
  async judge(
    jobs: readonly PoolJob[],
    signal: AbortSignal,
    each: (report: FileReport, index: number) => Promise<void>,
  ): Promise<FileReport[]> {
    const reports = new Array<FileReport | undefined>(jobs.length).fill(undefined);
    let told = 0;
    let telling = Promise.resolve();
    const tell = async (): Promise<void> => {
      for (let report = reports[told]; report !== undefined; report = reports[told]) await each(report, told++);
    };
    const take = (at: number, report: FileReport): void => {
      reports[at] = report;
      telling = telling.then(tell);
    };
    let next = 0;
    /** Indexes of the next jobs; fewer near the end, so that no thread still has many left when the others are done. */
    const batch = (): number[] => {
      const most = Math.min(BATCH_JOBS, Math.ceil((jobs.length - next) / (4 * (this.workers.length + 1))));
      const places: number[] = [];
      for (let bytes = 0; next < jobs.length && places.length < most && bytes < BATCH_BYTES; next++) {
        places.push(next);
        bytes += jobs[next]!.bytes;
      }
      return places;
    };
    const there = async (at: number): Promise<void> => {
      while (next < jobs.length && !signal.aborted) await this.ask(at, batch(), jobs, signal, take);
    };
    const here = async (): Promise<void> => {
      while (next < jobs.length && !signal.aborted) {
        const at = next++;
        const { job } = jobs[at]!;
        take(at, await judge(job, { signal }).catch((error: unknown) => failed(job, error)));
        job.content = null;
      }
    };
    await Promise.all([here(), ...this.workers.map((_, i) => there(i))]);
    await telling;
    return reports.filter((r) => r !== undefined);
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((w) => w.terminate()));
  }

  /** Has a thread judge jobs. If the thread dies, another one judges the same jobs one by one, to find the job that is responsible. */
  private async ask(
    thread: number,
    places: readonly number[],
    jobs: readonly PoolJob[],
    signal: AbortSignal,
    take: (at: number, report: FileReport) => void,
  ): Promise<void> {
    try {
      const sent = places.map((at) => jobs[at]!.job);
      const reports = await ask(this.workers[thread]!, sent, signal);
      reports.forEach((report, i) => take(places[i]!, report));
    } catch (error) {
      await this.workers[thread]!.terminate();
      this.workers[thread] = this.spawn();
      if (places.length === 1) take(places[0]!, failed(jobs[places[0]!]!.job, error));
      else for (const at of places) await this.ask(thread, [at], jobs, signal, take);
    }
  }

  private spawn(): Worker {
    const worker = new Worker(new URL('dist/worker.js', packageRoot()), { workerData: { flags: this.flags } });
    // an idle thread must not keep the process alive when a run fails early
    worker.unref();
    return worker;
  }
}

/** Rejects if the thread dies while it judges. After a signal there are fewer reports than jobs. */
function ask(worker: Worker, jobs: readonly Job[], signal: AbortSignal): Promise<readonly FileReport[]> {
  return new Promise((resolve, reject) => {
    const stop = (): void => worker.postMessage(STOP);
    worker.ref();
    signal.addEventListener('abort', stop);
    const stopListening = (): void => {
      worker.unref();
      signal.removeEventListener('abort', stop);
      worker.off('message', took);
      worker.off('error', died);
      worker.off('exit', left);
    };
    const took = (reports: readonly FileReport[]): void => {
      stopListening();
      resolve(reports);
    };
    const died = (error: Error): void => {
      stopListening();
      reject(error);
    };
    const left = (): void => died(new Error('the thread ended'));
    worker.on('message', took);
    worker.on('error', died);
    worker.on('exit', left);
    worker.postMessage(jobs);
    for (const job of jobs) job.content = null;
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
