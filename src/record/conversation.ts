import { randomInt } from 'node:crypto';
import { Packet } from '../capture/packet.js';
import { ACK, FIN, PSH, RST, SYN } from '../link/segment.js';
import { INBOUND, OUTBOUND, type PcapngWriter } from '../rewrite/pcapng-writer.js';
import { SEGMENT_BYTES, TcpFrame, type FrameEnds } from '../rewrite/tcp-frame.js';
import type { EmitQueue } from './emit-queue.js';

/** The side that connected, and the side that accepted the connection. */
export const CONNECTED = 0;
export const ACCEPTED = 1;
export type RecordSide = typeof CONNECTED | typeof ACCEPTED;

/** After this many unacknowledged bytes, the receiver's acknowledgement is written: far below the largest window. */
const ACK_BYTES = 1 << 28;
/** Receives each packet that is recorded, during the call. */
export interface PacketTap {
  readonly interfaceDescription: string;
  packet(packet: Packet): void;
}

/** Counts the packets of one recording. */
export class PacketCounter {
  count = 0;
}

/**
 * One connection, written as a TCP connection: SYN, SYN+ACK, ACK, data with exact sequence numbers, and FIN or RST of each direction.
 * Acknowledgements tell which bytes were passed on to the other side.
 */
export class Conversation {
  private readonly next: [number, number];
  private readonly unacked: [number, number] = [0, 0];
  private readonly acked: [number, number] = [0, 0];
  /** Sets the comment of the first packet, which names the processes. Until it is called, that packet and all after it wait. */
  private name: ((comment: string) => void) | null = null;
  private readonly ended: [boolean, boolean] = [false, false];
  /** Whether bytes of that side were passed on after the other side had ended its own direction. */
  private readonly late: [boolean, boolean] = [false, false];
  private readonly frame: TcpFrame;
  private readonly packet = new Packet();
  private readonly writer: PcapngWriter;
  private readonly interfaceId: number;
  private readonly counter: PacketCounter;
  private readonly tap: PacketTap | null;
  private readonly queue: EmitQueue;

  constructor(
    writer: PcapngWriter,
    interfaceId: number,
    ends: FrameEnds,
    counter: PacketCounter,
    tap: PacketTap | null,
    queue: EmitQueue,
  ) {
    this.writer = writer;
    this.interfaceId = interfaceId;
    this.counter = counter;
    this.tap = tap;
    this.queue = queue;
    // random initial numbers, so that connections of recordings that are merged do not look like retransmissions of each other
    this.next = [randomInt(2 ** 32), randomInt(2 ** 32)];
    this.frame = new TcpFrame(ends);
    this.packet.linkType = 101;
    this.packet.block = writer.block;
    this.packet.interfaceId = interfaceId;
    this.packet.interfaceDescription = tap?.interfaceDescription ?? '';
  }

  /** The connection was made. `comment`: for the first packet; null if the processes are not known yet, then `named` must follow. */
  open(micros: number, comment: string | null): void {
    let words = comment ?? '';
    const write = (): void => this.writeOpening(micros, words);
    if (comment !== null) {
      this.queue.add(write, 0);
      return;
    }
    const go = this.queue.addWaiting(write);
    this.name = (text) => {
      words = text;
      go();
    };
  }

  /** Ends the search for the processes of a connection that was opened without a comment. */
  named(comment: string): void {
    this.name?.(comment);
    this.name = null;
  }

  refuse(micros: number, comment: string): void {
    this.queue.add(() => {
      this.emit(CONNECTED, SYN, micros, null, 0, 0, comment);
      this.advance(CONNECTED);
      this.emit(ACCEPTED, RST | ACK, micros, null, 0, 0, '');
      this.ended[CONNECTED] = true;
      this.ended[ACCEPTED] = true;
    }, 0);
  }

  /** `from` sent these bytes, which must not be modified afterwards. */
  data(from: RecordSide, bytes: Uint8Array, micros: number): void {
    this.queue.add(() => this.writeData(from, bytes, micros), bytes.length);
  }

