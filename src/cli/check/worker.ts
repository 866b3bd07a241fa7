import { parentPort } from 'node:worker_threads';
import { judge, type Job } from './judge.js';

/** Judges the files that the main thread sends, one at a time. */
parentPort!.on('message', (job: Job) => {
  void judge(job).then((report) => parentPort!.postMessage(report));
});
