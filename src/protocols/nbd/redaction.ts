import type { Message } from '../../contract/message.js';
import type { Redaction } from '../../contract/redaction.js';
import {
  EXTENDED_REPLY_MAGIC,
  EXTENDED_REQUEST_MAGIC,
  OPT_GO,
  OPT_INFO,
  OPT_LIST_META_CONTEXT,
  OPT_SET_META_CONTEXT,
  REP_SERVER,
  REQUEST_MAGIC,
  RESERVED_MAGICS,
  SIMPLE_REPLY_MAGIC,
  STRUCTURED_REPLY_MAGIC,
} from './constants.js';
import { OPTION, OPTION_REPLY } from './layout.js';
import { Chunk, Option, OptionReply, Request, SimpleReply } from './messages.js';

/** What `wirelint redact` keeps of NBD's messages. */
export const REDACTION: Redaction = {
  magics: ['magic'],
  kept: ['style', 'infos', 'extents', 'contextIds'],
  secrets: [],
  ids: [],
  data: ['data', 'payload'],
  words: ['base:', 'base:allocation', 'qemu:', 'qemu:dirty-bitmap:', 'qemu:allocation-depth', 'x-'],
  skipped,
  seal,
};

/** Keeps the first four of these bytes if they are a reserved magic, which a rule reports. */
function skipped(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  const found = bytes.length < 4 ? -1 : new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (RESERVED_MAGICS.includes(found)) out.set(bytes.subarray(0, 4));
  return out;
}

/**
 * Keeps what rules judge but the field tree does not show as numbers: a name's length that exceeds its message, and headers inside data
 * that end before their length says.
 */
function seal(m: Message, original: Uint8Array, redacted: Uint8Array): void {
  const length = (at: number): void => redacted.set(original.subarray(at, at + 4), at);
  if (m instanceof Option && NAMED.includes(m.option) && original.length >= OPTION.size + 4) length(OPTION.size);
  else if (m instanceof OptionReply && m.type === REP_SERVER && original.length >= OPTION_REPLY.size + 4)
    length(OPTION_REPLY.size);
  else if (m instanceof Request || m instanceof SimpleReply || m instanceof Chunk)
    for (const magic of HEADERS) headersInside(magic, original, redacted);
}

/** Bytes that the decoders look at in a header inside data: magic, flags and type (or error), and cookie. */
const HEAD = 16;
const HEADERS = [
  ...[REQUEST_MAGIC, EXTENDED_REQUEST_MAGIC, SIMPLE_REPLY_MAGIC, STRUCTURED_REPLY_MAGIC, EXTENDED_REPLY_MAGIC],
].map((magic) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(magic);
  return bytes;
});

function headersInside(magic: Uint8Array, original: Uint8Array, redacted: Uint8Array): void {
  const all = Buffer.from(original.buffer, original.byteOffset, original.length);
  for (let at = all.indexOf(magic, 1); at > 0 && at + HEAD <= all.length; at = all.indexOf(magic, at + 1))
    // in a real header this byte is 0, since flags and errors are small numbers
    if (all[at + 4] === 0) redacted.set(all.subarray(at, at + HEAD), at);
}

/** Options whose data begin with the length of a name. */
const NAMED: readonly number[] = [OPT_INFO, OPT_GO, OPT_LIST_META_CONTEXT, OPT_SET_META_CONTEXT];
