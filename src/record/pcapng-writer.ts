import { Block } from '../base/block.js';

/** Where a pcapng's bytes go: whole blocks at a time. */
export type BlockOutput = (bytes: Uint8Array) => void;

/** Bytes that are gathered before they are handed on; the largest block is far smaller. */
const BUFFER_BYTES = 1 << 20;

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
/** Bytes of an enhanced packet block in front of its packet. */
const PACKET_AT = 28;
const LINKTYPE_RAW = 101;
/** Longest comment: what it says comes from process names. */
const COMMENT_BYTES = 1024;

/** Direction bits of `epb_flags`. */
export const INBOUND = 1;
export const OUTBOUND = 2;

const encoder = new TextEncoder();

/**
 * Writes pcapng (draft-ietf-opsawg-pcapng): one section, little endian, interfaces of link type RAW with microseconds. Packets
 * are put together in the buffer that is written, so that their bytes are copied once.
 */
export class PcapngWriter {
  readonly block = new Block(new Uint8Array(BUFFER_BYTES));
  private readonly bytes = this.block.bytes;
  private readonly view = this.block.view;
  private at = 0;
  private interfaces = 0;
  private flags = 0;
  private comment: Uint8Array = new Uint8Array(0);

  constructor(
    private readonly output: BlockOutput,
    application: string,
  ) {
    this.begin(SECTION_HEADER);
    this.view.setUint32(this.at + 8, 0x1a2b3c4d, true);
    this.view.setUint16(this.at + 12, 1, true);
    this.view.setUint16(this.at + 14, 0, true);
    // section length: not known
    this.view.setUint32(this.at + 16, 0xffffffff, true);
    this.view.setUint32(this.at + 20, 0xffffffff, true);
    this.finish(this.options(this.at + 24, [[4, encoder.encode(application)]]));
  }

  /** Adds an interface and gives its number. */
  addInterface(name: string, description: string): number {
    this.room(1 << 16);
    this.begin(INTERFACE_DESCRIPTION);
    this.view.setUint16(this.at + 8, LINKTYPE_RAW, true);
    this.view.setUint16(this.at + 10, 0, true);
    this.view.setUint32(this.at + 12, 0, true);
    const end = this.options(this.at + 16, [
      [2, encoder.encode(name)],
      [3, encoder.encode(description)],
      [9, Uint8Array.of(6)],
    ]);
    this.finish(end);
    return this.interfaces++;
  }

  /** Adds a statistics block with nothing but a comment. */
  addStatistics(interfaceId: number, micros: number, comment: string): void {
    this.room(1 << 16);
    this.begin(INTERFACE_STATISTICS);
    this.view.setUint32(this.at + 8, interfaceId, true);
    this.view.setUint32(this.at + 12, Math.floor(micros / 4294967296), true);
    this.view.setUint32(this.at + 16, micros >>> 0, true);
    this.finish(this.options(this.at + 20, [[1, encoder.encode(comment)]]));
  }

  /**
   * Begins a packet of `length` bytes at `micros` (microseconds since 1970) and gives the position in `block` that it is to be
   * put at; `endPacket` follows.
   */
  beginPacket(interfaceId: number, micros: number, length: number, flags: number, comment: string): number {
    this.comment = comment === '' ? this.comment.subarray(0, 0) : encoder.encode(comment).subarray(0, COMMENT_BYTES);
    this.flags = flags;
    this.room(PACKET_AT + length + 64 + COMMENT_BYTES);
    const { view, at } = this;
    view.setUint32(at, ENHANCED_PACKET, true);
    view.setUint32(at + 8, interfaceId, true);
    view.setUint32(at + 12, Math.floor(micros / 4294967296), true);
    view.setUint32(at + 16, micros >>> 0, true);
    view.setUint32(at + 20, length, true);
    view.setUint32(at + 24, length, true);
    return at + PACKET_AT;
  }

  endPacket(): void {
    const length = this.view.getUint32(this.at + 20, true);
    let end = this.at + PACKET_AT + length;
    while (end % 4 !== 0) this.bytes[end++] = 0;
    const flags = Uint8Array.of(this.flags, 0, 0, 0);
    this.finish(
      this.options(
        end,
        this.comment.length > 0
          ? [
              [1, this.comment],
              [2, flags],
            ]
          : [[2, flags]],
      ),
    );
  }

  /** Hands on everything that is gathered. */
  flush(): void {
    if (this.at === 0) return;
    const end = this.at;
    this.at = 0;
    this.output(this.bytes.subarray(0, end));
  }

  private room(length: number): void {
    if (this.at + length > BUFFER_BYTES) this.flush();
  }

  private begin(type: number): void {
    this.view.setUint32(this.at, type, true);
  }

  /** Puts options at `at` and gives the position behind them. Every value ends on a multiple of four. */
  private options(at: number, list: readonly (readonly [number, Uint8Array])[]): number {
    for (const [code, value] of list) {
      const length = Math.min(value.length, 0xff00);
      this.view.setUint16(at, code, true);
      this.view.setUint16(at + 2, length, true);
      this.bytes.set(value.subarray(0, length), at + 4);
      at += 4 + length;
      while (at % 4 !== 0) this.bytes[at++] = 0;
    }
    this.view.setUint32(at, 0, true);
    return at + 4;
  }

  /** Closes the block that ends at `end`. */
  private finish(end: number): void {
    const length = end + 4 - this.at;
    this.view.setUint32(this.at + 4, length, true);
    this.view.setUint32(end, length, true);
    this.at = end + 4;
  }
}
