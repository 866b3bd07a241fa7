import type { Input } from '../../../base/input.js';
import type { Patience } from '../../../contract/framed-decoder.js';

/** The frames of one family, in one direction. */
export interface FamilyFrames {
  /** See Framing. */
  frameAt(input: Input, patience: Patience): number;
  /** Bytes were lost: what was learnt about the framing stays, what depends on the frame before does not. */
  lost?(): void;
}
