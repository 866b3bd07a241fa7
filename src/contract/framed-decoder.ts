import type { Block } from '../base/block.js';
import type { Input, Side } from '../base/input.js';
import { Origin } from '../base/origin.js';
import type { Message } from './message.js';
import type { Decoder, DecoderSettings, Output, SkipReason } from './protocol.js';

/** How much a framing may still hope for. */
export type Patience =
  /** More bytes, and more of the peer, may come. */
  | 'patient'
  /** The peer will not tell more: WAIT is no answer. */
  | 'impatient'
  /** These bytes are the last before a hole, or the last of all: make of them what they allow. */
  | 'gap'
  | 'end';

/** Whether no more bytes will join those at hand. */
export function isFinal(patience: Patience): boolean {
  return patience === 'gap' || patience === 'end';
}

/** Answers of `frameAt` and `findAgain`, which answer with a number above 0 where so many contiguous bytes are needed first. */

/** Something was taken, or the framing's state has changed; `findAgain`: a frame begins at the input's position. */
export const TAKEN = 0;
/** Only the peer can tell how to go on (an answer to `patient` only). */
export const WAIT = -1;
/** No frame can begin here: look for the next one. */
export const LOST = -2;

/** Calls in a row that may change a framing's state without taking a byte. */
const MOST_TURNS = 16;

/**
 * What a protocol knows of the frames of one direction. FramedDecoder drives it, and does the rest: see there. A subclass reads
 * headers in `frameAt`, makes a message, and hands it to `this.frames.take`.
 */
export abstract class Framing<M extends Message, S extends Side = Side> {
  /** Its decoder; set when that is made. */
  declare frames: FramedDecoder<M, S>;

  /**
   * A frame is due at the input's position, where at least one byte (and as many as the last answer asked for) is there. Takes it by
   * `frames.take`, skips bytes by `frames.skip` or `frames.swallow`, or answers that it needs more, has to WAIT, or is LOST.
   */
  abstract frameAt(input: Input<S>, patience: Patience): number;

  /**
   * Frames are looked for from the input's position on. Moves on by `frames.pass` over what cannot begin one. TAKEN: a frame begins
   * here (set `frames.unproven` where that is not certain); above 0: so many bytes are needed, counted from the position.
   */
  abstract findAgain(input: Input<S>, patience: Patience): number;

  /** A message is complete, or as complete as it will ever be, and is handed on next: for what its checksums and contents tell. */
  closing(_message: M): void {}

  /** A message is complete, or as complete as it will ever be, and was handed on: the state follows it. */
  after(_message: M): void {}

  /** Part of a message's body, in order, until bytes of it are lost: for checksums and what is read from payloads. */
  bodyPart(_message: M, _bytes: Uint8Array, _start: number, _end: number): void {}

  /** A message's header was taken and its body is still to come: for protocols that pair by headers (Output.begin). */
  bodyToCome(_message: M): void {}

  /** The direction's bytes up to stream offset `upTo` are at hand, or have passed: for framings whose peer waits for that. */
  reached(_upTo: number): void {}

  /** The decoder is made: for setting its first state. */
  begin(): void {}

  /** Frames have to be looked for from stream offset `offset` on; a framing that cannot do that swallows the rest. */
  startSearch(offset: number): void {
    this.frames.search(offset);
  }

  /** Bytes between messages or of a header are not in the capture. 0: nobody knows how many. */
  lost(_length: number, _offset: number): void {}

  /**
   * `missed` bytes are not to be had, from the first one of the frame that was due on. Where frames have known sizes the next one can
   * be found by counting: how many bytes behind the hole belong to what was missed; -1: look for the next frame.
   */
  bridge(_missed: number): number {
    return -1;
  }

  /** A hole while frames are looked for. Return false to begin the search anew behind it. */
  searchGap(_length: number, _offset: number): boolean {
    return false;
  }

  /**
   * The direction ends while frames are looked for, from stream offset `from` on, and `passed` bytes were none: the last chance to hand
   * on what the search holds.
   */
  searchEnd(_from: number, _passed: number): void {}

