import type { Block } from '../../../base/block.js';
import type { Input, Side } from '../../../base/input.js';
import { Origin } from '../../../base/origin.js';
import { isTlsRecord, RECORD_HEADER } from '../../../tls/constants.js';
import { helloIn } from '../../../tls/sniff.js';
import type { Decoder, DecoderSettings, Output } from '../../../contract/protocol.js';
import { ChainSearch, type Chain, type Framer } from './chain-search.js';
import type { NbdNotices } from '../hints.js';
import type { NbdMessage } from '../messages.js';

/**
 * Messages at the beginning of packets that hold their whole header after which what follows a chain counts as certain. Payload that
 * contains messages has rows of them, but they do not begin where packets do; where packets are tiny, that proves nothing.
 */
const INFERRED_MESSAGES = 16;

/** Bytes by which a hello of TLS is told from anything else: headers of record and handshake message, and the version. */
const HELLO_BEGINS = RECORD_HEADER + 6;

/**
 * What both directions share: passing payload by, finding the messages again after a loss, TLS, and accounting for every byte. A
 * subclass knows the headers of its direction.
 */
export abstract class NbdDecoder<S extends Side> implements Decoder<S>, Framer {
  need = 1;
  body = 0;
  wantsBody = true;
  waiting = false;
  tls: false | 'begins' | 'goes on' = false;
  abstract readonly lookahead: number;

  protected readonly side: S;
  protected readonly output: Output;
  protected readonly settings: DecoderSettings;
  protected readonly notices: NbdNotices;
  /** The message whose payload is passing by. */
  protected current: NbdMessage | null = null;
  /** The message in front of the next one. */
  protected previous: NbdMessage | null = null;
  /** No more bytes will join those at hand: decode what is complete, leave the rest. */
  protected closing = false;
  private readonly lastOrigin = new Origin();
  private search: ChainSearch | null = null;
  /** Whether the bytes come out of TLS. */
  protected inTls = false;
  /** NBD_OPT_STARTTLS was acknowledged: the next bytes have to be a TLS record. */
  protected tlsExpected = false;
  /** Stream offset behind the gap that was last. */
  private behindGap = -1;
  private inferred = 0;
  /** Stream offset where the messages begin that were found last. */
  private foundAt = 0;

  constructor(side: S, output: Output, settings: DecoderSettings, notices: NbdNotices) {
    this.side = side;
    this.output = output;
    this.settings = settings;
    this.notices = notices;
  }

  /** Decodes the next message, or raises `need`, or sets `waiting`. */
  protected abstract next(input: Input<S>, patient: boolean): void;
  /** The state follows a message that is complete (or as complete as it will ever be). */
  protected abstract after(message: NbdMessage): void;
  /** The state follows a message that was found by search. */
  protected abstract adopt(message: NbdMessage): void;

  abstract nextStart(bytes: Uint8Array, from: number, to: number): number;
  abstract plausible(input: Input, available: number): number;
  abstract make(input: Input, available: number): NbdMessage;
  abstract follows(last: NbdMessage, input: Input, distance: number, segment: boolean): number;
  /** Bytes of the longest payload that this side is known to send. */
  protected abstract longestPayload(): number;
  abstract proves(input: Input): boolean;
  abstract openEnded(message: NbdMessage): boolean;

  decode(input: Input<S>, patient: boolean): void {
    if (this.search !== null) this.seek(input);
    else if (this.tlsExpected) this.expectTls(input, patient);
    else this.next(input, patient);
  }

  bodyBytes(block: Block, start: number, end: number, offset: number, origin: Origin): void {
    this.lastOrigin.copyFrom(origin);
    const m = this.current;
    if (m !== null) this.feed(m, block.bytes, start, end);
    else this.output.skip(this.side, offset, end - start, 'undecoded');
  }

  bodyGap(length: number): void {
    const m = this.current;
    if (m === null) return;
    m.missing += length;
    m.complete = false;
    trimHead(m);
  }

  bodyEnd(origin: Origin): void {
    const m = this.current;
    if (m === null) return;
    this.current = null;
    m.endAt(m.complete ? origin : this.lastOrigin);
    this.finish(m);
  }

  gap(length: number, offset: number): void {
    if (!this.inTls && (this.tlsExpected || this.notices.peerIsInTls(this.side))) {
      this.search?.close(null);
      this.search = null;
      this.notices.lost(this.side, offset);
      this.tlsGoesOn(offset + length);
      return;
    }
    this.behindGap = offset + length;
    if (this.search !== null) {
      const chain = this.search.gap(offset, length);
      if (chain !== null) {
        this.accept(chain, offset);
        this.lose(offset + length);
      }
      return;
    }
    this.notices.lost(this.side, offset);
    this.lose(offset + length);
  }

