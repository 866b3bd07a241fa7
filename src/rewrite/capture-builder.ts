import { Block } from '../base/block.js';
import type { CaptureWriter, OutPacket } from './capture-writer.js';
import type { TcpFrame } from './tcp-frame.js';
import { type FrameHeader } from './tcp-frame.js';

/** The time of a packet. */
export interface Moment {
  readonly seconds: number;
  readonly nanos: number;
}

/** Room for the largest frame: Ethernet with a VLAN tag, and an IP packet. */
const FRAME_BYTES = 65_536 + 64;
/** Longest payload of an IP packet with the longest headers. */
const MOST_PAYLOAD = 65_535 - 40 - 28;

const NO_COMMENTS: readonly string[] = [];

/** Builds a capture from segments: makes new headers for them, and adds an interface for each link type and description. */
export class CaptureBuilder {
  private readonly block = new Block(new Uint8Array(FRAME_BYTES));
  private readonly interfaces = new Map<string, number>();
  /** Number of packets that were written. */
  packets = 0;

  readonly writer: CaptureWriter;
  private readonly digits: number;

  /** `digits`: decimal places of all times, as in the capture that is written again. */
  constructor(writer: CaptureWriter, digits: number) {
    this.writer = writer;
    this.digits = digits;
  }

  /** The number of the interface with that link type and description, which is added if there is none. */
  interfaceOf(linkType: number, description = ''): number {
    const key = `${linkType} ${description}`;
    let id = this.interfaces.get(key);
    if (id === undefined) {
      const name = description.startsWith('unix-stream:') ? 'unix' : 'if';
      id = this.writer.addInterface({
        ...{ linkType, digits: this.digits, name: `${name}${this.interfaces.size}` },
        ...(description === '' ? {} : { description }),
      });
      this.interfaces.set(key, id);
    }
    return id;
  }

  /**
   * Writes a segment whose payload is `bytes[start..end)`, and `length` bytes long on the wire. If it is too long for one packet, it is
   * written as several.
   */
  segment(
    interfaceId: number,
    frame: TcpFrame,
    header: FrameHeader,
    at: Moment,
    bytes: Uint8Array,
    start = 0,
    end = bytes.length,
    length = end - start,
    comments = NO_COMMENTS,
  ): void {
    const { block } = this;
    let from = start;
    let rest = length;
    let { seq, flags } = header;
    let comment = comments;
    do {
      const part = Math.min(rest, MOST_PAYLOAD);
      const to = Math.min(end, from + part);
      const last = part === rest;
      // FIN and PSH belong to the last part
      const partFlags = last ? flags : flags & ~LAST_FLAGS;
      const head = frame.headerBytes(partFlags);
      block.bytes.set(bytes.subarray(from, to), head);
      frame.put(block, 0, { ...header, seq, flags: partFlags }, part, to - from);
      this.put(interfaceId, at, comment, block.bytes, 0, head + to - from, head + part);
      seq = (seq + part + (partFlags & SYN ? 1 : 0)) >>> 0;
      flags &= ~SYN;
      from = to;
      rest -= part;
      comment = NO_COMMENTS;
    } while (rest > 0);
  }

  /** Writes a packet of any link type, with its bytes as they are. */
  whole(interfaceId: number, at: Moment, bytes: Uint8Array, originalLength = bytes.length): void {
    this.put(interfaceId, at, NO_COMMENTS, bytes, 0, bytes.length, originalLength);
  }

  private put(
    interfaceId: number,
    { seconds, nanos }: Moment,
    comments: readonly string[],
    bytes: Uint8Array,
    start: number,
    end: number,
    originalLength: number,
  ): void {
    const packet: OutPacket = { interfaceId, seconds, nanos, originalLength, comments };
    this.writer.packet(packet, bytes, start, end);
    this.packets++;
  }
}

const SYN = 0x02;
const LAST_FLAGS = 0x09;
