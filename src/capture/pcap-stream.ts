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

/** Bytes of a record header that pcap-parser can read; the modified format's longer ones it cannot. */
const RECORD_HEADER_BYTES = 16;

/**
 * Classic pcap that arrives as a stream, read by pcap-parser. What that package gets wrong is put right around it: it refuses the
 * nanosecond magic (it is given the other one), believes every record length (nothing is fed after one above the limit), gathers
 * in quadratic time (it is fed only when a whole header or packet is there), keeps the first chunk it is given (that is the file
 * header alone, a copy), and says nothing of a record that is cut off (the bytes are counted here).
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
  /** File offsets: of the current record, up to which the parser wants bytes before it can go on, and up to which it has them. */
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
    // Packets are slices of what was fed in one go: they share one block.
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

/** A file header that pcap-parser accepts: microseconds, and otherwise the one that was read. */
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
