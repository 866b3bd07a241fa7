import { CLIENT, type Side } from '../base/input.js';
import type { StreamRecord } from './event.js';

export type Direction = 'client-to-server' | 'server-to-client' | 'unknown';

/** The direction of what a side sent: `unknown` where nothing tells which end is the client, as `side` is arbitrary then. */
export function directionOf(stream: StreamRecord | null, side: Side | null): Direction {
  if (stream === null || side === null || !stream.rolesKnown) return 'unknown';
  return side === CLIENT ? 'client-to-server' : 'server-to-client';
}
