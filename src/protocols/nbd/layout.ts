import * as C from './constants.js';
import { flags, magic, u16, u32, u64 } from '../../base/field.js';
import { layout } from '../../base/layout.js';
import { CLIENT_FLAG_NAMES, COMMAND_FLAG_NAMES, REPLY_FLAG_NAMES, TRANSMISSION_FLAG_NAMES } from './names.js';

/** The headers of NBD (doc/proto.md of the NetworkBlockDevice project). All integers are big-endian, nothing is padded. */

/** 32-bit words in hex, as `magic` takes them. */
function words(...list: readonly number[]): string {
  return list.map((word) => word.toString(16).padStart(8, '0')).join('');
}

const cookie = u64({ description: 'the client chooses it, the server repeats it', example: '1' });

/** The server's greeting in newstyle; oldstyle has another second magic and no flags. */
export const GREETING = layout('big', {
  magic: magic(words(C.NBDMAGIC_HI, C.NBDMAGIC_LO)),
  style: magic(words(C.IHAVEOPT_HI, C.IHAVEOPT_LO)),
  flags: flags('u16', CLIENT_FLAG_NAMES),
});

/** The client's first bytes. */
export const CLIENT_FLAGS = layout('big', { flags: flags('u32', CLIENT_FLAG_NAMES) });

/** An option's header; its data follow. */
export const OPTION = layout('big', {
  magic: magic(words(C.IHAVEOPT_HI, C.IHAVEOPT_LO)),
  option: u32({ description: 'number of the option', example: 7 }),
  length: u32({ description: 'bytes of data' }),
});

/** The header of a reply to an option; its data follow. */
export const OPTION_REPLY = layout('big', {
  magic: magic(words(C.REP_MAGIC_HI, C.REP_MAGIC_LO)),
  option: u32({ description: 'number of the option that it answers', example: 7 }),
  type: u32({ description: 'what it is; bit 31: an error', example: 1 }),
  length: u32({ description: 'bytes of data' }),
});

/** The answer to NBD_OPT_EXPORT_NAME, without its padding. */
export const EXPORT_INFO = layout('big', {
  exportSize: u64({ description: 'bytes of the export' }),
  flags: flags('u16', TRANSMISSION_FLAG_NAMES, { description: 'transmission flags' }),
});

/** The tail of oldstyle's greeting, without its padding. */
export const OLDSTYLE_TAIL = layout('big', {
  exportSize: u64({ description: 'bytes of the export' }),
  handshakeFlags: flags('u16', CLIENT_FLAG_NAMES),
  flags: flags('u16', TRANSMISSION_FLAG_NAMES, { description: 'transmission flags' }),
});

/** The length of a name, which precedes the name in the data of options and their replies. */
export const NAME = layout('big', { nameLength: u32({ description: 'bytes of the name' }) });

/** The start of an NBD_REP_INFO's data, the type of information. What follows depends on it. */
export const INFO_DATA = layout('big', { info: u16({ description: 'what it tells', example: 0 }) });

/** Data of an NBD_REP_INFO that is an NBD_INFO_EXPORT. */
export const INFO_EXPORT_DATA = layout('big', {
  info: u16({ description: 'NBD_INFO_EXPORT', example: 0 }),
  exportSize: u64({ description: 'bytes of the export' }),
  flags: flags('u16', TRANSMISSION_FLAG_NAMES, { description: 'transmission flags' }),
});

/** Data of an NBD_REP_INFO that is an NBD_INFO_BLOCK_SIZE. */
export const INFO_BLOCK_SIZE_DATA = layout('big', {
  info: u16({ description: 'NBD_INFO_BLOCK_SIZE', example: 3 }),
  minimumBlock: u32({ description: 'minimum block size', example: 1 }),
  preferredBlock: u32({ description: 'preferred block size', example: 4096 }),
  maximumPayload: u32({ description: 'maximum payload', example: 33554432 }),
});

