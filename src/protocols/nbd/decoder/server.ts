import { SERVER, type Input } from '../../../base/input.js';
import type { DecoderSettings, Output } from '../../../contract/protocol.js';
import {
  CHUNK_OFFSET_DATA,
  EXPORT_PADDING_LENGTH,
  EXTENDED_REPLY_MAGIC,
  FLAG_NO_ZEROES,
  IHAVEOPT_HI,
  IHAVEOPT_LO,
  NBDMAGIC_HI,
  NBDMAGIC_LO,
  OLDSTYLE_HI,
  OLDSTYLE_LO,
  OPT_EXTENDED_HEADERS,
  OPT_GO,
  OPT_STARTTLS,
  OPT_STRUCTURED_REPLY,
  REP_ACK,
  REP_MAGIC_HI,
  REP_MAGIC_LO,
  REP_META_CONTEXT,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
  TFLAG_HAS_FLAGS,
} from '../constants.js';
import { FITS } from './chain-search.js';
import { NbdDecoder } from './nbd-decoder.js';
import { EarlyHeader } from './early-header.js';
import { NO, nextServerStart, plausibleServer, SERVER_LOOKAHEAD } from './headers.js';
import { NOT_ASKED, NOT_YET, UNKNOWN, type NbdHints, type NbdNotices } from '../hints.js';
import {
  Chunk,
  chunkHeaderLength,
  ExportInfo,
  Greeting,
  OPTION_REPLY_KIND,
  OptionReply,
  SimpleReply,
  type NbdMessage,
} from '../messages.js';
import { isTlsRecord, RECORD_HEADER } from '../../../tls/constants.js';
import { CHUNK, EXPORT_INFO, EXTENDED_CHUNK, GREETING, OLDSTYLE_TAIL, OPTION_REPLY, SIMPLE_REPLY } from '../layout.js';

const GREET = 0;
const TAIL = 1;
const HAGGLE = 2;
const TRANSMIT = 3;

/** The tail of oldstyle's greeting, with its padding. */
const OLDSTYLE_REST = OLDSTYLE_TAIL.size + EXPORT_PADDING_LENGTH;

/** Form of the replies: what the handshake settled, or what the bytes have shown so far where it was not captured. */
const UNSETTLED = 0;
const SIMPLE = 1;
const STRUCTURED = 2;

/** Cookies that differ by no more than this in either half count as neighbours. */
const NEAR = 1024;

/**
 * Decodes the server's bytes. Two things cannot be framed without the client: the payload of a simple reply to a READ, and whether
 * the answer to NBD_OPT_EXPORT_NAME is padded. For these it asks the hints, and says so in the message; without an answer it goes
 * by the next header that fits.
 */
export class ServerDecoder extends NbdDecoder<typeof SERVER> {
  override readonly lookahead = SERVER_LOOKAHEAD;
  private readonly hints: NbdHints;
  private state = GREET;
  private form = UNSETTLED;
  private handshakeFlags = 0;
  /** The greeting was seen, so that the form of the replies is known from its haggling. */
  private greeted = false;
  private readonly early = new EarlyHeader((_, __, hi, lo) => this.hints.isAsked(hi, lo));

  constructor(output: Output, settings: DecoderSettings, notices: NbdNotices, hints: NbdHints) {
    super(SERVER, output, settings, notices);
    this.hints = hints;
    this.need = RECORD_HEADER;
  }

  protected override next(input: Input<typeof SERVER>, patient: boolean): void {
    if (this.state === TRANSMIT) this.reply(input, patient);
    else if (this.state === HAGGLE) this.haggle(input, patient);
    else if (this.state === GREET) this.greet(input);
    else this.oldstyleTail(input);
  }

