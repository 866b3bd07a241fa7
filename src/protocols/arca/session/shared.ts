import type { PipePurpose } from '../family-c/dialects.js';

/** A pipe that a control or listener pipe of family C announced. */
export interface AnnouncedPipe {
  readonly purpose: PipePurpose;
  readonly rxPtr: number;
  readonly txPtr: number;
  /** The connection whose frames were found on it, or 0. */
  linkedTo: number;
  closed: boolean;
}

/** What is known across the connections of one recording: which pipes were announced, and which streams were found to be these. */
export class ArcaShared {
  readonly pipes: AnnouncedPipe[] = [];
  /** Whether a control pipe of family C was seen. Without one, nothing can be said about unannounced pipes. */
  controlSeen = false;

  /** How many announced pipes were forgotten because there were too many. */
  forgotten = 0;

  /** Remembers an announced pipe; at most `most` in all. */
  announce(pipe: AnnouncedPipe, most: number): void {
    if (this.pipes.length >= most) {
      this.pipes.shift();
      this.forgotten++;
    }
    this.pipes.push(pipe);
  }

  /** The latest announced pipe that uses one of these rings and was not closed; null: none. */
  live(rxPtr: number, txPtr: number): AnnouncedPipe | null {
    for (let i = this.pipes.length - 1; i >= 0; i--) {
      const p = this.pipes[i]!;
      if (!p.closed && (p.rxPtr === rxPtr || p.txPtr === txPtr)) return p;
    }
    return null;
  }

  /**
   * Links a stream of this purpose to an announced pipe: by the pointers in the stream's name; without any, to the first one that is not
   * linked yet. null: none.
   */
  link(purpose: PipePurpose, connection: number, pointers: readonly number[]): AnnouncedPipe | null {
    const free = this.pipes.filter((p) => p.linkedTo === 0 && p.purpose === purpose);
    const named = free.find((p) => pointers.includes(p.rxPtr) || pointers.includes(p.txPtr));
    const pipe = named ?? (pointers.length > 0 ? null : free[0]) ?? null;
    if (pipe !== null) pipe.linkedTo = connection;
    return pipe;
  }
}
