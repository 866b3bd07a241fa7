import type { Redaction } from '../../contract/redaction.js';

/** What a copy for others keeps of Arca's messages, of all families. */
export const REDACTION: Redaction = {
  magics: [],
  kept: ['whence', 'result', 'discriminant'],
  secrets: [],
  ids: ['ip'],
  data: ['data'],
  words: [],
  labels: ['arca'],
};
