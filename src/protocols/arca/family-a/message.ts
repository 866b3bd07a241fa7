import type { Input, Side } from '../../../base/input.js';
import { wideAt } from '../../../base/u64.js';
import { Message } from '../../../contract/message.js';
import {
  ADDRESS_AND_PORT,
  bodyLayout,
  CODE,
  CONTROL_TYPES,
  controlName,
  HEADER,
  LISTENER,
  payloadLengthAt,
  READY_A1,
  READY_A3,
  requestIdAt,
  type ControlType,
} from './layout.js';

/** No real ring is this large (bytes): a 20-byte body with a larger ring size is a 24-byte body that was cut short. */
const OLD_RING_LIMIT = 2 ** 40;

/** One frame of family A. Its type decides which of the fields it has; all are 0 if the payload is too short for them (see `whole`). */
export class ControlFrame extends Message {
  readonly family = 'A' as const;
  readonly type: number;
  readonly payloadLength: number;
  readonly requestId: number;
  /** ListenRequest, ConnectRequest: an IPv4 address, with the first octet in the highest byte, and a port. */
  address = 0;
  port = 0;
  /** Only in AcceptRequest, ListenOk, ConnectOk and IncomingConnection. */
  listenerId = 0;
  /** Only in ConnectOk and IncomingConnection. `pipe`: the pipe's id, or the offset of its rings in shared memory. */
  connectionId = 0;
  pipe = 0;
  ringSize = 0;
  /** Only in error replies: a Linux error number. */
  code = 0;
  /** Whether all fields of the type's payload are there. */
  whole = false;
  /** ConnectOk, IncomingConnection: whether the body has the layout of generation A1. */
  old = false;

  constructor(side: Side, input: Input) {
    super(side, input);
    this.type = input.bytes[input.pos + HEADER.at.type]!;
    this.payloadLength = payloadLengthAt(input.bytes, input.pos);
    this.requestId = requestIdAt(input.bytes, input.pos);
    this.length = HEADER.size + this.payloadLength;
  }

  get name(): string {
    return controlName(this.type);
  }

  get definition(): ControlType | null {
    return CONTROL_TYPES[this.type] ?? null;
  }

  /** Bytes of the payload after the fields of its type. */
  get surplus(): number {
    const body = this.definition?.body;
    if (body === undefined || !this.whole) return 0;
    return this.payloadLength - (this.old ? READY_A1.size : bodyLayout(body).size);
  }

  /** Reads the payload, of which `length` bytes are at `view[at]`. */
  readPayload(view: DataView, at: number, length: number): void {
    const body = this.definition?.body;
    if (body === undefined) return;
    if (body === 'ready') this.readReady(view, at, length);
    else if (length >= bodyLayout(body).size) {
      this.whole = true;
      if (body === 'listener') this.listenerId = view.getUint32(at + LISTENER.at.listenerId, true);
      else if (body === 'code') this.code = view.getUint32(at + CODE.at.code, true);
      else {
        this.address = view.getUint32(at + ADDRESS_AND_PORT.at.address, false);
        this.port = view.getUint16(at + ADDRESS_AND_PORT.at.port, true);
      }
    }
  }

  private readReady(view: DataView, at: number, length: number): void {
    const { at: a3 } = READY_A3;
    if (length < a3.shmOffset) return;
    this.listenerId = view.getUint32(at + a3.listenerId, true);
    this.connectionId = view.getUint32(at + a3.connectionId, true);
    if (length >= READY_A3.size) {
      this.pipe = wideAt(view, at + a3.shmOffset);
      this.ringSize = wideAt(view, at + a3.ringSize);
      this.whole = true;
    } else if (this.payloadLength === READY_A1.size && length === READY_A1.size) {
      const ring = wideAt(view, at + READY_A1.at.ringSize);
      if (ring === 0 || ring >= OLD_RING_LIMIT) return;
      this.pipe = view.getUint32(at + READY_A1.at.pipeId, true);
      this.ringSize = ring;
      this.old = true;
      this.whole = true;
    }
  }

  /** Whether the body is one of generation A2: its pipe field repeats the connection id, which a page-aligned offset cannot. */
  get holdsPipeId(): boolean {
    return this.whole && !this.old && this.pipe === this.connectionId && this.pipe % 4096 !== 0;
  }
}

/** `10.0.0.9:80` */
export function endpointText(address: number, port: number): string {
  return `${address >>> 24}.${(address >>> 16) & 255}.${(address >>> 8) & 255}.${address & 255}:${port}`;
}
