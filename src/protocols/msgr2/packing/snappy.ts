import { fitted, sequences, stretched, type Sequence } from './matches.js';

/** Raw snappy blocks (google/snappy, format_description.txt): the length as a varint, then literals and copies. */

/** Most bytes of one literal; longer ones are split, as snappy itself does. */
const MOST_LITERALS = 65_536;
const WINDOW = 65_535;
const MOST_COPIED = 64;
/** A literal's tag holds lengths up to 60; above that, it says that the length is in the next one to four bytes. */
const IN_TAG = 60;
const MOST_HEADER = 5;
/** Copies of 4 to 11 bytes with an offset of 11 bits take two bytes. */
const SHORT_LENGTH = 12;
const SHORT_OFFSET = 2048;

/** A block of exactly `size` bytes that decompresses to `plain`; null if none was found. */
export function fitSnappy(plain: Uint8Array, size: number): Uint8Array | null {
  const all = sequences(plain, WINDOW, 0);
  const block = (literals: number, out: Uint8Array | null): number =>
    new Block(plain, out, size).write(stretched(all, literals));
  return fitted(
    plain.length,
    size,
    (literals) => block(literals, null),
    (literals) => {
      const out = new Uint8Array(size);
      const n = block(literals, null);
      // if it is too short, lengths of literals are written with more bytes than necessary
      if (n > size) return null;
      return block(literals, out) === size ? out : null;
    },
  );
}

class Block {
  private readonly plain: Uint8Array;
  /** Null if only the size is asked for. */
  private readonly out: Uint8Array | null;
  private readonly size: number;
  private pos = 0;
  /** How many bytes the headers of literals must still be lengthened by. */
  private slack = 0;

  constructor(plain: Uint8Array, out: Uint8Array | null, size: number) {
    this.plain = plain;
    this.out = out;
    this.size = size;
  }

  write(all: readonly Sequence[]): number {
    if (this.out !== null) this.slack = this.size - new Block(this.plain, null, this.size).write(all);
    let n = this.plain.length;
    for (; n >= 0x80; n = Math.floor(n / 128)) this.put((n & 0x7f) | 0x80);
    this.put(n);
    for (const s of all) {
      for (let done = 0; done < s.literals; done += MOST_LITERALS)
        this.literal(s.at + done, Math.min(MOST_LITERALS, s.literals - done));
      this.copy(s.offset, s.length);
    }
    return this.pos;
  }

  private literal(at: number, n: number): void {
    const least = n <= IN_TAG ? 0 : n <= 0x100 ? 1 : 2;
    const more = Math.min(this.slack, MOST_HEADER - 1 - least);
    this.slack -= more;
    const bytes = least + more;
    this.put((bytes === 0 ? n - 1 : IN_TAG - 1 + bytes) << 2);
    for (let i = 0; i < bytes; i++) this.put(((n - 1) >>> (8 * i)) & 0xff);
    this.out?.set(this.plain.subarray(at, at + n), this.pos);
    this.pos += n;
  }

  private copy(offset: number, length: number): void {
    for (let left = length; left > 0;) {
      const n = left >= MOST_COPIED + 4 || left === MOST_COPIED ? MOST_COPIED : left > MOST_COPIED ? left - 4 : left;
      if (n >= 4 && n < SHORT_LENGTH && offset < SHORT_OFFSET) {
        this.put(1 | ((n - 4) << 2) | ((offset >>> 8) << 5));
        this.put(offset & 0xff);
      } else {
        this.put(2 | ((n - 1) << 2));
        this.put(offset & 0xff);
        this.put(offset >>> 8);
      }
      left -= n;
    }
  }

  private put(byte: number): void {
    if (this.out !== null) this.out[this.pos] = byte;
    this.pos++;
  }
}