  private greet(input: Input<typeof SERVER>): void {
    const { view, pos } = input;
    if (this.settings.fromStart && input.remaining >= RECORD_HEADER && isTlsRecord(input.bytes, pos)) {
      this.startTls(input);
      return;
    }
    const enough = this.has(input, GREETING.at.flags);
    if (!enough && (!this.closing || (input.remaining >= 4 && view.getUint32(pos) === NBDMAGIC_HI))) return;
    const magic = enough && view.getUint32(pos) === NBDMAGIC_HI && view.getUint32(pos + 4) === NBDMAGIC_LO;
    const hi = enough ? view.getUint32(pos + GREETING.at.style) : 0;
    const lo = enough ? view.getUint32(pos + GREETING.at.style + 4) : 0;
    if (magic && hi === IHAVEOPT_HI && lo === IHAVEOPT_LO) {
      if (!this.has(input, GREETING.size)) return;
      const greeting = new Greeting(input, false);
      this.handshakeFlags = greeting.flags;
      this.state = HAGGLE;
      this.need = EXPORT_INFO.size;
      this.greeted = true;
      this.start(greeting, input);
    } else if (magic && hi === OLDSTYLE_HI && lo === OLDSTYLE_LO) {
      this.state = TAIL;
      this.need = OLDSTYLE_REST;
      this.greeted = true;
      this.start(new Greeting(input, true), input);
    } else if (!this.settings.fromStart) {
      this.searchFrom(input);
    } else if (input.remaining >= 4) {
      this.unframed(input);
    }
  }

  private oldstyleTail(input: Input<typeof SERVER>): void {
    if (!this.has(input, OLDSTYLE_REST)) return;
    this.state = TRANSMIT;
    this.form = SIMPLE;
    this.need = SIMPLE_REPLY.size;
    this.start(new ExportInfo(input, true, EXPORT_PADDING_LENGTH), input);
  }

  private haggle(input: Input<typeof SERVER>, patient: boolean): void {
    if (!this.has(input, 4)) return;
    const { view, pos } = input;
    const first = view.getUint32(pos);
    if (first === REP_MAGIC_HI && (input.remaining < 8 || view.getUint32(pos + 4) === REP_MAGIC_LO)) {
      if (!this.has(input, OPTION_REPLY.size)) return;
      this.need = EXPORT_INFO.size;
      this.start(new OptionReply(input, this.settings.limits), input);
    } else if (first === SIMPLE_REPLY_MAGIC || first === STRUCTURED_REPLY_MAGIC || first === EXTENDED_REPLY_MAGIC) {
      this.transmit();
      this.reply(input, patient);
    } else {
      this.exportInfo(input, patient);
    }
  }

  /** Not an option reply: the answer to NBD_OPT_EXPORT_NAME, or nothing that belongs here. */
  private exportInfo(input: Input<typeof SERVER>, patient: boolean): void {
    if (!this.has(input, EXPORT_INFO.size)) return;
    const { previous } = this;
    // in the middle of an answer another reply is due: a length in front was wrong
    if (previous instanceof OptionReply && previous.type > REP_ACK && previous.type <= REP_META_CONTEXT) {
      this.unframed(input);
      return;
    }
    const { view, pos } = input;
    const flags = view.getUint16(pos + EXPORT_INFO.at.flags);
    const plausible = (flags & TFLAG_HAS_FLAGS) !== 0 || flags === 0;
    // a server that never offered to leave the padding out has to send it, whatever the client said
    let expected = EXPORT_PADDING_LENGTH;
    let hinted = false;
    if (!plausible || (this.handshakeFlags & FLAG_NO_ZEROES) !== 0) {
      expected = this.hints.exportPadding(input.originAt(pos).peerSeen);
      if (expected === NOT_YET && patient) {
        this.waiting = true;
        return;
      }
      if (expected === NOT_ASKED || (expected < 0 && !plausible)) {
        this.unframed(input);
        return;
      }
      hinted = expected >= 0;
    }
    const padding = this.paddingByBytes(input, expected);
    if (padding < 0 || !this.has(input, EXPORT_INFO.size + padding)) return;
    const info = new ExportInfo(input, false, padding);
    info.hinted = hinted;
    this.transmit();
    this.start(info, input);
    if (expected > 0 && padding === 0) this.notices.unpadded(info);
  }

  /** Padding that follows, judged by its first bytes: no reply begins with a zero byte. UNKNOWN: more bytes are needed. */
  private paddingByBytes(input: Input<typeof SERVER>, expected: number): number {
    const at = EXPORT_INFO.size;
    if (expected === 0) return 0;
    if (expected < 0) {
      if (this.has(input, at + 1)) return input.bytes[input.pos + at] === 0 ? EXPORT_PADDING_LENGTH : 0;
      // where the bytes end here, nothing tells: the short form is what was captured
      return this.closing ? 0 : UNKNOWN;
    }
    if (!this.has(input, at + 4)) return UNKNOWN;
    return isReplyMagic(input.view.getUint32(input.pos + at)) ? 0 : expected;
  }

