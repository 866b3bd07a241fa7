import { onBlocking } from '../base/blocking.js';
import { removeUnfinished } from '../report/output.js';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;
/** Milliseconds that the program has to put itself in order. */
const GRACE_MS = 3000;

/**
 * Aborts at the first SIGINT or SIGTERM; a second one ends the program at once, and so does the first where the program has not come to an
 * end some seconds later: a thread may wait for a file that never comes. Where there is nothing to put in order (`orderly` false), the
 * first one already does: a handler only runs when the program comes back from what it is doing, which may be a long piece of work.
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

  /** The exit status by which a shell knows the signal, or null where none came. */
  get status(): number | null {
    return this.caught === null ? null : this.caught === 'SIGINT' ? 130 : 143;
  }

  /** The program goes on after what was to be put in order: signals are somebody else's from here on. */
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
