import { rulesOf } from '../../ceph/rule.js';
import { PORT_V1 } from '../../ceph/constants.js';
import type { Script } from '../script.js';

/** Makes a rule of messenger v1, with its examples. */
export const rule = rulesOf<Script>('msgr1', PORT_V1);
