import type { Rule } from '../../../base/rule.js';
import { CONNECTION_RULES } from './connections.js';
import { CORRELATION_RULES } from './correlation.js';
import { FRAMING_RULES } from './framing.js';
import { PIPE_RULES } from './pipes.js';
import { POSTCARD_CONTENT_RULES } from './postcard-contents.js';
import { POSTCARD_TURN_RULES } from './postcard-turns.js';
import { SHARED_MEMORY_RULES } from './shared-memory.js';

/** All rules of Arca, by chapter. */
export const ARCA_RULES: readonly Rule[] = [
  ...FRAMING_RULES,
  ...CORRELATION_RULES,
  ...CONNECTION_RULES,
  ...SHARED_MEMORY_RULES,
  ...PIPE_RULES,
  ...POSTCARD_TURN_RULES,
  ...POSTCARD_CONTENT_RULES,
];
