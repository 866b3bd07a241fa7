import { rulesOf } from '../../ceph/rule.js';
import { PORT_V2 } from '../../ceph/constants.js';
import type { Script } from '../script.js';

/** Defines a rule of this protocol, with its examples. */
export const rule = rulesOf<Script>('msgr2', PORT_V2);
