import { onBlocking } from '../base/blocking.js';
import { removeUnfinished } from '../report/output.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Milliseconds that the program has to finish in good order. */
const GRACE_MS = 3000;

/**
 * Aborts at the first SIGINT or SIGTERM. A second one ends the program at once, and so does GRACE_MS after the first, because a thread may
 * wait for a file that never comes. If there is nothing to finish (`orderly` false), no handler is installed and the first signal ends the
 * program: a handler would only run once the program has finished its current piece of work, which may be long.
 */
export class Interrupt {
  private readonly controller = new AbortController();
  private caught: NodeJS.Signals | null = null;

  constructor(orderly = true) {
    if (!orderly) return;
    this.listen();
    onBlocking(() => {
      for (const name of SIGNALS) process.off(name, this.take);
      return () => {
        if (this.caught === null) this.listen();
      };
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The exit status that shells use for the signal; null if none came. */
  get status(): number | null {
    return this.caught === null ? null : this.caught === 'SIGINT' ? 130 : 143;
  }

  /** Stops handling signals, because the program goes on with other work. */
  close(): void {
    if (this.caught === null) for (const name of SIGNALS) process.off(name, this.take);
  }

  private listen(): void {
    for (const name of SIGNALS) process.on(name, this.take);
  }

  private readonly take = (name: NodeJS.Signals): void => {
    for (const other of SIGNALS) process.off(other, this.take);
    this.caught = name;
    this.controller.abort();
    setTimeout(() => {
      removeUnfinished();
      process.kill(process.pid, name);
    }, GRACE_MS).unref();
  };
}
