import type { Share } from '../../../base/share.js';
import { SERVER, type Input } from '../../../base/input.js';
import { isFinal, TAKEN, WAIT, type Patience } from '../../../contract/framed-decoder.js';
import {
  CHUNK_OFFSET_DATA,
  EXPORT_PADDING_LENGTH,
  EXTENDED_REPLY_MAGIC,
  REP_MAGIC_HI,
  REP_MAGIC_LO,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from '../constants.js';
import type { NbdNotices } from '../notices.js';
import { NOT_YET, type ClientTold, type TlsTold } from '../told.js';
import { CHUNK, EXTENDED_CHUNK, OPTION_REPLY, SIMPLE_REPLY } from '../layout.js';
import { Chunk, chunkHeaderLength, ExportInfo, OptionReply, SimpleReply, type NbdMessage } from '../messages.js';
import { FITS } from './chain-search.js';
import { EarlyHeader } from './early-header.js';
import { NO, nextServerStart, plausibleServer, SERVER_LOOKAHEAD } from './headers.js';
import { NbdFraming } from './nbd-framing.js';

/** Form of the replies: as negotiated; if the handshake was not captured, as seen in the replies so far. */
export type ReplyForm = typeof UNSETTLED | typeof SIMPLE | typeof STRUCTURED;
export const UNSETTLED = 0;
export const SIMPLE = 1;
export const STRUCTURED = 2;

/** Cookies that differ by no more than this in each half count as neighbours. */
const NEAR = 1024;

/**
 * Frames the server's replies. The payload length of a simple reply to a READ is known only from the request: it is read from ClientTold,
 * and the message is marked as hinted. If the request is not known, the payload ends where the next header fits.
 */
export abstract class ReplyFraming extends NbdFraming<typeof SERVER> {
  protected readonly client: ClientTold;
  protected form: ReplyForm = UNSETTLED;
  /** The reply magics that the negotiation allows; null: it was not captured completely, or the server does not keep to it. */
  protected agreedMagics: readonly number[] | null = null;
  /** Created for the first data. */
  private early: EarlyHeader | null = null;

  constructor(notices: NbdNotices, tls: TlsTold, held: Share, client: ClientTold) {
    super(notices, tls, held);
    this.client = client;
  }

  override get lookahead(): number {
    return SERVER_LOOKAHEAD;
  }

  protected reply(input: Input<typeof SERVER>, patience: Patience): number {
    if (input.remaining < 4) return 4;
    const { view, pos } = input;
    const magic = view.getUint32(pos);
    if (this.agreedMagics?.includes(magic) === false && isReplyMagic(magic)) this.agreedMagics = null;
    if (magic === SIMPLE_REPLY_MAGIC) {
      if (input.remaining < SIMPLE_REPLY.size) return SIMPLE_REPLY.size;
      return this.simpleReply(input, patience);
    }
    if (magic === STRUCTURED_REPLY_MAGIC) return this.chunk(input, false, patience);
    if (magic === EXTENDED_REPLY_MAGIC) return this.chunk(input, true, patience);
    return this.isOptionReply(input) ? this.optionReply(input) : this.noReply(input, patience);
  }

  /** Whether the magic at the input's position, as far as it is there, is that of a reply to an option. */
  protected isOptionReply({ view, pos, remaining }: Input): boolean {
    return view.getUint32(pos) === REP_MAGIC_HI && (remaining < 8 || view.getUint32(pos + 4) === REP_MAGIC_LO);
  }

  protected optionReply(input: Input<typeof SERVER>): number {
    if (input.remaining < OPTION_REPLY.size) return OPTION_REPLY.size;
    return this.take(new OptionReply(input, this.frames.settings.limits, this.held), input);
  }

  private chunk(input: Input<typeof SERVER>, extended: boolean, patience: Patience): number {
    const bare = extended ? EXTENDED_CHUNK.size : CHUNK.size;
    if (input.remaining < bare) return bare;
    let length = chunkHeaderLength(input, extended);
    if (input.remaining < length) {
      if (!isFinal(patience)) return length;
      length = bare;
    }
    this.form = STRUCTURED;
    const message = new Chunk(input, extended, length, this.frames.settings.limits);
    // only if not all of the data are here: small chunks, many of which come together, would take a tenth more time
    if (message.length > input.remaining && message.dataLength > 0 && message.type === CHUNK_OFFSET_DATA) {
      message.taker = this.searchData(extended ? EXTENDED_REPLY_MAGIC : STRUCTURED_REPLY_MAGIC);
    }
    return this.take(message, input);
  }

  /** The taker for the data of the message that begins: it looks for a header with this magic in them. */
  private searchData(magic: number): EarlyHeader {
    this.early ??= new EarlyHeader((_, __, hi, lo) => this.client.isAsked(hi, lo));
    this.early.begin(magic);
    return this.early;
  }

  private simpleReply(input: Input<typeof SERVER>, patience: Patience): number {
    const { view, pos } = input;
    let payload = 0;
    if (this.form !== STRUCTURED && view.getUint32(pos + SIMPLE_REPLY.at.error) === 0) {
      const hi = view.getUint32(pos + SIMPLE_REPLY.at.cookie);
      const lo = view.getUint32(pos + SIMPLE_REPLY.at.cookie + 4);
      payload = this.client.readLength(hi, lo, input.originAt(pos).peerSeen);
      if (payload === NOT_YET && patience === 'patient') return WAIT;
      if (payload >= 0) {
        const chosen = this.chooseLength(input, payload, this.client.otherLengths(hi, lo), isFinal(patience));
        if (chosen < 0) return -chosen;
        payload = chosen;
      }
    }
    const message = new SimpleReply(input);
    if (payload > 0) {
      message.length += payload;
      message.taker = this.searchData(SIMPLE_REPLY_MAGIC);
    }
    const hinted = this.form !== STRUCTURED && (message.error === 0 || !this.foundAlone(input));
    return payload < 0 ? this.openReply(message, input, hinted) : this.take(message, input, hinted);
  }

  /**
   * Chooses among the lengths that requests with one cookie ask for: the first one after which a reply header follows. A negative result is
   * minus the number of bytes that are needed.
   */
  private chooseLength(input: Input, first: number, others: readonly number[], final: boolean): number {
    if (others.length === 0) return first;
    for (const length of [first, ...others]) {
      const at = SIMPLE_REPLY.size + length;
      if (at + 4 > this.frames.settings.limits.messageBytes) continue;
      if (input.remaining === at) return length;
      if (input.remaining < at + 4) {
        if (final) continue;
        return input.remaining < at ? -at : -(at + 4);
      }
      if (isReplyMagic(input.view.getUint32(input.pos + at))) return length;
    }
    return first;
  }

  /** Takes a simple reply whose payload length is not known: it ends where the next header fits. */
  private openReply(message: SimpleReply, input: Input<typeof SERVER>, hinted: boolean): number {
    message.hinted = hinted;
    message.inferred = true;
    message.measured = false;
    return this.loseAfter(this.prepared(message), input);
  }

  /** No reply header is where one is due. */
  private noReply(input: Input<typeof SERVER>, patience: Patience): number {
    const { previous } = this.frames;
    const padded = previous instanceof OptionReply || previous instanceof ExportInfo;
    if (padded && input.bytes[input.pos] === 0) return this.zeroes(input, previous, patience);
    if (previous instanceof SimpleReply && this.form !== STRUCTURED)
      return previous.error === 0
        ? this.behindSuccess(input, previous, patience)
        : this.behindError(input, previous, patience);
    return this.unframed(input, patience);
  }

  /** Skips padding that does not belong there. */
  private zeroes(input: Input<typeof SERVER>, previous: NbdMessage, patience: Patience): number {
    const { bytes, pos, end } = input;
    if (input.remaining < EXPORT_PADDING_LENGTH && !isFinal(patience)) return EXPORT_PADDING_LENGTH;
    let n = 0;
    while (n < EXPORT_PADDING_LENGTH && pos + n < end && bytes[pos + n] === 0) n++;
    this.notices.zeroes(input.offset, n, previous);
    this.frames.skip(input, n, 'undecoded');
    return TAKEN;
  }

  /** No header follows a simple success reply: either it was found inside the reply's data, or the reply has data that it must not have. */
  private behindSuccess(input: Input<typeof SERVER>, previous: SimpleReply, patience: Patience): number {
    const inside = this.early?.in(previous, previous.payload, input) ?? null;
    if (inside !== null) {
      this.notices.readCutShort(previous, inside, false);
      return this.loseHere(input, patience, true);
    }
    if (this.client.answersUndefined(previous)) {
      this.notices.lost(SERVER, input.offset);
      return this.loseHere(input, patience, true);
    }
    const length = this.client.answeredLength(previous);
    if (length <= 0 || length + 4 > this.frames.settings.limits.messageBytes) return this.unframed(input, patience);
    const { remaining } = input;
    if (remaining < length + 4 && !isFinal(patience)) return length + 4;
    const followed = remaining >= length + 4 && isReplyMagic(input.view.getUint32(input.pos + length));
    const ends = remaining >= length && remaining < length + 4;
    if (!followed && !ends) return this.unframed(input, patience);
    this.notices.payloadWithoutRead(previous, length);
    return this.passPayload(length);
  }

  /** No header follows a simple error reply: the data of a READ may follow nevertheless. */
  private behindError(input: Input<typeof SERVER>, previous: SimpleReply, patience: Patience): number {
    const length = this.client.failedRead(previous);
    if (length <= 0) return this.unframed(input, patience);
    this.notices.payloadAfterError(previous, length);
    return this.passPayload(length);
  }

  private passPayload(length: number): number {
    this.frames.previous = null;
    this.frames.passBy(length, 'undecoded');
    return TAKEN;
  }

  /** Bytes that must be there before they are judged to be no header: the length of the shortest header that is due. */
  protected abstract headerDue(): number;

  protected unframed(input: Input<typeof SERVER>, patience: Patience): number {
    const due = this.headerDue();
    if (input.remaining < due && !isFinal(patience)) return due;
    const { previous } = this.frames;
    const inside = (previous instanceof Chunk ? this.early?.in(previous, previous.dataLength, input) : null) ?? null;
    this.tellUnframed(input, previous, inside);
    return this.loseHere(input, patience, true);
  }

  override endsIn(message: NbdMessage, missing: number, how: 'fin' | 'reset' | 'open'): void {
    super.endsIn(message, missing, how);
    const inside = (message instanceof SimpleReply ? this.early?.in(message, message.payload, null) : null) ?? null;
    if (inside !== null) this.notices.readCutShort(message, inside, true);
  }

  // ---- finding replies again

  override nextStart(bytes: Uint8Array, from: number, to: number): number {
    return nextServerStart(bytes, from, to);
  }

  override plausible({ view, pos }: Input, available: number): number {
    // data may be a recording of NBD: headers of replies in a form that was not negotiated are taken for data
    if (available >= 4 && this.agreedMagics?.includes(view.getUint32(pos)) === false) return NO;
    return plausibleServer(view, pos, available);
  }

  override make(input: Input, available: number): NbdMessage {
    const magic = input.view.getUint32(input.pos);
    const { limits } = this.frames.settings;
    if (magic === REP_MAGIC_HI) return this.prepared(new OptionReply(input, limits, this.held));
    if (magic === SIMPLE_REPLY_MAGIC) return this.prepared(this.foundReply(input));
    const extended = magic === EXTENDED_REPLY_MAGIC;
    const length = chunkHeaderLength(input, extended);
    const header = available >= length ? length : extended ? EXTENDED_CHUNK.size : CHUNK.size;
    return this.prepared(new Chunk(input, extended, header, limits));
  }

  private foundReply(input: Input): SimpleReply {
    const message = new SimpleReply(input);
    if (this.form === STRUCTURED || message.error !== 0) return message;
    const length = this.client.readLength(message.cookieHi, message.cookieLo, message.peerSeen);
    if (length > 0) message.length += length;
    message.measured = length >= 0;
    message.hinted = this.form === SIMPLE || length > 0;
    return message;
  }

  override follows(last: NbdMessage, input: Input, distance: number, segment: boolean): number {
    if (!(last instanceof SimpleReply)) return NO;
    const { view, pos } = input;
    const magic = view.getUint32(pos);
    // beside structured replies, a simple reply has no payload
    if (magic === STRUCTURED_REPLY_MAGIC || magic === EXTENDED_REPLY_MAGIC) return distance === 0 ? FITS : NO;
    if (magic !== SIMPLE_REPLY_MAGIC) return NO;
    const asked = this.client.readLength(
      view.getUint32(pos + CHUNK.at.cookie),
      view.getUint32(pos + CHUNK.at.cookie + 4),
      input.originAt(pos).peerSeen,
    );
    return (asked >= 0 ? FITS : 0) + fitsAfter(last, input, distance, segment);
  }

  /** Whether an error reply at the input's position would also be found without knowing the requests. */
  private foundAlone(input: Input): boolean {
    const { previous } = this.frames;
    if (!(previous instanceof SimpleReply) || !previous.hinted) return true;
    const segment = input.originAt(input.pos).packet !== previous.packet;
    return fitsAfter(previous, input, previous.payload, segment) >= FITS;
  }

  protected override longestPayload(): number {
    return this.client.longestRead;
  }

  /** Whether a request with the cookie of the reply at the input's position is in flight. */
  protected isAsked({ view, pos }: Input): boolean {
    return this.client.isAsked(view.getUint32(pos + CHUNK.at.cookie), view.getUint32(pos + CHUNK.at.cookie + 4));
  }

  override openEnded(message: NbdMessage): boolean {
    return this.form !== STRUCTURED && message instanceof SimpleReply && !message.measured;
  }
}

/** How well a simple reply at the input's position fits after `last`, by their bytes and packets alone. */
function fitsAfter(last: SimpleReply, input: Input, distance: number, segment: boolean): number {
  const { view, pos } = input;
  const hi = Math.abs(view.getUint32(pos + CHUNK.at.cookie) - last.cookieHi);
  const lo = Math.abs(view.getUint32(pos + CHUNK.at.cookie + 4) - last.cookieLo);
  const near = hi <= NEAR && lo <= NEAR;
  return (segment ? 2 : 0) + (near ? 2 : 0) + (distance === 0 ? 2 : distance % 512 === 0 ? 1 : 0);
}

export function isReplyMagic(magic: number): boolean {
  return magic === SIMPLE_REPLY_MAGIC || magic === STRUCTURED_REPLY_MAGIC || magic === EXTENDED_REPLY_MAGIC;
}
