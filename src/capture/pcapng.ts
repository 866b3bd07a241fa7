import { LIMIT, MALFORMED, TRUNCATED } from '../base/capture-rules.js';
import { Block } from '../base/block.js';
import { hexNumber } from '../base/hex.js';
import type { Limits } from '../base/limits.js';
import { count } from '../base/text.js';
import { NoteGate } from './note-gate.js';
import { NO_COMMENTS, NotACapture, Packet, type PacketSink } from './packet.js';
import type { RecordParser } from './parser.js';
import * as ng from './pcapng-blocks.js';
import { readInterface, type Interface } from './pcapng-interface.js';
import * as opt from './pcapng-options.js';
import { findSection, sectionAt } from './pcapng-section.js';

/** pcapng, parsed in place like PcapBlocks: sections, each with its own byte order and interfaces. */
export class Pcapng implements RecordParser {
  need = ng.BLOCK_HEADER;
  readonly done = false;
  private readonly packet = new Packet();
  private readonly options = new opt.Options();
  private interfaces: Interface[] = [];
  private littleEndian = true;
  private packets = 0;
  private informed = false;
  private readonly notes: NoteGate;
  /** File offset from which on nothing could be read, while the next section header is searched for; else -1. */
  private lostAt = -1;
  /** Length of a block whose body was skipped, and whose repeated length is still to come; else 0. */
  private skipped = 0;
  /** Of the current section: its file offset, the number of unusable packet blocks, and that of interfaces beyond the limit. */
  private section = 0;
  private unusable = 0;
  private surplus = 0;
  private readonly sink: PacketSink;
  private readonly limits: Readonly<Limits>;

  constructor(sink: PacketSink, limits: Readonly<Limits>) {
    this.sink = sink;
    this.limits = limits;
    this.notes = new NoteGate(sink, limits.findingsPerRule);
  }

  parse(block: Block, start: number, end: number, base: number): number {
    const { view } = block;
    this.packet.block = block;
    let pos = start;
    for (;;) {
      if (this.lostAt >= 0) {
        pos = this.search(block, pos, end, base);
        if (this.lostAt >= 0) return pos;
      }
      if (this.skipped > 0) {
        if (end - pos < 4) return this.wait(pos, 4);
        if (view.getUint32(pos, this.littleEndian) !== this.skipped)
          this.giveUpSection(base + pos + 4 - this.skipped, this.skipped);
        else pos += 4;
        this.skipped = 0;
        continue;
      }
      if (end - pos < ng.BLOCK_HEADER) return this.wait(pos, ng.BLOCK_HEADER);
      const type = view.getUint32(pos, this.littleEndian);
      if (type === ng.SECTION_HEADER) {
        if (end - pos < ng.SHB.least) return this.wait(pos, ng.SHB.least);
        const section = sectionAt(view, pos);
        if (section === null) {
          this.giveUpSection(base + pos, view.getUint32(pos + 4, this.littleEndian), 'section header');
          pos += 4;
          continue;
        }
        this.littleEndian = section.littleEndian;
      }
      const length = view.getUint32(pos + 4, this.littleEndian);
      if (
        length < ng.BLOCK_OVERHEAD ||
        (length & 3) !== 0 ||
        (type === ng.SECTION_HEADER && length > this.limits.blockBytes)
      ) {
        this.giveUpSection(base + pos, length);
        pos += 4;
        continue;
      }
      if (length > this.limits.blockBytes) {
        if (isPacket(type)) this.unusablePacket('is longer than the limit blockBytes', base + pos, length);
        this.skipped = length;
        pos += length - 4;
        if (pos > end) return this.wait(pos, 4);
        continue;
      }
      if (end - pos < length) return this.wait(pos, length);
      if (view.getUint32(pos + length - 4, this.littleEndian) !== length) {
        this.giveUpSection(base + pos, length);
        pos += 4;
        continue;
      }
      this.take(type, block, pos, length, base);
      pos += length;
    }
  }

  end(bytes: Uint8Array, offset: number, unskipped: number, stopped: boolean, damaged: boolean): void {
    let rest = bytes;
    // what seems to be the body of a block that is cut off may hold a file that was appended to this one
    while (this.lostAt < 0 && this.skipped === 0 && rest.length > 4) {
      const block = new Block(rest);
      if (!findSection(block, 4, rest.length).section) break;
      this.giveUpSection(offset, block.view.getUint32(4, this.littleEndian));
      const next = this.parse(block, 4, rest.length, offset);
      rest = rest.subarray(Math.min(next, rest.length));
      unskipped = Math.max(0, next - block.bytes.length);
      offset += next - unskipped;
    }
    if (this.lostAt >= 0) this.tellLost(offset + rest.length, 'to the end of the file');
    else if (!stopped && !damaged) this.tellCutOff(rest.length, offset, unskipped);
    this.endSection(offset + rest.length);
    if (this.interfaces.length > 0) this.inform();
    if (this.informed) this.notes.end(offset + rest.length);
    else if (!stopped) {
      const { first } = this.notes;
      throw new NotACapture(`pcapng with no interface${first === undefined ? '' : ` (${first.text})`}`);
    }
  }