  private reply(input: Input<typeof SERVER>, patient: boolean): void {
    if (!this.has(input, 4)) return;
    const { view, pos } = input;
    const magic = view.getUint32(pos);
    if (magic === SIMPLE_REPLY_MAGIC) {
      if (!this.has(input, SIMPLE_REPLY.size)) return;
      this.simpleReply(input, patient);
    } else if (magic === STRUCTURED_REPLY_MAGIC) {
      this.chunk(input, false, CHUNK.size);
    } else if (magic === EXTENDED_REPLY_MAGIC) {
      this.chunk(input, true, EXTENDED_CHUNK.size);
    } else if (magic === REP_MAGIC_HI && (input.remaining < 8 || view.getUint32(pos + 4) === REP_MAGIC_LO)) {
      if (!this.has(input, OPTION_REPLY.size)) return;
      this.need = SIMPLE_REPLY.size;
      this.start(new OptionReply(input, this.settings.limits), input);
    } else {
      this.noReply(input);
    }
  }

  private chunk(input: Input<typeof SERVER>, extended: boolean, header: number): void {
    if (!this.has(input, header)) return;
    let length = chunkHeaderLength(input, extended);
    if (input.remaining < length) {
      if (!this.closing) {
        this.need = length;
        return;
      }
      length = header;
    }
    if (this.form !== STRUCTURED) this.form = STRUCTURED;
    this.need = SIMPLE_REPLY.size;
    const message = new Chunk(input, extended, length, this.settings.limits);
    // small chunks, of which many are at hand at once, would pay a tenth more for it
    if (message.length > input.remaining && message.dataLength > 0 && message.type === CHUNK_OFFSET_DATA) {
      this.early.begin(extended ? EXTENDED_REPLY_MAGIC : STRUCTURED_REPLY_MAGIC);
      message.taker = this.early;
    }
    this.start(message, input);
  }

  private simpleReply(input: Input<typeof SERVER>, patient: boolean): void {
    const { view, pos } = input;
    let payload = 0;
    if (this.form !== STRUCTURED && view.getUint32(pos + SIMPLE_REPLY.at.error) === 0) {
      const hi = view.getUint32(pos + SIMPLE_REPLY.at.cookie);
      const lo = view.getUint32(pos + SIMPLE_REPLY.at.cookie + 4);
      payload = this.hints.readLength(hi, lo, input.originAt(pos).peerSeen);
      if (payload === NOT_YET && patient) {
        this.waiting = true;
        return;
      }
      if (payload >= 0) {
        const chosen = this.chooseLength(input, payload, this.hints.otherLengths(hi, lo));
        if (chosen < 0) return;
        payload = chosen;
      }
    }
    const message = new SimpleReply(input);
    if (payload > 0) {
      message.length += payload;
      this.early.begin(SIMPLE_REPLY_MAGIC);
      message.taker = this.early;
    }
    message.hinted = this.form !== STRUCTURED && (message.error === 0 || !this.foundAlone(input));
    this.need = SIMPLE_REPLY.size;
    if (payload < 0) this.openReply(message, input);
    else this.start(message, input);
  }

  /** Among the lengths that requests with one cookie ask for: the first that a reply follows. */
  private chooseLength(input: Input<typeof SERVER>, first: number, others: readonly number[]): number {
    if (others.length === 0) return first;
    for (const length of [first, ...others]) {
      const at = SIMPLE_REPLY.size + length;
      if (at + 4 > this.settings.limits.messageBytes) continue;
      if (input.remaining < at) {
        if (this.closing) continue;
        this.need = at;
        return UNKNOWN;
      }
      if (input.remaining === at) return length;
      if (input.remaining < at + 4) {
        if (this.closing) continue;
        this.need = at + 4;
        return UNKNOWN;
      }
      if (isReplyMagic(input.view.getUint32(input.pos + at))) return length;
    }
    return first;
  }

