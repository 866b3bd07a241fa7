import type { Block } from '../base/block.js';
import type { Input, Side } from '../base/input.js';
import { Origin } from '../base/origin.js';
import type { Message } from './message.js';
import type { Decoder, DecoderSettings, Output, SkipReason } from './protocol.js';

/** What a framing can still wait for. */
export type Patience =
  /** More bytes of this direction and of the peer may come. */
  | 'patient'
  /** No more of the peer will come: WAIT is no allowed answer. */
  | 'impatient'
  /** No more bytes follow these without a gap, or none at all: decode as much of them as possible. */
  | 'gap'
  | 'end';

/** Whether no more bytes will continue those in the input. */
export function isFinal(patience: Patience): boolean {
  return patience === 'gap' || patience === 'end';
}

/** Answers of `frameAt` and `findAgain`. A number above 0 is also an answer: so many contiguous bytes are needed first. */

/** `frameAt`: bytes were taken, or the framing's state has changed. `findAgain`: a frame begins at the input's position. */
export const TAKEN = 0;
/** Only the peer's bytes can tell how to go on. Allowed only while `patient`. */
export const WAIT = -1;
/** No frame can begin here: look for the next one. */
export const LOST = -2;

/** Calls in a row that may change a framing's state without taking a byte. */
const MOST_TURNS = 16;

/**
 * A protocol's part in decoding one direction: what is the frame here, and where does the next one begin. FramedDecoder calls it, and does
 * the rest. A subclass reads headers in `frameAt`, makes a message, and passes it to `this.frames.take`.
 */
export abstract class Framing<M extends Message, S extends Side = Side> {
  /** Its decoder, which sets this. */
  declare frames: FramedDecoder<M, S>;

  /**
   * A frame should begin at the input's position. At least one byte is there, and as many as the last answer asked for. Takes the frame with
   * `frames.take`, skips bytes with `frames.skip` or `frames.swallow`, or answers that it needs more bytes, has to WAIT, or is LOST.
   */
  abstract frameAt(input: Input<S>, patience: Patience): number;

  /**
   * Looks for a frame from the input's position on. Passes over what cannot begin one with `frames.pass`. TAKEN: a frame begins here (set
   * `frames.unproven` where that is not certain); above 0: so many bytes are needed, counted from the position.
   */
  abstract findAgain(input: Input<S>, patience: Patience): number;

  /** A message is as complete as it will ever be, and is about to be handed on: for checks of its checksums and contents. */
  closing(_message: M): void {}

  /** A message was handed on: for updating the framing's state. */
  after(_message: M): void {}

  /** Part of a message's body, in order; no longer called once bytes of it are lost. For checksums, and for reading from payloads. */
  bodyPart(_message: M, _bytes: Uint8Array, _start: number, _end: number): void {}

  /** A message's header was taken and its body is still to come: for protocols that pair by headers (Output.begin). */
  bodyToCome(_message: M): void {}

  /** The direction's bytes up to stream offset `upTo` have come: for framings whose peer waits for them. */
  reached(_upTo: number): void {}

  /** Called when the framing is put in place (`frames` is set): for setting its first state. */
  begin(): void {}

  /** The next frame has to be looked for from stream offset `offset` on. A framing that cannot do that calls `frames.swallow` instead. */
  startSearch(offset: number): void {
    this.frames.search(offset);
  }

  /** `length` bytes between messages or in a header are not in the capture; 0: an unknown number. */
  lost(_length: number, _offset: number): void {}

  /**
   * `missed` bytes cannot be decoded, from the first byte of the frame that should have begun there up to the end of a gap. Where frames have
   * known sizes the next one is found by counting: returns how many bytes behind the gap belong to frames that began before; -1: search.
   */
  bridge(_missed: number): number {
    return -1;
  }

  /** A gap during the search for a frame. Returns false to begin the search anew behind it. */
  searchGap(_length: number, _offset: number): boolean {
    return false;
  }

  /**
   * The direction ends during the search that began at stream offset `from` and passed over `passed` bytes: the last chance to hand on
   * messages that the search holds.
   */
  searchEnd(_from: number, _passed: number): void {}

  /** The search that began at stream offset `from` has found a frame; `passed` bytes are part of none. */
  found(_from: number, _passed: number): void {}

  /**
   * A frame is cut off: `input` holds what is there of it, `wanted` bytes were asked for. Returns the reason with which its bytes are
   * skipped.
   */
  cutOff(_input: Input<S>, _patience: Patience, _wanted: number): SkipReason {
    return 'undecoded';
  }

