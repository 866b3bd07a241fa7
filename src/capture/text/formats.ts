import { SOCAT } from './socat.js';
import { STRACE } from './strace.js';
import type { TextFormat } from './text-format.js';

/** The one list of them, asked in this order. */
export const TEXT_FORMATS: readonly TextFormat[] = [SOCAT, STRACE];
