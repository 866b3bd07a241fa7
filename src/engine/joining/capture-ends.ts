import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { Block } from '../../base/block.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { systemPath } from '../../base/file-name.js';
import { pathStat } from '../../base/path-stat.js';
import { fileHead } from '../../capture/file-head.js';
import { recordParserFor } from '../../capture/intake.js';
import type { CaptureInfo, CaptureNote, Packet, PacketSink } from '../../capture/packet.js';
import { parseAtOnce } from '../../capture/small-capture.js';
import { compressionOf, sniff, SNIFF_BYTES } from '../../capture/sniff.js';
import { openCapture } from '../../capture/source.js';
import { startOfZstd } from '../../capture/zstd.js';
import { LinkDecoder } from '../../link/link-decoder.js';
import { TcpEnds, type TcpStart } from './tcp-ends.js';

/** How a capture file begins and ends, to find out whether another one continues it. */
export class CaptureEnds implements PacketSink {
  /** Times in milliseconds; -1 where there is no packet. */
  first = -1;
  last = -1;
  /** Format, link types, interfaces, resolution: the same for all files of one recorder. */
  kind = '';
  readonly tcp: TcpEnds;
  private readonly link: LinkDecoder;

  /** `beginning`: whether only the beginning of the file is read. */
  constructor(beginning: boolean) {
    this.tcp = new TcpEnds(DEFAULT_LIMITS, beginning);
    this.link = new LinkDecoder(
      DEFAULT_LIMITS,
      (s) => this.tcp.segment(s),
      () => undefined,
    );
  }

  info({ format, linkTypes, resolution }: CaptureInfo): void {
    this.kind = `${format} ${linkTypes.join()} ${resolution}`;
  }

  packet(packet: Packet): void {
    const time = packet.seconds * 1000 + packet.nanos / 1e6;
    if (this.first < 0) this.first = time;
    if (time > this.last) this.last = time;
    if (packet.socket === null) this.link.packet(packet);
  }

  note(_: CaptureNote): void {
    // reported by the analysis
  }
}

/** How a capture file begins. Kept small, as those of thousands of files are in memory at once. */
export interface CaptureHead {
  /** Time of its first packet, in milliseconds. */
  readonly first: number;
  /** See CaptureEnds. */
  readonly kind: string;
  /** How the connections go on that were open before its first packet. */
  readonly starts: readonly TcpStart[];
}

/** How a file begins. `limit`: the first joinHeadBytes hold no packet, but the file is longer; null: no capture of packets, or none in it. */
export type Head = CaptureHead | 'limit' | null;

/** What the first bytes of a file show. */
export interface Beginning {
  readonly head: Head;
  /** The whole file, if it is small and not compressed: it need not be read again. */
  readonly content: Uint8Array | null;
}

const NOTHING: Beginning = { head: null, content: null };

/** How a file begins. */
export function headOf(path: string): Head {
  return pathStat(path)?.isFile() === true ? beginningOf(path).head : null;
}

/** The beginning of a regular file. */
export function beginningOf(path: string): Beginning {
  try {
    const fd = openSync(systemPath(path), 'r');
    try {
      return beginning(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // the analysis reports what is wrong with it
    return NOTHING;
  }
}

function beginning(fd: number): Beginning {
  const most = DEFAULT_LIMITS.joinHeadBytes;
  const bytes = fileHead(fd);
  const head = packetsOf(bytes, most);
  if (head === null) return NOTHING;
  // fewer bytes than were asked for: the whole file
  if (bytes.length < SNIFF_BYTES)
    return head.first < 0 ? NOTHING : { head, content: compressionOf(bytes) === null ? bytes.slice() : null };
  if (head.first >= 0) return { head, content: null };
  const longer = packetsOf(readFirst(fd, most), most);
  if (longer !== null && longer.first < 0) return { head: fstatSync(fd).size > most ? 'limit' : null, content: null };
  return { head: longer, content: null };
}

/** How a file begins and ends, by all of its packets; null where it cannot be read. */
export async function endsOf(path: string, signal?: AbortSignal): Promise<CaptureEnds | null> {
  const ends = new CaptureEnds(false);
  try {
    await openCapture(path, { signal }).read(ends);
    return ends;
  } catch {
    return null;
  }
}

/** How a file with these first bytes begins; null where it is no pcap or pcapng. `first` is -1 where they hold no packet. */
function packetsOf(bytes: Uint8Array, most: number): CaptureHead | null {
  const head = unpacked(bytes, most);
  const sniffed = sniff(head, true);
  if (sniffed === null || (sniffed.kind !== 'pcap' && sniffed.kind !== 'pcapng')) return null;
  const ends = new CaptureEnds(true);
  const { parser, offset } = recordParserFor(sniffed, ends, DEFAULT_LIMITS);
  parseAtOnce(parser, new Block(head), offset, head.length, () => true);
  return { first: ends.first, kind: ends.kind, starts: ends.tcp.starts };
}

/** The first `length` bytes of a file, or all where it is shorter. */
export function firstBytes(path: string, length: number): Buffer {
  const fd = openSync(systemPath(path), 'r');
  try {
    return readFirst(fd, length);
  } finally {
    closeSync(fd);
  }
}

function readFirst(fd: number, length: number): Buffer {
  const head = Buffer.allocUnsafe(length);
  return head.subarray(0, readSync(fd, head, 0, length, 0));
}

/** The uncompressed bytes, at most `most` of them. */
function unpacked(head: Uint8Array, most: number): Uint8Array {
  const kind = compressionOf(head);
  if (kind === null) return head;
  if (kind === 'zstd') return startOfZstd(head, most, DEFAULT_LIMITS.zstdWindowBytes);
  for (let part = head; ; part = part.subarray(0, part.length >> 1)) {
    try {
      return gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most });
    } catch (error) {
      // a file of zeros unpacks to a thousand times its size: try again with half of the bytes
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE' || part.length < 1024) throw error;
    }
  }
}
