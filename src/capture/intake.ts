import type { Limits } from '../base/limits.js';
import { NotACapture, type PacketSink } from './packet.js';
import type { CaptureParser, RecordParser } from './parser.js';
import { PcapBlocks } from './pcap-blocks.js';
import { PCAP_HEADER_BYTES, pcapInfo, type PcapHeader } from './pcap-header.js';
import { PcapStream } from './pcap-stream.js';
import { Pcapng } from './pcapng.js';
import { RecordWindow, WINDOW_BYTES } from './record-window.js';
import { sniff, SNIFF_BYTES, type Sniffed } from './sniff.js';

/** How classic pcap is parsed: in big blocks (regular files), or as it streams in. */
export type Arrival = 'blocks' | 'stream';

/** Makes the parser for a format that is parsed in place; the first record begins at file offset `offset`. */
export function recordParserFor(
  sniffed: Extract<Sniffed, { kind: 'pcap' | 'pcapng' }>,
  sink: PacketSink,
  limits: Readonly<Limits>,
): { parser: RecordParser; offset: number } {
  if (sniffed.kind === 'pcapng') return { parser: new Pcapng(sink, limits), offset: 0 };
  sink.info(pcapInfo(sniffed.header));
  return { parser: new PcapBlocks(sniffed.header, sink, limits), offset: PCAP_HEADER_BYTES };
}

/** Makes the parser for a format. It has to be given the bytes from file offset `offset` on. */
export function parserFor(
  sniffed: Exclude<Sniffed, { kind: 'gzip' | 'zstd' }>,
  arrival: Arrival,
  sink: PacketSink,
  limits: Readonly<Limits>,
  windowBytes = WINDOW_BYTES,
): { parser: CaptureParser; offset: number } {
  if (sniffed.kind === 'text') return { parser: sniffed.format.open(sink, limits), offset: 0 };
  if (arrival === 'stream' && sniffed.kind === 'pcap' && isPlain(sniffed.header)) {
    sink.info(pcapInfo(sniffed.header));
    return { parser: new PcapStream(sniffed.header, sink, limits), offset: PCAP_HEADER_BYTES };
  }
  const { parser, offset } = recordParserFor(sniffed, sink, limits);
  return { parser: new RecordWindow(parser, offset, windowBytes), offset };
}

/** Whether the package pcap-parser can read files with this header. */
function isPlain({ recordHeader, anyLengthOrder }: PcapHeader): boolean {
  return recordHeader === 16 && !anyLengthOrder;
}

/** Takes the uncompressed bytes of a capture of any format: holds the first ones back until the format is known. */
export class Intake implements CaptureParser {
  private parser: CaptureParser | null = null;
  private head = new Uint8Array(0);
  private readonly arrival: Arrival;
  private readonly sink: PacketSink;
  private readonly limits: Readonly<Limits>;

  constructor(arrival: Arrival, sink: PacketSink, limits: Readonly<Limits>) {
    this.arrival = arrival;
    this.sink = sink;
    this.limits = limits;
  }

  get done(): boolean {
    return this.parser !== null && this.parser.done;
  }

  push(chunk: Uint8Array): void {
    if (this.parser !== null) {
      this.parser.push(chunk);
      return;
    }
    const head = new Uint8Array(this.head.length + chunk.length);
    head.set(this.head);
    head.set(chunk, this.head.length);
    this.head = head;
    this.decide(false);
  }

  end(stopped: boolean, damaged = false): void {
    if (this.parser === null) {
      if (stopped) return;
      this.decide(true);
    }
    this.parser!.end(stopped, damaged);
  }

  private decide(atEnd: boolean): void {
    const sniffed = sniff(this.head.subarray(0, SNIFF_BYTES), atEnd);
    if (sniffed === null) return;
    if (sniffed.kind === 'gzip' || sniffed.kind === 'zstd')
      throw new NotACapture(`compressed once more, with ${sniffed.kind}`);
    const { parser, offset } = parserFor(sniffed, this.arrival, this.sink, this.limits);
    const head = this.head.subarray(offset);
    this.parser = parser;
    this.head = new Uint8Array(0);
    parser.push(head);
  }
}
