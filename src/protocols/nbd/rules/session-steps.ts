import type { Step } from '../../../base/rule.js';
import {
  CHUNK,
  ERROR_DATA,
  EXPORT_INFO,
  EXTENDED_CHUNK,
  EXTENDED_REQUEST,
  GREETING,
  INFO_BLOCK_SIZE_DATA,
  INFO_EXPORT_DATA,
  OLDSTYLE_TAIL,
  OPTION,
  OPTION_REPLY,
  REQUEST,
  SIMPLE_REPLY,
} from '../layout.js';

/**
 * Functions for writing NBD sessions as lists of steps, for the rules' examples and for tests. Everything is built from bytes, and nothing
 * is checked, so that broken sessions can be written as well.
 */

type Part = Uint8Array | string | readonly Part[];

export function u8(value: number): Uint8Array {
  return Uint8Array.of(value);
}

export function u16(value: number): Uint8Array {
  return Uint8Array.of(value >>> 8, value & 255);
}

export function u32(value: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, value);
  return out;
}

export function u64(value: number | bigint): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt(value));
  return out;
}

/** `n` bytes of one value. */
export function fill(n: number, value = 0x42): Uint8Array {
  return new Uint8Array(n).fill(value);
}

/** Parts joined; strings as UTF-8. */
export function join(...parts: readonly Part[]): Uint8Array {
  const flat = parts.flatMap(flatten);
  const out = new Uint8Array(flat.reduce((n, p) => n + p.length, 0));
  let at = 0;
  for (const p of flat) {
    out.set(p, at);
    at += p.length;
  }
  return out;
}

function flatten(part: Part): Uint8Array[] {
  if (typeof part === 'string') return [Buffer.from(part)];
  return part instanceof Uint8Array ? [part] : part.flatMap(flatten);
}

type Bytes = Extract<Step, { readonly bytes: Uint8Array }>;

export function client(...parts: readonly Part[]): Bytes {
  return { from: 'client', bytes: join(...parts) };
}

export function server(...parts: readonly Part[]): Bytes {
  return { from: 'server', bytes: join(...parts) };
}

/** The same step, sent when only `seen` bytes of the peer's stream had arrived. */
export function unseen(step: Bytes, seen: number): Bytes {
  return { ...step, seen };
}

export const clientCloses: Step = { from: 'client', end: 'fin' };
export const serverCloses: Step = { from: 'server', end: 'fin' };

// ---- handshake

const OLDSTYLE = u64(0x0000420281861253n);

export function greeting(flags = 3): Bytes {
  return server(GREETING.build({ flags }));
}

export function clientFlags(flags = 3): Bytes {
  return client(u32(flags));
}

/** The server's greeting and the client's flags. */
export function hello(flags = 3, flagsOfClient = flags & 3): Step[] {
  return [greeting(flags), clientFlags(flagsOfClient)];
}

export function oldstyle(size: number | bigint = 65536, flags = 0x0001, handshake = 0, reserved = fill(124, 0)): Bytes {
  const magics = GREETING.build({ style: OLDSTYLE, flags: 0 }).subarray(0, GREETING.at.flags);
  const tail = OLDSTYLE_TAIL.build({ exportSize: BigInt(size), handshakeFlags: handshake, flags });
  return server(magics, tail, reserved);
}

export function option(number: number, ...data: readonly Part[]): Bytes {
  const bytes = join(...data);
  return client(OPTION.build({ option: number, length: bytes.length }), bytes);
}

export function reply(number: number, type: number, ...data: readonly Part[]): Bytes {
  const bytes = join(...data);
  return server(OPTION_REPLY.build({ option: number, type, length: bytes.length }), bytes);
}

export function ack(number: number): Bytes {
  return reply(number, 1);
}

export function structured(): Step[] {
  return [option(8), ack(8)];
}

export function extended(): Step[] {
  return [option(11), ack(11)];
}

export function starttls(): Step[] {
  return [option(5), ack(5)];
}

/** Data of NBD_OPT_INFO and NBD_OPT_GO. */
export function infoData(name: string, infos: readonly number[] = [3]): Uint8Array {
  const bytes = Buffer.from(name);
  return join(u32(bytes.length), bytes, u16(infos.length), ...infos.map(u16));
}

