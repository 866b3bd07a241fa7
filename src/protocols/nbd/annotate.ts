import { hex, hexNumber } from '../../base/hex.js';
import { wireText } from '../../base/text.js';
import type { Annotation, Json } from '../../contract/annotation.js';
import {
  CHUNK_ERROR_OFFSET,
  CHUNK_LENGTH,
  CHUNK_NONE,
  CHUNK_OFFSET_DATA,
  CHUNK_OFFSET_HOLE,
  CLIENT_FLAGS_LENGTH,
  CMD_BLOCK_STATUS,
  CMD_RESIZE,
  EXTENDED_CHUNK_LENGTH,
  EXTENDED_REQUEST_LENGTH,
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_INFO,
  OPT_LIST_META_CONTEXT,
  OPT_SET_META_CONTEXT,
  OPTION_HEADER_LENGTH,
  OPTION_REPLY_HEADER_LENGTH,
  REP_INFO,
  REP_META_CONTEXT,
  REP_SERVER,
  REQUEST_LENGTH,
  SIMPLE_REPLY_LENGTH,
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
  SimpleReply,
  type NbdMessage,
} from './messages.js';
import {
  chunkName,
  clientFlags,
  commandFlags,
  commandName,
  errorName,
  handshakeFlags,
  infoName,
  optionName,
  replyFlags,
  replyName,
  statusText,
  transmissionFlags,
} from './names.js';
import { parseInfoRequest, parseMetaRequest, parseServerEntry, spanBytes, type Span } from './option-data.js';
import type { ExtentScan, Prefix } from './payload.js';
import { decimal } from './u64.js';

/** Items of a list that are printed. */
const SHOWN_ITEMS = 1024;
/** Bytes of an opaque field that are printed. */
const SHOWN_BYTES = 256;

/** Collects fields in order; `at` counts from the message's first byte. */
class Fields {
  readonly list: Annotation[] = [];
  at = 0;

  magic(length: number, text: string): this {
    return this.put('magic', length, undefined, text);
  }

  put(name: string, length: number, value?: Json, text?: string, children?: readonly Annotation[]): this {
    this.list.push({
      name,
      at: this.at,
      length,
      ...(value !== undefined && { value }),
      ...(text !== undefined && { text }),
      ...(children !== undefined && { children }),
    });
    this.at += length;
    return this;
  }

  /** A field whose bits have names. */
  flags(name: string, length: number, value: number, names: string[]): this {
    return this.put(name, length, names, [hexNumber(value, length * 2), ...names].join(' '));
  }

  /** Bytes without a meaning that is known, if there are any. */
  rest(name: string, data: Prefix, from: number, length: number): this {
    if (length <= 0) return this;
    const end = Math.min(data.length, from + Math.min(length, SHOWN_BYTES));
    return this.put(name, length, hex(data.bytes, Math.min(from, end), end));
  }
}

function text(data: Prefix, span: Span): string {
  return wireText(spanBytes(data, span));
}

/** The field tree of a message, down to its last byte. Payload that was only counted is one field. */
export function annotate(message: NbdMessage): Annotation[] {
  const f = new Fields();
  if (message instanceof Request) request(f, message);
  else if (message instanceof Chunk) chunk(f, message);
  else if (message instanceof SimpleReply) simpleReply(f, message);
  else if (message instanceof Option) option(f, message);
  else if (message instanceof OptionReply) optionReply(f, message);
  else if (message instanceof Greeting) greeting(f, message);
  else if (message instanceof ClientFlags)
    f.flags('flags', CLIENT_FLAGS_LENGTH, message.flags, clientFlags(message.flags));
  else if (message instanceof ExportInfo) exportInfo(f, message);
  return f.list;
}

