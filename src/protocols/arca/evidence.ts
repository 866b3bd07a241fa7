import type { Claim } from '../../contract/protocol.js';
import type { Connection, End } from '../../stream/byte-stream.js';

/** Bytes of one end as a judge of evidence sees them. */
export interface Evidence {
  readonly bytes: Uint8Array;
  /** Whether the first byte is the first that this end sent. */
  readonly fromStart: boolean;
  readonly ended: boolean;
}

export interface Case {
  readonly ends: readonly [Evidence, Evidence];
  readonly connection: Connection;
  /** Whether the recording itself names Arca: `/run/arca/control.sock`. */
  readonly labelled: boolean;
  readonly final: boolean;
}

export function claim(score: number, clientEnd: End | null): Claim {
  return { score, by: 'heuristic', clientEnd };
}
