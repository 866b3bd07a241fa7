/** Bytes of one direction from some offset on, in the pieces in which they came; where some are missing there are holes. */
export class StreamBytes {
  private pieces: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  /** Bytes that are held. */
  held = 0;

  /** Takes a copy of `bytes[start..end)`, at `offset`; what was there from that offset on is taken back. */
  put(offset: number, bytes: Uint8Array, start: number, end: number): void {
    let last = this.pieces.at(-1);
    while (last !== undefined && last.offset + last.bytes.length > offset) {
      this.pieces.pop();
      this.held -= last.bytes.length;
      if (last.offset < offset) {
        const rest = last.bytes.subarray(0, offset - last.offset);
        this.pieces.push({ offset: last.offset, bytes: rest });
        this.held += rest.length;
      }
      last = this.pieces.at(-1);
    }
    this.pieces.push({ offset, bytes: bytes.slice(start, end) });
    this.held += end - start;
  }

  /** Calls `visit` with each run of bytes that is held of `[offset, offset + length)`. */
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

  /** The bytes of that range in one array; what is not held is zero. */
  copy(offset: number, length: number): Uint8Array {
    const out = new Uint8Array(length);
    this.each(offset, length, (at, bytes) => out.set(bytes, at - offset));
    return out;
  }

  /** Forgets what lies in front of that offset. */
  drop(upTo: number): void {
    let n = 0;
    for (const piece of this.pieces) {
      if (piece.offset + piece.bytes.length > upTo) break;
      this.held -= piece.bytes.length;
      n++;
    }
    if (n > 0) this.pieces.splice(0, n);
  }

  /** Index of the first piece that ends behind `offset`. */
  private firstAt(offset: number): number {
    let low = 0;
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
