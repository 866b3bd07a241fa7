import {
  CHUNK_BLOCK_STATUS,
  CHUNK_BLOCK_STATUS_EXT,
  CHUNK_ERROR,
  CHUNK_ERROR_OFFSET,
  CHUNK_NONE,
  CHUNK_OFFSET_DATA,
  CHUNK_OFFSET_HOLE,
  CMD_BLOCK_STATUS,
  CMD_DISC,
  CMD_FLAG_DF,
  CMD_FLAG_FAST_ZERO,
  CMD_FLAG_FUA,
  CMD_FLAG_NO_HOLE,
  CMD_FLAG_PAYLOAD_LEN,
  CMD_FLAG_REQ_ONE,
  CMD_FLUSH,
  CMD_READ,
  CMD_RESIZE,
  CMD_WRITE,
  CMD_WRITE_ZEROES,
  EXTENDED_REPLY_MAGIC,
  EXTENDED_REQUEST_MAGIC,
  IHAVEOPT_HI,
  IHAVEOPT_LO,
  MAX_STRING,
  OPT_EXTENDED_HEADERS,
  REP_ERR_EXT_HEADER_REQD,
  REP_ERROR_BIT,
  REP_MAGIC_HI,
  REP_MAGIC_LO,
  REP_META_CONTEXT,
  REPLY_FLAG_DONE,
  REQUEST_MAGIC,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from '../constants.js';
import { isKnownError } from '../names.js';
import {
  CHUNK,
  EXTENDED_CHUNK,
  EXTENDED_REQUEST,
  OPTION,
  OPTION_REPLY,
  REQUEST,
  SIMPLE_REPLY,
  CONTENT_HEAD,
  ERROR_DATA,
  EXTENT,
  HOLE_DATA,
  STATUS_HEAD,
  WIDE_EXTENT,
  WIDE_STATUS_HEAD,
} from '../layout.js';

/**
 * Judges whether bytes look like a header that a sane peer sends: for resynchronising after a loss or a late start, and for recognising NBD
 * without its handshake. Four bytes of magic alone prove nothing, as payloads may contain NBD traffic.
 */

/** More bytes are needed to tell. */
export const MORE = -1;
/** Not a plausible header. */
export const NO = 0;

/** The number of bytes that is enough to judge any header of each direction: those of the longest header, and what is needed after it. */
export const CLIENT_LOOKAHEAD = 36;
export const SERVER_LOOKAHEAD = 44;

/** The largest READ or WRITE (bytes) and the largest offset that count as plausible: twice the common maximum payload, and 1 PiB. */
const PLAUSIBLE_LENGTH = 1 << 26;
const PLAUSIBLE_OFFSET_HI = 1 << 18;
const PLAUSIBLE_OPTION_DATA = 1 << 16;

/** Flags that may be set on each command: FUA, and those that belong to the command. */
function commandFlagsOf(type: number, extended: boolean): number {
  const payload = extended ? CMD_FLAG_PAYLOAD_LEN : 0;
  if (type === CMD_READ) return CMD_FLAG_FUA | CMD_FLAG_DF;
  if (type === CMD_WRITE) return CMD_FLAG_FUA | payload;
  if (type === CMD_WRITE_ZEROES) return CMD_FLAG_FUA | CMD_FLAG_NO_HOLE | CMD_FLAG_FAST_ZERO;
  if (type === CMD_BLOCK_STATUS) return CMD_FLAG_FUA | CMD_FLAG_REQ_ONE | payload;
  return CMD_FLAG_FUA;
}

/** Length of the whole message whose header is at `pos`, with `available` bytes there; NO or MORE. */
export function plausibleClient(view: DataView, pos: number, available: number): number {
  if (available < 4) return MORE;
  const magic = view.getUint32(pos);
  if (magic === IHAVEOPT_HI) return plausibleOption(view, pos, available);
  const extended = magic === EXTENDED_REQUEST_MAGIC;
  if (!extended && magic !== REQUEST_MAGIC) return NO;
  const header = extended ? EXTENDED_REQUEST.size : REQUEST.size;
  if (available < header) return MORE;
  const flags = view.getUint16(pos + REQUEST.at.flags);
  const type = view.getUint16(pos + REQUEST.at.type);
  if (type > CMD_RESIZE || (flags & ~commandFlagsOf(type, extended)) !== 0) return NO;
  const offsetHi = view.getUint32(pos + REQUEST.at.offset);
  if (offsetHi >= PLAUSIBLE_OFFSET_HI) return NO;
  const lengthHi = extended ? view.getUint32(pos + EXTENDED_REQUEST.at.length) : 0;
  const length = view.getUint32(pos + (extended ? EXTENDED_REQUEST.at.length + 4 : REQUEST.at.length));
  if (type === CMD_DISC || type === CMD_FLUSH) {
    return offsetHi === 0 && view.getUint32(pos + REQUEST.at.offset + 4) === 0 && lengthHi === 0 && length === 0
      ? header
      : NO;
  }
  const payload = extended
    ? (flags & CMD_FLAG_PAYLOAD_LEN) !== 0 || unannouncedPayload(view, pos, available)
    : type === CMD_WRITE;
  if (type === CMD_READ || payload) {
    if (lengthHi !== 0 || length === 0 || length > PLAUSIBLE_LENGTH) return NO;
  } else if (lengthHi >= PLAUSIBLE_OFFSET_HI) {
    return NO;
  }
  return payload ? header + length : header;
}

/** Bytes, from an extended request's magic on, that tell whether data follow its header unannounced. */
export const UNANNOUNCED_LOOKAHEAD = EXTENDED_REQUEST.size + 4;

/**
 * Whether the extended request at `pos` is a WRITE without PAYLOAD_LEN whose data follow nevertheless. By the specification none follow,
 * but qemu up to 10.0 leaves the flag out and sends the data, and its server accepts that. There are none if a request's magic follows the
 * header; if fewer than four bytes follow, they count as data.
 */
export function unannouncedPayload(view: DataView, pos: number, available: number): boolean {
  if (view.getUint16(pos + EXTENDED_REQUEST.at.type) !== CMD_WRITE) return false;
  if ((view.getUint16(pos + EXTENDED_REQUEST.at.flags) & CMD_FLAG_PAYLOAD_LEN) !== 0) return false;
  if (available < UNANNOUNCED_LOOKAHEAD) return available > EXTENDED_REQUEST.size;
  const next = view.getUint32(pos + EXTENDED_REQUEST.size);
  return next !== EXTENDED_REQUEST_MAGIC && next !== REQUEST_MAGIC;
}

function plausibleOption(view: DataView, pos: number, available: number): number {
  if (available < OPTION.size) return MORE;
  if (view.getUint32(pos + 4) !== IHAVEOPT_LO) return NO;
  const option = view.getUint32(pos + OPTION.at.option);
  const length = view.getUint32(pos + OPTION.at.length);
  if (option === 0 || option > OPT_EXTENDED_HEADERS || length > PLAUSIBLE_OPTION_DATA) return NO;
  return OPTION.size + length;
}

/**
 * The same for the server's bytes. For a simple reply it is the length of the header alone, as the header does not tell that of the
 * payload.
 */
export function plausibleServer(view: DataView, pos: number, available: number): number {
  if (available < 4) return MORE;
  const magic = view.getUint32(pos);
  if (magic === SIMPLE_REPLY_MAGIC) {
    if (available < SIMPLE_REPLY.size) return MORE;
    return isKnownError(view.getUint32(pos + SIMPLE_REPLY.at.error)) ? SIMPLE_REPLY.size : NO;
  }
  if (magic === REP_MAGIC_HI) return plausibleOptionReply(view, pos, available);
  const extended = magic === EXTENDED_REPLY_MAGIC;
  if (!extended && magic !== STRUCTURED_REPLY_MAGIC) return NO;
  const header = extended ? EXTENDED_CHUNK.size : CHUNK.size;
  if (available < header) return MORE;
  const flags = view.getUint16(pos + CHUNK.at.flags);
  if (flags > REPLY_FLAG_DONE) return NO;
  const { at } = EXTENDED_CHUNK;
  if (
    extended &&
    (view.getUint32(pos + at.requestOffset) >= PLAUSIBLE_OFFSET_HI || view.getUint32(pos + at.length) !== 0)
  )
    return NO;
  const length = view.getUint32(pos + (extended ? at.length + 4 : CHUNK.at.length));
  return fitsChunk(view.getUint16(pos + CHUNK.at.type), flags, length, extended) ? header + length : NO;
}

function fitsChunk(type: number, flags: number, length: number, extended: boolean): boolean {
  switch (type) {
    case CHUNK_NONE:
      return length === 0 && flags === REPLY_FLAG_DONE;
    case CHUNK_OFFSET_DATA:
      return length > CONTENT_HEAD.size && length <= PLAUSIBLE_LENGTH + CONTENT_HEAD.size;
    case CHUNK_OFFSET_HOLE:
      return length === HOLE_DATA.size;
    case CHUNK_BLOCK_STATUS:
      return !extended && isStatus(length, STATUS_HEAD.size, EXTENT.size);
    case CHUNK_BLOCK_STATUS_EXT:
      return extended && isStatus(length, WIDE_STATUS_HEAD.size, WIDE_EXTENT.size);
    case CHUNK_ERROR:
      return length >= ERROR_DATA.size && length <= ERROR_DATA.size + MAX_STRING;
    case CHUNK_ERROR_OFFSET:
      return length >= ERROR_DATA.size + 8 && length <= ERROR_DATA.size + 8 + MAX_STRING;
    default:
      return false;
  }
}

/** Whether a payload of that length can be a head and at least one extent. */
function isStatus(length: number, head: number, extent: number): boolean {
  return length >= head + extent && (length - head) % extent === 0 && length <= PLAUSIBLE_LENGTH;
}

function plausibleOptionReply(view: DataView, pos: number, available: number): number {
  if (available < OPTION_REPLY.size) return MORE;
  if (view.getUint32(pos + 4) !== REP_MAGIC_LO) return NO;
  const option = view.getUint32(pos + OPTION_REPLY.at.option);
  const type = view.getUint32(pos + OPTION_REPLY.at.type);
  const length = view.getUint32(pos + OPTION_REPLY.at.length);
  if (option === 0 || option > OPT_EXTENDED_HEADERS || length > PLAUSIBLE_OPTION_DATA) return NO;
  const known = (type >= 1 && type <= REP_META_CONTEXT) || (type > REP_ERROR_BIT && type <= REP_ERR_EXT_HEADER_REQD);
  return known ? OPTION_REPLY.size + length : NO;
}

/** Index of the first byte in `bytes[from..to)` that may begin a message of that direction, or `to`. */
export function nextClientStart(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const b = bytes[i]!;
    if (b === 0x25 || b === 0x21 || b === 0x49) return i;
  }
  return to;
}

/** The same for the server's messages. */
export function nextServerStart(bytes: Uint8Array, from: number, to: number): number {
  for (let i = from; i < to; i++) {
    const b = bytes[i]!;
    if (b === 0x67 || b === 0x66 || b === 0x6e || (b === 0 && bytes[i + 1] === 3)) return i;
  }
  return to;
}
