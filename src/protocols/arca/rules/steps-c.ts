import type { Step } from '../../../base/rule.js';
import {
  ACCEPT,
  ACK,
  ARGS,
  BYTES,
  CLOSE,
  CONNECT,
  dialectOf,
  encode,
  ERR,
  EXIT,
  FD_ACCEPT,
  FD_CLOSE,
  FD_READ,
  FD_RECEIVE,
  FILE,
  GET_ARGS,
  LENGTH,
  LISTEN,
  LISTENER,
  MKDIR,
  OFFSET,
  OPEN,
  PIPE,
  READ,
  RECEIVE,
  RESULT_ERR,
  SEEK,
  SEND,
  STOP_LISTENING,
  WRITE,
} from '../family-c/dialects.js';
import { FRAME } from '../family-c/layout.js';
import type { FieldsOf, Variant } from '../family-c/postcard.js';

/** Builders for sessions of family C; each makes one frame as one step. Control requests are those of generation C4. */

export const NEW_CONNECTION: Step = { then: 'new connection' };

/** A frame around any body. */
export function body(from: 'client' | 'server', bytes: readonly number[]): Step {
  return { from, bytes: Uint8Array.of(...FRAME.build({ bodyLength: BigInt(bytes.length) }), ...bytes) };
}

/** Makes a builder for what one side sends in a dialect. */
function speaker(from: 'client' | 'server', label: string) {
  const dialect = dialectOf(label);
  const role = from === 'client' ? 'guest' : 'monitor';
  return <V extends Variant>(variant: V, fields: FieldsOf<V>): Step =>
    body(from, encode(dialect, role, variant, fields));
}

const request = speaker('client', 'C4 control');
const response = speaker('server', 'C4 control');

/** How a file is opened. */
type Mode = Pick<FieldsOf<typeof OPEN>, 'read' | 'write' | 'create' | 'append' | 'truncate'>;
export const READ_ONLY: Mode = { read: 1, write: 0, create: 0, append: 0, truncate: 0 };
export const WRITE_NEW: Mode = { read: 0, write: 1, create: 1, append: 0, truncate: 0 };

export function getArgs(): Step {
  return request(GET_ARGS, {});
}

export function args(...list: string[]): Step {
  return response(ARGS, { args: list });
}

export function exit(code: number): Step {
  return request(EXIT, { code });
}

export function open(path: string, mode: Mode = READ_ONLY): Step {
  return request(OPEN, { path, ...mode });
}

export function mkdir(path: string): Step {
  return request(MKDIR, { path });
}

export function listenOn(port = 8081): Step {
  return request(LISTEN, { ip: 0, port });
}

export function connectTo(host: string, port = 80): Step {
  return request(CONNECT, { host, port });
}

/** Rings of pipe `n`: blocks of 4096 bytes that no other pipe has. */
export function rings(n: number): readonly [rx: number, tx: number] {
  return [0x1f4_1010 + n * 0x2000, 0x1f4_2010 + n * 0x2000];
}

/** A Pipe answer of the control pipe; `lengths` of rx and tx. */
export function pipe(n: number, lengths: readonly [number, number] = [1024, 1024], at = rings(n)): Step {
  return response(PIPE, { rxPtr: at[0], rxLen: lengths[0], txPtr: at[1], txLen: lengths[1] });
}

export function ack(): Step {
  return response(ACK, {});
}

export function err(kind: number): Step {
  return response(ERR, { kind });
}

/** The start of a control session: the arguments, which make its generation clear enough to be recognised. */
export function started(): Step[] {
  return [getArgs(), args('fix', 'eval')];
}

// stream pipes

const onStream = speaker('client', 'C3/C4 stream');
const fromStream = speaker('server', 'C3/C4 stream');

export function send(data: string): Step {
  return onStream(SEND, { data });
}

export function receive(length: number): Step {
  return onStream(RECEIVE, { length });
}

export function closeStream(): Step {
  return onStream(CLOSE, {});
}

export function sent(length: number): Step {
  return fromStream(LENGTH, { length });
}

export function received(data: string): Step {
  return fromStream(BYTES, { data });
}

export function streamAck(): Step {
  return fromStream(ACK, {});
}

/** The start of a stream pipe: data are sent and received. */
export function talking(): Step[] {
  return [send('GET / HTTP/1.0\r\n'), sent(16), receive(1024), received('HTTP/1.0 200 OK\r\n')];
}

// file pipes

const onFile = speaker('client', 'C3/C4 file');
const fromFile = speaker('server', 'C3/C4 file');

export function read(length: number): Step {
  return onFile(READ, { length });
}

export function write(data: string): Step {
  return onFile(WRITE, { data });
}

export function seekStart(offset: number): Step {
  return onFile(SEEK, { offset: { whence: 0, offset } });
}

export function closeFile(): Step {
  return onFile(CLOSE, {});
}

export function bytes(data: string): Step {
  return fromFile(BYTES, { data });
}

export function written(length: number): Step {
  return fromFile(LENGTH, { length });
}

export function offset(at: number): Step {
  return fromFile(OFFSET, { offset: at });
}

/** The start of a file pipe: data are written and read back. */
export function editing(): Step[] {
  return [write('hello, world'), written(12), seekStart(0), offset(0), read(300), bytes('hello, world')];
}

// listener pipes

const onListener = speaker('client', 'C3/C4 listener');

export function acceptNext(): Step {
  return onListener(ACCEPT, {});
}

/** A Pipe answer of a listener pipe. */
export function accepted(n: number): Step {
  const [rxPtr, txPtr] = rings(n);
  return speaker('server', 'C3/C4 listener')(PIPE, { rxPtr, rxLen: 1024, txPtr, txLen: 1024 });
}

export function closeListener(): Step {
  return onListener(CLOSE, {});
}

// generation C2: everything on one pipe, answers wrapped in a Result

export const FD = 0x1f3_8280_4b70;

const c2 = speaker('client', 'C2');
const ok = speaker('server', 'C2');

export function c2Open(path: string): Step {
  return c2(OPEN, { path, ...READ_ONLY });
}

export function c2File(descriptor = FD): Step {
  return ok(FILE, { descriptor });
}

export function c2Listen(): Step {
  return c2(LISTEN, { ip: 0x7f00_0001, port: 80 });
}

export function c2Listener(descriptor = FD): Step {
  return ok(LISTENER, { descriptor });
}

export function c2Read(length: number, descriptor = FD): Step {
  return c2(FD_READ, { descriptor, length });
}

export function c2Receive(length: number, descriptor = FD): Step {
  return c2(FD_RECEIVE, { descriptor, length });
}

export function c2Accept(descriptor = FD): Step {
  return c2(FD_ACCEPT, { descriptor });
}

export function c2StopListening(descriptor = FD): Step {
  return c2(STOP_LISTENING, { descriptor });
}

export function c2Close(descriptor = FD): Step {
  return c2(FD_CLOSE, { descriptor });
}

export function c2Bytes(data: string): Step {
  return ok(BYTES, { data });
}

export function c2Ack(): Step {
  return ok(ACK, {});
}

export function c2Err(kind: number): Step {
  return ok(RESULT_ERR, { kind });
}

/** The start of a C2 session: arguments, then file `FD` is opened. */
export function c2Started(fd = FD): Step[] {
  return [c2(GET_ARGS, {}), ok(ARGS, { args: ['fix', 'eval'] }), c2Open('a.fix'), c2File(fd)];
}
