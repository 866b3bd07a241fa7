import { ACCEPT_REQUEST } from '../family-a/layout.js';
import type { ControlFrame } from '../family-a/message.js';

/** A request, and what is known about its reply. */
export class Request {
  readonly frame: ControlFrame;
  reply: ControlFrame | null = null;
  /** Whether it waits for its reply. */
  open = true;
  /** Whether an earlier request had the same id. */
  again = false;
  /** How often the counter of ids had wrapped when it was sent. */
  readonly epoch: number;
  /** The request with the same id that was in flight when it was sent, and how many such requests precede it in a row. */
  before: Request | null = null;
  depth = 0;
  /** Whether it was already reported that a later request was answered first, or that its answer seems to have a wrong id. */
  overtaken = false;
  /** AcceptRequest: whether its listener was announced. */
  listenerKnown = false;

  constructor(frame: ControlFrame, epoch: number) {
    this.frame = frame;
    this.epoch = epoch;
  }

  get isAccept(): boolean {
    return this.frame.type === ACCEPT_REQUEST;
  }
}

const FIRST_SWEEP = 256;

/**
 * Requests in the order in which they were sent. Those that are not open any more are skipped, each one once, and removed when the list has
 * doubled: one accept that waits for ever must not keep all later requests in memory.
 */
export class Line {
  private list: Request[] = [];
  private head = 0;
  private sweepAt = FIRST_SWEEP;

  push(r: Request): void {
    if (this.list.length >= this.sweepAt) {
      this.list = this.list.filter((q) => q.open);
      this.head = 0;
      this.sweepAt = Math.max(FIRST_SWEEP, 2 * this.list.length);
    }
    this.list.push(r);
  }

  /** The oldest open request; null: none. */
  first(): Request | null {
    while (this.head < this.list.length && !this.list[this.head]!.open) this.head++;
    if (this.head > 64 && this.head * 2 > this.list.length) {
      this.list = this.list.slice(this.head);
      this.head = 0;
    }
    return this.list[this.head] ?? null;
  }

  /** All open requests, oldest first. */
  *[Symbol.iterator](): Generator<Request> {
    for (let i = this.head; i < this.list.length; i++) if (this.list[i]!.open) yield this.list[i]!;
  }
}
