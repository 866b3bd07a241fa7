import { CLIENT, SERVER, type Input, type Side } from '../../base/input.js';
import type { Limits } from '../../base/limits.js';
import type { Share } from '../../base/share.js';
import { Message } from '../../contract/message.js';
import {
  CHUNK_BLOCK_STATUS,
  CHUNK_BLOCK_STATUS_EXT,
  CHUNK_ERROR_BIT,
  CHUNK_OFFSET_DATA,
  CHUNK_OFFSET_HOLE,
  CMD_BLOCK_STATUS,
  CMD_FLAG_PAYLOAD_LEN,
  CMD_WRITE,
  MAX_STRING,
  REPLY_FLAG_DONE,
  REP_ACK,
  REP_ERROR_BIT,
} from './constants.js';
import { chunkName, commandName, optionName, replyName } from './names.js';
import { ExtentScan, NO_PAYLOAD, Prefix, type PayloadTaker } from './decoder/payload.js';
import { wide } from '../../base/u64.js';
import {
  CHUNK,
  CLIENT_FLAGS,
  EXPORT_INFO,
  EXTENDED_CHUNK,
  EXTENDED_REQUEST,
  GREETING,
  OLDSTYLE_TAIL,
  OPTION,
  OPTION_REPLY,
  REQUEST,
  SIMPLE_REPLY,
  CONTENT_HEAD,
  CONTEXT_ID,
  ERROR_DATA,
  HOLE_DATA,
  STATUS_QUERY,
} from './layout.js';

/** The longest payload that is counted, whatever a 64-bit length field announces: stream offsets after it are still exact in a double. */
const LONGEST = 2 ** 52;

/** Kinds of messages, one for each class. */
export const GREETING_KIND = 0;
export const CLIENT_FLAGS_KIND = 1;
export const OPTION_KIND = 2;
export const OPTION_REPLY_KIND = 3;
export const EXPORT_INFO_KIND = 4;
export const REQUEST_KIND = 5;
export const SIMPLE_REPLY_KIND = 6;
export const CHUNK_KIND = 7;

/** Base class of NBD's messages. Each constructor reads its header at the input's position, and takes no bytes from the input. */
export abstract class NbdMessage extends Message {
  abstract readonly kind: number;
  /** Bytes of the message that were read when the object was made; the rest is payload. */
  readonly headerLength: number;
  /** Receives the payload; null if nothing in it is needed. */
  taker: PayloadTaker | null = null;
  /** Whether it was handed to Output.begin when its header was decoded, before its payload had come. */
  begun = false;

  constructor(side: Side, input: Input, headerLength: number) {
    super(side, input);
    this.headerLength = headerLength;
    this.length = headerLength;
  }
}

/** The server's first bytes: 18 in newstyle. In oldstyle only the two magics (16 bytes); the rest of the greeting is an EXPORT_INFO. */
export class Greeting extends NbdMessage {
  override readonly kind = GREETING_KIND;
  readonly oldstyle: boolean;
  /** Handshake flags (newstyle). */
  readonly flags: number;

  constructor(input: Input, oldstyle: boolean) {
    super(SERVER, input, oldstyle ? GREETING.at.flags : GREETING.size);
    this.oldstyle = oldstyle;
    this.flags = oldstyle ? 0 : input.view.getUint16(input.pos + GREETING.at.flags);
  }

  get name(): string {
    return 'NBDMAGIC';
  }
}

export class ClientFlags extends NbdMessage {
  override readonly kind = CLIENT_FLAGS_KIND;
  readonly flags: number;

  constructor(input: Input) {
    super(CLIENT, input, CLIENT_FLAGS.size);
    this.flags = input.view.getUint32(input.pos);
  }

  get name(): string {
    return 'CLIENT_FLAGS';
  }
}

/** An option. `data` holds the bytes after its header, up to `limits.hagglingBytes`; fewer if the budget behind `held` is exceeded. */
export class Option extends NbdMessage {
  override readonly kind = OPTION_KIND;
  readonly option: number;
  readonly dataLength: number;
  data: Prefix;

