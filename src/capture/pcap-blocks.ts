import type { Block } from '../base/block.js';
import type { Limits } from '../base/limits.js';
import { Packet, type PacketSink } from './packet.js';
import type { RecordParser } from './parser.js';
import type { PcapHeader } from './pcap-header.js';
import { recordCutOff, recordTooLong } from './pcap-notes.js';

/** Fields of a record header (draft-ietf-opsawg-pcap, section 5). */
const SECONDS = 0;
const FRACTION = 4;
const CAPTURED = 8;
const ORIGINAL = 12;

/** Classic pcap after its file header, parsed in place: packets are not copied, but refer to bytes of the window. */
export class PcapBlocks implements RecordParser {
  need: number;
  done = false;
  private readonly header: PcapHeader;
  private readonly sink: PacketSink;
  private readonly limit: number;
  private readonly packet = new Packet();
  private count = 0;

  constructor(header: PcapHeader, sink: PacketSink, limits: Readonly<Limits>) {
    this.header = header;
    this.sink = sink;
    this.limit = limits.packetBytes;
    this.need = header.recordHeader;
    this.packet.linkType = header.linkType;
  }

  parse(block: Block, start: number, end: number, base: number): number {
    const { littleEndian, recordHeader, nanoseconds, anyLengthOrder } = this.header;
    const { packet, sink, limit } = this;
    const view = block.view;
    packet.block = block;
    let pos = start;
    for (;;) {
      if (end - pos < recordHeader) {
        this.need = recordHeader;
        return pos;
      }
      let captured = view.getUint32(pos + CAPTURED, littleEndian);
      let original = view.getUint32(pos + ORIGINAL, littleEndian);
      if (anyLengthOrder && original < captured) [captured, original] = [original, captured];
      if (captured > limit) {
        this.done = true;
        sink.note(recordTooLong(this.header, this.count + 1, base + pos, captured, limit));
        return pos;
      }
      const data = pos + recordHeader;
      const next = data + captured;
      if (next > end) {
        this.need = recordHeader + captured;
        return pos;
      }
      packet.number = ++this.count;
      setTime(
        packet,
        view.getUint32(pos + SECONDS, littleEndian),
        view.getUint32(pos + FRACTION, littleEndian),
        nanoseconds,
      );
      packet.start = data;
      packet.end = next;
      packet.originalLength = original > captured ? original : captured;
      sink.packet(packet);
      pos = next;
    }
  }

  end(bytes: Uint8Array, offset: number, _unskipped: number, stopped: boolean, damaged: boolean): void {
    if (this.done || stopped || damaged || bytes.length === 0) return;
    this.sink.note(recordCutOff(this.header, this.count + 1, offset, bytes.length, this.need));
  }
}

/** Sets the packet's time. A fraction of a whole second or more, as broken writers produce it, is carried over to the seconds. */
export function setTime(packet: Packet, seconds: number, fraction: number, nanoseconds: boolean): void {
  const nanos = nanoseconds ? fraction : fraction * 1000;
  if (nanos < 1_000_000_000) {
    packet.seconds = seconds;
    packet.nanos = nanos;
  } else {
    packet.seconds = seconds + Math.floor(nanos / 1_000_000_000);
    packet.nanos = nanos % 1_000_000_000;
  }
}
