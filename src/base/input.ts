import { EMPTY_BLOCK, type Block } from './block.js';
import { Origin } from './origin.js';

export const CLIENT = 0;
export const SERVER = 1;
/** The protocol's client or server, whoever opened the connection. */
export type Side = typeof CLIENT | typeof SERVER;

export function otherSide(side: Side): Side {
  return side === CLIENT ? SERVER : CLIENT;
}

declare const SENT_BY: unique symbol;

/**
 * A bounded window on the bytes that one side sent. Its type is branded with the side, so that a decoder of server bytes cannot be
 * given client bytes. Only `bytes[pos..end)` may be read.
 */
// the brand is all that S is for
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters
export class Input<S extends Side = Side> {
  declare readonly [SENT_BY]: S;

  bytes: Uint8Array = EMPTY_BLOCK.bytes;
  view: DataView = EMPTY_BLOCK.view;
  pos = 0;
  end = 0;
  /** Stream offset of `bytes[0]`; may be negative inside a block. */
  base = 0;
  /** Origin of the window's last byte. */
  origin = new Origin();
  /** For a window gathered from several chunks: end index and origin of each, oldest first. */
  private readonly markEnds: number[] = [];
  private readonly markOrigins: Origin[] = [];

  get remaining(): number {
    return this.end - this.pos;
  }

  /** Stream offset of the next byte. */
  get offset(): number {
    return this.base + this.pos;
  }

  /** Opens a window on one chunk. `offset` is the stream offset of `start`. */
  open(block: Block, start: number, end: number, offset: number, origin: Origin): void {
    this.bytes = block.bytes;
    this.view = block.view;
    this.pos = start;
    this.end = end;
    this.base = offset - start;
    this.origin = origin;
    if (this.markEnds.length > 0) {
      this.markEnds.length = 0;
      this.markOrigins.length = 0;
    }
  }

  /** Sets the origin of the window's bytes before index `end` (and after the last mark). */
  mark(end: number, origin: Origin): void {
    this.markEnds.push(end);
    this.markOrigins.push(origin);
  }

  /** Origin of the byte at index `at`. */
  originAt(at: number): Origin {
    const ends = this.markEnds;
    for (let i = 0; i < ends.length; i++) if (at < ends[i]!) return this.markOrigins[i]!;
    return this.origin;
  }
}
