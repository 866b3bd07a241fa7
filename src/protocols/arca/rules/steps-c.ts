import type { Step } from '../../../base/rule.js';
import { le } from './steps-a.js';
import { text } from './steps-b.js';

/** Builders for sessions of family C: each is one frame as one step. Control requests are those of generation C4. */

export const NEW_CONNECTION: Step = { then: 'new connection' };

/** A frame around any body. */
export function body(from: 'client' | 'server', bytes: readonly number[]): Step {
  return { from, bytes: Uint8Array.from([...le(bytes.length, 8), ...bytes]) };
}

/** A varint: 7 bits a byte, low group first. */
export function varint(value: number): number[] {
  const out: number[] = [];
  let n = BigInt.asUintN(64, BigInt(value));
  while (n > 127n) {
    out.push(Number(n & 127n) | 0x80);
    n >>= 7n;
  }
  return [...out, Number(n)];
}

export function zigzag(value: number): number[] {
  return varint(value < 0 ? -2 * value - 1 : 2 * value);
}

export function string(s: string): number[] {
  const b = text(s);
  return [...varint(b.length), ...b];
}

export const READ_ONLY = [1, 0, 0, 0, 0];
export const WRITE_NEW = [0, 1, 1, 0, 0];

export function getArgs(): Step {
  return body('client', [0]);
}

export function args(...list: string[]): Step {
  return body('server', [0, ...varint(list.length), ...list.flatMap(string)]);
}

export function exit(code: number): Step {
  return body('client', [1, ...zigzag(code)]);
}

/** `mode`: read, write, create, append, truncate. */
export function open(path: string, mode: readonly number[] = READ_ONLY): Step {
  return body('client', [2, ...string(path), ...mode]);
}

export function mkdir(path: string): Step {
  return body('client', [3, ...string(path)]);
}

export function listenOn(port = 8081): Step {
  return body('client', [4, 0, 0, 0, 0, ...varint(port)]);
}

export function connectTo(host: string, port = 80): Step {
  return body('client', [5, ...string(host), ...varint(port)]);
}

/** Rings of pipe `n`: blocks of 4096 bytes that no other pipe has. */
export function rings(n: number): readonly [rx: number, tx: number] {
  return [0x1f4_1010 + n * 0x2000, 0x1f4_2010 + n * 0x2000];
}

/** A Pipe answer of the control pipe; `lengths` of rx and tx. */
export function pipe(n: number, lengths: readonly [number, number] = [1024, 1024], at = rings(n)): Step {
  return body('server', [1, ...pipeData(at, lengths)]);
}

/** A Pipe answer of a listener pipe. */
export function accepted(n: number): Step {
  return body('server', [0, ...pipeData(rings(n), [1024, 1024])]);
}

function pipeData(at: readonly [number, number], lengths: readonly [number, number]): number[] {
  return [...varint(at[0]), ...varint(lengths[0]), ...varint(at[1]), ...varint(lengths[1])];
}

export function ack(): Step {
  return body('server', [2]);
}

export function err(kind: number): Step {
  return body('server', [3, ...varint(kind)]);
}

/** The start of a control session: the arguments, which make its generation clear enough to be recognised. */
export function started(): Step[] {
  return [getArgs(), args('fix', 'eval')];
}

// stream pipes

export function send(data: string): Step {
  return body('client', [0, ...string(data)]);
}

export function receive(length: number): Step {
  return body('client', [1, ...varint(length)]);
}

export function closeStream(): Step {
  return body('client', [2]);
}

export function sent(length: number): Step {
  return body('server', [0, ...varint(length)]);
}

export function received(data: string): Step {
  return body('server', [1, ...string(data)]);
}

export function streamAck(): Step {
  return body('server', [2]);
}

/** The start of a stream pipe: something is sent and something received. */
export function talking(): Step[] {
  return [send('GET / HTTP/1.0\r\n'), sent(16), receive(1024), received('HTTP/1.0 200 OK\r\n')];
}

// file pipes

export function read(length: number): Step {
  return body('client', [0, ...varint(length)]);
}

export function write(data: string): Step {
  return body('client', [1, ...string(data)]);
}

export function seekStart(offset: number): Step {
  return body('client', [2, 0, ...varint(offset)]);
}

export function closeFile(): Step {
  return body('client', [3]);
}

export function bytes(data: string): Step {
  return body('server', [0, ...string(data)]);
}

export function written(length: number): Step {
  return body('server', [1, ...varint(length)]);
}

export function offset(at: number): Step {
  return body('server', [2, ...varint(at)]);
}

/** The start of a file pipe: something is written and read back. */
export function editing(): Step[] {
  return [write('hello, world'), written(12), seekStart(0), offset(0), read(300), bytes('hello, world')];
}

// listener pipes

export function acceptNext(): Step {
  return body('client', [0]);
}

export function closeListener(): Step {
  return body('client', [1]);
}

// generation C2: everything on one pipe, answers wrapped in a Result

export const FD = 0x1f3_8280_4b70;

export function c2(...bytes: number[]): Step {
  return body('client', bytes);
}

export function ok(...bytes: number[]): Step {
  return body('server', [0, ...bytes]);
}

/** The start of a C2 session: arguments, then file `FD` is opened. */
export function c2Started(fd = FD): Step[] {
  return [
    c2(0),
    ok(1, 2, ...string('fix'), ...string('eval')),
    c2(2, ...string('a.fix'), ...READ_ONLY),
    ok(2, ...varint(fd)),
  ];
}
