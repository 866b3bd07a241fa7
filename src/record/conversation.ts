import { randomInt } from 'node:crypto';
import { Packet } from '../capture/packet.js';
import type { EmitQueue } from './emit-queue.js';
import { INBOUND, OUTBOUND, type PcapngWriter } from './pcapng-writer.js';

/** The side that connected, and the side that accepted. */
export const CONNECTED = 0;
export const ACCEPTED = 1;
export type RecordSide = typeof CONNECTED | typeof ACCEPTED;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;

/** Payload of one segment, at most: with its headers it stays below what an IP packet can hold. */
const SEGMENT_BYTES = 65_000;
/** Unacknowledged bytes after which the receiver says that it has them: far below the largest window. */
const ACK_BYTES = 1 << 28;
const WINDOW = 65_535;
const WINDOW_SCALE = 14;
const TTL = 64;
const PROTOCOL_TCP = 6;
const TCP_HEADER = 20;
/** Maximum segment size, no-operation, window scale. */
const SYN_OPTIONS = [2, 4, SEGMENT_BYTES >>> 8, SEGMENT_BYTES & 0xff, 1, 3, 3, WINDOW_SCALE];
const SYN_HEADER = TCP_HEADER + SYN_OPTIONS.length;

/** Both ends of a conversation as IP addresses (4 or 16 bytes, both the same) and ports. */
export interface ConversationAddresses {
  readonly addresses: readonly [Uint8Array, Uint8Array];
  readonly ports: readonly [number, number];
}

/** Numbers packets, and gives a copy of each to whoever looks on. */
export interface PacketTap {
  readonly interfaceDescription: string;
  packet(packet: Packet): void;
}

/** Counts the packets of one recording. */
export class PacketCounter {
  count = 0;
}

/**
 * One connection, written as a TCP connection: SYN, SYN+ACK, ACK, data with exact sequence numbers, FIN or RST by direction.
 * Acknowledgements say what was handed to the other side.
 */
export class Conversation {
  private readonly next: [number, number];
  private readonly unacked: [number, number] = [0, 0];
  private readonly acked: [number, number] = [0, 0];
  /** Names the processes in the first packet; until it is called that one, and all behind it, wait. */
  private name: ((comment: string) => void) | null = null;
  private readonly ended: [boolean, boolean] = [false, false];
  private readonly ipBytes: number;
  private readonly addressSum: number;
  private readonly packet = new Packet();

  constructor(
    private readonly writer: PcapngWriter,
    private readonly interfaceId: number,
    private readonly ends: ConversationAddresses,
    private readonly counter: PacketCounter,
    private readonly tap: PacketTap | null,
    private readonly queue: EmitQueue,
  ) {
    // numbers of its own: recordings that are put into one file must not look like each other's repetitions
    this.next = [randomInt(2 ** 32), randomInt(2 ** 32)];
    this.ipBytes = ends.addresses[0].length === 4 ? 20 : 40;
    let sum = 0;
    for (const address of ends.addresses)
      for (let i = 0; i < address.length; i += 2) sum += (address[i]! << 8) | address[i + 1]!;
    this.addressSum = sum;
    this.packet.linkType = 101;
    this.packet.block = writer.block;
    this.packet.interfaceId = interfaceId;
    this.packet.interfaceDescription = tap?.interfaceDescription ?? '';
  }

  /** The connection was made. `comment`: null where the processes are still looked for; `named` is called then. */
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

  /** The processes of a connection that was opened without a comment are known, or not to be found. */
  named(comment: string): void {
    this.name?.(comment);
    this.name = null;
  }

  /** The connection was refused. */
  refuse(micros: number, comment: string): void {
    this.queue.add(() => {
      this.emit(CONNECTED, SYN, micros, null, 0, 0, comment);
      this.advance(CONNECTED);
      this.emit(ACCEPTED, RST | ACK, micros, null, 0, 0, '');
      this.ended[CONNECTED] = true;
      this.ended[ACCEPTED] = true;
    }, 0);
  }

  /** `from` sent these bytes, which nobody changes any more. */
  data(from: RecordSide, bytes: Uint8Array, micros: number): void {
    this.queue.add(() => this.writeData(from, bytes, micros), bytes.length);
  }

  /** `count` more bytes that `from` sent were handed to the other side. */
  delivered(from: RecordSide, count: number): void {
    this.queue.add(() => (this.acked[from] = (this.acked[from] + count) >>> 0), 0);
  }

