import type { Step } from '../../../base/rule.js';
import {
  ACCEPT_ERR,
  ACCEPT_REQUEST,
  ADDRESS_AND_PORT,
  CODE,
  CONNECT_ERR,
  CONNECT_OK,
  CONNECT_REQUEST,
  HEADER,
  INCOMING_CONNECTION,
  LISTEN_ERR,
  LISTEN_OK,
  LISTEN_REQUEST,
  LISTENER,
  READY_A1,
  READY_A3,
} from '../family-a/layout.js';

/** Builders for sessions of family A; each makes one frame as one step. */

type Sender = 'client' | 'server';

/** Both sides end their streams, the guest first. */
export const CLOSED: readonly Step[] = [
  { from: 'client', end: 'fin' },
  { from: 'server', end: 'fin' },
];

/** Any frame. `length`: the length in its header, if that is not to be the payload's. */
export function frame(
  from: Sender,
  type: number,
  requestId: number,
  payload: readonly number[] = [],
  length = payload.length,
): Step {
  const header = HEADER.build({ type, payloadLength: length, requestId });
  return { from, bytes: Uint8Array.of(...header, ...payload) };
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
  const [address = '', port] = text.split(':');
  const octets = Uint8Array.from(address.split('.').map(Number));
  return [...ADDRESS_AND_PORT.build({ address: octets, port: Number(port) })];
}

function listenerId(id: number): number[] {
  return [...LISTENER.build({ listenerId: id })];
}

function errorCode(code: number): number[] {
  return [...CODE.build({ code })];
}

export function listen(requestId: number, where = '0.0.0.0:8080'): Step {
  return frame('client', LISTEN_REQUEST, requestId, endpoint(where));
}

export function listenOk(requestId: number, listener: number): Step {
  return frame('server', LISTEN_OK, requestId, listenerId(listener));
}

export function listenErr(requestId: number, code: number): Step {
  return frame('server', LISTEN_ERR, requestId, errorCode(code));
}

export function connect(requestId: number, where = '10.0.0.9:80'): Step {
  return frame('client', CONNECT_REQUEST, requestId, endpoint(where));
}

export function connectErr(requestId: number, code: number): Step {
  return frame('server', CONNECT_ERR, requestId, errorCode(code));
}

export function accept(requestId: number, listener: number): Step {
  return frame('client', ACCEPT_REQUEST, requestId, listenerId(listener));
}

export function acceptErr(requestId: number, code: number): Step {
  return frame('server', ACCEPT_ERR, requestId, errorCode(code));
}

export interface Ready {
  readonly listener?: number;
  /** Offset in shared memory (A3), or pipe id (A2). */
  readonly pipe?: number;
  readonly ring?: number;
}

/** A 24-byte ConnectionReady. Without `pipe` it gets a page-aligned offset that no other connection has. */
export function ready(connection: number, r: Ready = {}): number[] {
  const pipe = r.pipe ?? 0x1f3_8000 + connection * 0x4000;
  const rings = { shmOffset: BigInt(pipe), ringSize: BigInt(r.ring ?? 4096) };
  return [...READY_A3.build({ listenerId: r.listener ?? 0, connectionId: connection, ...rings })];
}

/** A 20-byte ConnectionReady of generation A1. */
export function oldReady(connection: number, listener = 0, pipe = connection): number[] {
  return [...READY_A1.build({ listenerId: listener, connectionId: connection, pipeId: pipe, ringSize: 4096n })];
}

export function connectOk(requestId: number, connection: number, r: Ready = {}): Step {
  return frame('server', CONNECT_OK, requestId, ready(connection, r));
}

export function incoming(requestId: number, listener: number, connection: number, r: Ready = {}): Step {
  return frame('server', INCOMING_CONNECTION, requestId, ready(connection, { ...r, listener }));
}

/** A session that opens listener 1 with request 1. */
export function listening(): Step[] {
  return [listen(1), listenOk(1, 1)];
}

/** A session of generation A2: connection 1, whose pipe field repeats its id. */
export function a2(): Step[] {
  return [connect(1), connectOk(1, 1, { pipe: 1 })];
}
