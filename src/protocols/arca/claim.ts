import type { Claim } from '../../contract/protocol.js';
import type { Connection, End } from '../../stream/byte-stream.js';

/** The bytes of one end that a claim is judged by. */
export interface EndBytes {
  readonly bytes: Uint8Array;
  /** Whether the first of these bytes is the first one that this end sent. */
  readonly fromStart: boolean;
  readonly ended: boolean;
}

/** Everything that a claim is judged by. */
export interface Case {
  readonly ends: readonly [EndBytes, EndBytes];
  readonly connection: Connection;
  /** Whether the recording itself names Arca: `/run/arca/control.sock`. */
  readonly labelled: boolean;
  readonly final: boolean;
}

export function claim(score: number, clientEnd: End | null): Claim {
  return { score, by: 'heuristic', clientEnd };
}
