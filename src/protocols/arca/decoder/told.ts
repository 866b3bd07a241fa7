import type { Family, Role } from '../generations.js';

/**
 * What one direction has told of itself, written by its framing: all that the other direction ever learns of it. No family has a
 * magic, so that what a frame means can depend on what the peer shows.
 */
export class Told {
  /** Whether it waits for what its peer shows. */
  waiting = false;
  family: Family | null = null;
  /** Who sends here; null: not known yet. */
  role: Role | null;
  /** Family B: what its frames are about. */
  pipe: 'control' | 'file' | null = null;
  /** Family C: the dialects (bits, see family-c/dialects) that all its frames so far fit. */
  dialects = 0;

  constructor(role: Role | null) {
    this.role = role;
  }
}
