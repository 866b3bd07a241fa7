import { TextBytes, TextPiece } from '../../base/text-bytes.js';
import { byteSize, count, quote, wireText } from '../../base/text.js';
import {
  CHUNK_OFFSET_HOLE,
  CMD_DISC,
  CMD_FLUSH,
  CMD_RESIZE,
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_INFO,
  OPT_LIST_META_CONTEXT,
  OPT_SET_META_CONTEXT,
  REP_INFO,
  REP_META_CONTEXT,
  REPLY_FLAG_DONE,
  REP_SERVER,
} from './constants.js';
import { cookieText } from './cookie.js';
import {
  Chunk,
  ClientFlags,
  ExportInfo,
  Greeting,
  Option,
  OptionReply,
  Request,
  REQUEST_KIND,
  SimpleReply,
  type NbdMessage,
} from './messages.js';
import {
  clientFlags,
  commandFlags,
  errorName,
  handshakeFlags,
  infoName,
  optionName,
  replyFlags,
  statusText,
  transmissionFlags,
} from './names.js';
import {
  blockSizesIn,
  exportInfoIn,
  parseInfoRequest,
  parseMetaRequest,
  parseServerEntry,
  spanBytes,
  type Span,
} from './option-data.js';
import type { Prefix } from './decoder/payload.js';
import { decimal, wide } from '../../base/u64.js';
import { CONTEXT_ID, ERROR_DATA, INFO_DATA, STATUS_QUERY } from './layout.js';

/** The most items of a list that are shown on one line. */
const SHORT_LIST = 4;

function words(list: readonly string[]): string {
  return list.length === 0 ? '' : `flags ${list.join(' ')}`;
}

function join(parts: readonly (string | false | null)[]): string {
  let text = '';
  for (const p of parts) if (p !== false && p !== null && p !== '') text = text === '' ? p : `${text}  ${p}`;
  return text;
}

function str(data: Prefix, span: Span): string {
  return quote(wireText(spanBytes(data, span)), 80);
}

const SCRATCH = new TextBytes(256);

/** The text after a message's name on a transcript line (see Protocol.describe). */
export function describe(m: NbdMessage, verbose: boolean): string {
  if (m.kind < REQUEST_KIND) return haggling(m, verbose);
  SCRATCH.size = 0;
  writeDescription(m, verbose, SCRATCH);
  return SCRATCH.toString();
}

/**
 * Writes the same, safe to print. Requests and replies, of which there are millions, are written without making strings of their numbers.
 */
export function writeDescription(m: NbdMessage, verbose: boolean, out: TextBytes): void {
  if (m instanceof Request) request(m, out);
  else if (m instanceof Chunk) chunk(m, verbose, out);
  else if (m instanceof SimpleReply) {
    cookie(m, out);
    if (m.error !== 0) out.text(`  ${errorName(m.error)}`);
    if (m.payload > 0) bytes(m.payload, out);
  } else out.safe(haggling(m, verbose));
}

function haggling(m: NbdMessage, verbose: boolean): string {
  if (m instanceof Option) return option(m);
  if (m instanceof OptionReply) return optionReply(m);
  if (m instanceof Greeting) return join([m.oldstyle ? 'oldstyle' : 'newstyle', words(handshakeFlags(m.flags))]);
  if (m instanceof ClientFlags) return words(clientFlags(m.flags)) || 'no flags';
  if (m instanceof ExportInfo) {
    const size = wide(m.sizeHi, m.sizeLo);
    return join([
      `size ${decimal(m.sizeHi, m.sizeLo)}${verbose ? ` (${byteSize(size)})` : ''}`,
      words(transmissionFlags(m.flags)),
      m.padding > 0 && verbose && `${m.padding} bytes of padding`,
    ]);
  }
  return '';
}

const COOKIE = new TextPiece('cookie ');
const OFFSET = new TextPiece('  offset ');
const LENGTH = new TextPiece('  length ');
const NEW_SIZE = new TextPiece('  new size ');
const HOLE = new TextPiece('  hole of ');
const GAP = new TextPiece('  ');
const BYTE = new TextPiece(' byte');
const BYTES = new TextPiece(' bytes');
const DONE = new TextPiece(`  ${replyFlags(REPLY_FLAG_DONE).join(' ')}`);

function cookie({ cookieHi, cookieLo }: Request | Chunk | SimpleReply, out: TextBytes): void {
  out.piece(COOKIE);
  if (cookieHi === 0) out.decimal(cookieLo);
  else out.text(cookieText(cookieHi, cookieLo));
}

function bytes(n: number, out: TextBytes, lead = GAP): void {
  out.piece(lead);
  out.decimal(n);
  out.piece(n === 1 ? BYTE : BYTES);
}

function request(m: Request, out: TextBytes): void {
  const { query } = m;
  const plain = m.type === CMD_DISC || m.type === CMD_FLUSH;
  const nothing = m.offsetHi === 0 && m.offsetLo === 0 && m.lengthHi === 0 && m.lengthLo === 0;
  cookie(m, out);
  if (!plain || !nothing) {
    out.piece(m.type === CMD_RESIZE ? NEW_SIZE : OFFSET);
    out.wideDecimal(m.offsetHi, m.offsetLo);
    if (m.type !== CMD_RESIZE) {
      out.piece(LENGTH);
      if (query !== null && query.length >= STATUS_QUERY.size + CONTEXT_ID.size) {
        const { effectLength } = STATUS_QUERY.at;
        out.wideDecimal(query.u32(effectLength), query.u32(effectLength + 4));
        out.text(`  contexts ${contextIds(query)}`);
      } else out.wideDecimal(m.lengthHi, m.lengthLo);
    }
  }
  if (m.flags !== 0) out.text(`  ${words(commandFlags(m.flags))}`);
}