function greeting(f: Fields, m: Greeting): void {
  f.magic(8, 'NBDMAGIC');
  f.put('style', 8, m.oldstyle ? 'oldstyle' : 'newstyle', m.oldstyle ? 'oldstyle' : 'IHAVEOPT: newstyle');
  if (!m.oldstyle) f.flags('flags', 2, m.flags, handshakeFlags(m.flags));
}

function exportInfo(f: Fields, m: ExportInfo): void {
  f.put('exportSize', 8, decimal(m.sizeHi, m.sizeLo));
  if (m.oldstyle) f.flags('handshakeFlags', 2, m.handshakeFlags, handshakeFlags(m.handshakeFlags));
  f.flags('flags', 2, m.flags, transmissionFlags(m.flags));
  if (m.padding > 0) {
    const note = m.nonzeroAt < 0 ? `${m.padding} zero bytes` : `byte ${m.nonzeroAt} is ${hexNumber(m.nonzero, 2)}`;
    f.put('padding', m.padding, undefined, note);
  }
}

function option(f: Fields, m: Option): void {
  f.magic(8, 'IHAVEOPT');
  f.put('option', 4, m.option, `${m.option} ${optionName(m.option)}`);
  f.put('length', 4, m.dataLength);
  if (m.option === OPT_EXPORT_NAME) {
    f.put('exportName', m.dataLength, text(m.data, { at: 0, length: m.dataLength }));
  } else if (m.option === OPT_INFO || m.option === OPT_GO) {
    infoRequest(f, m);
  } else if (m.option === OPT_LIST_META_CONTEXT || m.option === OPT_SET_META_CONTEXT) {
    metaRequest(f, m);
  } else {
    f.rest('data', m.data, 0, m.dataLength);
  }
}

function infoRequest(f: Fields, m: Option): void {
  const parsed = parseInfoRequest(m, SHOWN_ITEMS);
  if (parsed.name === null) {
    f.rest('data', m.data, 0, m.dataLength);
    return;
  }
  f.put('nameLength', 4, undefined, String(parsed.nameLength));
  f.put('exportName', parsed.nameLength, text(m.data, parsed.name));
  if (parsed.count < 0) return;
  f.put('infoCount', 2, undefined, String(parsed.count));
  const from = f.at;
  const children = parsed.types.map((type, i) => ({
    name: 'info',
    at: from + 2 * i,
    length: 2,
    text: `${type} ${infoName(type)}`,
  }));
  const listed = Math.min(2 * parsed.count, m.length - from);
  f.put('infos', listed, parsed.types.map(infoName), undefined, children);
  f.rest('extra', m.data, f.at - OPTION_HEADER_LENGTH, m.length - f.at);
}

function metaRequest(f: Fields, m: Option): void {
  const parsed = parseMetaRequest(m, SHOWN_ITEMS);
  if (parsed.name === null) {
    f.rest('data', m.data, 0, m.dataLength);
    return;
  }
  f.put('nameLength', 4, undefined, String(parsed.name.length));
  f.put('exportName', parsed.name.length, text(m.data, parsed.name));
  if (parsed.count < 0) return;
  f.put('queryCount', 4, undefined, String(parsed.count));
  const from = f.at;
  let end = from;
  const children: Annotation[] = [];
  for (const query of parsed.queries) {
    const at = OPTION_HEADER_LENGTH + query.at;
    children.push({ name: 'queryLength', at: at - 4, length: 4, text: String(query.length) });
    children.push({ name: 'query', at, length: query.length, text: text(m.data, query) });
    end = at + query.length;
  }
  f.put(
    'queries',
    end - from,
    parsed.queries.map((q) => text(m.data, q)),
    undefined,
    children,
  );
  f.rest('extra', m.data, f.at - OPTION_HEADER_LENGTH, m.length - f.at);
}

