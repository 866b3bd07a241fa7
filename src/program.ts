import { workerData } from 'node:worker_threads';
import { exactArguments } from './base/file-name.js';
import { complain } from './cli/complain.js';
import { main } from './cli/main.js';

/** Runs the program; see `bin.ts`. */
export async function run(): Promise<void> {
  // a bug where nobody waits for the result; Node's own status for it would say that findings were made
  process.on('uncaughtException', (error) => {
    complain(`internal error, please report it: ${error.stack ?? String(error)}`);
    process.exit(2);
  });
  // it stays where the program ends without a result, because nothing is left that could bring one
  process.exitCode = 2;
  process.exitCode = await main(exactArguments(process.argv.slice(2)));
}

/** What a thread does; see `worker.ts`. */
export async function runWorker(): Promise<void> {
  if ((workerData as { readonly work?: unknown }).work === undefined)
    (await import('./cli/check/worker.js')).judgeWhatComes();
  else (await import('./cli/threads/capture-thread.js')).readWhatComes();
}
