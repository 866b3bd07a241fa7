import type { Input, Side } from '../../../base/input.js';
import { Message } from '../../../contract/message.js';
import type { Role } from '../generations.js';
import type { Dialect } from './dialects.js';
import { TRAILING, type PostcardWalk, type WalkResult } from './postcard-walk.js';

/** Frames of family C (arca.md 1.4): length u64 little-endian, then one postcard value. */
export const LENGTH_BYTES = 8;
/** No length of a real session comes near; beyond it the framing is lost. */
export const MAX_BODY = 16 << 20;

/** One frame of family C. */
export class PostcardFrame extends Message {
  readonly family = 'C' as const;
  readonly role: Role;
  /** Bytes of the value by its length word; -1 where that is no length. */
  readonly bodyLength: number;
  readonly dialect: Dialect;
  /** All dialects (bits) that every frame of this direction so far fits, as far as the peer's frames allow. */
  readonly dialects: number;
  /** Whether a further dialect would give the frame another name. */
  readonly ambiguous: boolean;
  override readonly name: string;
  readonly result: WalkResult;
  /** One number a field (see PostcardWalk). */
  readonly values: readonly number[];
  readonly whence: number;
  readonly variantIndex: number;
  readonly dataLength: number;
  /** First bytes of the last text or data, for rules; null where there is none. */
  readonly data: Uint8Array | null;
  /** The fault: its field, and where it is, relative to the frame; how many bytes lie behind the value. */
  readonly faultField: string;
  readonly faultAt: number;
  readonly surplus: number;
  /** Relative position of a varint with needless bytes, or -1. */
  readonly paddedAt: number;

  constructor(
    side: Side,
    input: Input,
    role: Role,
    bodyLength: number,
    dialect: Dialect,
    dialects: number,
    ambiguous: boolean,
    walk: PostcardWalk,
    data: Uint8Array | null,
  ) {
    super(side, input);
    const start = input.pos;
    this.role = role;
    this.bodyLength = bodyLength;
    this.length = LENGTH_BYTES + Math.max(0, bodyLength);
    this.dialect = dialect;
    this.dialects = dialects;
    this.ambiguous = ambiguous;
    this.name = bodyLength <= 0 ? 'Frame' : (walk.variant?.name ?? `type ${walk.index}`);
    this.result = walk.result;
    this.values = walk.values;
    this.whence = walk.whence;
    this.variantIndex = walk.index;
    this.dataLength = walk.dataLength;
    this.data = data;
    this.faultField = walk.field;
    this.faultAt = walk.faultAt - start;
    this.surplus = Math.max(0, start + this.length - walk.end);
    this.paddedAt = walk.paddedAt < 0 ? -1 : walk.paddedAt - start;
  }

  get isRequest(): boolean {
    return this.role === 'guest';
  }

  /** Whether the value could be read: nothing about it is in doubt but text, bools and what follows it. */
  get readable(): boolean {
    return this.bodyLength > 0 && this.result <= TRAILING;
  }
}
