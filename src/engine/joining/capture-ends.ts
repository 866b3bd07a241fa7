import { closeSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { systemPath } from '../../base/file-name.js';
import { pathStat } from '../../base/path-stat.js';
import { parserFor } from '../../capture/intake.js';
import type { CaptureInfo, CaptureNote, Packet, PacketSink } from '../../capture/packet.js';
import { compressionOf, sniff } from '../../capture/sniff.js';
import { openCapture } from '../../capture/source.js';
import { startOfZstd } from '../../capture/zstd.js';
import { LinkDecoder } from '../../link/link-decoder.js';
import { TcpEnds, type TcpStart } from './tcp-ends.js';

/** Bytes from a file's beginning that are looked at first; where no packet ends in them, as many as the limit allows. */
const FIRST_BYTES = 64 << 10;

/** How a capture file begins and ends: what tells whether another one continues it. */
export class CaptureEnds implements PacketSink {
  /** Times in milliseconds; -1 where there is no packet. */
  first = -1;
  last = -1;
  /** Format, link types, interfaces, resolution: the same for all files of one recorder. */
  kind = '';
  readonly tcp: TcpEnds;
  private readonly link: LinkDecoder;

  /** `beginning`: whether it is the beginning of a file, and not all of it. */
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
    // the analysis tells them
  }
}

/** How a capture file begins: little, as those of thousands of files are kept at once. */
export interface CaptureHead {
  /** Time of its first packet, in milliseconds. */
  readonly first: number;
  /** See CaptureEnds. */
  readonly kind: string;
  /** Of the connections that were open before its first packet. */
  readonly starts: readonly TcpStart[];
}

/** A file's beginning as its first bytes show it; `limit`: they show no packet, but more bytes might. */
export type Head = CaptureHead | 'limit' | null;

/** How a file begins; null where it is no capture of packets, or holds none. */
export function headOf(path: string): Head {
  const stat = pathStat(path);
  if (stat?.isFile() !== true) return null;
  const most = DEFAULT_LIMITS.joinHeadBytes;
  try {
    const head = packetsOf(firstBytes(path, Math.min(FIRST_BYTES, stat.size)), most);
    if (head === null || head.first >= 0 || stat.size <= FIRST_BYTES) return head?.first === -1 ? null : head;
    const longer = packetsOf(firstBytes(path, most), most);
    if (longer !== null && longer.first < 0) return stat.size > most ? 'limit' : null;
    return longer;
  } catch {
    // whoever analyzes it hears what is wrong
    return null;
  }
}

/** The ends of a whole file; null where it cannot be read. */
export async function endsOf(path: string, signal?: AbortSignal): Promise<CaptureEnds | null> {
  const ends = new CaptureEnds(false);
  try {
    await openCapture(path, { signal }).read(ends);
    return ends;
  } catch {
    return null;
  }
}

/** `first` is -1 where they hold no packet. */
function packetsOf(bytes: Buffer, most: number): CaptureHead | null {
  const head = unpacked(bytes, most);
  const sniffed = sniff(head, true);
  if (sniffed === null || (sniffed.kind !== 'pcap' && sniffed.kind !== 'pcapng')) return null;
  const ends = new CaptureEnds(true);
  const { parser, offset } = parserFor(sniffed, 'blocks', ends, DEFAULT_LIMITS, head.length + 1);
  parser.push(head.subarray(offset));
  parser.end(true);
  return { first: ends.first, kind: ends.kind, starts: ends.tcp.starts };
}

/** So many bytes of a file, or all where it is shorter. */
export function firstBytes(path: string, length: number): Buffer {
  const fd = openSync(systemPath(path), 'r');
  try {
    const head = Buffer.allocUnsafe(length);
    return head.subarray(0, readSync(fd, head, 0, length, 0));
  } finally {
    closeSync(fd);
  }
}

/** The bytes without compression, as many as allowed. */
function unpacked(head: Buffer, most: number): Buffer {
  const kind = compressionOf(head);
  if (kind === null) return head;
  if (kind === 'zstd') return startOfZstd(head, most, DEFAULT_LIMITS.zstdWindowBytes);
  for (let part = head; ; part = part.subarray(0, part.length >> 1)) {
    try {
      return gunzipSync(part, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most });
    } catch (error) {
      // a file of zeros unpacks to a thousand times its size: once more with fewer bytes of it
      if ((error as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE' || part.length < 1024) throw error;
    }
  }
}
