import type { Share } from '../../../base/share.js';
import type { Input, Side } from '../../../base/input.js';
import { having } from '../../../base/pair.js';
import { Framing, isFinal, TAKEN, type Patience } from '../../../contract/framed-decoder.js';
import { isTlsRecord, RECORD_HEADER } from '../../../tls/constants.js';
import { helloIn } from '../../../tls/sniff.js';
import type { HeaderInside, NbdNotices } from '../notices.js';
import type { NbdMessage } from '../messages.js';
import type { TlsTold } from '../told.js';
import type { Chain } from './chain.js';
import { ChainSearch, type Framer } from './chain-search.js';

/**
 * After a search, messages are marked as inferred until so many have come that begin a packet which holds their whole header. Payload may
 * contain a whole sequence of messages, but these do not begin where packets do. In packets smaller than a header that proves nothing.
 */
const INFERRED_MESSAGES = 16;

/**
 * So many of them must have come before the sender is blamed for bytes that are no header. Otherwise the preceding messages may be part of
 * a payload whose header was lost, and which ends at these bytes.
 */
const HELD_AGAINST = 3;

/** Bytes that identify a TLS hello: the headers of the record and of the handshake message, and the version. */
const HELLO_BEGINS = RECORD_HEADER + 6;

/** Bytes of evidence that a finding about bytes which are no header shows. */
const EVIDENCE = 16;

/**
 * What both directions of NBD share: resynchronising after a loss, by chains of headers, and switching to TLS. A subclass knows the headers
 * of its direction.
 */
export abstract class NbdFraming<S extends Side> extends Framing<NbdMessage, S> implements Framer {
  abstract get lookahead(): number;
  protected readonly notices: NbdNotices;
  /** The session's share of `limits.heldBytes`, for the data of options and option replies. */
  protected readonly held: Share;
  private readonly tls: TlsTold;
  private search: ChainSearch | null = null;
  /** Whether the bytes are plaintext from TLS. */
  private inTls = false;
  /** NBD_OPT_STARTTLS was acknowledged: the next bytes have to be a TLS record. */
  protected tlsExpected = false;
  /** Stream offset of the end of the latest gap. */
  private behindGap = -1;
  /** Stream offset of the first message that the latest search found. */
  private foundAt = 0;

  constructor(notices: NbdNotices, tls: TlsTold, held: Share) {
    super();
    this.held = held;
    this.notices = notices;
    this.tls = tls;
  }

  /** `frameAt`, if no TLS record is expected. */
  protected abstract messageAt(input: Input<S>, patience: Patience): number;
  /** Sets the state by a message that a search has found. */
  protected abstract adopt(message: NbdMessage): void;
  /** Whether this side's first message is still to come. */
  protected abstract get isFirstDue(): boolean;
  /** Sets the state for the bytes inside TLS. */
  protected abstract enterTls(): void;
  /** TLS was expected and has not come: sets the state for haggling in clear. */
  protected abstract resume(): void;
  /** Bytes of the longest payload that this side is known to send or to have been asked for. */
  protected abstract longestPayload(): number;

  abstract nextStart(bytes: Uint8Array, from: number, to: number): number;
  abstract plausible(input: Input, available: number): number;
  abstract make(input: Input, available: number): NbdMessage;
  abstract follows(last: NbdMessage, input: Input, distance: number, segment: boolean): number;
  abstract proves(input: Input): boolean;
  abstract openEnded(message: NbdMessage): boolean;

  get mostChains(): number {
    return this.frames.settings.limits.chains;
  }

  crowded(): void {
    this.notices.crowded(this.frames.side);
  }

  override frameAt(input: Input<S>, patience: Patience): number {
    return this.tlsExpected ? this.expectTls(input, patience) : this.messageAt(input, patience);
  }

  override bodyPart(message: NbdMessage, bytes: Uint8Array, start: number, end: number): void {
    if (message.taker !== null) message.taker.take(bytes, start, end);
  }

  override bodyToCome(message: NbdMessage): void {
    message.begun = true;
    this.frames.output.begin(message);
  }

  override endsIn(message: NbdMessage, missing: number, how: 'fin' | 'reset' | 'open'): void {
    this.notices.unfinished(this.frames.side, message, missing, how);
  }

