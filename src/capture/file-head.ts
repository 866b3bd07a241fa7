import { readSync } from 'node:fs';
import { SNIFF_BYTES } from './sniff.js';

const head = new Uint8Array(SNIFF_BYTES);

/**
 * The first bytes of an open regular file, at most SNIFF_BYTES, in a buffer that the next call reuses: with thousands of small files, clearing
 * new buffers takes longer than reading.
 */
export function fileHead(fd: number): Uint8Array {
  return head.subarray(0, readSync(fd, head, 0, head.length, 0));
}