  /** The search ended: `passed` bytes from stream offset `from` on are part of no frame. */
  found(_from: number, _passed: number): void {}

  /**
   * A frame is cut off: `input` holds what is there of it, `wanted` bytes were asked for. The reason for which these bytes will
   * be skipped.
   */
  cutOff(_input: Input<S>, _patience: Patience, _wanted: number): SkipReason {
    return 'undecoded';
  }

  /** The direction ends in the body of `message`, which is handed on next, with `missing` bytes of it behind the end. */
  endsIn(_message: M, _missing: number, _how: 'fin' | 'reset' | 'open'): void {}

  /** The direction is over; `cut`: the message whose body it ended in (already handed on), with so many bytes missing behind the end. */
  ended(_how: 'fin' | 'reset' | 'open', _cut: M | null, _missing: number): void {}
}

/**
 * Decodes one direction of any protocol whose messages are frames. It owns what all of them need: bodies that pass by without being
 * gathered, frames cut by holes or by the end, holes, the search behind them, the head that annotations are made from, the account of
 * every byte, and the marks for what was inferred and what the peer had to tell. One class for all protocols, so that the pump's calls
 * and these fields stay monomorphic; the protocol's part is a Framing.
 */
export class FramedDecoder<M extends Message, S extends Side = Side> implements Decoder<S> {
  need = 1;
  body = 0;
  waiting = false;
  /** See Decoder. A framing sets it and answers TAKEN; it is asked again for what comes out of TLS. */
  tls: false | 'begins' | 'goes on' = false;

  readonly side: S;
  readonly output: Output;
  readonly settings: DecoderSettings;
  /** Whether the messages that follow needed the peer (Message.hinted). */
  hinted = false;
  /** Messages that still have to follow before the framing counts as proven; until then they are `inferred`. Infinity: it never does. */
  unproven = 0;
  /** Whether bytes of this direction are missing from the capture. */
  lossy = false;
  /** The last message that was handed on. */
  previous: M | null = null;
  /** The message whose body is passing. */
  current: M | null = null;

  private framing: Framing<M, S>;
  private readonly keepsHeads: boolean;
  /** Where the last byte of the body came from that was there; made for the first message that does not come in one. */
  private lastOrigin: Origin | null = null;
  private headFilled = 0;
  private searching = false;
  private searchFrom = 0;
  private passed = 0;
  /** Why bytes pass that are part of no message. */
  private passing: SkipReason = 'undecoded';
  private swallowing = false;
  /** Bytes of a cut frame in front of the hole that follows. */
  private partial = 0;

  /** `heads`: whether messages keep their first bytes for all that is printed of them, or only where bytes are printed. */
  constructor(
    side: S,
    output: Output,
    settings: DecoderSettings,
    framing: Framing<M, S>,
    heads: 'details' | 'bytes' = 'details',
  ) {
    this.side = side;
    this.output = output;
    this.settings = settings;
    this.framing = framing;
    this.keepsHeads = heads === 'bytes' ? settings.bytes : settings.details;
    framing.frames = this;
    framing.begin();
  }

  // ---- for the framing

  /**
   * Takes a message at the input's position: `gathered` bytes of it (all, where not given) have been read, the rest is body, which
   * passes from here on. `message.length` must be set. Where the input ends for good (`isFinal`), fewer may be there. A message that
   * has a head already is one whose framing fills it (with what it decrypts).
   */
  take(message: M, input: Input<S>, gathered = message.length): void {
    message.hinted = this.hinted;
    message.inferred = this.unproven > 0;
    if (this.unproven > 0) this.unproven--;
    const from = input.pos;
    const there = Math.min(gathered, input.remaining);
    if (message.head !== null) this.headFilled = message.head.length;
    else if (this.keepsHeads) this.openHead(message, input.bytes, from, from + there);
    input.pos = from + there;
    const rest = message.length - there;
    if (rest <= 0) {
      message.endAt(input.originAt(input.pos - 1));
      this.handOn(message);
      return;
    }
    if (rest <= input.remaining) {
      this.feed(message, input.bytes, input.pos, input.pos + rest);
      input.pos += rest;
      message.endAt(input.originAt(input.pos - 1));
      this.handOn(message);
      return;
    }
    (this.lastOrigin ??= new Origin()).copyFrom(input.originAt(input.pos - 1));
    this.current = message;
    this.body = rest;
    this.framing.bodyToCome(message);
    this.drain(input);
  }

