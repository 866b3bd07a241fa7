import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Packet } from '../../src/capture/packet.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import { unhex } from '../../src/base/hex.js';

export function u16(n: number): Uint8Array {
  return new Uint8Array([n >> 8, n]);
}

export function u32(n: number): Uint8Array {
  return new Uint8Array([n >> 24, n >> 16, n >> 8, n]);
}

export function cat(...parts: readonly (Uint8Array | string)[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'latin1') : p))));
}

export interface TcpSpec {
  readonly seq?: number;
  readonly ack?: number;
  readonly flags?: number;
  /** Bytes of TCP options, a multiple of 4. */
  readonly options?: number;
  readonly sourcePort?: number;
}

export function tcp(payload: string, spec: TcpSpec = {}): Uint8Array {
  const options = spec.options ?? 0;
  return cat(
    u16(spec.sourcePort ?? 40000),
    u16(10809),
    u32(spec.seq ?? 1001),
    u32(spec.ack ?? 5001),
    new Uint8Array([((20 + options) / 4) << 4, spec.flags ?? 0x10]),
    u16(512),
    u32(0),
    new Uint8Array(options).fill(1),
    payload,
  );
}

export interface Ipv4Spec {
  readonly protocol?: number;
  readonly options?: number;
  readonly id?: number;
  /** In bytes. */
  readonly offset?: number;
  readonly more?: boolean;
  readonly totalLength?: number;
}

/** 10.0.0.1 to 10.0.0.2. */
export function ipv4(payload: Uint8Array, spec: Ipv4Spec = {}): Uint8Array {
  const options = spec.options ?? 0;
  return cat(
    new Uint8Array([0x40 | ((20 + options) / 4), 0]),
    u16(spec.totalLength ?? 20 + options + payload.length),
    u16(spec.id ?? 1),
    u16((spec.more ? 0x2000 : 0) | ((spec.offset ?? 0) / 8)),
    new Uint8Array([64, spec.protocol ?? 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]),
    new Uint8Array(options).fill(1),
    payload,
  );
}

/** 2001:db8::1 to 2001:db8::2. */
export function ipv6(next: number, payload: Uint8Array, length = payload.length): Uint8Array {
  const address = unhex('20010db8 00000000 00000000 0000');
  return cat(u32(0x60000000), u16(length), new Uint8Array([next, 64]), address, u16(1), address, u16(2), payload);
}

/** An extension header of IPv6 that fills `units` times 8 bytes. */
export function extension(next: number, units = 1): Uint8Array {
  const out = new Uint8Array(8 * units);
  out[0] = next;
  out[1] = units - 1;
  return out;
}

export function ipv6Fragment(next: number, id: number, offset: number, more: boolean): Uint8Array {
  return cat(new Uint8Array([next, 0]), u16(offset | (more ? 1 : 0)), u32(id));
}

/** A frame with the given tags (each its EtherType and VLAN id) before the type of the payload. */
export function ethernet(
  type: number,
  payload: Uint8Array,
  tags: readonly (readonly [number, number])[] = [],
): Uint8Array {
  return cat(new Uint8Array(12), ...tags.flatMap(([t, id]) => [u16(t), u16(id)]), u16(type), payload);
}

export interface DecodedSegment {
  readonly packet: number;
  readonly payload: string;
  readonly length: number;
  readonly cut: boolean;
  readonly seq: number;
  readonly ack: number;
  readonly flags: number;
  readonly vlan: number;
  readonly ipVersion: number;
  readonly source: readonly number[];
  readonly ports: readonly [number, number];
}

export interface PacketSpec {
  readonly bytes: Uint8Array;
  readonly linkType?: number;
  readonly originalLength?: number;
  readonly seconds?: number;
  readonly nanos?: number;
}

export class LinkRun {
  readonly segments: DecodedSegment[] = [];
  readonly notes: string[] = [];
  readonly decoder: LinkDecoder;
  private readonly packet = new Packet();

  constructor(limits: Partial<Limits> = {}) {
    this.decoder = new LinkDecoder(
      { ...DEFAULT_LIMITS, ...limits },
      (s) => {
        const bytes = s.block.bytes.subarray(s.start, s.end);
        this.segments.push({
          packet: s.packet,
          payload: Buffer.from(bytes).toString('latin1'),
          length: s.length,
          cut: s.cut,
          seq: s.seq,
          ack: s.ack,
          flags: s.flags,
          vlan: s.vlan,
          ipVersion: s.ipVersion,
          source: [s.src0 >>> 0, s.src1 >>> 0, s.src2 >>> 0, s.src3 >>> 0],
          ports: [s.srcPort, s.dstPort],
        });
      },
      (note) => this.notes.push(`${note.rule.id}: ${note.text}`),
    );
  }

  /** Packets lie in the middle of a block, as readers hand them out. */
  add(spec: PacketSpec | Uint8Array): this {
    const { bytes, linkType, originalLength, seconds, nanos } =
      spec instanceof Uint8Array ? ({ bytes: spec } as PacketSpec) : spec;
    const p = this.packet;
    p.number++;
    p.linkType = linkType ?? 1;
    p.block = new Block(cat('before', bytes, new Uint8Array(64).fill(0xee)));
    p.start = 6;
    p.end = 6 + bytes.length;
    p.originalLength = originalLength ?? bytes.length;
    p.seconds = seconds ?? 1_700_000_000;
    p.nanos = nanos ?? 0;
    this.decoder.packet(p);
    return this;
  }

  get payloads(): string[] {
    return this.segments.map((s) => s.payload);
  }
}

/** The segments of these packets. */
export function decode(...packets: readonly (PacketSpec | Uint8Array)[]): DecodedSegment[] {
  const run = new LinkRun();
  for (const p of packets) run.add(p);
  return run.segments;
}
