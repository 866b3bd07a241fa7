import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Packet } from '../../src/capture/packet.js';
import { openCapture } from '../../src/capture/source.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Reporter, StreamRecord } from '../../src/engine/event.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import { FIN, SYN, type Segment } from '../../src/link/segment.js';
import type { FindingEvent, MessageEvent } from '../../src/report/event-object.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { SETTINGS } from './settings.js';

const RAW = 101;

/** One segment of a capture as a packet of its own, without a link layer. */
export interface LoosePacket {
  readonly bytes: Uint8Array;
  readonly originalLength: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly headers: number;
  readonly flags: number;
  readonly comment: string;
  readonly interfaceDescription: string;
}

/** The TCP segments of a capture; null where it holds anything else that is decoded. */
export async function loosePackets(path: string): Promise<LoosePacket[] | null> {
  const out: LoosePacket[] = [];
  let sockets = false;
  const ignore = (): void => undefined;
  const link = new LinkDecoder(
    DEFAULT_LIMITS,
    (s) => {
      if (s.socket !== null) sockets = true;
      else out.push(loose(s));
    },
    ignore,
  );
  await openCapture(path).read({ info: ignore, packet: (p) => link.packet(p), note: ignore });
  return sockets ? null : out;
}

function loose(s: Segment): LoosePacket {
  const v4 = s.ipVersion === 4;
  const ip = v4 ? 20 : 40;
  const headers = ip + 20;
  const payload = s.end - s.start;
  const bytes = new Uint8Array(headers + payload);
  const view = new DataView(bytes.buffer);
  if (v4) {
    bytes[0] = 0x45;
    view.setUint16(2, headers + s.length);
    bytes[9] = 6;
    view.setInt32(12, s.src3);
    view.setInt32(16, s.dst3);
  } else {
    bytes[0] = 0x60;
    view.setUint16(4, 20 + s.length);
    bytes[6] = 6;
    [s.src0, s.src1, s.src2, s.src3, s.dst0, s.dst1, s.dst2, s.dst3].forEach((w, i) => view.setInt32(8 + 4 * i, w));
  }
  view.setUint16(ip, s.srcPort);
  view.setUint16(ip + 2, s.dstPort);
  view.setUint32(ip + 4, s.seq);
  view.setUint32(ip + 8, s.ack);
  bytes[ip + 12] = 0x50;
  bytes[ip + 13] = s.flags;
  bytes.set(s.block.bytes.subarray(s.start, s.end), headers);
  const { seconds, nanos, flags, comment, interfaceDescription } = s;
  const originalLength = headers + s.length;
  return { bytes, originalLength, seconds, nanos, headers, flags, comment, interfaceDescription };
}

/** The same bytes in segments of at most `size`. */
export function segmented(packets: readonly LoosePacket[], size: number): LoosePacket[] {
  return packets.flatMap((p) => {
    const payload = p.bytes.length - p.headers;
    const whole = p.originalLength === p.bytes.length;
    if (payload <= size || !whole) return [p];
    const parts: LoosePacket[] = [];
    for (let at = 0; at < payload; at += size) {
      const end = Math.min(at + size, payload);
      const bytes = new Uint8Array(p.headers + end - at);
      bytes.set(p.bytes.subarray(0, p.headers));
      bytes.set(p.bytes.subarray(p.headers + at, p.headers + end), p.headers);
      const view = new DataView(bytes.buffer);
      const ip = p.headers - 20;
      const syn = (p.flags & SYN) !== 0 && at > 0 ? 1 : 0;
      view.setUint32(ip + 4, (view.getUint32(ip + 4) + at + syn) >>> 0);
      if (ip === 20) view.setUint16(2, bytes.length);
      else view.setUint16(4, bytes.length - 40);
      const flags = p.flags & ~(at > 0 ? SYN : 0) & ~(end < payload ? FIN : 0);
      bytes[ip + 13] = flags;
      parts.push({ ...p, bytes, originalLength: bytes.length, flags });
    }
    return parts;
  });
}

