import { Block } from '../base/block.js';
import { DEFAULT_LIMITS } from '../base/limits.js';
import * as ng from '../capture/pcapng-blocks.js';
import * as opt from '../capture/pcapng-options.js';
import type { BlockOutput, CaptureWriter, InterfaceInfo, OutPacket } from './capture-writer.js';

/** Bytes that are buffered before they are passed on. */
const BUFFER_BYTES = 1 << 20;
/** The largest block: a packet as long as `packetBytes` allows, with its comments. */
const MOST_BLOCK = DEFAULT_LIMITS.packetBytes + (128 << 10);
/** Most records of one Name Resolution Block, and most bytes of one name. */
const NAMES_A_BLOCK = 1024;
const NAME_BYTES = 255;
/** Most bytes of a key log in one Decryption Secrets Block. */
const SECRETS_A_BLOCK = 1 << 20;
const NO_COMMENTS: readonly string[] = [];
const NO_BYTES: readonly Uint8Array[] = [];

/** Bytes of an Enhanced Packet Block before its packet data, and after them, without comments. */
const PACKET_AT = ng.EPB.data;
const PACKET_REST = 64;
/** Most bytes of all comments of one packet, which may come from process names or from the wire. */
const COMMENT_BYTES = 48 << 10;
/** Longest option value: a multiple of four that an option's length field can hold. */
const OPTION_BYTES = 0xff00;
/** Block type of a Name Resolution Block (section 4.4), and types of its records. */
const NAME_RESOLUTION = 4;
const NRB_IPV4 = 1;
const NRB_IPV6 = 2;

/** Direction bits of `epb_flags`. */
export const INBOUND = 1;
export const OUTBOUND = 2;

const OPT_COMMENT = opt.OPT_COMMENT;
const SHB_USERAPPL = 4;
const EPB_FLAGS = 2;

const encoder = new TextEncoder();

/**
 * Writes pcapng (draft-ietf-opsawg-pcapng): one section, little-endian. Packets can be assembled in the output buffer itself, so that their
 * bytes are copied only once.
 */
export class PcapngWriter implements CaptureWriter {
  readonly packetAt = PACKET_AT;
  readonly block = new Block(new Uint8Array(BUFFER_BYTES + MOST_BLOCK));
  private readonly bytes = this.block.bytes;
  private readonly view = this.block.view;
  private at = 0;
  /** Decimal places of each interface's times. */
  private readonly digits: number[] = [];
  private flags = 0;
  private comments: readonly Uint8Array[] = [];
  private readonly output: BlockOutput;

  constructor(output: BlockOutput, application: string) {
    this.output = output;
    this.begin(ng.SECTION_HEADER);
    this.view.setUint32(this.at + 8, 0x1a2b3c4d, true);
    this.view.setUint16(this.at + 12, 1, true);
    this.view.setUint16(this.at + 14, 0, true);
    // section length: not known
    this.view.setUint32(this.at + 16, 0xffffffff, true);
    this.view.setUint32(this.at + 20, 0xffffffff, true);
    this.finish(this.options(this.at + 24, [[SHB_USERAPPL, encoder.encode(application)]]));
  }

  addInterface(info: InterfaceInfo): number {
    this.room(MOST_BLOCK);
    this.begin(ng.INTERFACE_DESCRIPTION);
    this.view.setUint16(this.at + ng.IDB.linkType, info.linkType, true);
    this.view.setUint16(this.at + ng.IDB.linkType + 2, 0, true);
    this.view.setUint32(this.at + ng.IDB.snapLength, 0, true);
    const digits = info.digits ?? 6;
    const end = this.options(this.at + ng.IDB.options, [
      ...(info.name === undefined ? [] : [[opt.IF_NAME, encoder.encode(info.name)] as const]),
      ...(info.description === undefined ? [] : [[opt.IF_DESCRIPTION, encoder.encode(info.description)] as const]),
      [opt.IF_TSRESOL, Uint8Array.of(digits)],
    ]);
    this.finish(end);
    return this.digits.push(digits) - 1;
  }

  /** Adds an Interface Statistics Block that has only a comment. */
  addStatistics(interfaceId: number, seconds: number, nanos: number, comment: string): void {
    this.statistics(interfaceId, seconds, nanos, [[OPT_COMMENT, encoder.encode(comment)]]);
  }

  addDrops(interfaceId: number, seconds: number, nanos: number, drops: number): void {
    const value = new Uint8Array(8);
    new DataView(value.buffer).setBigUint64(0, BigInt(drops), true);
    this.statistics(interfaceId, seconds, nanos, [[opt.ISB_IFDROP, value]]);
  }

  /** Adds Name Resolution Blocks with names of IP addresses of 4 or 16 bytes. */
  addNames(names: readonly (readonly [address: Uint8Array, name: string])[]): void {
    if (names.length === 0) return;
    for (let i = 0; i < names.length; i += NAMES_A_BLOCK) {
      this.room(MOST_BLOCK);
      this.begin(NAME_RESOLUTION);
      let at = this.at + 8;
      for (const [address, name] of names.slice(i, i + NAMES_A_BLOCK)) {
        const text = encoder.encode(name).subarray(0, NAME_BYTES);
        this.view.setUint16(at, address.length === 4 ? NRB_IPV4 : NRB_IPV6, true);
        this.view.setUint16(at + 2, address.length + text.length + 1, true);
        this.bytes.set(address, at + 4);
        this.bytes.set(text, at + 4 + address.length);
        at += 4 + address.length + text.length;
        do this.bytes[at++] = 0;
        while (at % 4 !== this.at % 4);
      }
      // the end of the records, and no options
      this.view.setUint32(at, 0, true);
      this.finish(at + 4);
    }
  }

