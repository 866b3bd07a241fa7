/** A column of variable-length integers: 7 bits in each byte, lowest first. */
export class Column {
  private room = new Uint8Array(64);
  private used = 0;

  /** Adds a whole number from 0 to 2^53. */
  add(value: number): void {
    if (this.used + 8 > this.room.length) {
      const more = new Uint8Array(2 * this.room.length);
      more.set(this.room);
      this.room = more;
    }
    let rest = value;
    while (rest >= 128) {
      this.room[this.used++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.room[this.used++] = rest;
  }

  /** Adds a whole number of either sign (zigzag). */
  addSigned(value: number): void {
    this.add(value >= 0 ? 2 * value : -2 * value - 1);
  }

  get bytes(): Uint8Array {
    return this.room.subarray(0, this.used);
  }
}

/** Reads a column that Column wrote. */
export class ColumnReader {
  private readonly bytes: Uint8Array;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  next(): number {
    const { bytes } = this;
    let byte = bytes[this.at++]!;
    if (byte < 128) return byte;
    let value = byte & 127;
    let unit = 1;
    do {
      byte = bytes[this.at++]!;
      unit *= 128;
      value += (byte & 127) * unit;
    } while (byte >= 128);
    return value;
  }

  nextSigned(): number {
    const n = this.next();
    return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
  }
}