  /** No reply is where one should be. */
  private noReply(input: Input<typeof SERVER>): void {
    const { previous } = this;
    const { bytes, view, pos, end } = input;
    const zeroes = (previous instanceof OptionReply || previous instanceof ExportInfo) && bytes[pos] === 0;
    if (zeroes && (input.remaining >= EXPORT_PADDING_LENGTH || this.closing)) {
      let n = 0;
      while (n < EXPORT_PADDING_LENGTH && pos + n < end && bytes[pos + n] === 0) n++;
      this.notices.zeroes(input.offset, n, previous);
      this.output.skip(SERVER, input.offset, n, 'undecoded');
      input.pos += n;
      this.need = SIMPLE_REPLY.size;
      return;
    }
    if (zeroes) {
      this.need = EXPORT_PADDING_LENGTH;
      return;
    }
    if (previous instanceof SimpleReply && previous.error === 0 && this.form !== STRUCTURED) {
      const inside = this.early.in(previous, previous.payload);
      if (inside !== null) {
        this.notices.readCutShort(previous, inside, false);
        this.searchFrom(input, true);
        return;
      }
      const length = this.hints.answeredLength(previous);
      if (length > 0 && length + 4 <= this.settings.limits.messageBytes) {
        if (!this.has(input, length + 4) && !(this.closing && input.remaining >= length)) {
          if (!this.closing) return;
        } else if (input.remaining < length + 4 || isReplyMagic(view.getUint32(pos + length))) {
          this.notices.payloadWithoutRead(previous, length);
          this.previous = null;
          this.need = SIMPLE_REPLY.size;
          this.body = length;
          return;
        }
      }
    }
    if (previous instanceof SimpleReply && previous.error !== 0 && this.form !== STRUCTURED) {
      const length = this.hints.failedRead(previous);
      if (length > 0) {
        this.notices.payloadAfterError(previous, length);
        this.previous = null;
        this.body = length;
        return;
      }
    }
    this.unframed(input);
  }

  private unframed(input: Input<typeof SERVER>): void {
    const { previous } = this;
    const inside = previous instanceof Chunk ? this.early.in(previous, previous.dataLength) : null;
    this.notices.unframed(SERVER, input.offset, this.firstBytes(input), previous, inside);
    this.searchFrom(input, true);
  }

  /** A simple reply whose payload nobody can tell: it ends where the next header fits. */
  private openReply(message: SimpleReply, input: Input<typeof SERVER>): void {
    message.inferred = true;
    message.measured = false;
    this.loseAfter(this.prepared(message, input), input);
  }

  private transmit(): void {
    this.state = TRANSMIT;
    if (this.form === UNSETTLED && this.greeted) this.form = SIMPLE;
    this.need = SIMPLE_REPLY.size;
  }

  protected override get isFirstDue(): boolean {
    return this.state === GREET;
  }

  protected override enterTls(): void {
    this.need = this.state === GREET ? GREETING.at.flags : EXPORT_INFO.size;
  }

  protected override cutOff(message: NbdMessage): void {
    const inside = message instanceof SimpleReply ? this.early.in(message, message.payload) : null;
    if (inside !== null) this.notices.readCutShort(message, inside, true);
  }

  protected override resume(): void {
    this.state = HAGGLE;
    this.need = EXPORT_INFO.size;
  }

  protected override after(message: NbdMessage): void {
    if (message.kind !== OPTION_REPLY_KIND || (message as OptionReply).type !== REP_ACK) return;
    switch ((message as OptionReply).option) {
      case OPT_STRUCTURED_REPLY:
      case OPT_EXTENDED_HEADERS:
        this.form = STRUCTURED;
        break;
      case OPT_STARTTLS:
        this.form = UNSETTLED;
        this.need = RECORD_HEADER;
        this.tlsExpected = true;
        break;
      case OPT_GO:
        this.transmit();
        break;
    }
  }

  protected override adopt(message: NbdMessage): void {
    if (message.kind === OPTION_REPLY_KIND) {
      if (this.state === GREET) this.state = HAGGLE;
      this.need = this.state === HAGGLE ? EXPORT_INFO.size : SIMPLE_REPLY.size;
      return;
    }
    this.state = TRANSMIT;
    this.need = SIMPLE_REPLY.size;
    if (message instanceof Chunk) this.form = STRUCTURED;
  }

