import type { Rule } from '../../../base/rule.js';
import { BLOCK_STATUS_RULES } from './block-status.js';
import { CHUNK_RULES } from './chunks.js';
import { ENDING_RULES } from './ending.js';
import { EXPORT_RULES } from './exports.js';
import { GREETING_RULES } from './greeting.js';
import { HEADER_RULES } from './headers.js';
import { INSIDE_TLS_RULES } from './inside-tls.js';
import { METADATA_RULES } from './metadata.js';
import { OPTION_RULES } from './options.js';
import { PHASE_RULES } from './phases.js';
import { REPLY_RULES } from './replies.js';
import { REQUEST_RULES } from './requests.js';
import { TLS_RULES } from './tls.js';

/** All rules of NBD by chapter, the handshake first. */
export const RULES: readonly Rule[] = [
  ...GREETING_RULES,
  ...OPTION_RULES,
  ...REPLY_RULES,
  ...METADATA_RULES,
  ...TLS_RULES,
  ...INSIDE_TLS_RULES,
  ...PHASE_RULES,
  ...EXPORT_RULES,
  ...REQUEST_RULES,
  ...HEADER_RULES,
  ...CHUNK_RULES,
  ...BLOCK_STATUS_RULES,
  ...ENDING_RULES,
];
