import type { Input, Side } from '../../../base/input.js';
import { Message } from '../../../contract/message.js';
import type { Role } from '../generations.js';
import type { Dialect, PostcardValue } from './dialects.js';
import { FRAME } from './layout.js';
import { TRAILING, type Outcome, type Variant } from './postcard.js';
import type { Reading } from './reading.js';

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
  readonly variant: Variant | null;
  /** What it says; null where it could not be read. */
  readonly value: PostcardValue | null;
  /** First bytes of its text or data; null where it has none. */
  readonly data: Uint8Array | null;
  readonly outcome: Outcome;
  /** The fault: its field, where it is, relative to the frame, and the number that is not defined. */
  readonly faultField: string;
  readonly faultAt: number;
  readonly faultNumber: number;
  /** How many bytes lie behind the value. */
  readonly surplus: number;
  /** Relative position of a varint with needless bytes, or -1. */
  readonly paddedAt: number;

  constructor(
    side: Side,
    input: Input,
    role: Role,
    bodyLength: number,
    reading: Reading,
    dialects: number,
    ambiguous: boolean,
    data: Uint8Array | null,
  ) {
    super(side, input);
    const start = input.pos;
    const { cursor } = reading;
    this.role = role;
    this.bodyLength = bodyLength;
    this.length = FRAME.size + Math.max(0, bodyLength);
    this.dialect = reading.dialect;
    this.dialects = dialects;
    this.ambiguous = ambiguous;
    this.name = bodyLength <= 0 ? 'Frame' : reading.name;
    this.variant = reading.variant;
    this.value = bodyLength <= 0 ? null : reading.value;
    this.data = data;
    this.outcome = reading.outcome;
    this.faultField = cursor.faultField;
    this.faultAt = cursor.faultAt - start;
    this.faultNumber = cursor.faultNumber;
    this.surplus = Math.max(0, start + this.length - cursor.at);
    this.paddedAt = cursor.paddedAt < 0 ? -1 : cursor.paddedAt - start;
  }

  get isRequest(): boolean {
    return this.role === 'guest';
  }

  /** Whether the value could be read: nothing about it is in doubt but text, bools and what follows it. */
  get readable(): boolean {
    return this.bodyLength > 0 && this.outcome <= TRAILING;
  }

  /** Bytes of data that it carries; 0 where it is of another kind. */
  get dataLength(): number {
    return this.value !== null && 'data' in this.value ? this.value.data.length : 0;
  }
}
