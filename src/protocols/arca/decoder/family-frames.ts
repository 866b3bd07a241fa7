import type { Input } from '../../../base/input.js';
import type { Patience } from '../../../contract/framed-decoder.js';

/** The frames of one family, in one direction. */
export interface FamilyFrames {
  /** See Framing. */
  frameAt(input: Input, patience: Patience): number;
  /** Bytes were lost. What was learnt about the framing stays valid; what depends on the preceding frame does not. */
  lost?(): void;
}