  /** Takes the header of `message`, and its payload as a body. `hinted`: whether its length is known only from the peer's bytes. */
  protected take(message: NbdMessage, input: Input<S>, hinted = false): number {
    const { frames } = this;
    frames.hinted = hinted;
    if (frames.unproven > 0) {
      if (!this.isProof(message, input)) frames.unproven++;
      this.doubtPayload(message.offset, 1);
    }
    frames.take(message, input, message.headerLength);
    return TAKEN;
  }

  /** Whether the message begins a packet that holds its whole header. */
  private isProof(message: NbdMessage, input: Input<S>): boolean {
    const { firstPacket } = message;
    const { previous } = this.frames;
    const whole = input.originAt(input.pos + message.headerLength - 1).packet === firstPacket;
    return whole && firstPacket !== previous?.packet;
  }

  /**
   * Prolongs the marking as inferred while all bytes from the first found message up to `offset` can be the payload of one message whose
   * header was lost. `proven`: the value of `frames.unproven` at which the marking would end.
   */
  private doubtPayload(offset: number, proven: number): void {
    const { frames } = this;
    if (frames.unproven === proven && offset - this.foundAt < this.longestPayload()) frames.unproven++;
  }

  /**
   * Reports that no header is at the input's position, after `previous`, whose data may contain one (`inside`). If the preceding messages
   * are doubtful themselves, it is reported as a loss instead.
   */
  protected tellUnframed(input: Input<S>, previous: NbdMessage | null, inside: HeaderInside | null): void {
    const { frames, notices } = this;
    if (frames.unproven > INFERRED_MESSAGES - HELD_AGAINST) notices.lost(frames.side, input.offset);
    else notices.unframed(frames.side, input.offset, this.firstBytes(input), previous, inside);
  }

  /** Copies the first bytes at the input's position, for evidence. */
  protected firstBytes(input: Input<S>): Uint8Array {
    return input.bytes.slice(input.pos, Math.min(input.end, input.pos + EVIDENCE));
  }

  // ---- finding messages again

  override lost(length: number, offset: number): void {
    this.behindGap = offset + length;
    // lost plaintext of unknown length does not count in offsets: who has received it, and nothing after it, has the same offset as before
    const from = length === 0 ? offset - 1 : offset;
    if (!this.inTls && (this.tlsExpected || this.tls.peerIsIn(this.frames.side))) {
      this.giveUpSearch();
      this.notices.lost(this.frames.side, from);
      this.tlsGoesOn(offset + length);
    } else if (this.search === null) {
      this.notices.lost(this.frames.side, from);
    }
  }

  override searchGap(length: number, offset: number): boolean {
    const chain = this.search!.gap(offset, length);
    if (chain === null) return true;
    this.accept(chain, offset);
    return false;
  }

  override searchEnd(): void {
    const chain = this.search!.end();
    if (chain !== null) this.accept(chain);
    else this.giveUpSearch();
  }

  override startSearch(offset: number): void {
    this.lose(offset);
  }

  /** No header can be where one is due: searches for the next one from `offset` on. `near`: see ChainSearch. */
  protected lose(offset: number, near = false): void {
    const { frames } = this;
    this.search = new ChainSearch(
      offset,
      this,
      (at, length) => frames.output.skip(frames.side, at, length, 'resynchronised'),
      near,
    );
    frames.search(offset);
  }

  /**
   * Starts a search at the input's position; returns the answer for `frameAt`. Before a gap or the end only few bytes are left, which are
   * not searched.
   */
  protected loseHere(input: Input<S>, patience: Patience, near: boolean): number {
    this.lose(input.offset, near);
    return isFinal(patience) ? this.lookahead : TAKEN;
  }

  /**
   * The payload of the message at the input's position has an unknown length: it ends where the next header fits, which is searched for.
   */
  protected loseAfter(message: NbdMessage, input: Input<S>): number {
    this.lose(input.offset);
    this.search!.seed(message, input);
    return TAKEN;
  }

  private giveUpSearch(): void {
    if (this.search === null) return;
    this.search.close(null);
    this.search = null;
    this.frames.endSearch();
  }

