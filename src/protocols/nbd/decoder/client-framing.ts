import type { CLIENT, Input } from '../../../base/input.js';
import { isFinal, TAKEN, type Patience } from '../../../contract/framed-decoder.js';
import {
  CMD_DISC,
  CMD_FLAG_PAYLOAD_LEN,
  CMD_RESIZE,
  CMD_WRITE,
  EXTENDED_REQUEST_MAGIC,
  IHAVEOPT_HI,
  IHAVEOPT_LO,
  OPT_STARTTLS,
  REQUEST_MAGIC,
} from '../constants.js';
import { EarlyHeader } from './early-header.js';
import {
  CLIENT_LOOKAHEAD,
  NO,
  nextClientStart,
  plausibleClient,
  UNANNOUNCED_LOOKAHEAD,
  unannouncedPayload,
} from './headers.js';
import {
  CLIENT_FLAGS_KIND,
  ClientFlags,
  Option,
  OPTION_KIND,
  Request,
  REQUEST_KIND,
  type NbdMessage,
} from '../messages.js';
import { EXTENDED_REQUEST, OPTION, REQUEST } from '../layout.js';
import { NbdFraming } from './nbd-framing.js';

/**
 * What the client sends next. The end of haggling shows in its own bytes: the next magic is that of a request. OVER: nothing, after
 * NBD_CMD_DISC.
 */
const FLAGS = 0;
const OPTIONS = 1;
const REQUESTS = 2;
const OVER = 3;

/** Bytes that identify a client's flags and first option: the flags, and the option's magic. */
const FLAGS_AND_MAGIC = 12;

/** Frames the client's bytes: its flags, options, then requests. Needs nothing from the server. */
export class ClientFraming extends NbdFraming<typeof CLIENT> {
  private state = FLAGS;
  private longestWrite = 0;
  /** Created for the first data that do not come in one chunk. */
  private early: EarlyHeader | null = null;
  /** NBD_OPT_STARTTLS was sent: a TLS record may come where a message is due. If the server refuses, messages in clear go on instead. */
  private tlsDue = false;
  /** The first bytes of this direction may be missing, and the first captured ones have not been judged yet. */
  private late = false;

  override get lookahead(): number {
    return CLIENT_LOOKAHEAD;
  }

  override begin(): void {
    this.late = !this.frames.settings.fromStart;
  }

  protected override messageAt(input: Input<typeof CLIENT>, patience: Patience): number {
    if (this.late) return this.joinLate(input, patience);
    if (input.remaining < 4) return 4;
    const { view, pos } = input;
    const magic = view.getUint32(pos);
    if (magic === REQUEST_MAGIC) {
      if (input.remaining < REQUEST.size) return REQUEST.size;
      return this.request(new Request(input, false, this.frames.settings.limits), input);
    }
    if (magic === EXTENDED_REQUEST_MAGIC) {
      if (input.remaining < EXTENDED_REQUEST.size) return EXTENDED_REQUEST.size;
      // only the bytes after it tell whether a WRITE without PAYLOAD_LEN has data
      if (input.remaining < UNANNOUNCED_LOOKAHEAD && !isFinal(patience) && unannouncedWrite(input))
        return UNANNOUNCED_LOOKAHEAD;
      const unannounced = unannouncedPayload(view, pos, input.remaining);
      return this.request(new Request(input, true, this.frames.settings.limits, unannounced), input);
    }
    if ((this.state === FLAGS || this.tlsDue) && view.getUint8(pos) === 0x16 && view.getUint8(pos + 1) === 3) {
      this.tlsDue = false;
      return this.startTls(input);
    }
    if (this.state === FLAGS) {
      this.state = OPTIONS;
      return this.take(new ClientFlags(input), input);
    }
    return magic === IHAVEOPT_HI ? this.option(input, patience) : this.unframed(input, patience);
  }

  private request(message: Request, input: Input<typeof CLIENT>): number {
    this.state = REQUESTS;
    // only if not all of the data are here: small WRITEs, of which one chunk holds many, would take a tenth more time
    if (message.length > input.remaining && message.payload > 0 && message.taker === null) {
      this.early ??= new EarlyHeader(isRequest);
      this.early.begin(message.extended ? EXTENDED_REQUEST_MAGIC : REQUEST_MAGIC);
      message.taker = this.early;
    }
    return this.take(message, input);
  }

  private option(input: Input<typeof CLIENT>, patience: Patience): number {
    if (input.remaining < OPTION.size) return OPTION.size;
    if (input.view.getUint32(input.pos + 4) !== IHAVEOPT_LO) return this.unframed(input, patience);
    return this.take(new Option(input, this.frames.settings.limits, this.held), input);
  }

