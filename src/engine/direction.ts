import { CLIENT, type Side } from '../base/input.js';
import type { StreamRecord } from './event.js';

export type Direction = 'client-to-server' | 'server-to-client' | 'unknown';

/** The direction of what a side sent; where nothing tells the sides apart, the recording order of the ends does not either. */
export function directionOf(stream: StreamRecord | null, side: Side | null): Direction {
  if (stream === null || side === null || !stream.rolesKnown) return 'unknown';
  return side === CLIENT ? 'client-to-server' : 'server-to-client';
}
