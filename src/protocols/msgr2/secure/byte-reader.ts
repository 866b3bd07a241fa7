/** Reads little-endian fields of a decrypted structure. A read past its end returns zero or no bytes and sets `failed`. */
export class ByteReader {
  readonly bytes: Uint8Array;
  private readonly view: DataView;
  pos: number;
  readonly end: number;
  failed = false;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = start;
    this.end = end;
  }

  get left(): number {
    return this.failed ? 0 : this.end - this.pos;
  }

  /** Takes the next `n` bytes and returns their index; -1 if there are fewer. */
  take(n: number): number {
    if (this.failed || this.end - this.pos < n) {
      this.failed = true;
      return -1;
    }
    const at = this.pos;
    this.pos += n;
    return at;
  }

  u8(): number {
    const at = this.take(1);
    return at < 0 ? 0 : this.bytes[at]!;
  }

  u16(): number {
    const at = this.take(2);
    return at < 0 ? 0 : this.view.getUint16(at, true);
  }

  u32(): number {
    const at = this.take(4);
    return at < 0 ? 0 : this.view.getUint32(at, true);
  }

  s32(): number {
    return this.u32() | 0;
  }

  u64(): bigint {
    const at = this.take(8);
    return at < 0 ? 0n : this.view.getBigUint64(at, true);
  }

  raw(n: number): Uint8Array {
    const at = this.take(n);
    return at < 0 ? NOTHING : this.bytes.subarray(at, at + n);
  }

  /** A u32 length and that many bytes. */
  blob(): Uint8Array {
    return this.raw(this.u32());
  }
}

const NOTHING = new Uint8Array(0);
