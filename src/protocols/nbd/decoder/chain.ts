import type { Input } from '../../../base/input.js';
import type { NbdMessage } from '../messages.js';

/** A candidate of the search: messages that follow each other, if the first one really is a message. */
export class Chain {
  readonly messages: NbdMessage[];
  /** Stream offset at which the next header must be; -1: not known, as the last message's payload has an unknown length. */
  next: number;
  /** Stream offset of the last message's payload. */
  bodyFrom: number;
  /** Number of headers that begin a packet. */
  segments: number;
  /** How many of them are completely in that packet. */
  wholes = 0;
  /** Its first message is certain, as it was not found by a search. */
  trusted = false;
  /** No further header will follow its last message. */
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

  /** Its only message is certain, and ends where the next header fits. */
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

  /** Adds the message at the input's position. */
  add(input: Input, message: NbdMessage, segment: boolean): void {
    this.trimHead();
    this.headFilled = 0;
    this.messages.push(message);
    this.next = message.endOffset;
    this.bodyFrom = message.offset + message.headerLength;
    if (segment) this.segments++;
    this.fillHead(input.bytes, input.pos, input.pos + message.headerLength);
  }

  /** Takes part of the last message's payload. */
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

  /** Cuts the last message's head to its filled part, as no more bytes will come. */
  trimHead(): void {
    const { last } = this;
    if (last.head !== null && this.headFilled < last.head.length) last.head = last.head.subarray(0, this.headFilled);
  }
}