  /** Takes bytes that are part of no message. */
  skip(input: Input<S>, length: number, reason: SkipReason): void {
    if (length <= 0) return;
    this.output.skip(this.side, input.offset, length, reason);
    input.pos += length;
  }

  /** Passes over bytes in a search. */
  pass(input: Input<S>, length: number): void {
    this.skip(input, length, 'resynchronised');
    this.passed += length;
  }

  /** The next `length` bytes are part of no message, and are not looked at. */
  passBy(length: number, reason: SkipReason): void {
    this.passing = reason;
    this.body = length;
  }

  /** Nothing that follows can be framed: the rest of the direction is only counted. */
  swallow(reason: SkipReason): void {
    this.swallowing = true;
    this.searching = false;
    this.need = 1;
    this.passBy(Infinity, reason);
  }

  /** What follows is framed in another way: it is encrypted, for example. A search ends. */
  become(framing: Framing<M, S>): void {
    this.searching = false;
    this.need = 1;
    this.framing = framing;
    framing.frames = this;
    framing.begin();
  }

  /** Frames are to be looked for, from stream offset `offset` on. */
  search(offset: number): void {
    this.searching = true;
    this.searchFrom = offset;
    this.passed = 0;
    this.need = 1;
  }

  /** Frames are no longer looked for. */
  endSearch(): void {
    if (!this.searching) return;
    this.searching = false;
    if (this.passed > 0) this.framing.found(this.searchFrom, this.passed);
  }

  /** Hands on a message that a search took: its marks, head and end are set. */
  give(message: M): void {
    this.framing.closing(message);
    this.output.message(message);
    this.previous = message;
    this.framing.after(message);
  }

  /**
   * The next `rest` bytes are those that are left of a message that a search took: `headFilled` bytes of its head are filled, the last
   * of those that were there came from `origin`.
   */
  goOn(message: M, rest: number, headFilled: number, origin: Origin): void {
    this.headFilled = headFilled;
    (this.lastOrigin ??= new Origin()).copyFrom(origin);
    this.current = message;
    this.body = rest;
    this.framing.bodyToCome(message);
  }

  // ---- Decoder

  get wantsBody(): boolean {
    return true;
  }

  decode(input: Input<S>, patient: boolean): void {
    this.run(input, patient ? 'patient' : 'impatient');
  }

  abandon(input: Input<S>, why: 'gap' | 'end'): void {
    this.need = 1;
    const wanted = this.run(input, why);
    this.waiting = false;
    this.need = 1;
    const left = input.remaining;
    if (left === 0) return;
    this.partial = left;
    this.skip(input, left, this.searching ? 'undecoded' : this.framing.cutOff(input, why, wanted));
  }

  bodyBytes(block: Block, start: number, end: number, offset: number, origin: Origin): void {
    const m = this.current;
    this.framing.reached(offset + end - start);
    if (m === null) {
      this.output.skip(this.side, offset, end - start, this.passing);
      return;
    }
    (this.lastOrigin ??= new Origin()).copyFrom(origin);
    this.feed(m, block.bytes, start, end);
  }

  bodyGap(length: number): void {
    this.lossy = true;
    const m = this.current;
    if (m === null) return;
    m.missing += length;
    m.complete = false;
  }

  bodyEnd(origin: Origin): void {
    const m = this.current;
    if (m === null) return;
    this.current = null;
    m.endAt(m.complete ? origin : this.lastOrigin!);
    this.handOn(m);
  }