  override nextStart(bytes: Uint8Array, from: number, to: number): number {
    return nextServerStart(bytes, from, to);
  }

  override plausible(input: Input, available: number): number {
    return plausibleServer(input.view, input.pos, available);
  }

  override make(input: Input, available: number): NbdMessage {
    const magic = input.view.getUint32(input.pos);
    if (magic === REP_MAGIC_HI) return this.prepared(new OptionReply(input, this.settings.limits), input);
    if (magic === SIMPLE_REPLY_MAGIC) return this.prepared(this.foundReply(input), input);
    const extended = magic === EXTENDED_REPLY_MAGIC;
    const length = chunkHeaderLength(input, extended);
    const header = available >= length ? length : extended ? EXTENDED_CHUNK.size : CHUNK.size;
    return this.prepared(new Chunk(input, extended, header, this.settings.limits), input);
  }

  private foundReply(input: Input): SimpleReply {
    const message = new SimpleReply(input);
    if (this.form === STRUCTURED || message.error !== 0) return message;
    const length = this.hints.readLength(message.cookieHi, message.cookieLo, message.peerSeen);
    if (length > 0) message.length += length;
    message.measured = length >= 0;
    message.hinted = this.form === SIMPLE || length > 0;
    return message;
  }

  override follows(last: NbdMessage, input: Input, distance: number, segment: boolean): number {
    if (!(last instanceof SimpleReply)) return NO;
    const { view, pos } = input;
    const magic = view.getUint32(pos);
    // among structured replies a simple one has no payload
    if (magic === STRUCTURED_REPLY_MAGIC || magic === EXTENDED_REPLY_MAGIC) return distance === 0 ? FITS : NO;
    if (magic !== SIMPLE_REPLY_MAGIC) return NO;
    const asked = this.hints.readLength(
      view.getUint32(pos + CHUNK.at.cookie),
      view.getUint32(pos + CHUNK.at.cookie + 4),
      input.originAt(pos).peerSeen,
    );
    return (asked >= 0 ? FITS : 0) + fitsAfter(last, input, distance, segment);
  }

  /** Whether an error reply at the input's position would be found without the requests, too. */
  private foundAlone(input: Input): boolean {
    const { previous } = this;
    if (!(previous instanceof SimpleReply) || !previous.hinted) return true;
    const segment = input.originAt(input.pos).packet !== previous.packet;
    return fitsAfter(previous, input, previous.payload, segment) >= FITS;
  }

  protected override longestPayload(): number {
    return this.hints.longestRead();
  }

  override proves(input: Input): boolean {
    const { view, pos } = input;
    const magic = view.getUint32(pos);
    if (magic === REP_MAGIC_HI) return this.state === HAGGLE;
    return this.state === TRANSMIT && this.isAsked(view, pos);
  }

  /** Whether a request with the cookie of the reply at `pos` is in flight. */
  private isAsked(view: DataView, pos: number): boolean {
    return this.hints.isAsked(view.getUint32(pos + CHUNK.at.cookie), view.getUint32(pos + CHUNK.at.cookie + 4));
  }

  override openEnded(message: NbdMessage): boolean {
    return this.form !== STRUCTURED && message instanceof SimpleReply && !message.measured;
  }
}

/** How well a simple reply at the input's position fits behind another one, by their bytes and packets alone. */
function fitsAfter(last: SimpleReply, input: Input, distance: number, segment: boolean): number {
  const { view, pos } = input;
  const hi = Math.abs(view.getUint32(pos + CHUNK.at.cookie) - last.cookieHi);
  const lo = Math.abs(view.getUint32(pos + CHUNK.at.cookie + 4) - last.cookieLo);
  const near = hi <= NEAR && lo <= NEAR;
  return (segment ? 2 : 0) + (near ? 2 : 0) + (distance === 0 ? 2 : distance % 512 === 0 ? 1 : 0);
}

function isReplyMagic(magic: number): boolean {
  return magic === SIMPLE_REPLY_MAGIC || magic === STRUCTURED_REPLY_MAGIC || magic === EXTENDED_REPLY_MAGIC;
}
