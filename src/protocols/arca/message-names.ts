import { CONTROL_TYPES } from './family-a/control-frame.js';
import { PIPE_NAMES } from './family-b/pipe-frame.js';
import { DIALECTS, RESULT_ERR } from './family-c/dialects.js';
import { CALLS } from './family-l/legacy-call.js';

/** Every name that a message of any generation can have. */
export function messageNames(): string[] {
  const variants = DIALECTS.flatMap((d) => [...d.requests, ...d.responses]);
  const named = [...CONTROL_TYPES, ...CALLS, ...variants, RESULT_ERR].flatMap((t) => t?.name ?? []);
  return [...new Set([...named, ...PIPE_NAMES, 'type #'])];
}
