import type { Input, Side } from '../../../base/input.js';
import { Message } from '../../../contract/message.js';
import type { Role } from '../generations.js';

/**
 * Frames of family A (arca.md 1.2): type u8, payload length u16, request id u32, payload. Little-endian, no padding.
 */
export const HEADER_BYTES = 7;
export const MAX_PAYLOAD = 256;
export const TYPE_AT = 0;
export const LENGTH_AT = 1;
export const REQUEST_ID_AT = 3;

export const LISTEN_REQUEST = 1;
export const LISTEN_OK = 2;
export const CONNECT_REQUEST = 3;
export const CONNECT_OK = 4;
export const INCOMING_CONNECTION = 5;
export const LISTEN_ERR = 6;
export const CONNECT_ERR = 7;
export const ACCEPT_REQUEST = 8;
export const ACCEPT_ERR = 9;

/** What a payload holds. */
export type Body = 'endpoint' | 'listener' | 'ready' | 'code';

export interface ControlType {
  readonly name: string;
  readonly from: Role;
  readonly body: Body;
}

export const CONTROL_TYPES: readonly (ControlType | null)[] = [
  null,
  { name: 'ListenRequest', from: 'guest', body: 'endpoint' },
  { name: 'ListenOk', from: 'monitor', body: 'listener' },
  { name: 'ConnectRequest', from: 'guest', body: 'endpoint' },
  { name: 'ConnectOk', from: 'monitor', body: 'ready' },
  { name: 'IncomingConnection', from: 'monitor', body: 'ready' },
  { name: 'ListenErr', from: 'monitor', body: 'code' },
  { name: 'ConnectErr', from: 'monitor', body: 'code' },
  { name: 'AcceptRequest', from: 'guest', body: 'listener' },
  { name: 'AcceptErr', from: 'monitor', body: 'code' },
];

/** Bytes of an endpoint: four IPv4 octets in reading order, port u16 little-endian. */
export const ENDPOINT_BYTES = 6;
const PORT_AT = 4;
/** ConnectionReady: listener id u32, connection id u32, then a tail that differs by generation. */
export const CONNECTION_ID_AT = 4;
export const PIPE_AT = 8;
/** A1: pipe id u32, ring size u64. */
export const OLD_READY_BYTES = 20;
export const OLD_RING_SIZE_AT = 12;
/** A2 and A3: pipe id or shared-memory offset u64, ring size u64. */
export const READY_BYTES = 24;
export const RING_SIZE_AT = 16;

/** Bytes of a payload; the newer of the two lengths for `ready`. */
export function bodyBytes(body: Body): number {
  return body === 'endpoint' ? ENDPOINT_BYTES : body === 'ready' ? READY_BYTES : 4;
}

/** Whether a header names a defined type and exactly a length that belongs to it. */
export function isLegalPair(type: number, length: number): boolean {
  const t = CONTROL_TYPES[type];
  if (!t) return false;
  return length === bodyBytes(t.body) || (t.body === 'ready' && length === OLD_READY_BYTES);
}

/** Two halves of a 64-bit number as a double; exact below 2^53, where all offsets and sizes of real sessions lie. */
export function join64(low: number, high: number): number {
  return high * 0x1_0000_0000 + low;
}

/** No real ring is this large: a 20-byte body whose ring size lies above is a 24-byte body cut short. */
const OLD_RING_LIMIT = 2 ** 40;

/** One frame of family A. Numbers that the payload was too short for are 0; `whole` tells. */
export class ControlFrame extends Message {
  readonly family = 'A' as const;
  readonly type: number;
  readonly payloadLength: number;
  readonly requestId: number;
  /** Endpoint: the address, first octet highest. Listener: its id. Ready: the listener id. Error: the code. */
  first = 0;
  /** Endpoint: the port. Ready: the connection id. */
  second = 0;
  /** Ready: pipe id or offset in shared memory. */
  pipe = 0;
  ringSize = 0;
  /** Whether all fields of the type's payload were there. */
  whole = false;
  /** Ready: whether it is the 20-byte body of generation A1. */
  old = false;

  constructor(side: Side, input: Input) {
    super(side, input);
    const b = input.bytes;
    const p = input.pos;
    this.type = b[p + TYPE_AT]!;
    this.payloadLength = b[p + LENGTH_AT]! | (b[p + LENGTH_AT + 1]! << 8);
    this.requestId = input.view.getUint32(p + REQUEST_ID_AT, true);
    this.length = HEADER_BYTES + this.payloadLength;
  }

  get name(): string {
    return CONTROL_TYPES[this.type]?.name ?? `type ${this.type}`;
  }

  /** Bytes of the payload behind the fields of its type. */
  get surplus(): number {
    const body = this.definition?.body;
    return body === undefined || !this.whole ? 0 : this.payloadLength - (this.old ? OLD_READY_BYTES : bodyBytes(body));
  }

  get definition(): ControlType | null {
    return CONTROL_TYPES[this.type] ?? null;
  }

  /** Reads the payload, of which `length` bytes are at `view[at]`. */
  readPayload(view: DataView, at: number, length: number): void {
    const body = this.definition?.body;
    switch (body) {
      case undefined:
        return;
      case 'endpoint':
        if (length < ENDPOINT_BYTES) return;
        this.first = view.getUint32(at, false);
        this.second = view.getUint16(at + PORT_AT, true);
        this.whole = true;
        return;
      case 'listener':
      case 'code':
        if (length < 4) return;
        this.first = view.getUint32(at, true);
        this.whole = true;
        return;
      case 'ready':
        this.readReady(view, at, length);
    }
  }

  private readReady(view: DataView, at: number, length: number): void {
    if (length < PIPE_AT) return;
    this.first = view.getUint32(at, true);
    this.second = view.getUint32(at + CONNECTION_ID_AT, true);
    if (length >= READY_BYTES) {
      this.pipe = join64(view.getUint32(at + PIPE_AT, true), view.getUint32(at + PIPE_AT + 4, true));
      this.ringSize = join64(view.getUint32(at + RING_SIZE_AT, true), view.getUint32(at + RING_SIZE_AT + 4, true));
      this.whole = true;
    } else if (this.payloadLength === OLD_READY_BYTES && length === OLD_READY_BYTES) {
      const ring = join64(view.getUint32(at + OLD_RING_SIZE_AT, true), view.getUint32(at + OLD_RING_SIZE_AT + 4, true));
      if (ring === 0 || ring >= OLD_RING_LIMIT) return;
      this.pipe = view.getUint32(at + PIPE_AT, true);
      this.ringSize = ring;
      this.old = true;
      this.whole = true;
    }
  }
}

/** `10.0.0.9:80` */
export function endpointText(address: number, port: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}:${port}`;
}
