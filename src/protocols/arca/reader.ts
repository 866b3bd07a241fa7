import type { Input } from '../../base/input.js';
import type { ArcaMessage } from './message.js';

/** How much a reader may still hope for. `cut`: the bytes end here, make of the header what it allows. */
export type Patience = 'patient' | 'impatient' | 'cut';

/** The reader cannot go on before the peer has shown more. */
export const WAIT = -1;
/** Nothing of what is there can become a message. */
export const NOTHING = -2;

/** Reads the frames of one family, of one direction. */
export interface FrameReader {
  /**
   * Takes one frame, whose first byte is at the input's position. 0: it was taken; above 0: so many contiguous bytes are needed
   * first; else WAIT (never where not patient) or NOTHING (only where cut).
   */
  read(input: Input, patience: Patience): number;
  /** Bytes were lost: what was learnt about the framing stays, what depends on the frame before does not. */
  gap(): void;
}

/** What a reader can do with what it took. */
export interface FrameSink {
  /** The frame is complete, or will never be. */
  emit(message: ArcaMessage): void;
  /** The frame's header was taken; `rest` further bytes of it pass without being looked at. */
  pass(message: ArcaMessage, rest: number): void;
  /** The frames behind this one cannot be found. */
  lose(): void;
}

/** How far plausible frames follow each other from one position. */
export interface Chain {
  frames: number;
  /** Where the last complete one ends. */
  end: number;
  /** Whether enough of a further frame is there to see that it fits. */
  begun: boolean;
  /** Whether a frame follows that cannot be one; else the bytes ran out. */
  broken: boolean;
}
