import type { Protocol } from '../contract/protocol.js';

/** Every protocol that wirelint knows; classification, help, rules and documentation are made from this list. */
export const PROTOCOLS: readonly Protocol[] = [];
