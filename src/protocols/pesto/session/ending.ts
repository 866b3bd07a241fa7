import type { Origin } from '../../../base/origin.js';

/** How and when a direction ended. */
export interface Ending {
  readonly how: 'fin' | 'reset';
  readonly packet: number;
  readonly seconds: number;
  readonly nanos: number;
  /** How much of the peer's stream its sender had received by then; -1: the recording cannot tell. */
  readonly peerSeen: number;
}

export function ending(how: Ending['how'], { packet, seconds, nanos, peerSeen }: Origin): Ending {
  return { how, packet, seconds, nanos, peerSeen };
}
