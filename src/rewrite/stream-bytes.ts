interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const FORGOTTEN: Piece = { offset: 0, bytes: new Uint8Array(0) };
const MOST_FORGOTTEN = 1024;

/** Bytes of one direction from some offset on, in the pieces in which they came. There may be gaps between them. */
export class StreamBytes {
  private readonly pieces: Piece[] = [];
  /**
   * Index of the first piece that is not dropped. Dropped pieces are removed many at a time, since removing one from the front moves all
   * others.
   */
  private first = 0;
  /** Number of bytes that are held. */
  held = 0;

  /** Adds a copy of `bytes[start..end)` at `offset`. Bytes that were held from that offset on are dropped. */
  put(offset: number, bytes: Uint8Array, start: number, end: number): void {
    let last = this.last();
    while (last !== undefined && last.offset + last.bytes.length > offset) {
      this.pieces.pop();
      this.held -= last.bytes.length;
      if (last.offset < offset) {
        const rest = last.bytes.subarray(0, offset - last.offset);
        this.pieces.push({ offset: last.offset, bytes: rest });
        this.held += rest.length;
      }
      last = this.last();
    }
    this.pieces.push({ offset, bytes: bytes.slice(start, end) });
    this.held += end - start;
  }

  /** Calls `visit` with each run of held bytes in `[offset, offset + length)`. */
  each(offset: number, length: number, visit: (offset: number, bytes: Uint8Array) => void): void {
    const end = offset + length;
    for (let i = this.firstAt(offset); i < this.pieces.length; i++) {
      const piece = this.pieces[i]!;
      if (piece.offset >= end) break;
      const from = Math.max(offset, piece.offset);
      const to = Math.min(end, piece.offset + piece.bytes.length);
      if (from < to) visit(from, piece.bytes.subarray(from - piece.offset, to - piece.offset));
    }
  }

  /** Whether all of that range is held. */
  has(offset: number, length: number): boolean {
    let n = 0;
    this.each(offset, length, (_, bytes) => (n += bytes.length));
    return n === length;
  }

  /** The bytes of that range in one array, with zeros for bytes that are not held. */
  copy(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    this.each(offset, length, (at, bytes) => out.set(bytes, at - offset));
    return out;
  }

  /** Drops the pieces before that offset. */
  drop(upTo: number): void {
    const { pieces } = this;
    for (; this.first < pieces.length; this.first++) {
      const piece = pieces[this.first]!;
      if (piece.offset + piece.bytes.length > upTo) break;
      this.held -= piece.bytes.length;
      pieces[this.first] = FORGOTTEN;
    }
    if (this.first < MOST_FORGOTTEN && this.first < pieces.length) return;
    pieces.splice(0, this.first);
    this.first = 0;
  }

  private last(): Piece | undefined {
    return this.pieces.length > this.first ? this.pieces.at(-1) : undefined;
  }

  /** Index of the first piece that ends after `offset`. */
  private firstAt(offset: number): number {
    let low = this.first;
    let high = this.pieces.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const piece = this.pieces[middle]!;
      if (piece.offset + piece.bytes.length <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
