import { Block, EMPTY_BLOCK } from '../base/block.js';
import type { SocketEvent } from '../capture/packet.js';

/** TCP flags as in the header's last byte. */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/**
 * One TCP segment, or one event of a recorded socket (`socket` set). One object is reused for all: copy what must stay.
 * Addresses are four 32-bit words; IPv4 uses the last word of `::ffff:a.b.c.d`, so that one comparison serves both.
 */
export class Segment {
  packet = 0;
  seconds = 0;
  nanos = 0;
  /** 4 or 6. */
  ipVersion: 4 | 6 = 4;
  src0 = 0;
  src1 = 0;
  src2 = 0;
  src3 = 0;
  dst0 = 0;
  dst1 = 0;
  dst2 = 0;
  dst3 = 0;
  srcPort = 0;
  dstPort = 0;
  seq = 0;
  ack = 0;
  flags = 0;
  /** Where the TCP header begins in `block`, or -1. */
  header = -1;
  /** Captured payload: `block.bytes[start..end)`. */
  block: Block = EMPTY_BLOCK;
  start = 0;
  end = 0;
  /** Payload length on the wire (by the IP header); more than `end - start` where the packet was cut. */
  length = 0;
  /** Whether the snapshot length cut this packet. */
  cut = false;
  /** Made from a text by text2pcap: sequence numbers count from 0, and there is no SYN. */
  fromZero = false;
  /** Outermost VLAN id, or -1. */
  vlan = -1;
  interfaceId = 0;
  /** See Packet. */
  interfaceDescription = '';
  comment = '';
  /** An event of a recorded socket, or null. If set, only it, packet, time and payload are valid. */
  socket: SocketEvent | null = null;

  /** A copy with its own bytes, for keeping. */
  kept(): Segment {
    const from = this.header < 0 ? this.start : this.header;
    const copy = Object.assign(new Segment(), this);
    copy.block = new Block(this.block.bytes.slice(from, this.end));
    copy.start = this.start - from;
    copy.end = this.end - from;
    if (this.header >= 0) copy.header = 0;
    return copy;
  }
}
