import { Block, EMPTY_BLOCK } from '../../base/block.js';
import { Packet, SOCKET_EVENT, type PacketSink, type SocketEvent } from '../packet.js';

/** The line and time at which a recording shows an event. */
export interface Moment {
  /** Line of the recording, from 1: used as packet number. */
  readonly line: number;
  readonly seconds: number;
  readonly nanos: number;
}

/** Passes the events of recorded sockets to a sink, as packets. */
export class SocketPackets {
  private readonly packet = new Packet();
  private readonly sink: PacketSink;

  constructor(sink: PacketSink) {
    this.sink = sink;
    this.packet.linkType = SOCKET_EVENT;
  }

  event(at: Moment, event: SocketEvent): void {
    this.put(at, event, EMPTY_BLOCK, 0);
  }

  /** An event of the kind `data`, with its bytes. */
  data(at: Moment, event: SocketEvent, bytes: Uint8Array): void {
    this.put(at, event, new Block(bytes), bytes.length);
  }

  private put(at: Moment, event: SocketEvent, block: Block, length: number): void {
    const { packet } = this;
    packet.number = at.line;
    packet.seconds = at.seconds;
    packet.nanos = at.nanos;
    packet.block = block;
    packet.start = 0;
    packet.end = length;
    packet.originalLength = length;
    packet.socket = event;
    this.sink.packet(packet);
  }
}