function optionReply(f: Fields, m: OptionReply): void {
  f.magic(8, hexNumber(0x0003e889045565a9n, 16));
  f.put('option', 4, m.option, `${m.option} ${optionName(m.option)}`);
  f.put('type', 4, m.type, `${hexNumber(m.type, 8)} ${replyName(m.type)}`);
  f.put('length', 4, m.dataLength);
  if (m.isError) {
    if (m.dataLength > 0) f.put('message', m.dataLength, text(m.data, { at: 0, length: m.dataLength }));
  } else if (m.type === REP_SERVER) {
    serverEntry(f, m);
  } else if (m.type === REP_INFO && m.data.length >= 2) {
    info(f, m);
  } else if (m.type === REP_META_CONTEXT && m.data.length >= 4) {
    f.put('contextId', 4, m.data.u32(0));
    f.put('context', m.dataLength - 4, text(m.data, { at: 4, length: m.dataLength - 4 }));
  } else {
    f.rest('data', m.data, 0, m.dataLength);
  }
}

function serverEntry(f: Fields, m: OptionReply): void {
  const entry = parseServerEntry(m);
  if (entry?.name === null || entry === null) {
    f.rest('data', m.data, 0, m.dataLength);
    return;
  }
  f.put('nameLength', 4, undefined, String(entry.nameLength));
  f.put('exportName', entry.nameLength, text(m.data, entry.name));
  if (entry.description !== null) f.put('description', entry.description.length, text(m.data, entry.description));
}

function info(f: Fields, m: OptionReply): void {
  const { data } = m;
  const type = data.u16(0);
  f.put('info', 2, infoName(type), `${type} ${infoName(type)}`);
  if (type === INFO_EXPORT && data.length >= 12) {
    f.put('exportSize', 8, decimal(data.u32(2), data.u32(6)));
    f.flags('flags', 2, data.u16(10), transmissionFlags(data.u16(10)));
  } else if (type === INFO_BLOCK_SIZE && data.length >= 14) {
    f.put('minimumBlock', 4, data.u32(2)).put('preferredBlock', 4, data.u32(6)).put('maximumPayload', 4, data.u32(10));
  } else if (type === INFO_NAME || type === INFO_DESCRIPTION) {
    const name = type === INFO_NAME ? 'exportName' : 'description';
    f.put(name, m.dataLength - 2, text(data, { at: 2, length: m.dataLength - 2 }));
  }
  f.rest('extra', data, f.at - OPTION_REPLY_HEADER_LENGTH, m.length - f.at);
}

function cookie(f: Fields, m: Request | SimpleReply | Chunk): void {
  const { cookieHi: hi, cookieLo: lo } = m;
  f.put('cookie', 8, decimal(hi, lo), hi === 0 ? undefined : cookieText(hi, lo));
}

function request(f: Fields, m: Request): void {
  f.magic(4, m.extended ? 'extended request' : 'request');
  f.flags('flags', 2, m.flags, commandFlags(m.flags));
  f.put('type', 2, m.type, `${m.type} ${commandName(m.type)}`);
  cookie(f, m);
  f.put('offset', 8, decimal(m.offsetHi, m.offsetLo), m.type === CMD_RESIZE ? 'new size' : undefined);
  if (m.extended) f.put('length', 8, decimal(m.lengthHi, m.lengthLo));
  else f.put('length', 4, m.lengthLo);
  const header = m.extended ? EXTENDED_REQUEST_LENGTH : REQUEST_LENGTH;
  const { query } = m;
  if (query !== null && query.length >= 8 && m.type === CMD_BLOCK_STATUS) {
    f.put('effectLength', 8, decimal(query.u32(0), query.u32(4)));
    const ids: number[] = [];
    for (let at = 8; at + 4 <= query.length; at += 4) ids.push(query.u32(at));
    if (ids.length > 0) f.put('contextIds', 4 * ids.length, ids);
    if (f.at < m.length) f.put('extra', m.length - f.at);
  } else if (m.length > header) {
    f.put('data', m.length - header, undefined, `${m.length - header} bytes`);
  }
}