/** Data of the meta context options. */
export function metaData(name: string, queries: readonly string[]): Uint8Array {
  const bytes = Buffer.from(name);
  const list = queries.map((q) => join(u32(Buffer.byteLength(q)), q));
  return join(u32(bytes.length), bytes, u32(queries.length), ...list);
}

export function setMeta(contexts: readonly string[] = ['base:allocation'], name = '', firstId = 1): Step[] {
  return [
    option(10, metaData(name, contexts)),
    ...contexts.map((context, i) => reply(10, 4, u32(firstId + i), context)),
    ack(10),
  ];
}

export function infoExport(number: number, size: number | bigint, flags: number): Bytes {
  return reply(number, 3, INFO_EXPORT_DATA.build({ info: 0, exportSize: BigInt(size), flags }));
}

export function infoBlocks(number: number, minimum = 1, preferred = 4096, maximum = 33554432): Bytes {
  return reply(
    number,
    3,
    INFO_BLOCK_SIZE_DATA.build({ info: 3, minimumBlock: minimum, preferredBlock: preferred, maximumPayload: maximum }),
  );
}

/** HAS_FLAGS, flush, FUA, trim, write zeroes, multi-conn, cache, fast zero. */
export const ALL_FLAGS = 0x0d6d;
export const SEND_DF = 0x0080;

export interface Export {
  readonly name?: string;
  readonly size?: number | bigint;
  readonly flags?: number;
  readonly blocks?: readonly [number, number, number] | null;
  readonly infos?: readonly number[];
}

/** NBD_OPT_GO and its answer. */
export function go(x: Export = {}): Step[] {
  const infos = x.infos ?? [3];
  const blocks = x.blocks === undefined ? ([1, 4096, 33554432] as const) : x.blocks;
  return [
    option(7, infoData(x.name ?? '', infos)),
    ...(blocks === null ? [] : [infoBlocks(7, ...blocks)]),
    infoExport(7, x.size ?? 1048576, x.flags ?? ALL_FLAGS),
    ack(7),
  ];
}

export function exportInfo(size: number | bigint, flags: number, padding = 0): Bytes {
  return server(EXPORT_INFO.build({ exportSize: BigInt(size), flags }), fill(padding, 0));
}

/** A whole handshake into simple replies. */
export function simpleSession(x: Export = {}): Step[] {
  return [...hello(), ...go(x)];
}

/** A whole handshake into structured replies; `contexts` are selected. */
export function structuredSession(x: Export = {}, contexts: readonly string[] = []): Step[] {
  const meta = contexts.length === 0 ? [] : setMeta(contexts, x.name);
  return [...hello(), ...structured(), ...meta, ...go({ flags: ALL_FLAGS | SEND_DF, ...x })];
}

/** A whole handshake into extended headers. */
export function extendedSession(x: Export = {}, contexts: readonly string[] = []): Step[] {
  const meta = contexts.length === 0 ? [] : setMeta(contexts, x.name);
  return [...hello(), ...extended(), ...meta, ...go({ flags: ALL_FLAGS | SEND_DF, ...x })];
}

// ---- transmission

export const READ = 0;
export const WRITE = 1;
export const DISC = 2;
export const FLUSH = 3;
export const TRIM = 4;
export const CACHE = 5;
export const WRITE_ZEROES = 6;
export const BLOCK_STATUS = 7;
export const RESIZE = 8;

export const FUA = 1;
export const DF = 4;
export const REQ_ONE = 8;
export const FAST_ZERO = 16;
export const PAYLOAD_LEN = 32;

export const EIO = 5;
export const EINVAL = 22;
export const ENOSPC = 28;
export const EOVERFLOW = 75;
export const ENOTSUP = 95;
export const ESHUTDOWN = 108;

type Wide = number | bigint;

/** A compact request; a WRITE carries `length` bytes. */
export function request(type: number, cookie: Wide, offset: Wide = 0, length = 0, flags = 0): Bytes {
  const data = type === WRITE ? fill(length, 0x57) : fill(0);
  return client(REQUEST.build({ flags, type, cookie: BigInt(cookie), offset: BigInt(offset), length }), data);
}

