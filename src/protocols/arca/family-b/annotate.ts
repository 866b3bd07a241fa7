import { flagNames } from '../../../base/field.js';
import { hex, hexNumber } from '../../../base/hex.js';
import { quote, wireText } from '../../../base/text.js';
import type { Annotation } from '../../../base/annotation.js';
import { errnoName } from '../family-a/errno.js';
import {
  CLOSE,
  ERROR,
  PIPE_HEADER,
  fileMessage,
  FRAME,
  NEW_PIPE_REQUEST,
  OPEN_FLAGS,
  READ,
  REPLY_B1,
  REPLY_B2,
  REPLY_TAG,
  replyLayout,
  REQUEST_TAG,
  SEEK,
  WHENCE,
  WRITE,
} from './layout.js';
import type { PipeFrame } from './message.js';

/** Field trees of family B. */
export function annotatePipe(m: PipeFrame): Annotation[] {
  const head = m.head ?? new Uint8Array(0);
  const out = FRAME.rows(head);
  if (head.length <= FRAME.size) return out;
  out.push(...payloadRows(m, head));
  const last = out[out.length - 1]!;
  const from = last.at + last.length;
  if (from < head.length) out.push(hexRow('payload', head, from));
  return out;
}

function payloadRows(m: PipeFrame, head: Uint8Array): Annotation[] {
  switch (m.kind) {
    case 'NewPipeRequest':
      return NEW_PIPE_REQUEST.rows(head, FRAME.size);
    case 'NewPipeReply':
      if (m.whole) return replyLayout(m.payloadLength)!.rows(head, FRAME.size);
      return REPLY_B2.rows(head.subarray(0, FRAME.size + REPLY_B1.at.readBell), FRAME.size);
    case 'FilePipeHeader': {
      const rows = PIPE_HEADER.rows(head, FRAME.size);
      const at = FRAME.size + PIPE_HEADER.size;
      if (head.length > at) rows.push({ name: 'path', at, length: head.length - at, value: wireText(head, at) });
      return rows;
    }
    case 'file-request':
    case 'file-reply':
      return fileRows(m, head);
    default:
      return [];
  }
}

function fileRows(m: PipeFrame, head: Uint8Array): Annotation[] {
  const message = fileMessage(m.role, m.tag);
  // if the body's length is wrong, only the tag is trusted
  if (message === null || !m.whole) return (m.role === 'guest' ? REQUEST_TAG : REPLY_TAG).rows(head, FRAME.size);
  const rows = message.layout.rows(head, FRAME.size);
  const at = FRAME.size + message.layout.size;
  if (message.data && head.length > at) rows.push(hexRow('data', head, at));
  return rows;
}

function hexRow(name: string, head: Uint8Array, at: number): Annotation {
  return { name, at, length: head.length - at, value: hex(head, at) };
}

/** The text after a message's name on a transcript line. */
export function describePipe(m: PipeFrame, verbose: boolean): string {
  const items: string[] = [];
  if (m.kind === 'NewPipeRequest' && m.whole) items.push(`ring ${m.ringSize}`);
  else if (m.kind === 'NewPipeReply' && m.whole) {
    items.push(`shm ${hexNumber(m.shmOffset)}`, `ring ${m.ringSize}`);
    if (m.pipeId >= 0) items.push(`pipe ${m.pipeId}`);
    if (m.readMatch >= 0)
      items.push(`bells ${hexNumber(m.readAddress)}/${m.readMatch} ${hexNumber(m.writeAddress)}/${m.writeMatch}`);
  } else if (m.kind === 'FilePipeHeader' && m.whole) {
    if (m.head !== null) items.push(quote(wireText(m.head, FRAME.size + PIPE_HEADER.size)));
    items.push(flagNames(m.openFlags, OPEN_FLAGS, 2, 'together').join(' ') || 'no flags');
  } else if (m.isFile && m.whole) {
    if (m.tag === (m.role === 'guest' ? WRITE : READ)) items.push(`${m.dataLength} bytes`);
    else if (m.tag === SEEK) {
      items.push(m.role === 'guest' ? `${WHENCE[m.whence] ?? m.whence} ${m.offsetBy}` : `${m.position}`);
    } else if (m.tag === ERROR) items.push(`errno ${m.errno} ${errnoName(Math.abs(m.errno))}`.trimEnd());
    else if (m.tag !== CLOSE) items.push(`${m.count}`);
  }
  if (verbose || items.length === 0) items.push(`payload ${m.payloadLength}`);
  return items.join('  ');
}