  constructor(input: Input, limits: Readonly<Limits>, held: Share) {
    super(CLIENT, input, OPTION.size);
    this.option = input.view.getUint32(input.pos + OPTION.at.option);
    this.dataLength = input.view.getUint32(input.pos + OPTION.at.length);
    this.length += this.dataLength;
    this.data = Prefix.of(this.dataLength, limits.hagglingBytes, held);
    this.taker = this.data;
  }

  get name(): string {
    return optionName(this.option);
  }

  /** Drops the data. */
  forgetData(): void {
    this.data = NO_PAYLOAD;
    this.taker = null;
  }

  /** Whether all of its data was captured and kept. */
  get dataKept(): boolean {
    return this.data.length === this.dataLength;
  }
}

/** The server's reply to an option, or one of several. */
export class OptionReply extends NbdMessage {
  override readonly kind = OPTION_REPLY_KIND;
  /** The option that it claims to answer. */
  readonly option: number;
  readonly type: number;
  readonly dataLength: number;
  readonly data: Prefix;
  /** Whether the server had acknowledged structured replies or extended headers before. */
  chunksAgreed = false;

  constructor(input: Input, limits: Readonly<Limits>, held: Share) {
    super(SERVER, input, OPTION_REPLY.size);
    const { view, pos } = input;
    this.option = view.getUint32(pos + OPTION_REPLY.at.option);
    this.type = view.getUint32(pos + OPTION_REPLY.at.type);
    this.dataLength = view.getUint32(pos + OPTION_REPLY.at.length);
    this.length += this.dataLength;
    this.data = Prefix.of(this.dataLength, limits.hagglingBytes, held);
    this.taker = this.data;
  }

  get name(): string {
    return replyName(this.type);
  }

  get dataKept(): boolean {
    return this.data.length === this.dataLength;
  }

  /** Whether it is an error (bit 31). */
  get isError(): boolean {
    return this.type >= REP_ERROR_BIT;
  }

  /** Whether it ends the answer: an acknowledgement or an error. */
  get isFinal(): boolean {
    return this.type === REP_ACK || this.isError;
  }
}

/** Size and flags of the export: the answer to NBD_OPT_EXPORT_NAME (10 or 134 bytes), or the tail of oldstyle's greeting (136). */
export class ExportInfo extends NbdMessage {
  override readonly kind = EXPORT_INFO_KIND;
  readonly oldstyle: boolean;
  readonly sizeHi: number;
  readonly sizeLo: number;
  /** Oldstyle's handshake flags, the upper half of its flags; 0 in newstyle. */
  readonly handshakeFlags: number;
  readonly flags: number;
  /** Bytes of padding at its end. */
  readonly padding: number;
  /** Index of the first nonzero byte in the padding, and its value; -1: all bytes are zero. */
  nonzeroAt = -1;
  nonzero = 0;

  constructor(input: Input, oldstyle: boolean, padding: number) {
    super(SERVER, input, (oldstyle ? OLDSTYLE_TAIL : EXPORT_INFO).size + padding);
    const { view, pos, bytes } = input;
    this.oldstyle = oldstyle;
    this.sizeHi = view.getUint32(pos + EXPORT_INFO.at.exportSize);
    this.sizeLo = view.getUint32(pos + EXPORT_INFO.at.exportSize + 4);
    this.handshakeFlags = oldstyle ? view.getUint16(pos + OLDSTYLE_TAIL.at.handshakeFlags) : 0;
    this.flags = view.getUint16(pos + (oldstyle ? OLDSTYLE_TAIL : EXPORT_INFO).at.flags);
    this.padding = padding;
    const from = pos + this.headerLength - padding;
    for (let i = 0; i < padding; i++) {
      if (bytes[from + i] !== 0) {
        this.nonzeroAt = i;
        this.nonzero = bytes[from + i]!;
        break;
      }
    }
  }

  get name(): string {
    return 'EXPORT_INFO';
  }
}

