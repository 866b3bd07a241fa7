/**
 * System calls that may block until another process acts: opening a FIFO, writing to a pipe that nobody reads. Meanwhile no JavaScript runs,
 * so no signal handler either. The handlers are therefore removed for that time, and a signal ends the program as it ends any other.
 * The state is the module's, as signal handlers are the whole process's.
 */
let stepAside: () => () => void = () => () => undefined;

/** Sets the function that removes the signal handlers. It returns a function that installs them again. */
export function onBlocking(work: () => () => void): void {
  stepAside = work;
}

/** Runs `work`, which may block for long. */
export function mayBlock<T>(work: () => T): T {
  const back = stepAside();
  try {
    return work();
  } finally {
    back();
  }
}
