import { parse, type PacketHeader } from 'pcap-parser';
import { MALFORMED } from '../base/capture-rules.js';
import { Block } from '../base/block.js';
import type { Limits } from '../base/limits.js';
import { ByteGatherer } from './byte-gatherer.js';
import { Packet, type PacketSink } from './packet.js';
import type { CaptureParser } from './parser.js';
import { setTime } from './pcap-blocks.js';
import { PCAP_HEADER_BYTES, type PcapHeader } from './pcap-header.js';
import { recordCutOff, recordTooLong } from './pcap-notes.js';

/** Size of a record header. pcap-parser cannot read the longer ones of the modified format. */
const RECORD_HEADER_BYTES = 16;

/**
 * Classic pcap from a stream, read by the package pcap-parser, with workarounds for its defects: it refuses the nanosecond magic (so it is
 * given the other one), accepts every record length (so it gets nothing after a length above the limit), gathers in quadratic time (so it
 * gets bytes only when a whole header or packet is there), keeps the first chunk (so that is only a copy of the file header), and does not
 * report a record that is cut off (so the bytes are counted here).
 */
export class PcapStream implements CaptureParser {
  done = false;
  private readonly header: PcapHeader;
  private readonly sink: PacketSink;
  private readonly limit: number;
  private readonly packet = new Packet();
  private readonly held = new ByteGatherer();
  private feed: (data: Buffer) => void = () => undefined;
  private count = 0;
  private original = 0;
  /** File offsets: of the current record; up to which pcap-parser needs bytes to go on; up to which it has them. */
  private record = PCAP_HEADER_BYTES;
  private wanted = PCAP_HEADER_BYTES + RECORD_HEADER_BYTES;
  private fed = PCAP_HEADER_BYTES;

  constructor(header: PcapHeader, sink: PacketSink, limits: Readonly<Limits>) {
    this.header = header;
    this.sink = sink;
    this.limit = limits.packetBytes;
    this.packet.linkType = header.linkType;
    const parser = parse({
      on: (event: string, listener: (data: never) => void) => {
        if (event === 'data') this.feed = listener as (data: Buffer) => void;
      },
      pause: () => undefined,
      resume: () => undefined,
    });
    parser.on('packetHeader', (record) => this.onHeader(record));
    parser.on('packetData', (data) => this.onData(data));
    parser.on('error', (error) => this.onError(error));
    this.feed(plainHeader(header));
  }

  push(chunk: Uint8Array): void {
    if (this.done) return;
    const have = this.fed + this.held.length + chunk.length;
    if (have < this.wanted) {
      this.held.add(chunk);
      return;
    }
    const data = this.held.takeWith(chunk);
    this.fed += data.length;
    this.feed(data);
  }

  end(stopped: boolean, damaged = false): void {
    const have = this.fed + this.held.length - this.record;
    if (this.done || stopped || damaged || have === 0) return;
    this.sink.note(recordCutOff(this.header, this.count + 1, this.record, have, this.wanted - this.record));
  }

  private onHeader(record: PacketHeader): void {
    if (this.done) return;
    const captured = record.capturedLength;
    if (captured > this.limit) {
      this.done = true;
      this.sink.note(recordTooLong(this.header, this.count + 1, this.record, captured, this.limit));
      return;
    }
    this.wanted = this.record + RECORD_HEADER_BYTES + captured;
    this.original = record.originalLength > captured ? record.originalLength : captured;
    setTime(this.packet, record.timestampSeconds, record.timestampMicroseconds, this.header.nanoseconds);
  }

  private onData(data: Buffer): void {
    if (this.done) return;
    const { packet } = this;
    packet.number = ++this.count;
    // packets are slices of the chunk that was fed: they share one block
    if (packet.block.bytes.buffer !== data.buffer) packet.block = new Block(new Uint8Array(data.buffer));
    packet.start = data.byteOffset;
    packet.end = data.byteOffset + data.length;
    packet.originalLength = this.original;
    this.record = this.wanted;
    this.wanted += RECORD_HEADER_BYTES;
    this.sink.packet(packet);
  }

  private onError(error: Error): void {
    this.done = true;
    this.sink.note({ rule: MALFORMED, text: `pcap-parser: ${error.message}`, offset: this.record, length: 0 });
  }
}

/** A file header that pcap-parser accepts: that of the file, but always version 2.4 with microseconds. */
function plainHeader(header: PcapHeader): Buffer {
  const bytes = Buffer.alloc(PCAP_HEADER_BYTES);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const { littleEndian } = header;
  view.setUint32(0, 0xa1b2c3d4, littleEndian);
  view.setUint16(4, 2, littleEndian);
  view.setUint16(6, 4, littleEndian);
  view.setUint32(20, header.linkType, littleEndian);
  return bytes;
}
