import type { Input, SERVER } from '../../../base/input.js';
import { isFinal, TAKEN, WAIT, type Patience } from '../../../contract/framed-decoder.js';
import { isTlsRecord, RECORD_HEADER } from '../../../tls/constants.js';
import {
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
  REP_META_CONTEXT,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
  TFLAG_HAS_FLAGS,
} from '../constants.js';
import { NOT_ASKED, NOT_YET } from '../told.js';
import { EXPORT_INFO, GREETING, OLDSTYLE_TAIL, SIMPLE_REPLY } from '../layout.js';
import { Chunk, ExportInfo, Greeting, OPTION_REPLY_KIND, OptionReply, type NbdMessage } from '../messages.js';
import { isReplyMagic, ReplyFraming, SIMPLE, STRUCTURED, UNSETTLED } from './reply-framing.js';

/**
 * The reply magics that each negotiated form allows. Beside structured replies, simple ones are still used for commands other than READ.
 */
const OF_SIMPLE = [SIMPLE_REPLY_MAGIC];
const OF_STRUCTURED = [SIMPLE_REPLY_MAGIC, STRUCTURED_REPLY_MAGIC];
const OF_EXTENDED = [EXTENDED_REPLY_MAGIC];

const GREET = 0;
const TAIL = 1;
const HAGGLE = 2;
const TRANSMIT = 3;

/** Bytes of the tail of oldstyle's greeting, with its padding. */
const OLDSTYLE_REST = OLDSTYLE_TAIL.size + EXPORT_PADDING_LENGTH;

/**
 * Frames the server's bytes: its greeting, replies to options, then replies to requests. Whether the answer to NBD_OPT_EXPORT_NAME is
 * padded is known only from the client's flags: they are read from ClientTold, and the message is marked as hinted.
 */
export class ServerFraming extends ReplyFraming {
  private state = GREET;
  private handshakeFlags = 0;
  /** The greeting was captured, so that the haggling after it shows the form of the replies. */
  private greeted = false;
  /** No bytes of the haggling were lost. */
  private heardAll = true;
  private extended = false;

  protected override messageAt(input: Input<typeof SERVER>, patience: Patience): number {
    if (this.state === TRANSMIT) return this.reply(input, patience);
    if (this.state === HAGGLE) return this.haggle(input, patience);
    return this.state === GREET ? this.greet(input, patience) : this.oldstyleTail(input);
  }

  private greet(input: Input<typeof SERVER>, patience: Patience): number {
    const { view, pos, remaining } = input;
    const { fromStart } = this.frames.settings;
    // a TLS record is recognised by its header, which is shorter than a greeting
    if (remaining < RECORD_HEADER && !isFinal(patience)) return RECORD_HEADER;
    if (fromStart && remaining >= RECORD_HEADER && isTlsRecord(input.bytes, pos)) return this.startTls(input);
    const bothMagics = GREETING.at.flags;
    const enough = remaining >= bothMagics;
    if (!enough && (!isFinal(patience) || (remaining >= 4 && view.getUint32(pos) === NBDMAGIC_HI))) return bothMagics;
    const magic = enough && view.getUint32(pos) === NBDMAGIC_HI && view.getUint32(pos + 4) === NBDMAGIC_LO;
    const hi = enough ? view.getUint32(pos + GREETING.at.style) : 0;
    const lo = enough ? view.getUint32(pos + GREETING.at.style + 4) : 0;
    if (magic && hi === IHAVEOPT_HI && lo === IHAVEOPT_LO) {
      if (remaining < GREETING.size) return GREETING.size;
      const greeting = new Greeting(input, false);
      this.handshakeFlags = greeting.flags;
      this.state = HAGGLE;
      this.greeted = true;
      return this.take(greeting, input);
    }
    if (magic && hi === OLDSTYLE_HI && lo === OLDSTYLE_LO) {
      this.state = TAIL;
      this.greeted = true;
      return this.take(new Greeting(input, true), input);
    }
    if (fromStart) return remaining < 4 ? 4 : this.unframed(input, patience);
    return this.loseHere(input, patience, false);
  }

  private oldstyleTail(input: Input<typeof SERVER>): number {
    if (input.remaining < OLDSTYLE_REST) return OLDSTYLE_REST;
    this.state = TRANSMIT;
    this.form = SIMPLE;
    return this.take(new ExportInfo(input, true, EXPORT_PADDING_LENGTH), input);
  }