  gap(length: number, offset: number): void {
    const missed = this.partial + length;
    this.partial = 0;
    this.lossy = true;
    if (this.swallowing) return;
    this.framing.lost(length, offset);
    if (this.isSwallowing() || this.isTls()) return;
    if (this.searching) {
      if (!this.framing.searchGap(length, offset)) this.framing.startSearch(offset + length);
      return;
    }
    const rest = length === 0 ? -1 : this.framing.bridge(missed);
    if (rest > 0) this.passBy(rest, 'undecoded');
    else if (rest < 0) this.framing.startSearch(offset + length);
  }

  end(how: 'fin' | 'reset' | 'open'): void {
    if (this.searching) this.framing.searchEnd(this.searchFrom, this.passed);
    const m = this.current;
    const missing = m === null ? 0 : this.body;
    this.current = null;
    this.body = 0;
    this.need = 1;
    if (m !== null) {
      m.complete = false;
      m.missing += missing;
      this.framing.endsIn(m, missing, how);
      m.endAt(this.lastOrigin!);
      this.handOn(m);
    }
    this.framing.ended(how, m, missing);
  }

  // ---- inside

  /** Takes frames until bytes are lacking; how many were asked for. */
  private run(input: Input<S>, patience: Patience): number {
    this.framing.reached(input.base + input.end);
    let turns = 0;
    while (this.body === 0 && input.remaining > 0 && input.remaining >= this.need && !this.isTls()) {
      const from = input.pos;
      const { framing } = this;
      const wasSearching = this.searching;
      const answer = wasSearching ? framing.findAgain(input, patience) : framing.frameAt(input, patience);
      if (answer === TAKEN) {
        this.need = 1;
        if (wasSearching && this.searching && !this.isTls()) this.endSearch();
        if (this.body > 0) this.drain(input);
        turns = input.pos === from ? turns + 1 : 0;
        if (turns > MOST_TURNS) throw new Error('a framing makes no progress');
      } else if (answer > 0) {
        if (isFinal(patience)) return answer;
        this.need = Math.max(answer, input.remaining + 1);
        return answer;
      } else if (answer === WAIT) {
        this.waiting = patience === 'patient';
        if (!this.waiting) throw new Error('a framing waits although it must not');
        return 0;
      } else {
        framing.startSearch(input.offset);
      }
    }
    this.drain(input);
    return 0;
  }

  private isSwallowing(): boolean {
    return this.swallowing;
  }

  private isTls(): boolean {
    return this.tls !== false;
  }

  /** Lets what the window holds of a body pass: where it ends for good the pump will not do it. */
  private drain(input: Input<S>): void {
    const n = Math.min(this.body, input.remaining);
    if (n <= 0) return;
    const from = input.pos;
    input.pos += n;
    this.body -= n;
    const origin = input.originAt(input.pos - 1);
    if (this.current === null) this.output.skip(this.side, input.base + from, n, this.passing);
    else {
      (this.lastOrigin ??= new Origin()).copyFrom(origin);
      this.feed(this.current, input.bytes, from, from + n);
    }
    if (this.body === 0) this.bodyEnd(origin);
  }

  private handOn(message: M): void {
    const { head } = message;
    if (head !== null && this.headFilled < head.length) message.head = head.subarray(0, this.headFilled);
    this.give(message);
  }

  private feed(message: M, bytes: Uint8Array, start: number, end: number): void {
    if (!message.complete) return;
    this.framing.bodyPart(message, bytes, start, end);
    if (message.head !== null && this.headFilled < message.head.length) this.fillHead(message.head, bytes, start, end);
  }

  private openHead(message: M, bytes: Uint8Array, start: number, end: number): void {
    const size = Math.min(message.length, this.settings.limits.detailBytes);
    this.headFilled = 0;
    message.head = new Uint8Array(size);
    this.fillHead(message.head, bytes, start, end);
  }

  private fillHead(head: Uint8Array, bytes: Uint8Array, start: number, end: number): void {
    const n = Math.min(end - start, head.length - this.headFilled);
    head.set(bytes.subarray(start, start + n), this.headFilled);
    this.headFilled += n;
  }
}