/** Each pair of neighbours the other way round. */
export function swapped<T>(packets: readonly T[]): T[] {
  const out = [...packets];
  for (let i = 0; i + 1 < out.length; i += 2) [out[i], out[i + 1]] = [out[i + 1]!, out[i]!];
  return out;
}

/** Shuffled among the `size` packets of each window. */
export function shuffled<T>(packets: readonly T[], size: number, seed: number): T[] {
  const out = [...packets];
  let state = seed;
  const random = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  for (let start = 0; start < out.length; start += size)
    for (let i = Math.min(start + size, out.length) - 1; i > start; i--) {
      const j = start + random(i - start + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
  return out;
}

/** Every packet once more, `later` packets later. */
export function repeated<T>(packets: readonly T[], later: number): T[] {
  const out: T[] = [];
  for (let i = 0; i < packets.length + later; i++) {
    if (i < packets.length) out.push(packets[i]!);
    if (i >= later) out.push(packets[i - later]!);
  }
  return out;
}

/** What is said of a capture that must not depend on how its packets came: no packet numbers, times and indexes. Sorted. */
export interface Said {
  readonly messages: string[];
  readonly findings: string[];
}

export function said(packets: readonly LoosePacket[], options: { readonly keyrings?: readonly string[] } = {}): Said {
  const events: (MessageEvent | FindingEvent)[] = [];
  const messages: string[] = [];
  const findings: string[] = [];
  const print = new EventReporter((e) => events.push(e as MessageEvent));
  const ends = (r: StreamRecord | null): string => (r === null ? '' : [...r.connection.endpoints].sort().join(' '));
  const reporter: Reporter = {
    capture: () => undefined,
    message: (stream, message) => {
      print.message(stream, message);
      const { name, direction, offset, length, complete, fields } = events.pop() as MessageEvent;
      // how long an operation took is made of the times of packets; names come from maps that other streams showed before
      const { way: _way, learned: _learned, ...lasting } = fields;
      messages.push(
        `${ends(stream)} ${direction} ${offset}+${length} ${name}${complete ? '' : ' incomplete'} ${JSON.stringify(lasting)}`,
      );
    },
    finding: (finding) => {
      print.finding(finding);
      const { rule, severity, party, direction, offset, length } = events.pop() as FindingEvent;
      findings.push(`${ends(finding.stream)} ${rule} ${severity} ${party} ${direction} ${offset}+${length}`);
    },
    stream: () => undefined,
    summary: () => undefined,
  };
  const analysis = new Analysis({ ...SETTINGS, ...options, details: true, bytes: true }, reporter);
  const live = analysis.live('capture');
  live.sink.info({ format: 'pcap', linkTypes: [RAW], resolution: 'ns' });
  const packet = new Packet();
  packet.linkType = RAW;
  for (const p of packets) {
    packet.number++;
    packet.seconds = p.seconds;
    packet.nanos = p.nanos;
    packet.block = new Block(p.bytes);
    packet.start = 0;
    packet.end = p.bytes.length;
    packet.originalLength = p.originalLength;
    packet.comment = p.comment;
    packet.interfaceDescription = p.interfaceDescription;
    live.sink.packet(packet);
  }
  live.end();
  analysis.finish();
  return { messages: messages.sort(), findings: findings.sort() };
}

/** What only one of two sorted lists has. */
export function difference(a: readonly string[], b: readonly string[]): { missing: string[]; extra: string[] } {
  const left = new Map<string, number>();
  for (const x of b) left.set(x, (left.get(x) ?? 0) + 1);
  const missing: string[] = [];
  for (const x of a) {
    const n = left.get(x) ?? 0;
    if (n === 0) missing.push(x);
    else left.set(x, n - 1);
  }
  const extra = [...left].flatMap(([x, n]) => new Array<string>(n).fill(x));
  return { missing, extra };
}