/** A request of the transmission phase; compact or extended. */
export class Request extends NbdMessage {
  override readonly kind = REQUEST_KIND;
  readonly extended: boolean;
  readonly flags: number;
  readonly type: number;
  readonly cookieHi: number;
  readonly cookieLo: number;
  readonly offsetHi: number;
  readonly offsetLo: number;
  /**
   * The length field in bytes: of the payload, if there is one, or else of the range. The upper half is used only with extended headers.
   */
  readonly lengthHi: number;
  readonly lengthLo: number;
  /** Payload bytes that follow the header. */
  readonly payload: number;
  /** The list of an NBD_CMD_BLOCK_STATUS with payload: effect length and context ids. */
  readonly query: Prefix | null;
  /** Used by RequestTable: the next request in flight in the same entry, usually with the same cookie. */
  next: Request | null = null;
  /** Used by the session: what has been answered so far, if the answer takes more than one message. */
  progress: object | null = null;
  /** Used by the session: how many losses of server messages were known when it was decoded; -1: it may have been answered before that. */
  epoch = 0;
  /** Its number among the requests of its connection, from 1. */
  ordinal = 0;
  /** Used by the session: its answer was found to end before it was complete. */
  answeredInPart = false;

  /** `unannounced`: payload follows although the header does not say so. */
  constructor(input: Input, extended: boolean, limits: Readonly<Limits>, unannounced = false) {
    super(CLIENT, input, extended ? EXTENDED_REQUEST.size : REQUEST.size);
    const { view, pos } = input;
    this.extended = extended;
    this.flags = view.getUint16(pos + REQUEST.at.flags);
    this.type = view.getUint16(pos + REQUEST.at.type);
    this.cookieHi = view.getUint32(pos + REQUEST.at.cookie);
    this.cookieLo = view.getUint32(pos + REQUEST.at.cookie + 4);
    this.offsetHi = view.getUint32(pos + REQUEST.at.offset);
    this.offsetLo = view.getUint32(pos + REQUEST.at.offset + 4);
    this.lengthHi = extended ? view.getUint32(pos + EXTENDED_REQUEST.at.length) : 0;
    this.lengthLo = view.getUint32(pos + (extended ? EXTENDED_REQUEST.at.length + 4 : REQUEST.at.length));
    const announced = extended ? (this.flags & CMD_FLAG_PAYLOAD_LEN) !== 0 : this.type === CMD_WRITE;
    this.payload = announced || unannounced ? wide(this.lengthHi, this.lengthLo) : 0;
    this.length += Math.min(this.payload, LONGEST);
    this.query =
      extended && announced && this.type === CMD_BLOCK_STATUS
        ? new Prefix(this.payload, STATUS_QUERY.size + CONTEXT_ID.size * limits.listItems)
        : null;
    this.taker = this.query;
  }

  get name(): string {
    return commandName(this.type);
  }

  /** Stream offset of the first byte after its header. */
  get headerEnd(): number {
    return this.offset + this.headerLength;
  }
}

/** A simple reply. It has payload only if it reports success to a READ, and structured replies were not negotiated. */
export class SimpleReply extends NbdMessage {
  override readonly kind = SIMPLE_REPLY_KIND;
  readonly error: number;
  readonly cookieHi: number;
  readonly cookieLo: number;
  /** Whether its payload length is known: from the form of the replies, or from the request. */
  measured = true;

  constructor(input: Input) {
    super(SERVER, input, SIMPLE_REPLY.size);
    const { view, pos } = input;
    this.error = view.getUint32(pos + SIMPLE_REPLY.at.error);
    this.cookieHi = view.getUint32(pos + SIMPLE_REPLY.at.cookie);
    this.cookieLo = view.getUint32(pos + SIMPLE_REPLY.at.cookie + 4);
  }

  get name(): string {
    return 'NBD_SIMPLE_REPLY';
  }

  get payload(): number {
    return this.length - SIMPLE_REPLY.size;
  }
}

/** Bytes of a chunk's payload that are read together with its header. */
function chunkPrefix(type: number, payload: number): number {
  if (type === CHUNK_OFFSET_DATA && payload >= CONTENT_HEAD.size) return CONTENT_HEAD.size;
  if (type === CHUNK_OFFSET_HOLE && payload >= HOLE_DATA.size) return HOLE_DATA.size;
  return 0;
}

/** Length of the chunk header at the input's position, including that part of the payload. */
export function chunkHeaderLength(input: Input, extended: boolean): number {
  const { view, pos } = input;
  const type = view.getUint16(pos + CHUNK.at.type);
  return extended
    ? EXTENDED_CHUNK.size +
        chunkPrefix(
          type,
          wide(view.getUint32(pos + EXTENDED_CHUNK.at.length), view.getUint32(pos + EXTENDED_CHUNK.at.length + 4)),
        )
    : CHUNK.size + chunkPrefix(type, view.getUint32(pos + CHUNK.at.length));
}

