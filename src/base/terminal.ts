import { fstatSync, statSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Whether a descriptor is a terminal. What is certainly none is told without Node's module for terminals, which brings all of its streams. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev !== statSync('/dev/null').rdev && isatty(fd);
  } catch {
    // no such descriptor, or a system that has no such device
    return isatty(fd);
  }
}