  private tellCutOff(have: number, offset: number, unskipped: number): void {
    if (have === 0 && unskipped === 0 && this.skipped === 0) return;
    const start = this.skipped > 0 ? offset + unskipped + 4 - this.skipped : offset;
    const least = have < ng.BLOCK_HEADER && this.skipped === 0 ? 'at least ' : '';
    const missing = count(unskipped + this.need - have, 'byte');
    const text = `the file ends inside the block at offset ${start}, ${least}${missing} missing`;
    this.notes.note({ rule: TRUNCATED, text, offset: start, length: offset + have - start });
  }

  private wait(pos: number, need: number): number {
    this.need = need;
    return pos;
  }

  private take(type: number, block: Block, pos: number, length: number, base: number): void {
    const { view } = block;
    const { littleEndian } = this;
    switch (type) {
      case ng.ENHANCED_PACKET:
        if (length < ng.EPB.least) this.unusablePacket('is too short', base + pos, length);
        else this.packetBlock(block, pos, length, base, view.getUint32(pos + ng.EPB.interfaceId, littleEndian), 0);
        break;
      case ng.SIMPLE_PACKET:
        this.simplePacket(block, pos, length, base);
        break;
      case ng.OBSOLETE_PACKET:
        if (length < ng.OPB.least) this.unusablePacket('is too short', base + pos, length);
        else {
          const drops = view.getUint16(pos + ng.OPB.drops, littleEndian);
          const id = view.getUint16(pos + ng.OPB.interfaceId, littleEndian);
          this.packetBlock(block, pos, length, base, id, drops === 0xffff ? 0 : drops);
        }
        break;
      case ng.INTERFACE_DESCRIPTION:
        this.interfaceDescription(block, pos, length, base);
        break;
      case ng.INTERFACE_STATISTICS:
        this.statistics(block, pos, length, base);
        break;
      case ng.SECTION_HEADER:
        this.endSection(base + pos);
        if (this.interfaces.length > 0) this.inform();
        this.interfaces = [];
        this.section = base + pos;
        break;
      case ng.DECRYPTION_SECRETS:
        this.secrets(block, pos, length, base);
        break;
      default:
      // name resolution, custom blocks and unknown ones say nothing about packets
    }
  }

  /** Enhanced and obsolete packet blocks differ only in their first fields. */
  private packetBlock(block: Block, pos: number, length: number, base: number, id: number, drops: number): void {
    const { view } = block;
    const { littleEndian, packet } = this;
    const captured = view.getUint32(pos + ng.EPB.captured, littleEndian);
    const source = this.interfaces[id];
    if (source === undefined) {
      this.unusablePacket(`is of interface ${id}, which is not described`, base + pos, length);
      return;
    }
    if (captured > length - ng.EPB.least || captured > this.limits.packetBytes) {
      this.unusablePacket(`claims ${captured} captured bytes`, base + pos, length);
      return;
    }
    const data = pos + ng.EPB.data;
    const options = data + ((captured + 3) & ~3);
    const end = pos + length - 4;
    packet.comment = '';
    packet.moreComments = NO_COMMENTS;
    if (end - options >= 4) drops += this.packetOptions(block, options, end);
    if (drops > 0) {
      source.addDrops(drops);
      this.tellDrops(source, false, base + pos, length);
    }
    source.unit.set(
      packet,
      view.getUint32(pos + ng.EPB.high, littleEndian),
      view.getUint32(pos + ng.EPB.low, littleEndian),
    );
    this.handOut(source, data, captured, view.getUint32(pos + ng.EPB.original, littleEndian));
  }

  /** A simple packet block has no time: the packet gets that of the packet before it. */
  private simplePacket(block: Block, pos: number, length: number, base: number): void {
    const source = this.interfaces[0];
    if (length < ng.SPB.least) this.unusablePacket('is too short', base + pos, length);
    else if (source === undefined) this.unusablePacket('is of interface 0, which is not described', base + pos, length);
    else {
      const original = block.view.getUint32(pos + ng.SPB.original, this.littleEndian);
      const captured = Math.min(original, source.snapLength > 0 ? source.snapLength : Infinity, length - ng.SPB.least);
      if (captured > this.limits.packetBytes) {
        this.unusablePacket(`claims ${captured} captured bytes`, base + pos, length);
        return;
      }
      this.packet.comment = '';
      this.packet.moreComments = NO_COMMENTS;
      this.handOut(source, pos + ng.SPB.data, captured, original);
    }
  }

  private handOut(source: Interface, data: number, captured: number, original: number): void {
    if (!this.informed) this.inform();
    const { packet } = this;
    packet.number = ++this.packets;
    packet.linkType = source.linkType;
    packet.interfaceId = source.id;
    packet.interfaceDescription = source.description;
    packet.start = data;
    packet.end = data + captured;
    packet.originalLength = original > captured ? original : captured;
    this.sink.packet(packet);
  }

