import { Worker } from 'node:worker_threads';
import type { EncodedBlock, EncodingTask } from '../../table/encoding-task.js';
import type { RowBlock } from '../../table/row-block.js';
import type { TableName } from '../../table/schema.js';
import { EncodingHere, type Encoding, type TableGroups } from '../../table/table-rows.js';
import { packageRoot } from '../package-root.js';

/** Blocks that may wait for the thread: a few megabytes. */
const MOST_BLOCKS = 4;

/** What it leaves behind are small objects; the rest are bytes beside the heap. */
const SMALL_HEAP = { maxYoungGenerationSizeMb: 3 };

/**
 * Has row groups made by another thread, while this one goes on decoding. It starts with the first block that is not the last: a small
 * capture needs none. What it makes is the same as would be made here.
 */
export class EncodingElsewhere implements Encoding {
  private readonly to: TableGroups;
  private readonly here: EncodingHere;
  /** Null: none yet, or none can be had. */
  private worker: Worker | null = null;
  private started = false;
  /** What to do when a block is done, in the order of the blocks. */
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

  /** Waits where the thread is behind. Rejects where it has failed. */
  pace(): Promise<void> | undefined {
    return this.waiting.length > MOST_BLOCKS || this.failure !== null ? this.until(MOST_BLOCKS) : undefined;
  }

  /** Waits for all that is to be done. Rejects where the thread has failed. */
  async end(): Promise<void> {
    await this.until(0);
    this.stop();
  }

  /** Nobody wants any more. */
  stop(): void {
    void this.worker?.terminate();
  }

  private start(): void {
    this.started = true;
    let worker: Worker;
    try {
      worker = new Worker(new URL('dist/table-worker.js', packageRoot()), { resourceLimits: SMALL_HEAP });
    } catch {
      // no more threads can be had
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
    // it may not keep a program alive that fails in another place
    worker.unref();
    this.worker = worker;
  }

  /** Waits until no more than so many blocks wait. */
  private async until(most: number): Promise<void> {
    while (this.waiting.length > most && this.failure === null) {
      this.worker!.ref();
      await new Promise<void>((resolve) => (this.wake = resolve));
      this.worker!.unref();
    }
    if (this.failure !== null) throw this.failure;
  }
}