  /** The direction ends in the body of `message`, which is about to be handed on; `missing` bytes of it did not come any more. */
  endsIn(_message: M, _missing: number, _how: 'fin' | 'reset' | 'open'): void {}

  /** The direction is over; `cut`: the message in whose body it ended (already handed on), of which `missing` bytes did not come any more. */
  ended(_how: 'fin' | 'reset' | 'open', _cut: M | null, _missing: number): void {}
}

/**
 * Decodes one direction of any protocol whose messages are frames. It does what all of them need: it lets bodies pass without gathering
 * them, handles gaps and frames that are cut off, searches for the next frame behind a gap, keeps the head that annotations are made from,
 * accounts for every byte, and marks messages that were inferred or needed the peer. One class for all protocols, so that the pump's calls
 * and these fields stay monomorphic; the protocol's part is a Framing.
 */
export class FramedDecoder<M extends Message, S extends Side = Side> implements Decoder<S> {
  need = 1;
  body = 0;
  waiting = false;
  /** See Decoder. A framing sets it and answers TAKEN; its next call gets the plaintext. */
  tls: false | 'begins' | 'goes on' = false;

  readonly side: S;
  readonly output: Output;
  readonly settings: DecoderSettings;
  /** Whether the messages that follow needed the peer (Message.hinted). */
  hinted = false;
  /** How many more messages are marked `inferred`, before the framing counts as proven; Infinity: all. */
  unproven = 0;
  /** Whether bytes of this direction are missing from the capture. */
  lossy = false;
  /** The last message that was handed on. */
  previous: M | null = null;
  /** The message whose body is still coming. */
  current: M | null = null;

  private framing: Framing<M, S>;
  private readonly keepsHeads: boolean;
  /** Origin of the body's last captured byte; made for the first message that does not come in one chunk. */
  private lastOrigin: Origin | null = null;
  private headFilled = 0;
  private searching = false;
  private searchFrom = 0;
  private passed = 0;
  /** While bytes that are part of no message pass: why. */
  private passing: SkipReason = 'undecoded';
  private swallowing = false;
  /** How many bytes of a cut frame were there before the gap that follows. */
  private partial = 0;

  /** `heads`: when messages keep their first bytes: whenever they are printed (`details`), or only where their bytes are (`bytes`). */
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
   * Takes a message at the input's position. Its first `gathered` bytes (all, where not given) must be in the input; the rest is its body,
   * which need not be gathered. `message.length` must be set. Where no more bytes come (`isFinal`), fewer than `gathered` may be there. If
   * the message already has a head, the framing has filled that itself (with what it decrypted).
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

  /** Skips bytes during a search. */
  pass(input: Input<S>, length: number): void {
    this.skip(input, length, 'resynchronised');
    this.passed += length;
  }

  /** The next `length` bytes are part of no message, and are skipped as they come. */
  passBy(length: number, reason: SkipReason): void {
    this.passing = reason;
    this.body = length;
  }

  /** Nothing that follows can be framed: the rest of the direction is skipped. */
  swallow(reason: SkipReason): void {
    this.swallowing = true;
    this.searching = false;
    this.need = 1;
    this.passBy(Infinity, reason);
  }

  /** What follows is framed in another way (it is encrypted, for example): replaces the framing, and ends a search. */
  become(framing: Framing<M, S>): void {
    this.searching = false;
    this.need = 1;
    this.framing = framing;
    framing.frames = this;
    framing.begin();
  }

  /** Begins a search for the next frame, at stream offset `offset`. */
  search(offset: number): void {
    this.searching = true;
    this.searchFrom = offset;
    this.passed = 0;
    this.need = 1;
  }

  /** Ends the search. */
  endSearch(): void {
    if (!this.searching) return;
    this.searching = false;
    if (this.passed > 0) this.framing.found(this.searchFrom, this.passed);
  }

  /** Hands on a message. Called by framings for one that their search has found; its marks, head and end must be set. */
  give(message: M): void {
    this.framing.closing(message);
    this.output.message(message);
    this.previous = message;
    this.framing.after(message);
  }

  /**
   * The next `rest` bytes are the rest of the body of `message`, which a search has found. `headFilled` bytes of its head are filled; the
   * last byte before the rest came from `origin`.
   */
  resume(message: M, rest: number, headFilled: number, origin: Origin): void {
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

  /** Takes frames until more bytes are needed. Returns how many were asked for last; 0: none. */
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

  /** Takes the part of a body that is in the input: before a gap or the end the pump would not do it. */
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