  /** Adds the text of a TLS key log as Decryption Secrets Blocks. */
  addTlsSecrets(keyLog: string): void {
    const text = Buffer.from(keyLog, 'latin1');
    for (let from = 0; from < text.length;) {
      // split between lines, since readers refuse a block that is too long
      let to = Math.min(text.length, from + SECRETS_A_BLOCK);
      if (to < text.length) to = Math.max(text.lastIndexOf(10, to) + 1, from + 1);
      const piece = text.subarray(from, to);
      this.room(MOST_BLOCK);
      this.begin(ng.DECRYPTION_SECRETS);
      this.view.setUint32(this.at + ng.DSB.type, ng.DSB.tlsKeyLog, true);
      this.view.setUint32(this.at + ng.DSB.length, piece.length, true);
      let at = this.at + ng.DSB.data;
      this.bytes.set(piece, at);
      at += piece.length;
      while (at % 4 !== this.at % 4) this.bytes[at++] = 0;
      this.finish(at);
      from = to;
    }
  }

  packet(p: OutPacket, bytes: Uint8Array, start: number, end: number): void {
    const at = this.beginPacket(
      p.interfaceId,
      p.seconds,
      p.nanos,
      end - start,
      p.originalLength,
      p.flags ?? 0,
      p.comments,
    );
    this.bytes.set(start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end), at);
    this.endPacket();
  }

  /**
   * Begins a packet of `length` bytes. Returns the position in `block` where the bytes must be written; then `endPacket` must be called.
   * `flags`: `epb_flags`, 0 for none.
   */
  beginPacket(
    interfaceId: number,
    seconds: number,
    nanos: number,
    length: number,
    originalLength: number,
    flags: number,
    comments: readonly string[] = NO_COMMENTS,
  ): number {
    this.comments = comments.length === 0 ? NO_BYTES : fitting(comments);
    this.flags = flags;
    this.room(PACKET_AT + length + PACKET_REST + COMMENT_BYTES);
    const { view, at } = this;
    view.setUint32(at, ng.ENHANCED_PACKET, true);
    view.setUint32(at + ng.EPB.interfaceId, interfaceId, true);
    this.time(at + ng.EPB.high, interfaceId, seconds, nanos);
    view.setUint32(at + ng.EPB.captured, length, true);
    view.setUint32(at + ng.EPB.original, originalLength, true);
    return at + PACKET_AT;
  }

  endPacket(): void {
    const length = this.view.getUint32(this.at + ng.EPB.captured, true);
    let end = this.at + PACKET_AT + length;
    while (end % 4 !== this.at % 4) this.bytes[end++] = 0;
    const list = this.comments.map((c) => [OPT_COMMENT, c] as const);
    if (this.flags !== 0) list.push([EPB_FLAGS, Uint8Array.of(this.flags, 0, 0, 0)] as never);
    this.finish(list.length === 0 ? end : this.options(end, list));
  }

  /** Passes on everything that is buffered. */
  flush(): void {
    if (this.at === 0) return;
    const end = this.at;
    this.at = 0;
    this.output(this.bytes.subarray(0, end));
  }

  private statistics(
    id: number,
    seconds: number,
    nanos: number,
    options: readonly (readonly [number, Uint8Array])[],
  ): void {
    this.room(MOST_BLOCK);
    this.begin(ng.INTERFACE_STATISTICS);
    this.view.setUint32(this.at + ng.ISB.interfaceId, id, true);
    this.time(this.at + ng.ISB.interfaceId + 4, id, seconds, nanos);
    this.finish(this.options(this.at + ng.ISB.options, options));
  }

  /** Writes a time in the unit of its interface as two halves, the high one first. */
  private time(at: number, interfaceId: number, seconds: number, nanos: number): void {
    const digits = this.digits[interfaceId]!;
    if (digits <= 6) {
      const ticks = seconds * 10 ** digits + Math.floor(nanos / 10 ** (9 - digits));
      this.view.setUint32(at, Math.floor(ticks / 4294967296), true);
      this.view.setUint32(at + 4, ticks >>> 0, true);
      return;
    }
    const ticks = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
    this.view.setUint32(at, Number(ticks >> 32n), true);
    this.view.setUint32(at + 4, Number(ticks & 0xffffffffn), true);
  }

  private room(length: number): void {
    if (this.at + length > this.bytes.length) this.flush();
  }

  private begin(type: number): void {
    this.view.setUint32(this.at, type, true);
  }

  /** Writes options at `at`, and returns the position after them. Each value is padded to a multiple of four bytes. */
  private options(at: number, list: readonly (readonly [number, Uint8Array])[]): number {
    for (const [code, value] of list) {
      const length = Math.min(value.length, OPTION_BYTES);
      this.view.setUint16(at, code, true);
      this.view.setUint16(at + 2, length, true);
      this.bytes.set(value.subarray(0, length), at + 4);
      at += 4 + length;
      while (at % 4 !== this.at % 4) this.bytes[at++] = 0;
    }
    this.view.setUint32(at, 0, true);
    return at + 4;
  }

  /** Completes the block that ends at `end`. */
  private finish(end: number): void {
    const length = end + 4 - this.at;
    this.view.setUint32(this.at + 4, length, true);
    this.view.setUint32(end, length, true);
    this.at = end + 4;
  }
}

/** As many comments as one packet may have. The last one tells how many were left out. */
function fitting(comments: readonly string[]): Uint8Array[] {
  const out: Uint8Array[] = [];
  let room = COMMENT_BYTES - 64;
  for (const [i, comment] of comments.entries()) {
    const text = encoder.encode(comment);
    if (text.length + 8 > room) {
      out.push(encoder.encode(`and ${comments.length - i} more`));
      break;
    }
    room -= text.length + 8;
    out.push(text);
  }
  return out;
}
