/** What a test says of one packet; the rest has defaults that make the packets of a file differ. */
export interface PacketSpec {
  readonly data: Uint8Array;
  readonly seconds?: number;
  readonly nanos?: number;
  readonly originalLength?: number;
}

export interface PcapOptions {
  readonly littleEndian?: boolean;
  readonly nanoseconds?: boolean;
  /** The format of a patched libpcap of the 1990s, with 24 bytes in front of each packet. */
  readonly modified?: boolean;
  readonly linkType?: number;
  readonly snapLength?: number;
  readonly version?: readonly [number, number];
}

/** Gathers fields of either byte order. */
class Fields {
  readonly littleEndian: boolean;
  private readonly parts: Uint8Array[] = [];
  length = 0;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  bytes(bytes: Uint8Array): this {
    this.parts.push(bytes);
    this.length += bytes.length;
    return this;
  }

  u16(...values: readonly number[]): this {
    for (const value of values) {
      const b = new Uint8Array(2);
      new DataView(b.buffer).setUint16(0, value, this.littleEndian);
      this.bytes(b);
    }
    return this;
  }

  u32(...values: readonly number[]): this {
    for (const value of values) {
      const b = new Uint8Array(4);
      new DataView(b.buffer).setUint32(0, value, this.littleEndian);
      this.bytes(b);
    }
    return this;
  }

  u64(value: bigint): this {
    const b = new Uint8Array(8);
    new DataView(b.buffer).setBigUint64(0, BigInt.asUintN(64, value), this.littleEndian);
    return this.bytes(b);
  }

  pad(): this {
    return this.bytes(new Uint8Array(-this.length & 3));
  }

