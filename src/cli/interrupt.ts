/**
 * Aborts at the first SIGINT or SIGTERM; a second one ends the program at once. Where there is nothing to put in order (`orderly` false), the
 * first one already does: a handler only runs when the program comes back from what it is doing, which may be a blocked write or a long
 * piece of work.
 */
export class Interrupt {
  private readonly controller = new AbortController();
  private caught: NodeJS.Signals | null = null;

  constructor(orderly = true) {
    if (!orderly) return;
    for (const name of ['SIGINT', 'SIGTERM'] as const) {
      process.once(name, () => {
        this.caught = name;
        this.controller.abort();
      });
    }
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** The exit status by which a shell knows the signal, or null where none came. */
  get status(): number | null {
    return this.caught === null ? null : this.caught === 'SIGINT' ? 130 : 143;
  }
}
