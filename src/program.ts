import { workerData } from 'node:worker_threads';
import { exactArguments } from './base/file-name.js';
import { complain } from './cli/complain.js';
import { main } from './cli/main.js';

/** Runs the program; see `bin.ts`. */
export async function run(): Promise<void> {
  // an error that nothing has caught; Node's own status for it would mean that there were findings
  process.on('uncaughtException', (error) => {
    complain(`internal error, please report it: ${error.stack ?? String(error)}`);
    process.exit(2);
  });
  // this status remains if the program ends without a result, because nothing is left that could run
  process.exitCode = 2;
  process.exitCode = await main(exactArguments(process.argv.slice(2)));
}

/** Runs a worker thread; see `worker.ts`. */
export async function runWorker(): Promise<void> {
  if ((workerData as { readonly work?: unknown }).work === undefined)
    (await import('./cli/check/worker.js')).judgeWhatComes();
  else (await import('./cli/threads/capture-thread.js')).readWhatComes();
}