  private haggle(input: Input<typeof SERVER>, patience: Patience): number {
    if (input.remaining < 4) return 4;
    if (this.isOptionReply(input)) return this.optionReply(input);
    if (!isReplyMagic(input.view.getUint32(input.pos))) return this.exportInfo(input, patience);
    this.transmit();
    return this.reply(input, patience);
  }

  /** The bytes are no option reply: takes them as the answer to NBD_OPT_EXPORT_NAME, if they can be that. */
  private exportInfo(input: Input<typeof SERVER>, patience: Patience): number {
    if (input.remaining < EXPORT_INFO.size) return EXPORT_INFO.size;
    const { previous } = this.frames;
    // in the middle of an answer another option reply is due: an earlier length was wrong
    if (previous instanceof OptionReply && previous.type > REP_ACK && previous.type <= REP_META_CONTEXT)
      return this.unframed(input, patience);
    const { view, pos } = input;
    const flags = view.getUint16(pos + EXPORT_INFO.at.flags);
    const plausible = (flags & TFLAG_HAS_FLAGS) !== 0 || flags === 0;
    // a server that did not offer to leave the padding out has to send it, whatever the client's flags are
    let expected = EXPORT_PADDING_LENGTH;
    let hinted = false;
    if (!plausible || (this.handshakeFlags & FLAG_NO_ZEROES) !== 0) {
      expected = this.client.exportPadding(this.handshakeFlags, input.originAt(pos).peerSeen);
      if (expected === NOT_YET && patience === 'patient') return WAIT;
      if (expected === NOT_ASKED || (expected < 0 && !plausible)) return this.unframed(input, patience);
      hinted = expected >= 0;
    }
    const padding = paddingByBytes(input, expected, isFinal(patience));
    if (padding < 0) return -padding;
    if (input.remaining < EXPORT_INFO.size + padding) return EXPORT_INFO.size + padding;
    const info = new ExportInfo(input, false, padding);
    this.transmit();
    this.take(info, input, hinted);
    if (expected > 0 && padding === 0) this.notices.unpadded(info);
    return TAKEN;
  }

  private transmit(): void {
    this.state = TRANSMIT;
    if (!this.greeted) return;
    if (this.form === UNSETTLED) this.form = SIMPLE;
    if (this.heardAll)
      this.agreedMagics = this.extended ? OF_EXTENDED : this.form === SIMPLE ? OF_SIMPLE : OF_STRUCTURED;
  }

  protected override lose(offset: number, near = false): void {
    if (this.state !== TRANSMIT) this.heardAll = false;
    super.lose(offset, near);
  }

  protected override headerDue(): number {
    return this.state === TRANSMIT ? SIMPLE_REPLY.size : EXPORT_INFO.size;
  }

  protected override get isFirstDue(): boolean {
    return this.state === GREET;
  }

  protected override enterTls(): void {
    // the state stays the same: after the greeting haggling goes on inside TLS, otherwise the greeting comes inside
  }

  protected override resume(): void {
    this.state = HAGGLE;
  }

  override after(message: NbdMessage): void {
    if (message.kind !== OPTION_REPLY_KIND || (message as OptionReply).type !== REP_ACK) return;
    switch ((message as OptionReply).option) {
      case OPT_STRUCTURED_REPLY:
        this.form = STRUCTURED;
        break;
      case OPT_EXTENDED_HEADERS:
        this.form = STRUCTURED;
        this.extended = true;
        break;
      case OPT_STARTTLS:
        this.form = UNSETTLED;
        this.extended = false;
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
      return;
    }
    this.state = TRANSMIT;
    if (message instanceof Chunk) this.form = STRUCTURED;
  }

  override proves(input: Input): boolean {
    if (input.view.getUint32(input.pos) === REP_MAGIC_HI) return this.state === HAGGLE;
    return this.state === TRANSMIT && this.isAsked(input);
  }
}

/**
 * Bytes of padding in the answer to NBD_OPT_EXPORT_NAME at the input's position, judged by what follows: no reply to a request begins with
 * a zero byte. `expected`: the padding by the flags of both sides, or negative. A negative result is minus the number of bytes that are
 * needed.
 */
function paddingByBytes(input: Input, expected: number, final: boolean): number {
  const at = EXPORT_INFO.size;
  if (expected === 0) return 0;
  if (expected < 0) {
    if (input.remaining > at) return input.bytes[input.pos + at] === 0 ? EXPORT_PADDING_LENGTH : 0;
    // no more bytes will come: what was captured is the form without padding
    return final ? 0 : -(at + 1);
  }
  if (input.remaining < at + 4) return -(at + 4);
  return isReplyMagic(input.view.getUint32(input.pos + at)) ? 0 : expected;
}
