import type { Family, Role } from '../generations.js';

/**
 * What one direction shows about itself; its framing writes this, and the other direction learns nothing else of it. As no family has a
 * magic, the meaning of a frame can depend on what the peer shows.
 */
export class Told {
  /** Whether its framing waits for what the peer shows. */
  waiting = false;
  family: Family | null = null;
  /** The sender; null: not known yet. */
  role: Role | null;
  /** Family B: the kind of pipe. */
  pipe: 'control' | 'file' | null = null;
  /** Family C: the dialects (bits, see family-c/dialects) that fit all frames so far. */
  dialects = 0;

  constructor(role: Role | null) {
    this.role = role;
  }
}
