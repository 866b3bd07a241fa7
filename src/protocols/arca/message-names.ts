import { CONTROL_TYPES } from './family-a/layout.js';
import { PIPE_NAMES } from './family-b/layout.js';
import { DIALECTS, RESULT_ERR } from './family-c/dialects.js';
import { CALLS } from './family-l/layout.js';

/** Every name that a message of any generation can have. */
export function messageNames(): string[] {
  const variants = DIALECTS.flatMap((d) => [...d.requests, ...d.responses]);
  const named = [...CONTROL_TYPES, ...CALLS, ...variants, RESULT_ERR].flatMap((t) => t?.name ?? []);
  return [...new Set([...named, ...PIPE_NAMES, 'type #'])];
}
