import { CAPS_KNOWN, MAGIC, MAX_RULES, PIF_HOST, PIF_NAME_SIZE, PIF_NAMES, PIF_SPLICE } from '../constants.js';
import { PIF } from '../layout.js';

/** Where decoding can begin in a server's stream whose start is missing: at another hello, or at the header of a table. */
export interface Landmark {
  readonly kind: 'hello' | 'pif';
  /** Index of its first byte. */
  readonly at: number;
}

/** The number of bytes with which any landmark can be recognised. */
export const LANDMARK_SIZE = PIF.size;

/** The number of bytes from `at` that agree with the magic. */
export function magicPrefix(bytes: Uint8Array, at: number, end: number): number {
  let n = 0;
  while (n < MAGIC.length && at + n < end && bytes[at + n] === MAGIC[n]) n++;
  return n;
}

/** Whether there is a table header of a released server at `at`: a known id and its name, filled up with zeros, and plausible numbers. */
function isPif(bytes: Uint8Array, at: number, end: number, name: string): boolean {
  if (at + PIF.size > end) return false;
  if (PIF_NAMES[bytes[at]!] !== name) return false;
  for (let i = name.length; i < PIF_NAME_SIZE; i++) if (bytes[at + PIF.at.name + i] !== 0) return false;
  for (let i = 0; i < 3; i++) if (bytes[at + PIF.at.caps + i] !== 0 || bytes[at + PIF.at.count + i] !== 0) return false;
  return (bytes[at + PIF.at.caps + 3]! & ~CAPS_KNOWN) === 0 && bytes[at + PIF.at.count + 3]! <= MAX_RULES;
}

/** The first landmark in `bytes[start..end)`; null: none. Its 128 fixed bytes cannot occur by chance. Takes linear time. */
export function findLandmark(bytes: Uint8Array, start: number, end: number): Landmark | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
  const hello = buffer.indexOf(MAGIC);
  let best: Landmark | null = hello < 0 ? null : { kind: 'hello', at: start + hello };
  for (let id = PIF_HOST; id <= PIF_SPLICE; id++) {
    const name = PIF_NAMES[id]!;
    for (
      let i = buffer.indexOf(`${name}\0\0\0\0`, 0, 'latin1');
      i >= 0;
      i = buffer.indexOf(`${name}\0\0\0\0`, i + 1, 'latin1')
    ) {
      const at = start + i - 1;
      if (best !== null && at >= best.at) break;
      if (at >= start && isPif(bytes, at, end, name)) {
        best = { kind: 'pif', at };
        break;
      }
    }
  }
  return best;
}