  /** Sets the packet's comment, and returns how many packets were dropped before it. */
  private packetOptions(block: Block, start: number, end: number): number {
    const { options } = this;
    let drops = 0;
    options.open(block, start, end, this.littleEndian);
    while (options.step()) {
      if (options.code === opt.OPT_COMMENT) {
        const text = options.text(this.limits.commentBytes);
        const { packet } = this;
        if (packet.comment === '') packet.comment = text;
        else if (packet.moreComments.length < this.limits.listItems)
          packet.moreComments = [...packet.moreComments, text];
      } else if (options.code === opt.EPB_DROPCOUNT) drops = options.unsigned64();
    }
    return drops;
  }

  private interfaceDescription(block: Block, pos: number, length: number, base: number): void {
    const { littleEndian, interfaces, options } = this;
    if (length < ng.IDB.least) {
      this.notes.note({
        rule: MALFORMED,
        text: `the interface block at offset ${base + pos} is too short`,
        offset: base + pos,
        length,
      });
      return;
    }
    if (interfaces.length >= this.limits.interfaces) {
      if (this.surplus++ === 0) {
        const text = `more than ${interfaces.length} interfaces (limit interfaces) in the section at offset ${this.section}; packets of the others are passed over`;
        this.notes.note({ rule: LIMIT, text, offset: base + pos, length });
      }
      return;
    }
    interfaces.push(
      readInterface(interfaces.length, block, pos, length, littleEndian, options, this.limits.commentBytes),
    );
  }

  private statistics(block: Block, pos: number, length: number, base: number): void {
    const { options } = this;
    if (length < ng.ISB.least) return;
    const source = this.interfaces[block.view.getUint32(pos + ng.ISB.interfaceId, this.littleEndian)];
    if (source === undefined) return;
    options.open(block, pos + ng.ISB.options, pos + length - 4, this.littleEndian);
    source.readStatistics(options);
    if (source.exitStatus !== null) this.sink.ended?.(source.exitStatus);
    this.tellDrops(source, false, base + pos, length);
  }

  private secrets(block: Block, pos: number, length: number, base: number): void {
    const { view } = block;
    const size = length < ng.DSB.least ? Infinity : view.getUint32(pos + ng.DSB.length, this.littleEndian);
    if (size > length - ng.DSB.least) {
      const text = `the block of decryption secrets at offset ${base + pos} is too short for what it claims to hold; it is passed over`;
      this.notes.note({ rule: MALFORMED, text, offset: base + pos, length });
      return;
    }
    if (view.getUint32(pos + ng.DSB.type, this.littleEndian) !== ng.DSB.tlsKeyLog) return;
    const at = pos + ng.DSB.data;
    this.sink.keyLog?.(Buffer.from(block.bytes.subarray(at, at + size)).toString('latin1'));
  }

  private tellDrops(source: Interface, atEnd: boolean, offset: number, length: number): void {
    const note = source.dropNote(atEnd, offset, length);
    if (note !== null) this.notes.note(note);
  }

  /** Counts a packet block whose content cannot be used, and reports the first one. It still counts as a packet. */
  private unusablePacket(why: string, offset: number, length: number): void {
    this.packets += 1;
    if (this.unusable++ > 0) return;
    this.notes.note({
      rule: MALFORMED,
      text: `packet ${this.packets} at offset ${offset} ${why}; it is passed over`,
      offset,
      length,
    });
  }

  private endSection(offset: number): void {
    if (this.unusable > 1) {
      const text = `${this.unusable} packet blocks of the section at offset ${this.section} could not be used`;
      this.notes.note({ rule: MALFORMED, text, offset: this.section, length: offset - this.section });
    }
    for (const source of this.interfaces) this.tellDrops(source, true, offset, 0);
    this.unusable = 0;
    this.surplus = 0;
  }

  /** The block at `offset` contradicts itself: everything up to the next section header is lost. */
  private giveUpSection(offset: number, length: number, what = 'block'): void {
    this.lostAt = offset;
    const text = `the ${what} at offset ${offset} contradicts itself (length ${hexNumber(length)}); the rest of the section cannot be read`;
    this.notes.note({ rule: MALFORMED, text, offset, length: ng.BLOCK_HEADER });
  }

  private search(block: Block, pos: number, end: number, base: number): number {
    const found = findSection(block, pos, end);
    this.need = found.need;
    if (found.section) {
      this.tellLost(base + found.at, 'before the next section header');
      this.lostAt = -1;
    }
    return found.at;
  }

  private tellLost(until: number, where: string): void {
    const lost = until - this.lostAt;
    this.notes.note({
      rule: MALFORMED,
      text: `${count(lost, 'byte')} ${where} were not read`,
      offset: this.lostAt,
      length: lost,
    });
  }

  /** Passes the capture's info to the sink, once the first interfaces are known. */
  private inform(): void {
    if (this.informed) return;
    this.informed = true;
    const linkTypes = [...new Set(this.interfaces.map((source) => source.linkType))];
    this.sink.info({ format: 'pcapng', linkTypes, resolution: this.interfaces[0]!.unit.name });
    this.notes.open();
  }
}

function isPacket(type: number): boolean {
  return type === ng.ENHANCED_PACKET || type === ng.SIMPLE_PACKET || type === ng.OBSOLETE_PACKET;
}
