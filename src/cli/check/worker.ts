import { parentPort } from 'node:worker_threads';
import type { FileReport } from '../../report/check-report.js';
import type { Job } from './job.js';
import { judge } from './judge.js';
import { keepYoungGenerationSmall } from '../thrift.js';
import { STOP } from './stop.js';

/**
 * Runs in a worker thread: judges the captures that the main thread sends, one by one, and answers with their reports, until told to stop.
 */
export function judgeWhatComes(): void {
  const stop = new AbortController();
  const { signal } = stop;
  const judgeAll = async (jobs: readonly Job[]): Promise<void> => {
    const reports: FileReport[] = [];
    for (const job of jobs) {
      if (signal.aborted) break;
      if (job.events === null) keepYoungGenerationSmall();
      reports.push(await judge(job, { signal }));
    }
    parentPort!.postMessage(reports);
  };
  parentPort!.on('message', (jobs: readonly Job[] | typeof STOP) => {
    if (jobs === STOP) stop.abort();
    else void judgeAll(jobs);
  });
}
