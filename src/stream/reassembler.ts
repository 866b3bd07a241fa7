import { Block, EMPTY_BLOCK } from '../base/block.js';
import type { Origin } from '../base/origin.js';

/** Pieces in one row of the sorted set before it is split. */
const ROW = 64;

/** Bytes of memory that a held piece takes besides its own. */
const PIECE_OVERHEAD = 512;

/** Bytes that arrived ahead of a hole, copied, with where they came from. */
export class Piece {
  readonly offset: number;
  readonly end: number;
  /** The bytes, from index 0 on: `end - offset` of them. */
  readonly block: Block;
  readonly origin: Origin;
  /** Offset up to which the piece's packets went on beyond `end`, cut off by the snapshot length; 0 where they were not cut. */
  cutUpTo = 0;

  constructor(offset: number, end: number, block: Block, origin: Origin) {
    this.offset = offset;
    this.end = end;
    this.block = block;
    this.origin = origin;
  }
}

/**
 * Holds what arrived ahead of a hole, sorted by stream offset and without overlap: of bytes that come twice, the first copy
 * stays. It knows offsets only. Rows of limited length keep every insertion cheap, also for segments that come in reverse.
 */
export class Reassembler {
  /** No row is empty, and no pieces overlap. A piece without bytes marks where the snapshot length cut off a packet. */
  private readonly rows: Piece[][] = [];
  count = 0;
  bytes = 0;
  /** The `cutUpTo` of the pieces that were taken out; kept by the caller. */
  cutUpTo = 0;
  /** After `insert`: offset of the first byte that differed from an earlier copy (-1: none), and how many did. */
  conflictAt = -1;
  conflicts = 0;

  /** Memory that it takes, in bytes, roughly. */
  get cost(): number {
    return this.bytes + this.count * PIECE_OVERHEAD;
  }

  /** The piece with the lowest offset. */
  get first(): Piece | null {
    return this.rows.length === 0 ? null : this.rows[0]![0]!;
  }

  /** End of the piece with the highest offset; 0 when empty. */
  get end(): number {
    const row = this.rows[this.rows.length - 1];
    return row === undefined ? 0 : row[row.length - 1]!.end;
  }

  /** Takes out the first piece. */
  shift(): Piece {
    const row = this.rows[0]!;
    const piece = row.shift()!;
    if (row.length === 0) this.rows.shift();
    this.count--;
    this.bytes -= piece.end - piece.offset;
    return piece;
  }

  /**
   * Copies the bytes `block.bytes[start..end)`, which belong at stream offset `offset`, as far as none are held there. `cut` more bytes of
   * the packet were not captured. Sets `conflictAt` and `conflicts` where bytes differ from an earlier copy.
   */
  insert(offset: number, block: Block, start: number, end: number, cut: number, origin: Origin): void {
    this.conflictAt = -1;
    this.conflicts = 0;
    const to = offset + end - start;
    let at = offset;
    while (at < to) {
      const below = this.floor(at);
      if (below !== null && below.end > at) {
        const stop = Math.min(below.end, to);
        this.compare(below, at, stop, block.bytes, start + at - offset);
        at = stop;
        continue;
      }
      const above = this.above(at);
      const stop = above === null ? to : Math.min(above.offset, to);
      const from = start + at - offset;
      const copy = new Block(block.bytes.slice(from, from + stop - at));
      this.add(new Piece(at, stop, copy, origin));
      at = stop;
    }
    if (cut > 0) this.markCut(to, to + cut, origin);
  }

  private markCut(at: number, upTo: number, origin: Origin): void {
    let piece = this.floor(at);
    if (piece === null || piece.end < at) {
      piece = new Piece(at, at, EMPTY_BLOCK, origin);
      this.add(piece);
    }
    if (piece.cutUpTo < upTo) piece.cutUpTo = upTo;
  }

  private compare(piece: Piece, from: number, to: number, bytes: Uint8Array, at: number): void {
    const held = piece.block.bytes;
    const shift = from - piece.offset;
    for (let i = 0; i < to - from; i++) {
      if (held[shift + i] !== bytes[at + i]) {
        if (this.conflictAt < 0) this.conflictAt = from + i;
        this.conflicts++;
      }
    }
  }

  /** The last piece that begins at or before `offset`. */
  private floor(offset: number): Piece | null {
    const row = this.rowOf(offset);
    if (row < 0) return null;
    const pieces = this.rows[row]!;
    return pieces[upper(pieces, offset) - 1]!;
  }

  /** The first piece that begins after `offset`. */
  private above(offset: number): Piece | null {
    const row = this.rowOf(offset);
    if (row >= 0) {
      const pieces = this.rows[row]!;
      const i = upper(pieces, offset);
      if (i < pieces.length) return pieces[i]!;
    }
    return this.rows[row + 1]?.[0] ?? null;
  }

  private add(piece: Piece): void {
    this.count++;
    this.bytes += piece.end - piece.offset;
    if (this.rows.length === 0) {
      this.rows.push([piece]);
      return;
    }
    const at = Math.max(this.rowOf(piece.offset), 0);
    const row = this.rows[at]!;
    row.splice(upper(row, piece.offset), 0, piece);
    if (row.length > ROW) this.rows.splice(at + 1, 0, row.splice(ROW / 2));
  }

  /** The last row whose first piece begins at or before `offset`, or -1. */
  private rowOf(offset: number): number {
    let low = 0;
    let high = this.rows.length;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if (this.rows[mid]![0]!.offset <= offset) low = mid + 1;
      else high = mid;
    }
    return low - 1;
  }
}

/** How many pieces begin at or before `offset`. */
function upper(pieces: readonly Piece[], offset: number): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (pieces[mid]!.offset <= offset) low = mid + 1;
    else high = mid;
  }
  return low;
}