  /** `from` sends no more; its end was passed on. */
  fin(from: RecordSide, micros: number): void {
    this.queue.add(() => {
      if (this.ended[from]) return;
      this.ended[from] = true;
      this.emit(from, FIN | ACK, micros, null, 0, 0, '');
      this.next[from] = (this.next[from] + 1) >>> 0;
      this.acked[from] = (this.acked[from] + 1) >>> 0;
    }, 0);
  }

  /** `from` broke the connection off. */
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

  /** The SYN of that side was sent and received. */
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
    const { writer, ipBytes } = this;
    const tcpBytes = flags & SYN ? SYN_HEADER : TCP_HEADER;
    const payload = end - start;
    const length = ipBytes + tcpBytes + payload;
    const direction = from === CONNECTED ? OUTBOUND : INBOUND;
    const at = writer.beginPacket(this.interfaceId, micros, length, direction, comment);
    if (bytes !== null)
      writer.block.bytes.set(
        start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end),
        at + ipBytes + tcpBytes,
      );
    this.putIp(from, at, length);
    this.putTcp(from, flags, at + ipBytes, tcpBytes, payload);
    writer.endPacket();
    this.counter.count++;
    if (this.tap !== null) this.show(this.tap, at, length, micros, comment);
  }

  private putIp(from: RecordSide, at: number, length: number): void {
    const { bytes, view } = this.writer.block;
    const [source, destination] =
      from === CONNECTED ? this.ends.addresses : [this.ends.addresses[1], this.ends.addresses[0]];
    if (this.ipBytes === 40) {
      view.setUint32(at, 0x60000000);
      view.setUint16(at + 4, length - 40);
      bytes[at + 6] = PROTOCOL_TCP;
      bytes[at + 7] = TTL;
      bytes.set(source, at + 8);
      bytes.set(destination, at + 24);
      return;
    }
    view.setUint32(at, 0x45000000 | length);
    // identification 0, do not fragment
    view.setUint32(at + 4, 0x00004000);
    view.setUint32(at + 8, (TTL << 24) | (PROTOCOL_TCP << 16));
    bytes.set(source, at + 12);
    bytes.set(destination, at + 16);
    view.setUint16(at + 10, fold(0x4500 + length + 0x4000 + ((TTL << 8) | PROTOCOL_TCP) + this.addressSum));
  }

  private putTcp(from: RecordSide, flags: number, at: number, header: number, payload: number): void {
    const { block } = this.writer;
    const { bytes, view } = block;
    const to = other(from);
    view.setUint16(at, this.ends.ports[from]);
    view.setUint16(at + 2, this.ends.ports[to]);
    view.setUint32(at + 4, this.next[from]);
    view.setUint32(at + 8, flags & ACK ? this.acked[to] : 0);
    view.setUint16(at + 12, ((header / 4) << 12) | flags);
    view.setUint16(at + 14, WINDOW);
    view.setUint32(at + 16, 0);
    if (header > TCP_HEADER) bytes.set(SYN_OPTIONS, at + TCP_HEADER);
    if (flags & ACK) this.unacked[to] = 0;
    view.setUint16(
      at + 16,
      fold(this.addressSum + PROTOCOL_TCP + header + payload + sum(block.bytes, at, header + payload)),
    );
  }

  private show(tap: PacketTap, at: number, length: number, micros: number, comment: string): void {
    const { packet } = this;
    packet.number = this.counter.count;
    packet.seconds = Math.floor(micros / 1e6);
    packet.nanos = (micros % 1e6) * 1000;
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

/** Internet checksum of a sum of 16-bit words (RFC 1071). */
function fold(value: number): number {
  let s = value;
  while (s > 0xffff) s = (s & 0xffff) + Math.floor(s / 0x10000);
  return ~s & 0xffff;
}

/** Sum of the 16-bit big-endian words of `bytes[at..at+length)`; `at` is a multiple of four, at most 65535 bytes. */
function sum(bytes: Uint8Array, at: number, length: number): number {
  const count = length >>> 2;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, count);
  // in either byte order the halves of a word are two of the words that are summed, with their bytes swapped on most machines
  let low = 0;
  let high = 0;
  for (let i = 0; i < count; i++) {
    const word = words[i]!;
    low += word & 0xffff;
    high += word >>> 16;
  }
  let total = low + high;
  total = (total & 0xffff) + Math.floor(total / 0x10000);
  total = (total & 0xffff) + (total >>> 16);
  if (LITTLE_ENDIAN) total = ((total & 0xff) << 8) | (total >>> 8);
  const rest = at + (count << 2);
  const end = at + length;
  for (let i = rest; i < end; i++) total += (i - rest) % 2 === 0 ? bytes[i]! << 8 : bytes[i]!;
  return total;
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
