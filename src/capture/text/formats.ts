import { SOCAT } from './socat.js';
import { STRACE } from './strace.js';
import type { TextFormat } from './text-format.js';

/** All text formats, in the order in which they are asked. */
export const TEXT_FORMATS: readonly TextFormat[] = [SOCAT, STRACE];
