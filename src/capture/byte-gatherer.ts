/** Gathers small pieces in one growing buffer, so that joining them takes time proportional to their bytes. */
export class ByteGatherer {
  length = 0;
  private buffer = Buffer.alloc(0);

  add(chunk: Uint8Array): void {
    if (this.length + chunk.length > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(4096, 2 * (this.length + chunk.length)));
      larger.set(this.buffer.subarray(0, this.length));
      this.buffer = larger;
    }
    this.buffer.set(chunk, this.length);
    this.length += chunk.length;
  }

  /** All that was gathered and `chunk` after it; nothing is held afterwards. Valid until the next call. */
  takeWith(chunk: Uint8Array): Buffer {
    if (this.length === 0) return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.add(chunk);
    const all = this.buffer.subarray(0, this.length);
    this.length = 0;
    return all;
  }
}
