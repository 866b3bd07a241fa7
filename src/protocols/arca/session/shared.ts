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

/** What one recording says across its connections: which pipes were announced, and which streams are found to be theirs. */
export class ArcaShared {
  readonly pipes: AnnouncedPipe[] = [];
  /** Whether a control pipe of this family was seen: without one nothing can be said of unannounced pipes. */
  controlSeen = false;

  /** Pipes that were announced and forgotten, because a host never ends to answer. */
  forgotten = 0;

  /** Remembers the pipe, and at most `most` in all. */
  announce(pipe: AnnouncedPipe, most: number): void {
    if (this.pipes.length >= most) {
      this.pipes.shift();
      this.forgotten++;
    }
    this.pipes.push(pipe);
  }

  /** The last announced pipe that uses one of these rings and was not closed. */
  live(rxPtr: number, txPtr: number): AnnouncedPipe | null {
    for (let i = this.pipes.length - 1; i >= 0; i--) {
      const p = this.pipes[i]!;
      if (!p.closed && (p.rxPtr === rxPtr || p.txPtr === txPtr)) return p;
    }
    return null;
  }

  /** Takes the announced pipe that a stream of this purpose must be: by a pointer in its name, else the first not yet taken. */
  link(purpose: PipePurpose, connection: number, pointers: readonly number[]): AnnouncedPipe | null {
    const free = this.pipes.filter((p) => p.linkedTo === 0 && p.purpose === purpose);
    const named = free.find((p) => pointers.includes(p.rxPtr) || pointers.includes(p.txPtr));
    const pipe = named ?? (pointers.length > 0 ? null : free[0]) ?? null;
    if (pipe !== null) pipe.linkedTo = connection;
    return pipe;
  }
}
