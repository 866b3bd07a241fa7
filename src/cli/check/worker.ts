import { parentPort } from 'node:worker_threads';
import { judge, type Job } from './judge.js';
import { STOP } from './stop.js';

/** Judges the files that the main thread sends, one at a time, until it wants to stop. */
const stop = new AbortController();
parentPort!.on('message', (job: Job | typeof STOP) => {
  if (job === STOP) stop.abort();
  else void judge(job, { signal: stop.signal }).then((report) => parentPort!.postMessage(report));
});
