import type { Step } from '../../../base/rule.js';

/** Builders for sessions of family A: each is one frame as one step. */

type Sender = 'client' | 'server';

/** Both sides end their streams: the guest first. */
export const CLOSED: readonly Step[] = [
  { from: 'client', end: 'fin' },
  { from: 'server', end: 'fin' },
];

/** Any frame; `length` is what its header says, where that differs from the payload. */
export function frame(
  from: Sender,
  type: number,
  requestId: number,
  payload: readonly number[] = [],
  length = payload.length,
): Step {
  const bytes = new Uint8Array(7 + payload.length);
  bytes[0] = type;
  const view = new DataView(bytes.buffer);
  view.setUint16(1, length, true);
  view.setUint32(3, requestId, true);
  bytes.set(payload, 7);
  return { from, bytes };
}

/** Bytes of a number, lowest first. */
export function le(value: number, bytes: number): number[] {
  const out: number[] = [];
  let n = BigInt.asUintN(8 * bytes, BigInt(value));
  for (let i = 0; i < bytes; i++) {
    out.push(Number(n & 255n));
    n >>= 8n;
  }
  return out;
}

/** `10.0.0.9:80` as an Endpoint. */
export function endpoint(text: string): number[] {
  const [address, port] = text.split(':') as [string, string];
  return [...address.split('.').map(Number), ...le(Number(port), 2)];
}

export function listen(requestId: number, where = '0.0.0.0:8080'): Step {
  return frame('client', 1, requestId, endpoint(where));
}

export function listenOk(requestId: number, listener: number): Step {
  return frame('server', 2, requestId, le(listener, 4));
}

export function listenErr(requestId: number, code: number): Step {
  return frame('server', 6, requestId, le(code, 4));
}

export function connect(requestId: number, where = '10.0.0.9:80'): Step {
  return frame('client', 3, requestId, endpoint(where));
}

export function connectErr(requestId: number, code: number): Step {
  return frame('server', 7, requestId, le(code, 4));
}

export function accept(requestId: number, listener: number): Step {
  return frame('client', 8, requestId, le(listener, 4));
}

export function acceptErr(requestId: number, code: number): Step {
  return frame('server', 9, requestId, le(code, 4));
}

export interface Ready {
  readonly listener?: number;
  /** Offset in shared memory (A3), or pipe id (A2). */
  readonly pipe?: number;
  readonly ring?: number;
}

/** A 24-byte ConnectionReady. Without `pipe` a page-aligned offset that no other connection has. */
export function ready(connection: number, r: Ready = {}): number[] {
  const pipe = r.pipe ?? 0x1f3_8000 + connection * 0x4000;
  return [...le(r.listener ?? 0, 4), ...le(connection, 4), ...le(pipe, 8), ...le(r.ring ?? 4096, 8)];
}

/** A 20-byte ConnectionReady of generation A1. */
export function oldReady(connection: number, listener = 0, pipe = connection): number[] {
  return [...le(listener, 4), ...le(connection, 4), ...le(pipe, 4), ...le(4096, 8)];
}

export function connectOk(requestId: number, connection: number, r: Ready = {}): Step {
  return frame('server', 4, requestId, ready(connection, r));
}

export function incoming(requestId: number, listener: number, connection: number, r: Ready = {}): Step {
  return frame('server', 5, requestId, ready(connection, { ...r, listener }));
}

/** A session that opens listener 1 with request 1. */
export function listening(): Step[] {
  return [listen(1), listenOk(1, 1)];
}

/** A session of generation A2: connection 1, whose pipe field repeats its id. */
export function a2(): Step[] {
  return [connect(1), connectOk(1, 1, { pipe: 1 })];
}
