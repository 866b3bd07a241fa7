import { parentPort } from 'node:worker_threads';
import { judge, type Job } from './judge.js';
import { keepYoungGenerationSmall } from '../thrift.js';
import { STOP } from './stop.js';

/** Judges the files that the main thread sends, one at a time, until it wants to stop. */
export function judgeWhatComes(): void {
  const stop = new AbortController();
  parentPort!.on('message', (job: Job | typeof STOP) => {
    if (job === STOP) {
      stop.abort();
      return;
    }
    if (job.events === null) keepYoungGenerationSmall();
    void judge(job, { signal: stop.signal }).then((report) => parentPort!.postMessage(report));
  });
}
