import { DEFAULT_LIMITS } from '../base/limits.js';
import type { BlockOutput, CaptureWriter, InterfaceInfo, OutPacket } from './capture-writer.js';

const BUFFER_BYTES = 1 << 20;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const MAGIC_MICROS = 0xa1b2c3d4;
const MAGIC_NANOS = 0xa1b23c4d;

/**
 * Writes classic pcap (https://www.tcpdump.org/manpages/pcap-savefile.5.txt), little-endian, with microseconds or nanoseconds. The format
 * has one link type, and no room for comments, interface names, or the number of packets that the recorder lost.
 */
export class PcapWriter implements CaptureWriter {
  readonly packetAt = RECORD_HEADER;
  private readonly bytes = new Uint8Array(BUFFER_BYTES + DEFAULT_LIMITS.packetBytes + RECORD_HEADER);
  private readonly view = new DataView(this.bytes.buffer);
  private at = 0;
  private linkType = -1;
  private nanos = false;
  private readonly output: BlockOutput;

  constructor(output: BlockOutput) {
    this.output = output;
  }

  addInterface(info: InterfaceInfo): number {
    if (info.description?.startsWith('unix-stream:') === true)
      throw new Error('a pcap cannot tell recorded sockets from TCP; name the file .pcapng');
    if (this.linkType >= 0) {
      if (info.linkType !== this.linkType)
        throw new Error('a pcap has one link type, and these have two; name the file .pcapng');
      return 0;
    }
    this.linkType = info.linkType;
    this.nanos = (info.digits ?? 6) > 6;
    const { view } = this;
    view.setUint32(0, this.nanos ? MAGIC_NANOS : MAGIC_MICROS, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, DEFAULT_LIMITS.packetBytes, true);
    view.setUint32(20, info.linkType, true);
    this.at = FILE_HEADER;
    return 0;
  }

  packet(p: OutPacket, bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.at + RECORD_HEADER + length > this.bytes.length) this.flush();
    const { view, at } = this;
    view.setUint32(at, p.seconds, true);
    view.setUint32(at + 4, this.nanos ? p.nanos : Math.floor(p.nanos / 1000), true);
    view.setUint32(at + 8, length, true);
    view.setUint32(at + 12, p.originalLength, true);
    this.bytes.set(bytes.subarray(start, end), at + RECORD_HEADER);
    this.at = at + RECORD_HEADER + length;
  }

  addDrops(): void {
    throw new Error('a pcap cannot tell what a recorder lost; name the file .pcapng');
  }

  flush(): void {
    if (this.at === 0) return;
    const end = this.at;
    this.at = 0;
    this.output(this.bytes.subarray(0, end));
  }
}
