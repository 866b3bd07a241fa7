import { CHUNK_OFFSET_DATA, CHUNK_OFFSET_HOLE, CMD_READ, CMD_WRITE } from './constants.js';
import { CHUNK, CONTENT_HEAD, EXTENDED_CHUNK, EXTENDED_REQUEST, REQUEST } from './layout.js';
import { Chunk, Request, SimpleReply, type NbdMessage } from './messages.js';

/** Offset of the length field in request and chunk headers, compact and extended; of its lower half, if it has 64 bits. */
const REQUEST_LENGTH_AT = { compact: REQUEST.at.length, extended: EXTENDED_REQUEST.at.length + 4 } as const;
const CHUNK_LENGTH_AT = { compact: CHUNK.at.length, extended: EXTENDED_CHUNK.at.length + 4 } as const;
const MOST = 2 ** 32;

/**
 * The message with `size(n)` bytes of payload instead of n: of READ and WRITE, and of replies to READ. null for other messages, and if the
 * length field differs from the number of bytes.
 */
export function resize(message: NbdMessage, bytes: Uint8Array, size: (length: number) => number): Uint8Array | null {
  const head = bytes.slice(0, message.headerLength);
  const view = new DataView(head.buffer);
  const payload = bytes.length - head.length;
  if (message instanceof Request) {
    if ((message.type !== CMD_READ && message.type !== CMD_WRITE) || message.lengthHi !== 0) return null;
    if (message.type === CMD_WRITE && payload !== message.lengthLo) return null;
    const length = size(message.lengthLo);
    view.setUint32(message.extended ? REQUEST_LENGTH_AT.extended : REQUEST_LENGTH_AT.compact, length);
    return message.type === CMD_READ ? head : joined(head, bytes, length);
  }
  if (message instanceof SimpleReply) return payload === 0 ? null : joined(head, bytes, size(payload));
  if (!(message instanceof Chunk) || message.dataLength < 0 || message.payload >= MOST) return null;
  const length = size(message.dataLength);
  if (message.type === CHUNK_OFFSET_HOLE) {
    view.setUint32(head.length - 4, length);
    return head;
  }
  if (message.type !== CHUNK_OFFSET_DATA || payload !== message.dataLength) return null;
  view.setUint32(message.extended ? CHUNK_LENGTH_AT.extended : CHUNK_LENGTH_AT.compact, length + CONTENT_HEAD.size);
  return joined(head, bytes, length);
}

/** The header with the first `length` bytes of its payload. */
function joined(head: Uint8Array, bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(head.length + length);
  out.set(head);
  out.set(bytes.subarray(head.length, head.length + length), head.length);
  return out;
}
