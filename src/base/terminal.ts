import { fstatSync, statSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Whether a descriptor is a terminal. Most that are not are recognized without Node's module `tty`, which loads all of its streams. */
export function isTerminal(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isCharacterDevice() && stat.rdev !== statSync('/dev/null').rdev && isatty(fd);
  } catch {
    // no such descriptor, or a system without /dev/null
    return isatty(fd);
  }
}
