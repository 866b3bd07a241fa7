/**
 * Calls of the system that wait for somebody else: opening a FIFO, writing to a pipe that nobody reads. While JavaScript waits in one, no
 * handler of a signal runs; so the handlers step aside meanwhile, and a signal ends the program as it does any other.
 * The module holds it because handlers of signals are the process's, of which there is one.
 */
let stepAside: () => () => void = () => () => undefined;

/** What makes the handlers step aside, and gives what brings them back. */
export function onBlocking(work: () => () => void): void {
  stepAside = work;
}

/** Does what may wait for long. */
export function mayBlock<T>(work: () => T): T {
  const back = stepAside();
  try {
    return work();
  } finally {
    back();
  }
}
