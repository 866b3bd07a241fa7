/** The bytes of one direction that were not decoded: how many, in how many runs, and the first run. */
export class UndecodedBytes {
  bytes = 0;
  runs = 0;
  first = 0;
  firstLength = 0;
  private nextOffset = -1;

  add(offset: number, length: number): void {
    this.bytes += length;
    if (offset === this.nextOffset) {
      if (this.runs === 1) this.firstLength += length;
    } else {
      if (this.runs === 0) {
        this.first = offset;
        this.firstLength = length;
      }
      this.runs++;
    }
    this.nextOffset = offset + length;
  }
}
