import { shown, u16, u32, u64, u8 } from '../../../base/field.js';
import { hexNumber } from '../../../base/hex.js';
import { layout } from '../../../base/layout.js';
import type { Role } from '../generations.js';
import { errnoName } from './errno.js';

/** Frames of family A (arca.md 1.2): a header, then a body that depends on the type. Little-endian, no padding. */
export const MAX_PAYLOAD = 256;

export const HEADER = layout('little', {
  type: u8({ text: (type) => `${type} ${controlName(type)}`, description: 'what the body is', example: 1 }),
  payloadLength: u16({ description: 'bytes of the body', example: 6 }),
  requestId: u32({ description: 'the guest counts its requests; a reply repeats the number', example: 1 }),
});

/** The address to connect to, or to listen on: an IPv4 address, its octets in reading order, and a port. */
export const ADDRESS_AND_PORT = layout('little', { address: shown(4, 'IPv4 address', ipv4Text), port: u16() });

const ENDPOINT = layout('little', {
  endpoint: shown(ADDRESS_AND_PORT.size, 'address and port', (raw) => {
    const { address, port } = ADDRESS_AND_PORT.read(raw);
    return `${ipv4Text(address)}:${port}`;
  }),
});
export const LISTENER = layout('little', { listenerId: u32({ description: 'the monitor counts its listeners' }) });
export const CODE = layout('little', {
  code: u32({ text: (code) => `${code} ${errnoName(code)}`.trimEnd(), description: 'Linux error number' }),
});

const listenerId = u32({ description: 'listener that the connection came in by; 0: an outbound one' });
const connectionId = u32({ description: 'the monitor counts its connections' });
const ringSize = u64({ description: 'bytes of each of the two rings', example: '4096' });
/** The body for a connection that is ready. Generation A1: its pipe has a number. */
export const READY_A1 = layout('little', { listenerId, connectionId, pipeId: u32(), ringSize });
/** Generation A2: the number has 64 bits, and repeats the connection id. */
export const READY_A2 = layout('little', { listenerId, connectionId, pipeId: u64(), ringSize });
/** Generation A3: the offset of the rings in shared memory instead of the number. */
export const READY_A3 = layout('little', {
  listenerId,
  connectionId,
  shmOffset: u64({ text: (offset) => hexNumber(offset), description: 'offset of the rings in shared memory' }),
  ringSize,
});

/** The bodies and their layouts; the newest layout if generations differ. */
const BODIES = { endpoint: ENDPOINT, listener: LISTENER, ready: READY_A3, code: CODE } as const;
export type Body = keyof typeof BODIES;

export const LISTEN_REQUEST = 1;
export const LISTEN_OK = 2;
export const CONNECT_REQUEST = 3;
export const CONNECT_OK = 4;
export const INCOMING_CONNECTION = 5;
export const LISTEN_ERR = 6;
export const CONNECT_ERR = 7;
export const ACCEPT_REQUEST = 8;
export const ACCEPT_ERR = 9;

export interface ControlType {
  readonly name: string;
  readonly from: Role;
  readonly body: Body;
  /** Replies: the type of the request that they answer. */
  readonly answers: number | null;
}

const request = (name: string, body: Body): ControlType => ({ name, from: 'guest', body, answers: null });
const reply = (name: string, body: Body, answers: number): ControlType => ({ name, from: 'monitor', body, answers });

/** The types by their number in the header. */
export const CONTROL_TYPES: readonly (ControlType | null)[] = [
  null,
  request('ListenRequest', 'endpoint'),
  reply('ListenOk', 'listener', LISTEN_REQUEST),
  request('ConnectRequest', 'endpoint'),
  reply('ConnectOk', 'ready', CONNECT_REQUEST),
  reply('IncomingConnection', 'ready', ACCEPT_REQUEST),
  reply('ListenErr', 'code', LISTEN_REQUEST),
  reply('ConnectErr', 'code', CONNECT_REQUEST),
  request('AcceptRequest', 'listener'),
  reply('AcceptErr', 'code', ACCEPT_REQUEST),
];

/** The name of a type; `type 10` if it is not defined. */
export function controlName(type: number): string {
  return CONTROL_TYPES[type]?.name ?? `type ${type}`;
}

export function isDefined(type: number): boolean {
  return (CONTROL_TYPES[type] ?? null) !== null;
}

/** Whether replies of this type answer requests of that one. */
export function answers(reply: number, request: number): boolean {
  return CONTROL_TYPES[reply]?.answers === request;
}

export function bodyLayout(body: Body): (typeof BODIES)[Body] {
  return BODIES[body];
}

/** Whether a header has a defined type, and exactly a length that belongs to that type. */
export function isLegalPair(type: number, length: number): boolean {
  const t = CONTROL_TYPES[type];
  if (!t) return false;
  return length === BODIES[t.body].size || (t.body === 'ready' && length === READY_A1.size);
}

/** The payload length in the header at `bytes[at]`. */
export function payloadLengthAt(bytes: Uint8Array, at: number): number {
  const p = at + HEADER.at.payloadLength;
  return bytes[p]! | (bytes[p + 1]! << 8);
}

/** The request id in the header at `bytes[at]`. */
export function requestIdAt(bytes: Uint8Array, at: number): number {
  return u32At(bytes, at + HEADER.at.requestId);
}

/** The little-endian number in `bytes[at..at + 4)`. */
export function u32At(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function ipv4Text(raw: Uint8Array): string {
  return raw.join('.');
}
