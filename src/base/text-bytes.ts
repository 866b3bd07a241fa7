import { safeText } from './safe-text.js';
import { exact, wide } from './u64.js';

/** Texts longer than this are written by Node, shorter ones character by character: a call of Node costs as much as this many characters. */
const LONG = 64;
const ZERO = 0x30;
const BLANK = 0x20;
const FIRST_UNPRINTED = 0x7f;
const THOUSAND_MILLION = 1e9;
/** Digits of the longest integer that a double holds exactly. */
const MOST_DIGITS = 16;
/** From this upper half on, a 64-bit number is too large for a double to be exact. */
const EXACT_HI = 0x200000;
/** A TextPiece is written in words of this many bytes. */
const WORD = 4;

/** `00` to `99`, little-endian. */
const TWO_DIGITS = Uint16Array.from({ length: 100 }, (_, i) => ZERO + Math.floor(i / 10) + ((ZERO + (i % 10)) << 8));

/** A text that is written often, encoded in UTF-8 and kept as words of four bytes. */
export class TextPiece {
  /** In bytes. */
  readonly length: number;
  /** Little-endian. The last word may go beyond the text: those bytes are overwritten by what is written next. */
  readonly words: Int32Array;

  constructor(text: string) {
    this.length = Buffer.byteLength(text);
    const bytes = Buffer.alloc(WORD * Math.ceil(this.length / WORD));
    bytes.write(text, 'utf8');
    this.words = Int32Array.from({ length: bytes.length / WORD }, (_, i) => bytes.readInt32LE(WORD * i));
  }
}

/**
 * A buffer of UTF-8 text that is written piece by piece: with millions of lines, making a string of each and encoding it takes longer than
 * everything else.
 */
export class TextBytes {
  /** The buffer: the text, and unused room after it. */
  bytes: Buffer;
  /** How many bytes are written. */
  size = 0;
  protected view: DataView;
  private readonly make: (size: number) => ArrayBufferLike;

  /** `make`: allocates a buffer of that many bytes; `room`: size of the first one. */
  constructor(room: number, make: (size: number) => ArrayBufferLike = (size) => new ArrayBuffer(size)) {
    this.make = make;
    const buffer = make(room);
    this.bytes = Buffer.from(buffer);
    this.view = new DataView(buffer);
  }

  /** Goes on in another buffer, with nothing written. */
  moveTo(room: ArrayBufferLike): void {
    this.bytes = Buffer.from(room);
    this.view = new DataView(room);
    this.size = 0;
  }

  /** Makes room for `n` more bytes. */
  protected reserve(n: number): void {
    if (this.size + n > this.bytes.length) this.grow(n);
  }

  private grow(n: number): void {
    const { bytes, size } = this;
    this.moveTo(this.make(Math.max(size + n, 2 * bytes.length)));
    this.bytes.set(bytes.subarray(0, size));
    this.size = size;
  }

  /** Leaves out `n` bytes, to be written later. Returns the index of the first one. */
  skip(n: number): number {
    this.reserve(n);
    this.size += n;
    return this.size - n;
  }

  piece({ length, words }: TextPiece): void {
    this.reserve(length + WORD);
    const { view, size } = this;
    for (let i = 0; i < words.length; i++) view.setInt32(size + WORD * i, words[i]!, true);
    this.size = size + length;
  }

  /** One ASCII character. */
  byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.size++] = byte;
  }

  /** A text as it is. */
  text(text: string): void {
    if (!this.plain(text, 0)) this.encode(text);
  }

  /** A text with control characters and the like escaped (see safeText). */
  safe(text: string): void {
    if (!this.plain(text, BLANK)) this.encode(safeText(text));
  }

  /** Writes a text if it is short, and consists of ASCII characters from `lowest` to `~`. Returns whether it is. */
  protected plain(text: string, lowest: number): boolean {
    const n = text.length;
    if (n > LONG) return false;
    this.reserve(n);
    const { bytes, size } = this;
    for (let i = 0; i < n; i++) {
      const c = text.charCodeAt(i);
      if (c < lowest || c >= FIRST_UNPRINTED) return false;
      bytes[size + i] = c;
    }
    this.size = size + n;
    return true;
  }

  protected encode(text: string): void {
    // a code unit of UTF-16 is at most three bytes in UTF-8
    this.reserve(3 * text.length);
    this.size += this.bytes.write(text, this.size, 'utf8');
  }

  /** `n` blanks. */
  blanks(n: number): void {
    if (n <= 0) return;
    this.reserve(n);
    const { bytes } = this;
    const end = this.size + n;
    for (let at = this.size; at < end; at++) bytes[at] = BLANK;
    this.size = end;
  }

  /** Removes blanks at the end, but nothing before index `from`. */
  trim(from: number): void {
    while (this.size > from && this.bytes[this.size - 1] === BLANK) this.size--;
  }

  /** A whole number, not negative, in decimal; from 2^53 on as JavaScript prints it. */
  decimal(n: number): void {
    this.reserve(MOST_DIGITS);
    if (n < THOUSAND_MILLION) {
      this.digits(n, digitsOf(n));
      return;
    }
    if (n > Number.MAX_SAFE_INTEGER) {
      this.text(String(n));
      return;
    }
    const high = Math.floor(n / THOUSAND_MILLION);
    this.digits(high, digitsOf(high));
    this.digits(n - high * THOUSAND_MILLION, 9);
  }

  /** The same with blanks in front of it, up to `width` characters. */
  rightAligned(n: number, width: number): void {
    if (n >= THOUSAND_MILLION) {
      this.blanks(width - String(n).length);
      this.decimal(n);
      return;
    }
    const count = digitsOf(n);
    const room = width > count ? width : count;
    this.reserve(room);
    const { bytes, view, size } = this;
    let rest = n | 0;
    let at = size + room;
    this.size = at;
    while (rest >= 100) {
      const above = (rest / 100) | 0;
      at -= 2;
      view.setUint16(at, TWO_DIGITS[rest - 100 * above]!, true);
      rest = above;
    }
    if (rest >= 10) {
      at -= 2;
      view.setUint16(at, TWO_DIGITS[rest]!, true);
    } else bytes[--at] = ZERO + rest;
    while (at > size) bytes[--at] = BLANK;
  }

  /** An unsigned 64-bit number, given as two halves, in decimal. */
  wideDecimal(hi: number, lo: number): void {
    if (hi < EXACT_HI) this.decimal(wide(hi, lo));
    else this.text(exact(hi, lo).toString());
  }

  /** A number below 10^9 in `count` digits, with leading zeros. */
  digits(n: number, count: number): void {
    this.reserve(count);
    const { view, size } = this;
    let rest = n | 0;
    let at = size + count;
    while (at > size + 1) {
      const above = (rest / 100) | 0;
      at -= 2;
      view.setUint16(at, TWO_DIGITS[rest - 100 * above]!, true);
      rest = above;
    }
    if (at > size) view.setUint8(size, ZERO + rest);
    this.size = size + count;
  }

  /** The text in `bytes[from..to)`. */
  toString(from = 0, to = this.size): string {
    return this.bytes.toString('utf8', from, to);
  }
}

/** How many decimal digits a number below 10^9 has. */
export function digitsOf(n: number): number {
  if (n < 10) return 1;
  if (n < 100) return 2;
  if (n < 1000) return 3;
  if (n < 10_000) return 4;
  if (n < 100_000) return 5;
  if (n < 1_000_000) return 6;
  if (n < 10_000_000) return 7;
  if (n < 100_000_000) return 8;
  return 9;
}
