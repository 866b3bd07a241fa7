import { CLIENT, type Input } from '../../../base/input.js';
import type { DecoderSettings, Output } from '../../../contract/protocol.js';
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
import { NbdDecoder } from './nbd-decoder.js';
import { EarlyHeader } from './early-header.js';
import {
  CLIENT_LOOKAHEAD,
  NO,
  nextClientStart,
  plausibleClient,
  UNANNOUNCED_LOOKAHEAD,
  unannouncedPayload,
} from './headers.js';
import type { NbdNotices } from '../hints.js';
import { ClientFlags, Option, OPTION_KIND, Request, REQUEST_KIND, type NbdMessage } from '../messages.js';
import { CLIENT_FLAGS, EXTENDED_REQUEST, OPTION, REQUEST } from '../layout.js';

/** What the client sends next. Its own bytes tell when haggling is over: a request's magic follows. */
const FLAGS = 0;
const OPTIONS = 1;
const REQUESTS = 2;
const OVER = 3;

/** Decodes the client's bytes: its flags, options, then requests. Needs nothing from the server. */
export class ClientDecoder extends NbdDecoder<typeof CLIENT> {
  override readonly lookahead = CLIENT_LOOKAHEAD;
  private state = FLAGS;
  private longestWrite = 0;
  private readonly early = new EarlyHeader(isRequest);
  /** NBD_OPT_STARTTLS was sent: TLS may begin at any option from now on, or clear text goes on where it was refused. */
  private tlsDue = false;

  constructor(output: Output, settings: DecoderSettings, notices: NbdNotices) {
    super(CLIENT, output, settings, notices);
    this.need = settings.fromStart ? CLIENT_FLAGS.size : 12;
    this.late = !settings.fromStart;
  }

  /** The first bytes at hand need not be the first that were sent. */
  private late: boolean;

  protected override next(input: Input<typeof CLIENT>): void {
    if (this.late) {
      this.joinLate(input);
      return;
    }
    if (!this.has(input, 4)) return;
    const { view, pos } = input;
    const magic = view.getUint32(pos);
    if (magic === REQUEST_MAGIC) {
      if (!this.has(input, REQUEST.size)) return;
      this.state = REQUESTS;
      this.need = REQUEST.size;
      this.request(new Request(input, false, this.settings.limits), input);
    } else if (magic === EXTENDED_REQUEST_MAGIC) {
      if (!this.has(input, EXTENDED_REQUEST.size)) return;
      // only the bytes behind it tell whether a WRITE without PAYLOAD_LEN has data
      if (unannouncedWrite(input) && !this.closing && !this.has(input, UNANNOUNCED_LOOKAHEAD)) return;
      this.state = REQUESTS;
      this.need = EXTENDED_REQUEST.size;
      const unannounced = unannouncedPayload(view, pos, input.remaining);
      this.request(new Request(input, true, this.settings.limits, unannounced), input);
    } else if ((this.state === FLAGS || this.tlsDue) && view.getUint8(pos) === 0x16 && view.getUint8(pos + 1) === 3) {
      this.tlsDue = false;
      this.startTls(input);
    } else if (this.state === FLAGS) {
      this.state = OPTIONS;
      this.need = OPTION.size;
      this.start(new ClientFlags(input), input);
    } else if (magic === IHAVEOPT_HI) {
      this.option(input);
    } else {
      this.unframed(input);
    }
  }

  private request(message: Request, input: Input<typeof CLIENT>): void {
    // small WRITEs, of which many are at hand at once, would pay a tenth more for it
    if (message.length > input.remaining && message.payload > 0 && message.taker === null) {
      this.early.begin(message.extended ? EXTENDED_REQUEST_MAGIC : REQUEST_MAGIC);
      message.taker = this.early;
    }
    this.start(message, input);
  }

  private option(input: Input<typeof CLIENT>): void {
    if (!this.has(input, OPTION.size)) return;
    if (input.view.getUint32(input.pos + 4) !== IHAVEOPT_LO) {
      this.unframed(input);
      return;
    }
    this.need = OPTION.size;
    this.start(new Option(input, this.settings.limits), input);
  }

  private unframed(input: Input<typeof CLIENT>): void {
    const { previous } = this;
    const inside = previous instanceof Request ? this.early.in(previous, previous.payload) : null;
    this.notices.unframed(CLIENT, input.offset, this.firstBytes(input), previous, inside);
    if (this.state === OVER) this.swallow();
    else this.searchFrom(input, true);
  }

  /** Where the recording began late, the first bytes may still be the very first: flags, then an option. */
  private joinLate(input: Input<typeof CLIENT>): void {
    if (!this.has(input, 12) && !this.closing) return;
    this.late = false;
    const { view, pos } = input;
    const flagsFirst =
      input.remaining >= 12 && view.getUint32(pos + 4) === IHAVEOPT_HI && view.getUint32(pos + 8) === IHAVEOPT_LO;
    if (flagsFirst) this.next(input);
    else this.searchFrom(input);
  }

  protected override get isFirstDue(): boolean {
    return this.state === FLAGS;
  }

  protected override enterTls(): void {
    if (this.state !== FLAGS) this.state = OPTIONS;
    this.need = 4;
  }

  protected override resume(): void {
    this.state = OPTIONS;
    this.need = 4;
  }

  protected override after(message: NbdMessage): void {
    if (message.kind === REQUEST_KIND) {
      const { payload } = message as Request;
      if (payload > this.longestWrite) this.longestWrite = payload;
      if ((message as Request).type !== CMD_DISC) return;
      this.state = OVER;
      this.need = 1;
    } else if (message.kind === OPTION_KIND) {
      // what follows may be an option, a request, or (after STARTTLS) a TLS record: four bytes tell
      this.need = 4;
      this.state = OPTIONS;
      if ((message as Option).option === OPT_STARTTLS) this.tlsDue = true;
    }
  }

  protected override adopt(message: NbdMessage): void {
    this.late = false;
    this.state = message.kind === REQUEST_KIND ? REQUESTS : OPTIONS;
    this.need = message.kind === REQUEST_KIND ? message.headerLength : 4;
  }

  override nextStart(bytes: Uint8Array, from: number, to: number): number {
    return nextClientStart(bytes, from, to);
  }

  override plausible(input: Input, available: number): number {
    return plausibleClient(input.view, input.pos, available);
  }

  override make(input: Input): NbdMessage {
    const magic = input.view.getUint32(input.pos);
    const { limits } = this.settings;
    if (magic === IHAVEOPT_HI) return this.prepared(new Option(input, limits), input);
    const extended = magic === EXTENDED_REQUEST_MAGIC;
    const unannounced = extended && unannouncedPayload(input.view, input.pos, input.remaining);
    return this.prepared(new Request(input, extended, limits, unannounced), input);
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

/** Whether flags and type behind the magic at `bytes[at..]` are those of a request. */
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