/** A compact request; a WRITE's data follow. */
export const REQUEST = layout('big', {
  magic: magic(words(C.REQUEST_MAGIC)),
  flags: flags('u16', COMMAND_FLAG_NAMES, { description: 'command flags' }),
  type: u16({ description: 'number of the command', example: 0 }),
  cookie,
  offset: u64({ description: 'first byte of the export' }),
  length: u32({ description: 'bytes, of payload or of effect' }),
});

/** An extended request. */
export const EXTENDED_REQUEST = layout('big', {
  magic: magic(words(C.EXTENDED_REQUEST_MAGIC)),
  flags: flags('u16', COMMAND_FLAG_NAMES, { description: 'command flags' }),
  type: u16({ description: 'number of the command', example: 0 }),
  cookie,
  offset: u64({ description: 'first byte of the export' }),
  length: u64({ description: 'bytes, of payload or of effect' }),
});

/** A simple reply; a READ's data follow. */
export const SIMPLE_REPLY = layout('big', {
  magic: magic(words(C.SIMPLE_REPLY_MAGIC)),
  error: u32({ description: 'error, 0 for success', example: 0 }),
  cookie,
});

/** A chunk of a structured reply; its payload follows. */
export const CHUNK = layout('big', {
  magic: magic(words(C.STRUCTURED_REPLY_MAGIC)),
  flags: flags('u16', REPLY_FLAG_NAMES),
  type: u16({ description: 'what the payload is', example: 1 }),
  cookie,
  length: u32({ description: 'bytes of payload' }),
});

/** A chunk of an extended reply. */
export const EXTENDED_CHUNK = layout('big', {
  magic: magic(words(C.EXTENDED_REPLY_MAGIC)),
  flags: flags('u16', REPLY_FLAG_NAMES),
  type: u16({ description: 'what the payload is', example: 1 }),
  cookie,
  requestOffset: u64({ description: "the request's offset, repeated" }),
  length: u64({ description: 'bytes of payload' }),
});

/** Head of the payload of an OFFSET_DATA chunk; the data follow. */
export const CONTENT_HEAD = layout('big', { offset: u64({ description: 'where in the export the data belong' }) });

/** Payload of an OFFSET_HOLE chunk. */
export const HOLE_DATA = layout('big', {
  offset: u64({ description: 'where in the export the hole begins' }),
  holeSize: u32({ description: 'bytes of the hole, all zero' }),
});

/** Head of the payload of an error chunk; the message follows. */
export const ERROR_DATA = layout('big', {
  error: u32({ description: 'error' }),
  messageLength: u16({ description: 'bytes of the message' }),
});

/** Head of the payload of a block status chunk; extents follow. */
export const STATUS_HEAD = layout('big', { contextId: u32({ description: 'id of the metadata context' }) });

/** The same for an extended block status chunk. */
export const WIDE_STATUS_HEAD = layout('big', {
  contextId: u32({ description: 'id of the metadata context' }),
  extentCount: u32({ description: 'extents that follow' }),
});

/** One extent of a block status chunk. */
export const EXTENT = layout('big', { length: u32(), status: u32() });

/** The field after the message of an NBD_REPLY_TYPE_ERROR_OFFSET: where in the export the error occurred. */
export const ERROR_OFFSET = layout('big', { offset: u64() });

/** One extent of an extended block status chunk. */
export const WIDE_EXTENT = layout('big', { length: u64(), status: u64() });

/** Head of the payload of an NBD_CMD_BLOCK_STATUS; context ids follow. */
export const STATUS_QUERY = layout('big', { effectLength: u64({ description: 'bytes that are asked about' }) });

/** One id of a metadata context in a list. */
export const CONTEXT_ID = layout('big', { contextId: u32() });

/** The layout of a request's header. */
export function requestLayout(r: { readonly extended: boolean }): typeof REQUEST | typeof EXTENDED_REQUEST {
  return r.extended ? EXTENDED_REQUEST : REQUEST;
}
