import type { Side } from '../../../base/input.js';
import type { DataFrame } from '../message.js';

/** What is known of a connection when one of its messages is judged. */
export interface Scene {
  /** Whether all that this side has sent was captured and became messages, and the session has no earlier connection. */
  whole(side: Side): boolean;
  /** Whether all that the sender had received when it sent this message is known, and the session has no earlier connection. */
  knowsAllBefore(m: DataFrame): boolean;
}

/** What one side has asked for, by key. Holds at most `limit` requests; older ones are forgotten. */
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

  /** Whether it was asked for; also true if requests were forgotten, since then it may have been. */
  has(key: string): boolean {
    return this.forgotten || this.young.has(key) || this.old.has(key);
  }
}
