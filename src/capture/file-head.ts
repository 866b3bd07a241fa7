import { readSync } from 'node:fs';
import { SNIFF_BYTES } from './sniff.js';

const head = new Uint8Array(SNIFF_BYTES);

/** The first bytes of an open regular file, in a buffer that the next call uses again: with thousands of small files, to clear new ones takes longer than to read. */
export function fileHead(fd: number): Uint8Array {
  return head.subarray(0, readSync(fd, head, 0, head.length, 0));
}
