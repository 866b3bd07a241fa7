import type { Side } from '../../../base/input.js';
import type { DataFrame } from '../message.js';

/** What is known of a connection when a message of it is judged. */
export interface Scene {
  /** Whether all that this side has sent was captured and became messages. */
  whole(side: Side): boolean;
  /** Whether all that the sender had received when it sent this is known, and the session has no earlier connection. */
  knowsAllBefore(m: DataFrame): boolean;
}

/** What one side has asked for, by some key; of so many questions. */
export class Asked {
  private young = new Set<string>();
  private old = new Set<string>();
  private readonly half: number;
  private forgotten = false;

  constructor(limit: number) {
    this.half = Math.max(1, limit >> 1);
  }

  add(key: string): void {
    this.young.add(key);
    if (this.young.size < this.half) return;
    this.forgotten ||= this.old.size > 0;
    this.old = this.young;
    this.young = new Set();
  }

  /** Whether it was asked for; true where that cannot be told, as questions were forgotten. */
  has(key: string): boolean {
    return this.forgotten || this.young.has(key) || this.old.has(key);
  }
}
