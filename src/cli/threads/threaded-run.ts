import { Worker } from 'node:worker_threads';
import { inputName } from '../../engine/analysis.js';
import { emptySummary } from '../../engine/summary.js';
import { packageRoot } from '../package-root.js';
import { sizeOf, type CaptureDone, type CaptureJob, type Piece, type Work } from './pieces.js';

/** Receives what the threads make, in the order of the captures. */
export interface Taker {
  /** Returns false if no more output is wanted. */
  piece(piece: Piece): boolean;
  done(done: CaptureDone, index: number): void;
}

/** What the threads have made of one capture so far. */
interface Made {
  readonly pieces: Piece[];
  /** Counter of the thread that reads it: bytes sent and not yet taken (see AHEAD). */
  ahead: Int32Array | null;
  done: CaptureDone | null;
}

/**
 * Reads captures in several threads. Pieces of the first unfinished capture are passed on as they come. Those of later captures wait; a
 * thread pauses when too many of its pieces wait.
 */
export async function runInThreads(
  jobs: readonly CaptureJob[],
  threads: number,
  work: Work,
  taker: Taker,
  signal: AbortSignal,
): Promise<void> {
  const made = jobs.map((): Made => ({ pieces: [], ahead: null, done: null }));
  const workers = new Set<Worker>();
  const over = new AbortController();
  const stopped = AbortSignal.any([signal, over.signal]);
  let next = 0;
  let turn = 0;

  const take = (of: Made, piece: Piece): void => {
    Atomics.sub(of.ahead!, 0, sizeOf(piece));
    Atomics.notify(of.ahead!, 0);
    if (!stopped.aborted && !taker.piece(piece)) over.abort();
  };
  const advance = (): void => {
    for (let of = made[turn]; of !== undefined; of = made[turn]) {
      for (const piece of of.pieces.splice(0)) take(of, piece);
      if (of.done === null) return;
      if (!stopped.aborted) taker.done(of.done, turn);
      turn++;
    }
  };
  /** Has one worker read one capture. False: the worker cannot be used any more. */
  const read = (worker: Worker, ahead: Int32Array, index: number): Promise<boolean> =>
    new Promise((resolve) => {
      const of = made[index]!;
      of.ahead = ahead;
      const finish = (done: CaptureDone, alive: boolean): void => {
        worker.off('message', took);
        worker.off('error', died);
        worker.off('exit', left);
        of.done = done;
        advance();
        resolve(alive);
      };
      const took = (message: Piece | CaptureDone): void => {
        if (message.kind === 'done') finish(message, true);
        else if (index === turn) take(of, message);
        else of.pieces.push(message);
      };
      const died = (error: Error): void => finish(failed(jobs[index]!, error), false);
      const left = (): void => died(new Error('the thread ended'));
      worker.on('message', took);
      worker.on('error', died);
      worker.on('exit', left);
      worker.postMessage(jobs[index]);
    });
  const lane = async (): Promise<void> => {
    while (next < jobs.length && !stopped.aborted) {
      const ahead = new Int32Array(new SharedArrayBuffer(4));
      const worker = new Worker(new URL('dist/worker.js', packageRoot()), {
        workerData: { flags: [], work, ahead },
      });
      workers.add(worker);
      let alive = true;
      while (alive && next < jobs.length && !stopped.aborted) alive = await read(worker, ahead, next++);
      workers.delete(worker);
      await worker.terminate();
    }
  };
  stopped.addEventListener('abort', () => {
    for (const worker of workers) void worker.terminate();
  });
  await Promise.all(Array.from({ length: Math.min(threads, jobs.length) }, lane));
}

function failed(job: CaptureJob, error: Error): CaptureDone {
  return {
    kind: 'done',
    problem: `${inputName(job.input)}: reading it failed inside wirelint: ${error.message}`,
    foreign: false,
    summary: emptySummary(),
    ...{ lastStream: 0, internalErrors: 1, gathered: null },
  };
}