/** A chunk of a structured reply; compact or extended. */
export class Chunk extends NbdMessage {
  override readonly kind = CHUNK_KIND;
  readonly extended: boolean;
  readonly flags: number;
  readonly type: number;
  readonly cookieHi: number;
  readonly cookieLo: number;
  /** Payload length; exact below 2^53. */
  readonly payload: number;
  /** In extended chunks: the request's offset, repeated. */
  readonly requestOffsetHi: number;
  readonly requestOffsetLo: number;
  /**
   * OFFSET_DATA and OFFSET_HOLE: the content's offset in the export, and its length in bytes (-1 in a chunk of another type, or too short).
   */
  readonly dataOffsetHi: number;
  readonly dataOffsetLo: number;
  readonly dataLength: number;

  /** `headerLength`: that of `chunkHeaderLength`, or of the bare header if the bytes after it will never come. */
  constructor(input: Input, extended: boolean, headerLength: number, limits: Readonly<Limits>) {
    super(SERVER, input, headerLength);
    const { view, pos } = input;
    this.extended = extended;
    this.flags = view.getUint16(pos + CHUNK.at.flags);
    const type = view.getUint16(pos + CHUNK.at.type);
    this.type = type;
    this.cookieHi = view.getUint32(pos + CHUNK.at.cookie);
    this.cookieLo = view.getUint32(pos + CHUNK.at.cookie + 4);
    const header = extended ? EXTENDED_CHUNK.size : CHUNK.size;
    if (extended) {
      this.requestOffsetHi = view.getUint32(pos + EXTENDED_CHUNK.at.requestOffset);
      this.requestOffsetLo = view.getUint32(pos + EXTENDED_CHUNK.at.requestOffset + 4);
      this.payload = wide(
        view.getUint32(pos + EXTENDED_CHUNK.at.length),
        view.getUint32(pos + EXTENDED_CHUNK.at.length + 4),
      );
    } else {
      this.requestOffsetHi = 0;
      this.requestOffsetLo = 0;
      this.payload = view.getUint32(pos + CHUNK.at.length);
    }
    this.length = header + Math.min(this.payload, LONGEST);
    const prefix = this.headerLength - header;
    if (prefix === 0) {
      this.dataOffsetHi = 0;
      this.dataOffsetLo = 0;
      this.dataLength = -1;
      if (this.payload > 0) {
        if (type === CHUNK_BLOCK_STATUS) this.taker = new ExtentScan(false, limits.listItems);
        else if (type === CHUNK_BLOCK_STATUS_EXT) this.taker = new ExtentScan(true, limits.listItems);
        else if (type >= CHUNK_ERROR_BIT) this.taker = new Prefix(this.payload, ERROR_DATA.size + MAX_STRING + 64);
      }
    } else {
      const at = pos + header;
      this.dataOffsetHi = view.getUint32(at + CONTENT_HEAD.at.offset);
      this.dataOffsetLo = view.getUint32(at + CONTENT_HEAD.at.offset + 4);
      this.dataLength =
        type === CHUNK_OFFSET_HOLE ? view.getUint32(at + HOLE_DATA.at.holeSize) : this.payload - CONTENT_HEAD.size;
    }
  }

  get name(): string {
    return chunkName(this.type);
  }

  get isDone(): boolean {
    return (this.flags & REPLY_FLAG_DONE) !== 0;
  }

  get isError(): boolean {
    return this.type >= CHUNK_ERROR_BIT;
  }

  /** The extents of a block status chunk. */
  get extents(): ExtentScan | null {
    return this.taker instanceof ExtentScan ? this.taker : null;
  }

  /** The payload of an error chunk: error code, message length, message. */
  get errorData(): Prefix | null {
    return this.taker instanceof Prefix ? this.taker : null;
  }

  /** The error code of an error chunk; 0 if the chunk is cut off before it. */
  get error(): number {
    const data = this.errorData;
    return data !== null && data.length >= 4 ? data.u32(ERROR_DATA.at.error) : 0;
  }
}
