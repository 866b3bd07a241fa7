import { closeSync, openSync, readSync } from 'node:fs';
import { constants, gunzipSync } from 'node:zlib';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { pathStat } from '../../base/path-stat.js';
import { parserFor } from '../../capture/intake.js';
import type { CaptureInfo, CaptureNote, Packet, PacketSink } from '../../capture/packet.js';
import { sniff } from '../../capture/sniff.js';
import { openCapture } from '../../capture/source.js';
import { LinkDecoder } from '../../link/link-decoder.js';
import { TcpEnds } from './tcp-ends.js';

/** Bytes from a file's beginning that are looked at to see whether it may go on with another one. */
const HEAD_BYTES = 64 << 10;
/** What they may become when they are unpacked. */
const UNPACKED_BYTES = 1 << 20;

/** How a capture file begins and ends: what tells whether another one continues it. */
export class CaptureEnds implements PacketSink {
  /** Times in milliseconds; -1 where there is no packet. */
  first = -1;
  last = -1;
  /** Format, link types, interfaces, resolution: the same for all files of one recorder. */
  kind = '';
  readonly tcp = new TcpEnds(DEFAULT_LIMITS);
  private readonly link = new LinkDecoder(
    DEFAULT_LIMITS,
    (s) => this.tcp.segment(s),
    () => undefined,
  );

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

/** The ends as far as a file's first bytes show them; null where it is no capture of packets. */
export function headOf(path: string): CaptureEnds | null {
  if (pathStat(path)?.isFile() !== true) return null;
  try {
    const head = unpacked(firstBytes(path));
    const sniffed = sniff(head, true);
    if (sniffed === null || (sniffed.kind !== 'pcap' && sniffed.kind !== 'pcapng')) return null;
    const ends = new CaptureEnds();
    const { parser, offset } = parserFor(sniffed, 'blocks', ends, DEFAULT_LIMITS, head.length + 1);
    parser.push(head.subarray(offset));
    parser.end(true);
    return ends;
  } catch {
    // whoever analyzes it hears what is wrong
    return null;
  }
}

/** The ends of a whole file; null where it cannot be read. */
export async function endsOf(path: string, signal?: AbortSignal): Promise<CaptureEnds | null> {
  const ends = new CaptureEnds();
  try {
    await openCapture(path, { signal }).read(ends);
    return ends;
  } catch {
    return null;
  }
}

function firstBytes(path: string): Buffer {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.allocUnsafe(HEAD_BYTES);
    return head.subarray(0, readSync(fd, head, 0, HEAD_BYTES, 0));
  } finally {
    closeSync(fd);
  }
}

function unpacked(head: Buffer): Buffer {
  if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
  return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: UNPACKED_BYTES });
}
