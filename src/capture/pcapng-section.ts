import type { Block } from '../base/block.js';
import { BYTE_ORDER_MAGIC, SHB } from './pcapng-blocks.js';

const SECTION_START = Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a);

/** Byte order of the section header at `pos` (true: little endian); null where there is no byte-order magic. */
function orderAt(view: DataView, pos: number): boolean | null {
  for (const littleEndian of [true, false])
    if (view.getUint32(pos + SHB.magic, littleEndian) === BYTE_ORDER_MAGIC) return littleEndian;
  return null;
}

/** Major and minor version of the section header at `pos`, of which 28 bytes must be there; null where it is none. */
export function versionAt(view: DataView, pos: number): [number, number] | null {
  const littleEndian = orderAt(view, pos);
  if (littleEndian === null) return null;
  return [view.getUint16(pos + SHB.major, littleEndian), view.getUint16(pos + SHB.minor, littleEndian)];
}

/**
 * The byte order of the section header at `pos`, of which 28 bytes must be there; null where it is none that can be read (only version 1
 * exists; its minor versions do not differ).
 */
export function sectionAt(view: DataView, pos: number): { littleEndian: boolean } | null {
  const littleEndian = orderAt(view, pos);
  if (littleEndian === null) return null;
  const length = view.getUint32(pos + 4, littleEndian);
  const possible = length >= SHB.least && (length & 3) === 0 && view.getUint16(pos + SHB.major, littleEndian) === 1;
  return possible ? { littleEndian } : null;
}

/**
 * Searches `block.bytes[start..end)` for a section header at any alignment. If none is complete, `section` is false, `at` is the first byte
 * that may belong to one, and `need` is the number of bytes from there on that are needed to tell.
 */
export function findSection(block: Block, start: number, end: number): { at: number; section: boolean; need: number } {
  const bytes = Buffer.from(block.bytes.buffer, block.bytes.byteOffset, end);
  for (let from = start; ;) {
    const at = bytes.indexOf(SECTION_START, from);
    if (at < 0)
      return { at: Math.max(from, end - SECTION_START.length + 1), section: false, need: SECTION_START.length };
    if (end - at < SHB.least) return { at, section: false, need: SHB.least };
    if (sectionAt(block.view, at) !== null) return { at, section: true, need: SHB.least };
    from = at + 1;
  }
}
