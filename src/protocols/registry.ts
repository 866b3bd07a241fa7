import type { Protocol } from '../contract/protocol.js';
import { arca } from './arca/index.js';
import { msgr2 } from './msgr2/index.js';
import { nbd } from './nbd/index.js';
import { pesto } from './pesto/index.js';

/** Every protocol that wirelint knows; classification, help, rules and documentation are made from this list. */
export const PROTOCOLS: readonly Protocol[] = [nbd, msgr2, pesto, arca];
