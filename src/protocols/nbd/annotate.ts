import { hexNumber } from '../../base/hex.js';
import { wireText } from '../../base/text.js';
import type { Annotation, Json } from '../../base/annotation.js';
import {
  CHUNK_ERROR_OFFSET,
  CHUNK_NONE,
  CHUNK_OFFSET_DATA,
  CHUNK_OFFSET_HOLE,
  CMD_BLOCK_STATUS,
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
  REP_MAGIC_HI,
  REP_MAGIC_LO,
  REP_META_CONTEXT,
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
  SimpleReply,
  type NbdMessage,
} from './messages.js';
import { chunkName, commandName, errorName, infoName, optionName, replyName, statusText } from './names.js';
import {
  blockSizesIn,
  exportInfoIn,
  parseInfoRequest,
  parseMetaRequest,
  parseServerEntry,
  spanBytes,
  type Span,
} from './option-data.js';
import type { ExtentScan, Prefix } from './decoder/payload.js';
import { decimal, exact, wide } from '../../base/u64.js';
import type { JsonBytes } from '../../base/json-bytes.js';
import { Shown } from '../../base/layout.js';
import { FieldMembers, FieldRows, type Fields } from './fields.js';
import {
  CHUNK,
  CLIENT_FLAGS,
  CONTENT_HEAD,
  CONTEXT_ID,
  ERROR_DATA,
  ERROR_OFFSET,
  EXPORT_INFO,
  EXTENDED_CHUNK,
  EXTENDED_REQUEST,
  EXTENT,
  GREETING,
  HOLE_DATA,
  INFO_BLOCK_SIZE_DATA,
  INFO_DATA,
  INFO_EXPORT_DATA,
  NAME,
  OLDSTYLE_TAIL,
  OPTION,
  OPTION_REPLY,
  REQUEST,
  SIMPLE_REPLY,
  STATUS_HEAD,
  STATUS_QUERY,
  WIDE_EXTENT,
  WIDE_STATUS_HEAD,
} from './layout.js';

/** The most items of a list that are printed. */
const SHOWN_ITEMS = 1024;
function text(data: Prefix, span: Span): string {
  return wireText(spanBytes(data, span));
}

/** The field tree of a message, down to its last byte. Payload that was only counted is one field. */
export function annotate(message: NbdMessage): Annotation[] {
  const f = new FieldRows();
  fields(f, message);
  return f.list;
}

const MEMBERS = new FieldMembers();

/** See Protocol.writeFields. */
export function writeFields(message: NbdMessage, out: JsonBytes): void {
  MEMBERS.begin(out);
  out.open();
  fields(MEMBERS, message);
  out.close();
}

function fields(f: Fields, message: NbdMessage): void {
  if (message instanceof Request) request(f, message);
  else if (message instanceof Chunk) chunk(f, message);
  else if (message instanceof SimpleReply) simpleReply(f, message);
  else if (message instanceof Option) option(f, message);
  else if (message instanceof OptionReply) optionReply(f, message);
  else if (message instanceof Greeting) greeting(f, message);
  else if (message instanceof ClientFlags) f.header(CLIENT_FLAGS, { flags: message.flags });
  else if (message instanceof ExportInfo) exportInfo(f, message);
}

function greeting(f: Fields, m: Greeting): void {
  const magic = new Shown(undefined, 'NBDMAGIC');
  const style = m.oldstyle ? new Shown('oldstyle', 'oldstyle') : new Shown('newstyle', 'IHAVEOPT: newstyle');
  f.header(GREETING, { magic, style, flags: m.flags }, m.headerLength);
}

function exportInfo(f: Fields, m: ExportInfo): void {
  const exportSize = exact(m.sizeHi, m.sizeLo);
  const { handshakeFlags, flags } = m;
  if (m.oldstyle) f.header(OLDSTYLE_TAIL, { exportSize, handshakeFlags, flags });
  else f.header(EXPORT_INFO, { exportSize, flags });
  if (m.padding > 0) {
    const note = m.nonzeroAt < 0 ? `${m.padding} zero bytes` : `byte ${m.nonzeroAt} is ${hexNumber(m.nonzero, 2)}`;
    f.put('padding', m.padding, undefined, note);
  }
}

