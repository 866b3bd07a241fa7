import type { Redaction } from '../../contract/redaction.js';
import { MAGIC, PIF_NAMES } from './constants.js';

/** What `wirelint redact` keeps of pesto's messages. */
export const REDACTION: Redaction = {
  magics: ['magic'],
  kept: [],
  secrets: [],
  ids: [],
  data: [],
  words: [...PIF_NAMES, 'lo'],
  skipped,
};

/** Number of bytes that all variants of the magic begin with. */
const SORT = 6;

/** Keeps a magic where none belongs, and the first byte of an incomplete message, which tells its type. */
function skipped(bytes: Uint8Array, first: boolean): Uint8Array {
  const out = new Uint8Array(bytes.length);
  // of any variant
  if (MAGIC.subarray(0, SORT).every((b, i) => bytes[i] === b)) out.set(bytes.subarray(0, MAGIC.length));
  else if (first) out.set(bytes.subarray(0, 1));
  return out;
}
