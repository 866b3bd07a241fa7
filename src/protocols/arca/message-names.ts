import { CONTROL_TYPES } from './family-a/layout.js';
import { PIPE_NAMES } from './family-b/layout.js';
import { variantNames } from './family-c/dialects.js';
import { CALLS } from './family-l/layout.js';

/** Every name that a message of any generation can have. */
export function messageNames(): string[] {
  const named = [...CONTROL_TYPES, ...CALLS].flatMap((t) => t?.name ?? []);
  return [...new Set([...named, ...variantNames(), ...PIPE_NAMES, 'type #'])];
}
