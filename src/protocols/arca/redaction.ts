import type { Redaction } from '../../contract/redaction.js';

/** What `wirelint redact` keeps of Arca's messages, of all families. */
export const REDACTION: Redaction = {
  magics: [],
  kept: ['whence', 'result', 'discriminant'],
  secrets: [],
  ids: ['ip'],
  data: ['data'],
  words: [],
  labels: ['arca'],
  skipped,
};

/** Skipped bytes become this value, since zeros could be frames. */
const NO_FRAME = 0xff;

function skipped(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.length).fill(NO_FRAME);
}