function option(f: Fields, m: Option): void {
  const magic = new Shown(undefined, 'IHAVEOPT');
  f.header(OPTION, { magic, option: optionNumber(m), length: m.dataLength });
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

function optionNumber(m: Option | OptionReply): Shown {
  return new Shown(m.option, `${m.option} ${optionName(m.option)}`);
}

function infoRequest(f: Fields, m: Option): void {
  const parsed = parseInfoRequest(m, SHOWN_ITEMS);
  if (parsed.name === null) {
    f.rest('data', m.data, 0, m.dataLength);
    return;
  }
  f.put('nameLength', NAME.size, undefined, String(parsed.nameLength));
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
  f.rest('extra', m.data, f.at - OPTION.size, m.length - f.at);
}

function metaRequest(f: Fields, m: Option): void {
  const parsed = parseMetaRequest(m, SHOWN_ITEMS);
  if (parsed.name === null) {
    f.rest('data', m.data, 0, m.dataLength);
    return;
  }
  f.put('nameLength', NAME.size, undefined, String(parsed.name.length));
  f.put('exportName', parsed.name.length, text(m.data, parsed.name));
  if (parsed.count < 0) return;
  f.put('queryCount', 4, undefined, String(parsed.count));
  const from = f.at;
  let end = from;
  const children: Annotation[] = [];
  for (const query of parsed.queries) {
    const at = OPTION.size + query.at;
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
  f.rest('extra', m.data, f.at - OPTION.size, m.length - f.at);
}

function optionReply(f: Fields, m: OptionReply): void {
  const magic = new Shown(undefined, hexNumber(wide(REP_MAGIC_HI, REP_MAGIC_LO), 16));
  const type = new Shown(m.type, `${hexNumber(m.type, 8)} ${replyName(m.type)}`);
  f.header(OPTION_REPLY, { magic, option: optionNumber(m), type, length: m.dataLength });
  if (m.isError) {
    if (m.dataLength > 0) f.put('message', m.dataLength, text(m.data, { at: 0, length: m.dataLength }));
  } else if (m.type === REP_SERVER) {
    serverEntry(f, m);
  } else if (m.type === REP_INFO && m.data.length >= INFO_DATA.size) {
    info(f, m);
  } else if (m.type === REP_META_CONTEXT && m.data.length >= CONTEXT_ID.size) {
    f.header(CONTEXT_ID, { contextId: m.data.u32(CONTEXT_ID.at.contextId) });
    const length = m.dataLength - CONTEXT_ID.size;
    f.put('context', length, text(m.data, { at: CONTEXT_ID.size, length }));
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
  f.put('nameLength', NAME.size, undefined, String(entry.nameLength));
  f.put('exportName', entry.nameLength, text(m.data, entry.name));
  if (entry.description !== null) f.put('description', entry.description.length, text(m.data, entry.description));
}

function info(f: Fields, m: OptionReply): void {
  const { data } = m;
  const type = data.u16(INFO_DATA.at.info);
  const info = new Shown(infoName(type), `${type} ${infoName(type)}`);
  const exported = type === INFO_EXPORT ? exportInfoIn(data) : null;
  const sizes = type === INFO_BLOCK_SIZE ? blockSizesIn(data) : null;
  if (exported !== null) {
    const exportSize = exact(exported.sizeHi, exported.sizeLo);
    f.header(INFO_EXPORT_DATA, { info, exportSize, flags: exported.flags });
  } else if (sizes !== null) {
    const { minimum: minimumBlock, preferred: preferredBlock, maximum: maximumPayload } = sizes;
    f.header(INFO_BLOCK_SIZE_DATA, { info, minimumBlock, preferredBlock, maximumPayload });
  } else {
    f.header(INFO_DATA, { info });
    const length = m.dataLength - INFO_DATA.size;
    const name = type === INFO_NAME ? 'exportName' : 'description';
    if (type === INFO_NAME || type === INFO_DESCRIPTION)
      f.put(name, length, text(data, { at: INFO_DATA.size, length }));
  }
  f.rest('extra', data, f.at - OPTION_REPLY.size, m.length - f.at);
}

function cookieWords(hi: number, lo: number): string | undefined {
  return hi === 0 ? undefined : cookieText(hi, lo);
}

function newSize(): string {
  return 'new size';
}

/** Caches how named numbers are shown: there are few of them, and each `Shown` is made only once. */
class Numbered {
  private readonly show: (n: number) => Shown;
  private readonly made: (Shown | undefined)[] = [];

  constructor(show: (n: number) => Shown) {
    this.show = show;
  }

  shown(n: number): Shown {
    const made = this.made[n];
    if (made !== undefined) return made;
    const shown = this.show(n);
    if (n < MOST_NUMBERED) this.made[n] = shown;
    return shown;
  }
}

/** Numbers from here on are not cached. All defined commands and errors, and all chunk types but those of errors, are smaller. */
const MOST_NUMBERED = 128;
const COMMAND_TYPES = new Numbered((n) => new Shown(n, `${n} ${commandName(n)}`));
const CHUNK_TYPES = new Numbered((n) => new Shown(n, `${n} ${chunkName(n)}`));
const ERRORS = new Numbered((n) => new Shown(errorName(n), `${n} ${errorName(n)}`));

const REQUEST_MAGIC = new Shown(undefined, 'request');
const EXTENDED_REQUEST_MAGIC = new Shown(undefined, 'extended request');
const SIMPLE_REPLY_MAGIC = new Shown(undefined, 'simple reply');
const CHUNK_MAGIC = new Shown(undefined, 'structured reply chunk');
const EXTENDED_CHUNK_MAGIC = new Shown(undefined, 'extended reply chunk');

function request(f: Fields, m: Request): void {
  const { of, size } = m.extended ? EXTENDED_REQUEST : REQUEST;
  f.shown(of.magic, m.extended ? EXTENDED_REQUEST_MAGIC : REQUEST_MAGIC);
  f.number(of.flags, m.flags);
  f.shown(of.type, COMMAND_TYPES.shown(m.type));
  f.wide(of.cookie, m.cookieHi, m.cookieLo, cookieWords);
  f.wide(of.offset, m.offsetHi, m.offsetLo, m.type === CMD_RESIZE ? newSize : null);
  if (m.extended) f.wide(of.length, m.lengthHi, m.lengthLo, null);
  else f.number(of.length, m.lengthLo);
  const { query } = m;
  if (query !== null && query.length >= STATUS_QUERY.size && m.type === CMD_BLOCK_STATUS) {
    const { effectLength } = STATUS_QUERY.at;
    const effect = exact(query.u32(effectLength), query.u32(effectLength + 4));
    f.header(STATUS_QUERY, { effectLength: effect });
    const ids: number[] = [];
    for (let at = STATUS_QUERY.size; at + CONTEXT_ID.size <= query.length; at += CONTEXT_ID.size)
      ids.push(query.u32(at));
    if (ids.length > 0) f.put('contextIds', CONTEXT_ID.size * ids.length, ids);
    if (f.at < m.length) f.put('extra', m.length - f.at);
  } else if (m.length > size) {
    f.counted('data', m.length - size);
  }
}

function simpleReply(f: Fields, m: SimpleReply): void {
  const { of, size } = SIMPLE_REPLY;
  f.shown(of.magic, SIMPLE_REPLY_MAGIC);
  f.shown(of.error, ERRORS.shown(m.error));
  f.wide(of.cookie, m.cookieHi, m.cookieLo, cookieWords);
  if (m.length > size) f.counted('data', m.payload);
}

function chunk(f: Fields, m: Chunk): void {
  const { of } = m.extended ? EXTENDED_CHUNK : CHUNK;
  f.shown(of.magic, m.extended ? EXTENDED_CHUNK_MAGIC : CHUNK_MAGIC);
  f.number(of.flags, m.flags);
  f.shown(of.type, CHUNK_TYPES.shown(m.type));
  f.wide(of.cookie, m.cookieHi, m.cookieLo, cookieWords);
  if (m.extended) {
    f.wide(EXTENDED_CHUNK.of.requestOffset, m.requestOffsetHi, m.requestOffsetLo, null);
    f.shown(of.length, new Shown(String(m.payload)));
  } else f.number(of.length, m.payload);
  const header = f.at;
  if (m.type === CHUNK_OFFSET_DATA && m.dataLength >= 0) {
    f.wide(CONTENT_HEAD.of.offset, m.dataOffsetHi, m.dataOffsetLo, null);
    f.counted('data', m.dataLength);
  } else if (m.type === CHUNK_OFFSET_HOLE && m.dataLength >= 0) {
    f.wide(HOLE_DATA.of.offset, m.dataOffsetHi, m.dataOffsetLo, null);
    f.number(HOLE_DATA.of.holeSize, m.dataLength);
  } else if (m.extents !== null) {
    extents(f, m, m.extents);
  } else if (m.errorData !== null && m.errorData.length >= ERROR_DATA.size) {
    errorFields(f, m, m.errorData);
  }
  if (f.at < m.length && m.type !== CHUNK_NONE) f.counted('payload', m.length - f.at, m.length - header);
  else if (f.at < m.length) f.put('extra', m.length - f.at);
}

function extents(f: Fields, m: Chunk, scan: ExtentScan): void {
  if (!scan.headComplete) return;
  const contextId = new Shown(scan.contextId, scan.context ?? undefined);
  f.header(STATUS_HEAD, { contextId });
  if (scan.context !== null) f.put('context', 0, scan.context);
  if (scan.wide) f.put('extentCount', WIDE_STATUS_HEAD.sizeOf('extentCount'), scan.announced);
  const { size } = scan.wide ? WIDE_EXTENT : EXTENT;
  const shown = Math.min(scan.lengthLo.length, SHOWN_ITEMS);
  const from = f.at;
  const values: Json[] = [];
  const children: Annotation[] = [];
  for (let i = 0; i < shown; i++) {
    const length = decimal(scan.lengthHi[i]!, scan.lengthLo[i]!);
    const status = decimal(scan.statusHi[i]!, scan.statusLo[i]!);
    const meaning = statusText(scan.context, scan.statusHi[i]!, scan.statusLo[i]!);
    const at = from + size * i;
    const text = `${length} ${meaning}`;
    if (scan.wide) {
      const numbers = {
        length: exact(scan.lengthHi[i]!, scan.lengthLo[i]!),
        status: exact(scan.statusHi[i]!, scan.statusLo[i]!),
      };
      const value = { length, status, meaning };
      values.push(value);
      children.push({
        ...{ name: 'extent', at, length: size, value, text },
        children: WIDE_EXTENT.annotations(numbers, at),
      });
    } else {
      values.push({ length: scan.lengthLo[i]!, status: scan.statusLo[i]!, meaning });
      children.push({ name: 'extent', at, length: size, text });
    }
  }
  f.put('extents', Math.min(size * scan.count, m.length - from), values, `${scan.count} extents`, children);
}

function errorFields(f: Fields, m: Chunk, data: Prefix): void {
  const messageLength = data.u16(ERROR_DATA.at.messageLength);
  const error = ERRORS.shown(data.u32(ERROR_DATA.at.error));
  f.header(ERROR_DATA, { error, messageLength: new Shown(undefined, String(messageLength)) });
  const room = m.payload - ERROR_DATA.size - (m.type === CHUNK_ERROR_OFFSET ? ERROR_OFFSET.size : 0);
  if (messageLength > room) return;
  f.put('message', messageLength, text(data, { at: ERROR_DATA.size, length: messageLength }));
  const at = ERROR_DATA.size + messageLength;
  if (m.type === CHUNK_ERROR_OFFSET && data.length >= at + ERROR_OFFSET.size) {
    f.header(ERROR_OFFSET, { offset: exact(data.u32(at), data.u32(at + 4)) });
  }
}
