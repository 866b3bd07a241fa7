import { Worker } from 'node:worker_threads';
import type { EncodedBlock, EncodingTask } from '../../table/encoding-task.js';
import type { RowBlock } from '../../table/row-block.js';
import type { TableName } from '../../table/schema.js';
import { EncodingHere, type Encoding, type TableGroups } from '../../table/table-rows.js';
import { packageRoot } from '../package-root.js';

/** The most blocks that may wait for the thread: a few megabytes. */
const MOST_BLOCKS = 4;

/** The thread's heap holds small objects only; its large buffers lie outside the heap. */
const SMALL_HEAP = { maxYoungGenerationSizeMb: 3 };

/**
 * Encodes row groups in another thread while this one goes on decoding. The thread starts at the first block that is not the last one: a
 * small capture needs no thread. The result is the same as without a thread.
 */
export class EncodingElsewhere implements Encoding {
  private readonly to: TableGroups;
  private readonly here: EncodingHere;
  /** Null: not started yet, or no thread could be started. */
  private worker: Worker | null = null;
  private started = false;
  /** For each block that is being encoded, in order: what to call when it is done. */
  private readonly waiting: (() => void)[] = [];
  private failure: Error | null = null;
  private wake: (() => void) | null = null;

  constructor(to: TableGroups) {
    this.to = to;
    this.here = new EncodingHere(to);
  }

  add(table: TableName, block: RowBlock, free: () => void): void {
    if (!this.started && !block.ends) this.start();
    if (this.worker === null) {
      this.here.add(table, block, free);
      return;
    }
    this.waiting.push(free);
    this.worker.postMessage({ table, block } satisfies EncodingTask);
  }

  /** Waits if the thread is behind. Rejects if it has failed. */
  pace(): Promise<void> | undefined {
    return this.waiting.length > MOST_BLOCKS || this.failure !== null ? this.until(MOST_BLOCKS) : undefined;
  }

  /** Waits until all blocks are encoded. Rejects if the thread has failed. */
  async end(): Promise<void> {
    await this.until(0);
    this.stop();
  }

  /** Ends the thread; what is not encoded yet is dropped. */
  stop(): void {
    void this.worker?.terminate();
  }

  private start(): void {
    this.started = true;
    let worker: Worker;
    try {
      worker = new Worker(new URL('dist/table-worker.js', packageRoot()), { resourceLimits: SMALL_HEAP });
    } catch {
      // no thread can be started: encode in this one
      return;
    }
    worker.on('message', (encoded: EncodedBlock) => {
      if (encoded !== null) this.to(encoded.table, encoded.bytes, encoded.group);
      this.waiting.shift()!();
      this.wake?.();
    });
    const failed = (error: Error): void => {
      this.failure ??= error;
      this.wake?.();
    };
    worker.on('error', failed);
    worker.on('exit', () => failed(new Error('the thread that writes tables ended')));
    // the thread must not keep the process alive when something else fails
    worker.unref();
    this.worker = worker;
  }

  /** Waits until at most `most` blocks are waiting. */
  private async until(most: number): Promise<void> {
    while (this.waiting.length > most && this.failure === null) {
      this.worker!.ref();
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.worker!.unref();
    }
    if (this.failure !== null) throw this.failure;
  }
}