  abandon(input: Input<S>): void {
    this.closing = true;
    for (let before = -1; input.remaining > 0 && input.pos !== before;) {
      before = input.pos;
      if (this.body > 0) this.drainBody(input);
      else if (this.search !== null) this.seek(input);
      else if (this.tlsExpected) this.expectTls(input, false);
      else this.next(input, false);
      if (this.tls) break;
    }
    if (this.body > 0) this.drainBody(input);
    this.closing = false;
  }

  end(how: 'fin' | 'reset' | 'open'): void {
    if (this.search !== null) {
      const chain = this.search.end();
      if (chain !== null) this.accept(chain);
      else this.search.close(null);
    }
    const m = this.current;
    if (m !== null) {
      this.current = null;
      m.complete = false;
      m.missing += this.body;
      this.notices.unfinished(this.side, m, this.body, how);
      this.cutOff(m);
      m.endAt(this.lastOrigin);
      this.finish(m);
    }
    this.body = 0;
  }

  /** Takes the header of `message`, then its payload: at once where it is at hand, else as a body. */
  protected start(message: NbdMessage, input: Input<S>): void {
    const { limits } = this.settings;
    const header = message.headerLength;
    if (this.settings.bytes) {
      message.head = new Uint8Array(Math.min(message.length, limits.detailBytes));
      this.fillHead(message, input.bytes, input.pos, input.pos + header);
    }
    if (this.inferred > 0) {
      const { firstPacket } = message;
      const whole = input.originAt(input.pos + header - 1).packet === firstPacket;
      if (whole && firstPacket !== this.previous?.packet) this.inferred--;
      this.doubtPayload(message.offset);
      message.inferred = true;
    }
    input.pos += header;
    const rest = message.length - header;
    if (rest === 0) {
      message.endAt(input.originAt(input.pos - 1));
      this.finish(message);
      return;
    }
    if (rest <= input.remaining) {
      if (message.taker !== null || message.head !== null) this.feed(message, input.bytes, input.pos, input.pos + rest);
      input.pos += rest;
      message.endAt(input.originAt(input.pos - 1));
      this.finish(message);
      return;
    }
    this.lastOrigin.copyFrom(input.originAt(input.pos - 1));
    message.begun = true;
    this.output.begin(message);
    this.current = message;
    this.body = rest;
  }

  /** The next header cannot be where it should be: search for the next one from `offset` on. `near`: see ChainSearch. */
  protected lose(offset: number, near = false): void {
    this.search = new ChainSearch(
      offset,
      this,
      (message, bytes, start, end) => this.feed(message, bytes, start, end),
      (at, length) => this.output.skip(this.side, at, length, 'resynchronised'),
      near,
    );
    this.need = this.lookahead;
  }

  /** The message at the input's position has a payload of unknown length: it lasts until a header fits. */
  protected loseAfter(message: NbdMessage, input: Input<S>): void {
    this.lose(input.offset);
    this.search!.seed(message, input);
  }

  /** TLS goes on at `offset`, behind records that are missing. */
  private tlsGoesOn(offset: number): void {
    this.tlsExpected = false;
    this.inTls = true;
    this.tls = 'goes on';
    this.notices.tlsBegins(this.side, offset, -1);
    this.enterTls();
    if (this.isFirstDue) this.lose(offset);
  }

  /** The bytes at the input's position are TLS: the engine opens it, and hands on what is inside. */
  protected startTls(input: Input<S>): void {
    this.tlsExpected = false;
    if (this.inTls) {
      // nobody nests it
      this.swallow();
      return;
    }
    this.inTls = true;
    this.tls = 'begins';
    this.notices.tlsBegins(this.side, input.offset, input.originAt(input.pos).peerSeen);
    this.enterTls();
  }

  private expectTls(input: Input<S>, patient: boolean): void {
    if (!this.has(input, RECORD_HEADER)) {
      if (this.closing) this.swallow();
      return;
    }
    if (isTlsRecord(input.bytes, input.pos)) {
      this.startTls(input);
      return;
    }
    this.tlsExpected = false;
    if (!this.inTls) this.notices.notTls(this.side, input.offset, this.firstBytes(input), 0);
    this.resume();
    this.next(input, patient);
  }

  /** Whether the first message of this side has not come. */
  protected abstract get isFirstDue(): boolean;

  /** What comes next is inside TLS. */
  protected abstract enterTls(): void;

  /** Copies up to 16 bytes at the input's position, for evidence. */
  protected firstBytes(input: Input<S>): Uint8Array {
    return input.bytes.slice(input.pos, Math.min(input.end, input.pos + 16));
  }

  /** Whether `n` bytes are there; if not, and more may come, asks for them. */
  protected has(input: Input<S>, n: number): boolean {
    if (input.remaining >= n) return true;
    if (!this.closing) this.need = n;
    return false;
  }