function contextIds(query: Prefix): string {
  const ids: number[] = [];
  for (
    let at = STATUS_QUERY.size;
    at + CONTEXT_ID.size <= query.length && ids.length < SHORT_LIST;
    at += CONTEXT_ID.size
  )
    ids.push(query.u32(at));
  return ids.join(' ') + (query.length > STATUS_QUERY.size + CONTEXT_ID.size * ids.length ? ' ...' : '');
}

function chunk(m: Chunk, verbose: boolean, out: TextBytes): void {
  cookie(m, out);
  if (m.dataLength >= 0) {
    out.piece(OFFSET);
    out.wideDecimal(m.dataOffsetHi, m.dataOffsetLo);
    bytes(m.dataLength, out, m.type === CHUNK_OFFSET_HOLE ? HOLE : GAP);
  } else {
    const content = answer(m, verbose);
    if (content !== '') out.piece(GAP);
    out.safe(content);
  }
  if (m.flags === REPLY_FLAG_DONE) out.piece(DONE);
  else if (m.flags !== 0) out.text(`  ${replyFlags(m.flags).join(' ')}`);
}

/** The content of a chunk that carries no data: extents, an error, or else the number of its bytes. */
function answer(m: Chunk, verbose: boolean): string {
  const parts: string[] = [];
  const scan = m.extents;
  if (scan?.headComplete) {
    parts.push(scan.context ?? `ctx#${scan.contextId}`);
    const shown = Math.min(scan.lengthLo.length, verbose ? 64 : SHORT_LIST);
    const list: string[] = [];
    for (let i = 0; i < shown; i++) {
      const what = statusText(scan.context, scan.statusHi[i]!, scan.statusLo[i]!);
      list.push(`${decimal(scan.lengthHi[i]!, scan.lengthLo[i]!)} ${what}`);
    }
    if (scan.count > shown) list.push(`and ${scan.count - shown} more`);
    parts.push(list.join(', '));
  }
  const data = m.errorData;
  if (data !== null && data.length >= ERROR_DATA.size) {
    parts.push(errorName(data.u32(ERROR_DATA.at.error)));
    const n = data.u16(ERROR_DATA.at.messageLength);
    if (n > 0 && n <= m.payload - ERROR_DATA.size) parts.push(str(data, { at: ERROR_DATA.size, length: n }));
  }
  if (parts.length === 0 && m.payload > 0) parts.push(count(m.payload, 'byte'));
  return join(parts);
}

function option(m: Option): string {
  const { data } = m;
  if (m.option === OPT_EXPORT_NAME) return `export ${str(data, { at: 0, length: m.dataLength })}`;
  if (m.option === OPT_INFO || m.option === OPT_GO) {
    const p = parseInfoRequest(m, SHORT_LIST);
    if (p.name === null) return `${count(m.dataLength, 'byte')} that cannot be read`;
    const asks = p.types.map((t) => infoName(t).slice('NBD_INFO_'.length));
    return join([`export ${str(data, p.name)}`, asks.length > 0 && `asks for ${asks.join(' ')}`]);
  }
  if (m.option === OPT_LIST_META_CONTEXT || m.option === OPT_SET_META_CONTEXT) {
    const p = parseMetaRequest(m, SHORT_LIST);
    if (p.name === null) return `${count(m.dataLength, 'byte')} that cannot be read`;
    const queries = p.queries.map((q) => str(data, q)).join(' ');
    const more = p.count > p.queries.length ? ' ...' : '';
    return join([`export ${str(data, p.name)}`, p.count > 0 ? `queries ${queries}${more}` : 'no queries']);
  }
  return m.dataLength > 0 ? `${count(m.dataLength, 'byte')} of data` : '';
}

function optionReply(m: OptionReply): string {
  return join([...replyContent(m), m.inReplyTo === 0 && `re ${optionName(m.option)}`]);
}

function replyContent(m: OptionReply): (string | false)[] {
  const { data } = m;
  if (m.isError) return [m.dataLength > 0 && str(data, { at: 0, length: m.dataLength })];
  if (m.type === REP_SERVER) {
    const entry = parseServerEntry(m);
    if (entry === null || entry.name === null) return [`${count(m.dataLength, 'byte')} that cannot be read`];
    return [`export ${str(data, entry.name)}`, entry.description !== null && str(data, entry.description)];
  }
  if (m.type === REP_META_CONTEXT && data.length >= CONTEXT_ID.size) {
    return [
      str(data, { at: CONTEXT_ID.size, length: m.dataLength - CONTEXT_ID.size }),
      `id ${data.u32(CONTEXT_ID.at.contextId)}`,
    ];
  }
  if (m.type === REP_INFO && data.length >= INFO_DATA.size) {
    const type = data.u16(INFO_DATA.at.info);
    const name = infoName(type).slice('NBD_INFO_'.length);
    const info = type === INFO_EXPORT ? exportInfoIn(data) : null;
    if (info !== null) {
      return [name, `size ${decimal(info.sizeHi, info.sizeLo)}`, words(transmissionFlags(info.flags))];
    }
    const sizes = type === INFO_BLOCK_SIZE ? blockSizesIn(data) : null;
    if (sizes !== null) {
      return [name, `minimum ${sizes.minimum}`, `preferred ${sizes.preferred}`, `maximum ${sizes.maximum}`];
    }
    return [
      name,
      type === INFO_NAME || type === INFO_DESCRIPTION
        ? str(data, { at: INFO_DATA.size, length: m.dataLength - INFO_DATA.size })
        : count(m.dataLength - INFO_DATA.size, 'byte'),
    ];
  }
  return [m.dataLength > 0 && count(m.dataLength, 'byte')];
}