  /** `count` more bytes of `from` were passed on to the other side. */
  delivered(from: RecordSide, count: number): void {
    this.queue.add(() => {
      this.acked[from] = (this.acked[from] + count) >>> 0;
      if (this.ended[other(from)]) this.late[from] = true;
    }, 0);
  }

  /** `from` sends no more, and its end was passed on. */
  fin(from: RecordSide, micros: number): void {
    this.queue.add(() => {
      if (this.ended[from]) return;
      this.ended[from] = true;
      // the other side took bytes after it had ended its own direction; this acknowledgement shows that it was still there
      if (this.late[from]) this.emit(other(from), ACK, micros, null, 0, 0, '');
      this.emit(from, FIN | ACK, micros, null, 0, 0, '');
      this.next[from] = (this.next[from] + 1) >>> 0;
      this.acked[from] = (this.acked[from] + 1) >>> 0;
    }, 0);
  }

  /** `from` reset the connection. */
  reset(from: RecordSide, micros: number, comment = ''): void {
    this.queue.add(() => {
      if (this.ended[from]) return;
      this.ended[from] = true;
      this.ended[other(from)] = true;
      this.emit(from, RST | ACK, micros, null, 0, 0, comment);
    }, 0);
  }

  private writeOpening(micros: number, comment: string): void {
    this.emit(CONNECTED, SYN, micros, null, 0, 0, comment);
    this.advance(CONNECTED);
    this.emit(ACCEPTED, SYN | ACK, micros, null, 0, 0, '');
    this.advance(ACCEPTED);
    this.emit(CONNECTED, ACK, micros, null, 0, 0, '');
  }

  /** Advances the numbers after that side's SYN. */
  private advance(side: RecordSide): void {
    this.next[side] = (this.next[side] + 1) >>> 0;
    this.acked[side] = this.next[side];
  }

  private writeData(from: RecordSide, bytes: Uint8Array, micros: number): void {
    if (this.ended[from]) return;
    for (let at = 0; at < bytes.length;) {
      const end = Math.min(at + SEGMENT_BYTES, bytes.length);
      this.emit(from, end === bytes.length ? PSH | ACK : ACK, micros, bytes, at, end, '');
      this.next[from] = (this.next[from] + end - at) >>> 0;
      this.unacked[from] += end - at;
      at = end;
    }
    if (this.unacked[from] >= ACK_BYTES) this.emit(other(from), ACK, micros, null, 0, 0, '');
  }

  private emit(
    from: RecordSide,
    flags: number,
    micros: number,
    bytes: Uint8Array | null,
    start: number,
    end: number,
    comment: string,
  ): void {
    const { writer, frame } = this;
    const header = frame.headerBytes(flags);
    const payload = end - start;
    const length = header + payload;
    const direction = from === CONNECTED ? OUTBOUND : INBOUND;
    const seconds = Math.floor(micros / 1e6);
    const nanos = (micros % 1e6) * 1000;
    const comments = comment === '' ? [] : [comment];
    const at = writer.beginPacket(this.interfaceId, seconds, nanos, length, length, direction, comments);
    if (bytes !== null)
      writer.block.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at + header);
    const to = other(from);
    if (flags & ACK) this.unacked[to] = 0;
    frame.put(writer.block, at, { from, flags, seq: this.next[from], ack: this.acked[to] }, payload);
    writer.endPacket();
    this.counter.count++;
    if (this.tap !== null) this.show(this.tap, at, length, seconds, nanos, comment);
  }

  private show(tap: PacketTap, at: number, length: number, seconds: number, nanos: number, comment: string): void {
    const { packet } = this;
    packet.number = this.counter.count;
    packet.seconds = seconds;
    packet.nanos = nanos;
    packet.start = at;
    packet.end = at + length;
    packet.originalLength = length;
    packet.comment = comment;
    tap.packet(packet);
  }
}

function other(side: RecordSide): RecordSide {
  return side === CONNECTED ? ACCEPTED : CONNECTED;
}