  private unframed(input: Input<typeof CLIENT>, patience: Patience): number {
    const due = this.headerDue();
    if (input.remaining < due && !isFinal(patience)) return due;
    const { previous } = this.frames;
    const inside = (previous instanceof Request ? this.early?.in(previous, previous.payload, input) : null) ?? null;
    this.tellUnframed(input, previous, inside);
    if (this.state !== OVER) return this.loseHere(input, patience, true);
    this.frames.swallow('undecoded');
    return TAKEN;
  }

  /** Bytes that must be there before they are judged to be no header. After an option four bytes are enough, as anything may follow it. */
  private headerDue(): number {
    const { previous } = this.frames;
    if (previous === null || this.state === OVER) return 4;
    if (previous.kind === CLIENT_FLAGS_KIND) return OPTION.size;
    return previous.kind === REQUEST_KIND ? previous.headerLength : 4;
  }

  /** Judges the first captured bytes if earlier ones may be missing: they are the first ones if they are flags and an option. */
  private joinLate(input: Input<typeof CLIENT>, patience: Patience): number {
    if (input.remaining < FLAGS_AND_MAGIC && !isFinal(patience)) return FLAGS_AND_MAGIC;
    this.late = false;
    const { view, pos } = input;
    const flagsFirst =
      input.remaining >= FLAGS_AND_MAGIC &&
      view.getUint32(pos + 4) === IHAVEOPT_HI &&
      view.getUint32(pos + 8) === IHAVEOPT_LO;
    if (flagsFirst) return this.messageAt(input, patience);
    return this.loseHere(input, patience, false);
  }

  protected override get isFirstDue(): boolean {
    return this.state === FLAGS;
  }

  protected override enterTls(): void {
    if (this.state !== FLAGS) this.state = OPTIONS;
  }

  protected override resume(): void {
    this.state = OPTIONS;
  }

  override after(message: NbdMessage): void {
    if (message.kind === REQUEST_KIND) {
      const { payload } = message as Request;
      if (payload > this.longestWrite) this.longestWrite = payload;
      if ((message as Request).type !== CMD_DISC) return;
      this.state = OVER;
    } else if (message.kind === OPTION_KIND) {
      this.state = OPTIONS;
      if ((message as Option).option === OPT_STARTTLS) this.tlsDue = true;
    }
  }

  protected override adopt(message: NbdMessage): void {
    this.late = false;
    this.state = message.kind === REQUEST_KIND ? REQUESTS : OPTIONS;
  }

  override nextStart(bytes: Uint8Array, from: number, to: number): number {
    return nextClientStart(bytes, from, to);
  }

  override plausible(input: Input, available: number): number {
    return plausibleClient(input.view, input.pos, available);
  }

  override make(input: Input): NbdMessage {
    const magic = input.view.getUint32(input.pos);
    const { limits } = this.frames.settings;
    if (magic === IHAVEOPT_HI) return this.prepared(new Option(input, limits, this.held));
    const extended = magic === EXTENDED_REQUEST_MAGIC;
    const unannounced = extended && unannouncedPayload(input.view, input.pos, input.remaining);
    return this.prepared(new Request(input, extended, limits, unannounced));
  }

  override follows(): number {
    return NO;
  }

  protected override longestPayload(): number {
    return this.longestWrite;
  }

  override proves(input: Input): boolean {
    return this.state === OPTIONS && input.view.getUint32(input.pos) === IHAVEOPT_HI;
  }

  override openEnded(): boolean {
    return false;
  }
}

/** Whether the flags and the type after the magic at `bytes[at..]` are those of a request. */
function isRequest(bytes: Uint8Array, at: number): boolean {
  const flags = bytes[at + 4]! * 256 + bytes[at + 5]!;
  const type = bytes[at + 6]! * 256 + bytes[at + 7]!;
  return flags < 2 * CMD_FLAG_PAYLOAD_LEN && type <= CMD_RESIZE;
}

/** Whether the extended request at the input's position is a WRITE without PAYLOAD_LEN, but with a length. */
function unannouncedWrite({ view, pos }: Input): boolean {
  const { at } = EXTENDED_REQUEST;
  if (view.getUint16(pos + at.type) !== CMD_WRITE || (view.getUint16(pos + at.flags) & CMD_FLAG_PAYLOAD_LEN) !== 0)
    return false;
  return view.getUint32(pos + at.length) !== 0 || view.getUint32(pos + at.length + 4) !== 0;
}
