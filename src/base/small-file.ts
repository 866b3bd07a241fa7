import { closeSync, openSync, readSync } from 'node:fs';
import { mayBlock } from './blocking.js';
import { systemPath } from './file-name.js';

const PIECE = 64 << 10;

/**
 * The text of a file that people write by hand; null where it is longer than `limit` bytes. Reads instead of asking the system for the size,
 * as a device or a pipe has none and may never end. Throws errors of the file system.
 */
export function readSmallFile(path: string, limit: number): string | null {
  // it may be a FIFO, whose opening blocks
  return mayBlock(() => readAll(path, limit));
}

function readAll(path: string, limit: number): string | null {
  const fd = openSync(systemPath(path), 'r');
  try {
    const parts: Buffer[] = [];
    for (let length = 0; length <= limit;) {
      const part = Buffer.alloc(Math.min(PIECE, limit + 1 - length));
      const n = readSync(fd, part, 0, part.length, null);
      if (n === 0) return Buffer.concat(parts).toString('utf8');
      parts.push(part.subarray(0, n));
      length += n;
    }
    return null;
  } finally {
    closeSync(fd);
  }
}
