import { EMPTY_BLOCK, type Block } from '../base/block.js';
import { wireText } from '../base/text.js';

/** Option codes of pcapng (draft-ietf-opsawg-pcapng, section 3.5 and the sections of the blocks). */
export const OPT_COMMENT = 1;
export const IF_NAME = 2;
export const IF_DESCRIPTION = 3;
export const IF_TSRESOL = 9;
export const IF_TSOFFSET = 14;
export const EPB_DROPCOUNT = 4;
export const ISB_IFDROP = 5;
export const ISB_OSDROP = 7;

/** Steps through the options of one block after another. */
export class Options {
  /** The current option: its code, and its value `block.bytes[at..at+length)`. */
  code = 0;
  at = 0;
  length = 0;
  private block: Block = EMPTY_BLOCK;
  private littleEndian = true;
  private next = 0;
  private end = 0;

  /** The options of a block lie in `block.bytes[start..end)`. */
  open(block: Block, start: number, end: number, littleEndian: boolean): void {
    this.block = block;
    this.next = start;
    this.end = end;
    this.littleEndian = littleEndian;
  }

  /** Moves to the next option; false at the end, and before an option that does not fit into its block. */
  step(): boolean {
    const { view } = this.block;
    if (this.end - this.next < 4) return false;
    this.code = view.getUint16(this.next, this.littleEndian);
    this.length = view.getUint16(this.next + 2, this.littleEndian);
    this.at = this.next + 4;
    if (this.code === 0 || this.at + this.length > this.end) return false;
    this.next = this.at + ((this.length + 3) & ~3);
    return true;
  }

  /** The value as text, of which at most `limit` bytes are read. */
  text(limit: number): string {
    const cut = this.length > limit;
    const text = wireText(this.block.bytes, this.at, this.at + (cut ? limit : this.length));
    return cut ? `${text}…` : text;
  }

  /** The value as an unsigned 64-bit integer, as a double; 0 where it is not 8 bytes long. */
  unsigned64(): number {
    if (this.length !== 8) return 0;
    return Number(this.block.view.getBigUint64(this.at, this.littleEndian));
  }

  /** The same, signed. */
  signed64(): number {
    if (this.length !== 8) return 0;
    return Number(this.block.view.getBigInt64(this.at, this.littleEndian));
  }
}