  override findAgain(input: Input<S>, patience: Patience): number {
    const final = isFinal(patience);
    if (input.remaining < this.lookahead && !final) return this.lookahead;
    if (!this.inTls && this.findsTls(input)) return TAKEN;
    while (this.search !== null) {
      const chain = this.search.run(input, final);
      if (chain === null) return this.lookahead;
      this.accept(chain);
    }
    return TAKEN;
  }

  /** Prepares a message that was made by the search: with room for its first bytes, if these are printed. */
  protected prepared<M extends NbdMessage>(message: M): M {
    const { bytes, limits } = this.frames.settings;
    if (bytes) message.head = new Uint8Array(Math.min(message.length, limits.detailBytes));
    return message;
  }

  /**
   * Accepts a chain: hands on its messages, and continues decoding in its last one, where the search stopped. `gapAt`: offset of the gap
   * that ends the last message; -1: none.
   */
  private accept(chain: Chain, gapAt = -1): void {
    const { frames } = this;
    const search = this.search!;
    search.close(chain);
    this.search = null;
    this.notices.found(frames.side, chain.messages[0]!, search.skipped);
    frames.unproven = Math.max(0, INFERRED_MESSAGES - chain.wholes);
    this.foundAt = chain.start;
    this.doubtPayload(search.offset, 0);
    const { last } = chain;
    for (const m of chain.messages) {
      this.adopt(m);
      if (m !== last) frames.give(m);
    }
    if (!chain.ended && this.openEnded(last)) {
      this.lose(search.offset);
      this.search!.resume(chain, search);
      return;
    }
    const rest = last.endOffset - (gapAt >= 0 ? gapAt : search.offset);
    if (rest > 0 && gapAt < 0) {
      frames.resume(last, rest, chain.headFilled, search.lastOrigin);
      return;
    }
    chain.trimHead();
    last.endAt(search.lastOrigin);
    frames.give(last);
    if (rest < 0) frames.output.skip(frames.side, last.endOffset, -rest, 'undecoded');
  }

  // ---- TLS

  /** TLS begins at the input's position: the engine decrypts it, and the framing gets the plaintext. */
  protected startTls(input: Input<S>): number {
    const { frames } = this;
    this.tlsExpected = false;
    if (this.inTls) {
      // TLS inside TLS is not decoded: no known program sends it
      frames.swallow('undecoded');
      return TAKEN;
    }
    this.inTls = true;
    this.tls.from = having(this.tls.from, frames.side, input.offset);
    frames.tls = 'begins';
    this.notices.tlsBegins(frames.side, input.offset, input.originAt(input.pos).peerSeen);
    this.enterTls();
    return TAKEN;
  }

  /** TLS continues at `offset`, after records that are missing. */
  private tlsGoesOn(offset: number): void {
    const { frames } = this;
    this.tlsExpected = false;
    this.inTls = true;
    this.tls.from = having(this.tls.from, frames.side, offset);
    frames.tls = 'goes on';
    this.notices.tlsBegins(frames.side, offset, -1);
    this.enterTls();
    if (this.isFirstDue) this.lose(offset);
  }

  private expectTls(input: Input<S>, patience: Patience): number {
    if (input.remaining < RECORD_HEADER) return RECORD_HEADER;
    if (isTlsRecord(input.bytes, input.pos)) return this.startTls(input);
    this.tlsExpected = false;
    if (!this.inTls) this.notices.notTls(this.frames.side, input.offset, this.firstBytes(input), 0);
    this.resume();
    return this.messageAt(input, patience);
  }

  /** Whether the search has come to TLS, of which the first records may be lost; if so, switches to it. */
  private findsTls(input: Input<S>): boolean {
    const hello =
      input.offset === this.behindGap &&
      input.remaining >= HELLO_BEGINS &&
      helloIn(input.bytes.subarray(input.pos, input.end)) !== null;
    if (!hello && !this.tls.peerIsIn(this.frames.side)) return false;
    const { offset } = input;
    this.giveUpSearch();
    if (hello) this.startTls(input);
    else this.tlsGoesOn(offset);
    // the first message may be inside TLS, or lost before it: that depends on what is found
    if (hello && this.isFirstDue) this.lose(offset);
    return true;
  }
}