function simpleReply(f: Fields, m: SimpleReply): void {
  f.magic(4, 'simple reply');
  f.put('error', 4, errorName(m.error), `${m.error} ${errorName(m.error)}`);
  cookie(f, m);
  if (m.length > SIMPLE_REPLY_LENGTH) f.put('data', m.payload, undefined, `${m.payload} bytes`);
}

function chunk(f: Fields, m: Chunk): void {
  f.magic(4, m.extended ? 'extended reply chunk' : 'structured reply chunk');
  f.flags('flags', 2, m.flags, replyFlags(m.flags));
  f.put('type', 2, m.type, `${m.type} ${chunkName(m.type)}`);
  cookie(f, m);
  if (m.extended) f.put('requestOffset', 8, decimal(m.requestOffsetHi, m.requestOffsetLo));
  if (m.extended) f.put('length', 8, String(m.payload));
  else f.put('length', 4, m.payload);
  const header = m.extended ? EXTENDED_CHUNK_LENGTH : CHUNK_LENGTH;
  if (m.type === CHUNK_OFFSET_DATA && m.dataLength >= 0) {
    f.put('offset', 8, decimal(m.dataOffsetHi, m.dataOffsetLo));
    f.put('data', m.dataLength, undefined, `${m.dataLength} bytes`);
  } else if (m.type === CHUNK_OFFSET_HOLE && m.dataLength >= 0) {
    f.put('offset', 8, decimal(m.dataOffsetHi, m.dataOffsetLo)).put('holeSize', 4, m.dataLength);
  } else if (m.extents !== null) {
    extents(f, m, m.extents);
  } else if (m.errorData !== null && m.errorData.length >= 6) {
    errorFields(f, m, m.errorData);
  }
  if (f.at < m.length && m.type !== CHUNK_NONE)
    f.put('payload', m.length - f.at, undefined, `${m.length - header} bytes`);
  else if (f.at < m.length) f.put('extra', m.length - f.at);
}

function extents(f: Fields, m: Chunk, scan: ExtentScan): void {
  if (!scan.headComplete) return;
  f.put('contextId', 4, scan.contextId, scan.context ?? undefined);
  if (scan.context !== null) f.list.push({ name: 'context', at: f.at - 4, length: 0, value: scan.context });
  if (scan.wide) f.put('extentCount', 4, scan.announced);
  const size = scan.wide ? 16 : 8;
  const shown = Math.min(scan.lengthLo.length, SHOWN_ITEMS);
  const from = f.at;
  const values: Json[] = [];
  const children: Annotation[] = [];
  for (let i = 0; i < shown; i++) {
    const length = decimal(scan.lengthHi[i]!, scan.lengthLo[i]!);
    const status = decimal(scan.statusHi[i]!, scan.statusLo[i]!);
    const meaning = statusText(scan.context, scan.statusHi[i]!, scan.statusLo[i]!);
    values.push(
      scan.wide ? { length, status, meaning } : { length: scan.lengthLo[i]!, status: scan.statusLo[i]!, meaning },
    );
    children.push({ name: 'extent', at: from + size * i, length: size, text: `${length} ${meaning}` });
  }
  f.put('extents', Math.min(size * scan.count, m.length - from), values, `${scan.count} extents`, children);
}

function errorFields(f: Fields, m: Chunk, data: Prefix): void {
  const error = data.u32(0);
  const messageLength = data.u16(4);
  f.put('error', 4, errorName(error), `${error} ${errorName(error)}`);
  f.put('messageLength', 2, undefined, String(messageLength));
  const room = m.payload - 6 - (m.type === CHUNK_ERROR_OFFSET ? 8 : 0);
  if (messageLength > room) return;
  f.put('message', messageLength, text(data, { at: 6, length: messageLength }));
  const at = 6 + messageLength;
  if (m.type === CHUNK_ERROR_OFFSET && data.length >= at + 8) {
    f.put('offset', 8, decimal(data.u32(at), data.u32(at + 4)));
  }
}