  /** Fills the head with `bytes[start..end)` as far as it goes. */
  protected fillHead(message: NbdMessage, bytes: Uint8Array, start: number, end: number): void {
    const head = message.head!;
    const n = Math.min(end - start, head.length - message.headFilled);
    if (n <= 0) return;
    head.set(bytes.subarray(start, start + n), message.headFilled);
    message.headFilled += n;
  }

  /** A message for the search, its header in its head. */
  protected prepared<M extends NbdMessage>(message: M, input: Input): M {
    if (this.settings.bytes) {
      message.head = new Uint8Array(Math.min(message.length, this.settings.limits.detailBytes));
      this.fillHead(message, input.bytes, input.pos, input.pos + message.headerLength);
    }
    return message;
  }

  private feed(message: NbdMessage, bytes: Uint8Array, start: number, end: number): void {
    if (!message.complete) return;
    if (message.taker !== null) message.taker.take(bytes, start, end);
    if (message.head !== null && message.headFilled < message.head.length) this.fillHead(message, bytes, start, end);
  }

  private finish(message: NbdMessage): void {
    if (message.head !== null) trimHead(message);
    this.output.message(message);
    this.previous = message;
    this.after(message);
  }

  /** Searches from the input's position on. `near`: see ChainSearch. */
  protected searchFrom(input: Input<S>, near = false): void {
    this.lose(input.offset, near);
    if (input.remaining >= this.need && !this.closing) this.seek(input);
  }

  /** What was found stays inferred up to `offset` if all of it can be the payload of one message, whose header was lost. */
  private doubtPayload(offset: number): void {
    if (this.inferred === 0 && offset - this.foundAt < this.longestPayload()) this.inferred = 1;
  }

  private seek(input: Input<S>): void {
    if (!this.inTls && this.findsTls(input)) return;
    const chain = this.search!.run(input, this.closing);
    if (chain !== null) this.accept(chain);
  }

  /** Whether TLS is what the search has come to: its beginning may be among what was lost. */
  private findsTls(input: Input<S>): boolean {
    const hello =
      input.offset === this.behindGap &&
      input.remaining >= HELLO_BEGINS &&
      helloIn(input.bytes.subarray(input.pos, input.end)) !== null;
    if (!hello && !this.notices.peerIsInTls(this.side)) return false;
    this.search!.close(null);
    this.search = null;
    if (hello) this.startTls(input);
    else this.tlsGoesOn(input.offset);
    // whether the first message is inside TLS, or was lost in front of it, shows only by what is found
    if (hello && this.isFirstDue) this.lose(input.offset);
    return true;
  }

  /**
   * The chain is real: its messages are reported, and decoding goes on where the search stands in its last one. `gapAt`: where a gap
   * begins that ends the last one.
   */
  private accept(chain: Chain, gapAt = -1): void {
    const search = this.search!;
    search.close(chain);
    this.search = null;
    this.lastOrigin.copyFrom(search.lastOrigin);
    this.notices.found(this.side, chain.messages[0]!, search.skipped);
    this.inferred = Math.max(0, INFERRED_MESSAGES - chain.wholes);
    this.foundAt = chain.start;
    this.doubtPayload(search.offset);
    const last = chain.last;
    for (const m of chain.messages) {
      this.adopt(m);
      if (m !== last) this.finish(m);
    }
    if (!chain.ended && this.openEnded(last)) {
      const offset = search.offset;
      this.lose(offset);
      this.search!.resume(last, search);
      return;
    }
    const rest = last.endOffset - (gapAt >= 0 ? gapAt : search.offset);
    if (rest > 0 && gapAt < 0) {
      last.begun = true;
      this.output.begin(last);
      this.current = last;
      this.body = rest;
      return;
    }
    last.endAt(search.lastOrigin);
    this.finish(last);
    if (rest < 0) this.output.skip(this.side, last.endOffset, -rest, 'undecoded');
  }

  /** Takes what the window holds of the body; the pump does the same where it drives. */
  private drainBody(input: Input<S>): void {
    const n = Math.min(this.body, input.remaining);
    if (n === 0) return;
    const from = input.pos;
    input.pos += n;
    this.body -= n;
    const origin = input.originAt(input.pos - 1);
    if (this.current !== null) {
      this.feed(this.current, input.bytes, from, from + n);
      this.lastOrigin.copyFrom(origin);
    } else {
      this.output.skip(this.side, input.base + from, n, 'undecoded');
    }
    if (this.body === 0) this.bodyEnd(origin);
  }

  /** The direction ended inside the payload of `message`. */
  protected cutOff(_message: NbdMessage): void {
    // only where something in it tells more
  }

  /** The direction was taken for TLS and is not: haggling goes on. */
  protected abstract resume(): void;

  /** Gives up the rest of the direction. */
  protected swallow(): void {
    this.body = Infinity;
    this.need = 1;
  }
}

function trimHead(message: NbdMessage): void {
  if (message.head !== null && message.headFilled < message.head.length) {
    message.head = message.head.subarray(0, message.headFilled);
  }
}
