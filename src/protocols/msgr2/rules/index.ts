import type { Rule } from '../../../base/rule.js';
import { AUTH_RULES } from './auth.js';
import { BANNER_RULES } from './banner.js';
import { COMPRESSION_RULES } from './compression.js';
import { ENCODING_RULES } from './encoding.js';
import { FRAME_RULES } from './frames.js';
import { ORDER_RULES } from './order.js';
import { MAP_RULES } from './maps.js';
import { MONITOR_RULES } from './monitors.js';
import { DAEMON_RULES } from './daemons.js';
import { FILE_SYSTEM_RULES } from './file-systems.js';
import { LOG_ENTRY_RULES } from './log-entries.js';
import { OPERATION_RULES } from './operations.js';
import { OPERATION_REPLY_RULES } from './operation-replies.js';
import { RECONNECT_RULES } from './reconnect.js';
import { REPLICATION_RULES } from './replication.js';
import { SECURE_RULES } from './secure.js';
import { SESSION_RULES } from './session.js';
import { TRAFFIC_RULES } from './traffic.js';

export * from './auth.js';
export * from './banner.js';
export * from './compression.js';
export * from './encoding.js';
export * from './frames.js';
export * from './maps.js';
export * from './monitors.js';
export * from './daemons.js';
export * from './file-systems.js';
export * from './log-entries.js';
export * from './operation-replies.js';
export * from './operations.js';
export * from './order.js';
export * from './reconnect.js';
export * from './replication.js';
export * from './secure.js';
export * from './session.js';
export * from './traffic.js';

/** The catalogue, chapter by chapter. */
export const RULES: readonly Rule[] = [
  ...BANNER_RULES,
  ...FRAME_RULES,
  ...ENCODING_RULES,
  ...ORDER_RULES,
  ...AUTH_RULES,
  ...SECURE_RULES,
  ...SESSION_RULES,
  ...RECONNECT_RULES,
  ...COMPRESSION_RULES,
  ...TRAFFIC_RULES,
  ...OPERATION_RULES,
  ...OPERATION_REPLY_RULES,
  ...REPLICATION_RULES,
  ...LOG_ENTRY_RULES,
  ...FILE_SYSTEM_RULES,
  ...DAEMON_RULES,
  ...MONITOR_RULES,
  ...MAP_RULES,
];