/** An extended request; `payload` follows it. */
export function xrequest(
  type: number,
  cookie: Wide,
  offset: Wide = 0,
  length: Wide = 0,
  flags = 0,
  payload = fill(0),
): Bytes {
  const wide = { cookie: BigInt(cookie), offset: BigInt(offset), length: BigInt(length) };
  return client(EXTENDED_REQUEST.build({ flags, type, ...wide }), payload);
}

export function xwrite(cookie: Wide, offset: Wide, length: number, flags = PAYLOAD_LEN): Bytes {
  return xrequest(WRITE, cookie, offset, length, flags, fill((flags & PAYLOAD_LEN) === 0 ? 0 : length, 0x57));
}

export function simple(cookie: Wide, error = 0, data = 0): Bytes {
  return server(SIMPLE_REPLY.build({ error, cookie: BigInt(cookie) }), fill(data, 0x52));
}

export function chunk(type: number, cookie: Wide, done: boolean | number, ...payload: readonly Part[]): Bytes {
  const bytes = join(...payload);
  const length = bytes.length;
  return server(CHUNK.build({ flags: Number(done), type, cookie: BigInt(cookie), length }), bytes);
}

/** An extended chunk; `offset` repeats the request's. */
export function xchunk(
  type: number,
  cookie: Wide,
  offset: Wide,
  done: boolean | number,
  ...payload: readonly Part[]
): Bytes {
  const bytes = join(...payload);
  const wide = { cookie: BigInt(cookie), requestOffset: BigInt(offset), length: BigInt(bytes.length) };
  return server(EXTENDED_CHUNK.build({ flags: Number(done), type, ...wide }), bytes);
}

export function none(cookie: Wide): Bytes {
  return chunk(0, cookie, true);
}

export function data(cookie: Wide, offset: Wide, length: number, done = true): Bytes {
  return chunk(1, cookie, done, u64(offset), fill(length, 0x52));
}

export function hole(cookie: Wide, offset: Wide, length: number, done = true): Bytes {
  return chunk(2, cookie, done, u64(offset), u32(length));
}

/** Extents as pairs of length and status. */
export function status(
  cookie: Wide,
  context: number,
  extents: readonly (readonly [number, number])[],
  done = true,
): Bytes {
  return chunk(5, cookie, done, u32(context), ...extents.map(([length, flags]) => join(u32(length), u32(flags))));
}

export function xstatus(
  cookie: Wide,
  offset: Wide,
  context: number,
  extents: readonly (readonly [Wide, Wide])[],
  done = true,
  count = extents.length,
): Bytes {
  const list = extents.map(([length, flags]) => join(u64(length), u64(flags)));
  return xchunk(6, cookie, offset, done, u32(context), u32(count), ...list);
}

export function error(cookie: Wide, code: number, message = '', done = true): Bytes {
  return chunk(
    0x8001,
    cookie,
    done,
    ERROR_DATA.build({ error: code, messageLength: Buffer.byteLength(message) }),
    message,
  );
}

export function errorOffset(cookie: Wide, code: number, offset: Wide, done = true, message = ''): Bytes {
  const head = ERROR_DATA.build({ error: code, messageLength: Buffer.byteLength(message) });
  return chunk(0x8002, cookie, done, head, message, u64(offset));
}

/** NBD_CMD_DISC, and both sides close. */
export function disconnect(cookie: Wide = 999): Step[] {
  return [request(DISC, cookie), clientCloses, serverCloses];
}

export function xdisconnect(cookie: Wide = 999): Step[] {
  return [xrequest(DISC, cookie), clientCloses, serverCloses];
}

/** A simple session that reads 512 bytes and disconnects. */
export function readAndLeave(before: readonly Step[]): Step[] {
  return [...before, request(READ, 1, 0, 512), simple(1, 0, 512), ...disconnect()];
}

/** The same with structured replies. */
export function structuredReadAndLeave(before: readonly Step[]): Step[] {
  return [...before, request(READ, 1, 0, 512), data(1, 0, 512), ...disconnect()];
}

/** A TLS record. */
export function tlsRecord(type: number, ...payload: readonly Part[]): Uint8Array {
  const bytes = join(...payload);
  return join(u8(type), u16(0x0303), u16(bytes.length), bytes);
}
