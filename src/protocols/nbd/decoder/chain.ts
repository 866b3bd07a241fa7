import type { Input } from '../../../base/input.js';
import type { NbdMessage } from '../messages.js';

/** Messages that would follow each other if the first one really is one. */
export class Chain {
  readonly messages: NbdMessage[];
  /** Stream offset where its next header must be; -1 while the last message is open-ended. */
  next: number;
  /** Payload bytes of the last message begin here (stream offset). */
  bodyFrom: number;
  /** Headers that begin a packet. */
  segments: number;
  /** Those of them whose packet holds the whole header. */
  wholes = 0;
  /** Its first message is real, found without searching. */
  trusted = false;
  /** Nothing will follow its last message. */
  ended = false;
  /** Bytes of the last message's head that are filled. */
  headFilled = 0;

  /** `segment`: whether a packet begins with the message. */
  constructor(message: NbdMessage, segment: boolean) {
    this.messages = [message];
    this.next = message.endOffset;
    this.bodyFrom = message.offset + message.headerLength;
    this.segments = segment ? 1 : 0;
  }

  /** A chain that begins with the message at the input's position. */
  static at(input: Input, message: NbdMessage, segment: boolean): Chain {
    const chain = new Chain(message, segment);
    chain.fillHead(input.bytes, input.pos, input.pos + message.headerLength);
    return chain;
  }

  /** Its one message is real, and lasts until a header fits. */
  trust(): void {
    this.trusted = true;
    this.next = -1;
  }

  get start(): number {
    return this.messages[0]!.offset;
  }

  get last(): NbdMessage {
    return this.messages[this.messages.length - 1]!;
  }

  /** The message at the input's position follows. */
  add(input: Input, message: NbdMessage, segment: boolean): void {
    this.trimHead();
    this.headFilled = 0;
    this.messages.push(message);
    this.next = message.endOffset;
    this.bodyFrom = message.offset + message.headerLength;
    if (segment) this.segments++;
    this.fillHead(input.bytes, input.pos, input.pos + message.headerLength);
  }

  /** Part of the last message's payload passes. */
  feed(bytes: Uint8Array, start: number, end: number): void {
    const { last } = this;
    if (!last.complete) return;
    last.taker?.take(bytes, start, end);
    this.fillHead(bytes, start, end);
  }

  private fillHead(bytes: Uint8Array, start: number, end: number): void {
    const { head } = this.last;
    if (head === null || this.headFilled === head.length) return;
    const n = Math.min(end - start, head.length - this.headFilled);
    head.set(bytes.subarray(start, start + n), this.headFilled);
    this.headFilled += n;
  }

  /** The last message gets no more bytes. */
  trimHead(): void {
    const { last } = this;
    if (last.head !== null && this.headFilled < last.head.length) last.head = last.head.subarray(0, this.headFilled);
  }
}