  done(): Uint8Array {
    return joined(this.parts);
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

const DEFAULT_SECONDS = 1_700_000_000;

/** A classic pcap file. */
export function pcapFile(packets: readonly PacketSpec[], options: PcapOptions = {}): Uint8Array {
  const { littleEndian = true, nanoseconds = false, modified = false, linkType = 1, snapLength = 262_144 } = options;
  const [major, minor] = options.version ?? [2, 4];
  const file = new Fields(littleEndian);
  file.u32(modified ? 0xa1b2cd34 : nanoseconds ? 0xa1b23c4d : 0xa1b2c3d4);
  file.u16(major, minor).u32(0, 0, snapLength, linkType);
  packets.forEach((packet, i) => {
    const nanos = packet.nanos ?? i * 1000;
    file.u32(packet.seconds ?? DEFAULT_SECONDS, nanoseconds ? nanos : Math.floor(nanos / 1000));
    file.u32(packet.data.length, packet.originalLength ?? packet.data.length);
    if (modified) file.u32(0, 0);
    file.bytes(packet.data);
  });
  return file.done();
}

export interface InterfaceSpec {
  readonly linkType?: number;
  readonly snapLength?: number;
  /** The byte of if_tsresol: 10^-N seconds, or 2^-N with the top bit set. Left out of the file where not given. */
  readonly resolution?: number;
  /** if_tsoffset, in seconds. */
  readonly offset?: number;
  readonly name?: string;
  readonly description?: string;
}

export interface NgPacketSpec extends PacketSpec {
  readonly interfaceId?: number;
  /** The raw time stamp in units of the interface, instead of `seconds` and `nanos`. */
  readonly stamp?: bigint;
  readonly comment?: string | Uint8Array;
  /** epb_dropcount; in an obsolete packet block its drop count. */
  readonly drops?: number;
}

type Option = readonly [code: number, value: Uint8Array];

/** Writes pcapng, block by block. */
export class PcapngWriter {
  private readonly parts: Uint8Array[] = [];
  private littleEndian = true;
  private interfaces: InterfaceSpec[] = [];
  private packets = 0;

  /** Begins a section: the byte order and the interfaces start anew. */
  section(options: { littleEndian?: boolean; version?: readonly [number, number] } = {}): this {
    this.littleEndian = options.littleEndian ?? true;
    this.interfaces = [];
    const [major, minor] = options.version ?? [1, 0];
    return this.block(0x0a0d0d0a, this.fields().u32(0x1a2b3c4d).u16(major, minor).u64(-1n).done());
  }

  interface(spec: InterfaceSpec = {}): this {
    this.interfaces.push(spec);
    const options: Option[] = [];
    if (spec.name !== undefined) options.push([2, utf8(spec.name)]);
    if (spec.description !== undefined) options.push([3, utf8(spec.description)]);
    if (spec.resolution !== undefined) options.push([9, Uint8Array.of(spec.resolution)]);
    if (spec.offset !== undefined) options.push([14, this.fields().u64(BigInt(spec.offset)).done()]);
    const body = this.fields().u16(spec.linkType ?? 1, 0);
    return this.block(
      1,
      body
        .u32(spec.snapLength ?? 0)
        .bytes(this.options(options))
        .done(),
    );
  }

  packet(spec: NgPacketSpec): this {
    const options = this.packetOptions(spec);
    if (spec.drops !== undefined) options.push([4, this.fields().u64(BigInt(spec.drops)).done()]);
    return this.block(6, this.packetBody(this.fields().u32(spec.interfaceId ?? 0), spec, options));
  }

  /** An obsolete packet block. */
  obsoletePacket(spec: NgPacketSpec): this {
    const head = this.fields().u16(spec.interfaceId ?? 0, spec.drops ?? 0xffff);
    return this.block(2, this.packetBody(head, spec, this.packetOptions(spec)));
  }

  simplePacket(spec: PacketSpec): this {
    this.packets += 1;
    return this.block(
      3,
      this.fields()
        .u32(spec.originalLength ?? spec.data.length)
        .bytes(spec.data)
        .pad()
        .done(),
    );
  }

  statistics(interfaceId: number, counts: { ifDrop?: number; osDrop?: number }): this {
    const options: Option[] = [];
    if (counts.ifDrop !== undefined) options.push([5, this.fields().u64(BigInt(counts.ifDrop)).done()]);
    if (counts.osDrop !== undefined) options.push([7, this.fields().u64(BigInt(counts.osDrop)).done()]);
    return this.block(5, this.fields().u32(interfaceId, 0, 0).bytes(this.options(options)).done());
  }

  /** Any block; `length` replaces the length in front of it, `trailer` the one behind it. */
  block(type: number, body: Uint8Array, length = (body.length + 15) & ~3, trailer = length): this {
    return this.raw(this.fields().u32(type, length).bytes(body).pad().u32(trailer).done());
  }

  raw(bytes: Uint8Array): this {
    this.parts.push(bytes);
    return this;
  }

  done(): Uint8Array {
    return joined(this.parts);
  }

  private fields(): Fields {
    return new Fields(this.littleEndian);
  }

  private packetOptions(spec: NgPacketSpec): Option[] {
    if (spec.comment === undefined) return [];
    return [[1, typeof spec.comment === 'string' ? utf8(spec.comment) : spec.comment]];
  }

  private packetBody(head: Fields, spec: NgPacketSpec, options: readonly Option[]): Uint8Array {
    const stamp = spec.stamp ?? this.stampOf(spec);
    head.u32(Number((stamp >> 32n) & 0xffff_ffffn), Number(stamp & 0xffff_ffffn));
    head.u32(spec.data.length, spec.originalLength ?? spec.data.length);
    return head.bytes(spec.data).pad().bytes(this.options(options)).done();
  }

  private stampOf(spec: NgPacketSpec): bigint {
    const { resolution = 6, offset = 0 } = this.interfaces[spec.interfaceId ?? 0] ?? {};
    const unit = resolution & 0x80 ? 2n ** BigInt(resolution & 0x7f) : 10n ** BigInt(resolution);
    const nanos = BigInt(spec.nanos ?? this.packets++ * 1000);
    return BigInt((spec.seconds ?? DEFAULT_SECONDS) - offset) * unit + (nanos * unit) / 1_000_000_000n;
  }

  private options(options: readonly Option[]): Uint8Array {
    const out = this.fields();
    for (const [code, value] of options) out.u16(code, value.length).bytes(value).pad();
    if (options.length > 0) out.u16(0, 0);
    return out.done();
  }
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
