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
  /** Length of the value in bytes; -1: the length word is impossible. */
  readonly bodyLength: number;
  readonly dialect: Dialect;
  /**
   * The dialects (bits) that fit every frame of this direction so far, and of these, if there are any, only those that fit the peer's
   * frames.
   */
  readonly dialects: number;
  /** Whether another of these dialects would give the frame another name. */
  readonly ambiguous: boolean;
  override readonly name: string;
  readonly variant: Variant | null;
  /** The value; null if it could not be read. */
  readonly value: PostcardValue | null;
  /** The first bytes of its text or data; null: it has none. */
  readonly data: Uint8Array | null;
  readonly outcome: Outcome;
  /** The error in the value: its field, its position relative to the frame, and the number that is not defined. */
  readonly faultField: string;
  readonly faultAt: number;
  readonly faultNumber: number;
  /** Number of bytes after the value. */
  readonly surplus: number;
  /** Position, relative to the frame, of a varint that is longer than needed; -1: none. */
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

  /** Whether the value could be read. Texts that are not UTF-8, invalid bools and bytes after the value do not count as unreadable. */
  get readable(): boolean {
    return this.bodyLength > 0 && this.outcome <= TRAILING;
  }

  /** Bytes of data that it carries; 0 if it is of another kind. */
  get dataLength(): number {
    return this.value !== null && 'data' in this.value ? this.value.data.length : 0;
  }
}
