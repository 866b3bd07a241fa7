import type { Redaction } from '../../contract/redaction.js';
import { MAGIC, PIF_NAMES } from './constants.js';

/** What a copy for others keeps of pesto's messages. */
export const REDACTION: Redaction = {
  magics: ['magic'],
  kept: [],
  secrets: [],
  ids: [],
  data: [],
  words: [...PIF_NAMES, 'lo'],
  skipped,
};

/** Where a magic says which sort it is. */
const SORT = 6;

/** A magic where none belongs stays, and the first byte of a message that is not all there, which tells what it would be. */
function skipped(bytes: Uint8Array, first: boolean): Uint8Array {
  const out = new Uint8Array(bytes.length);
  // of all sorts: it is told by its first six letters
  if (MAGIC.subarray(0, SORT).every((b, i) => bytes[i] === b)) out.set(bytes.subarray(0, MAGIC.length));
  else if (first) out.set(bytes.subarray(0, 1));
  return out;
}
