import { watch, type FSWatcher } from 'node:fs';
import { systemPath } from '../base/file-name.js';

/** How often a file is looked at anyway, as some systems report changes late or not at all (network file systems). */
const POLL_MILLISECONDS = 100;

/** Waits for a file to grow. */
export class Growth {
  private readonly watcher: FSWatcher | null;
  private changed = false;
  private wake: () => void = () => undefined;
  private readonly signal: AbortSignal | undefined;

  constructor(path: string, signal: AbortSignal | undefined) {
    this.signal = signal;
    this.watcher = watchOrNull(path);
    this.watcher?.on('change', this.onChange);
    // a file that was removed can still be read to its end: polling goes on
    this.watcher?.on('error', () => undefined);
    signal?.addEventListener('abort', this.onChange);
  }

  /** Resolves when the file may have grown, or the user wants to stop. */
  async more(): Promise<void> {
    if (!this.changed && !this.signal?.aborted)
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, POLL_MILLISECONDS);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    this.changed = false;
  }

  close(): void {
    this.watcher?.close();
    this.signal?.removeEventListener('abort', this.onChange);
  }

  private readonly onChange = (): void => {
    this.changed = true;
    this.wake();
  };
}

function watchOrNull(path: string): FSWatcher | null {
  try {
    return watch(systemPath(path));
  } catch {
    return null;
  }
}
