import type { Json } from './annotation.js';
import { safeJson } from './safe-text.js';
import { exact, wide } from './u64.js';

/** Texts longer than this are written by Node, shorter ones character by character: calling Node costs as much as so many of them. */
const LONG = 48;
const ZERO = 0x30;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
/** `",`, little-endian. */
const QUOTE_COMMA = 0x2c22;
/** Bytes behind a number. */
const MARKS = 2;
const THOUSAND_MILLION = 1e9;
/** Digits of the longest integer that a double holds exactly. */
const MOST_DIGITS = 16;
/** Bytes that are written at once of a piece. */
const WORD = 4;

/** `00` to `99`, little-endian. */
const TWO_DIGITS = Uint16Array.from({ length: 100 }, (_, i) => ZERO + Math.floor(i / 10) + ((ZERO + (i % 10)) << 8));

/** ASCII that is written often, as words of four bytes. */
export class JsonPiece {
  readonly length: number;
  /** Little-endian; what is behind the text in the last one is written, too, and then written over. */
  readonly words: Int32Array;

  constructor(text: string) {
    this.length = text.length;
    const bytes = Buffer.alloc(WORD * Math.ceil(text.length / WORD));
    bytes.write(text, 'latin1');
    this.words = Int32Array.from({ length: bytes.length / WORD }, (_, i) => bytes.readInt32LE(WORD * i));
  }
}

/**
 * JSON in UTF-8, written piece by piece where no text of it is needed: making and encoding a message's text takes longer than all else that
 * is done with it. What a terminal obeys is escaped (see safeJson).
 */
export class JsonBytes {
  /** What is written, and room behind it. */
  bytes: Buffer;
  /** Bytes that are written. */
  size = 0;
  private view: DataView;
  private readonly make: (size: number) => ArrayBufferLike;

  /** `make`: gives room of so many bytes; `room`: of how many first. */
  constructor(room: number, make: (size: number) => ArrayBufferLike = (size) => new ArrayBuffer(size)) {
    this.make = make;
    const buffer = make(room);
    this.bytes = Buffer.from(buffer);
    this.view = new DataView(buffer);
  }

  /** Goes on in other room, where nothing is written yet. */
  moveTo(room: ArrayBufferLike): void {
    this.bytes = Buffer.from(room);
    this.view = new DataView(room);
    this.size = 0;
  }

  /** Makes room for `n` bytes more. */
  private reserve(n: number): void {
    if (this.size + n > this.bytes.length) this.grow(n);
  }

  private grow(n: number): void {
    const { bytes, size } = this;
    this.moveTo(this.make(Math.max(size + n, 2 * bytes.length)));
    this.bytes.set(bytes.subarray(0, size));
    this.size = size;
  }

  /** Leaves out so many bytes, and gives the place of the first. */
  skip(n: number): number {
    this.reserve(n);
    this.size += n;
    return this.size - n;
  }

  /** Names, and what surrounds them. */
  piece({ length, words }: JsonPiece): void {
    this.reserve(length + WORD);
    const { view, size } = this;
    for (let i = 0; i < words.length; i++) view.setInt32(size + WORD * i, words[i]!, true);
    this.size = size + length;
  }

  /** A text that is JSON. */
  json(json: string): void {
    const n = json.length;
    if (n > LONG) {
      this.encode(safeJson(json));
      return;
    }
    this.reserve(n);
    const { bytes, size } = this;
    for (let i = 0; i < n; i++) {
      const c = json.charCodeAt(i);
      if (c >= 0x7f) {
        this.encode(safeJson(json));
        return;
      }
      bytes[size + i] = c;
    }
    this.size = size + n;
  }

  private encode(text: string): void {
    // a code unit of UTF-16 is at most three bytes in UTF-8
    this.reserve(3 * text.length);
    this.size += this.bytes.write(text, this.size, 'utf8');
  }

  /** A whole number from 0 on, below 2^53, in decimal, behind its name and with a comma. */
  integer(lead: JsonPiece, n: number): void {
    this.piece(lead);
    this.decimal(n);
    this.bytes[this.size++] = COMMA;
  }

  /** The same in quotes, of 64 bits, by its halves; `lead` has the first of them. */
  wide(lead: JsonPiece, hi: number, lo: number): void {
    this.piece(lead);
    if (hi < 0x200000) this.decimal(wide(hi, lo));
    else this.json(exact(hi, lo).toString());
    this.reserve(MARKS);
    this.view.setUint16(this.size, QUOTE_COMMA, true);
    this.size += 2;
  }

  /** Leaves room for what stands behind it. */
  private decimal(n: number): void {
    this.reserve(MOST_DIGITS + MARKS);
    if (n < THOUSAND_MILLION) {
      this.digits(n, digitsOf(n));
      return;
    }
    const high = Math.floor(n / THOUSAND_MILLION);
    this.digits(high, digitsOf(high));
    this.digits(n - high * THOUSAND_MILLION, 9);
  }

  /** So many digits of a number below a thousand million. */
  private digits(n: number, count: number): void {
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

  /** Begins an object: its members follow, each with a comma behind it. */
  open(): void {
    this.byte(OPEN);
  }

  /** A member of an object, with a comma behind it. */
  member(name: string, value: Json): void {
    const lead = leadOf(name);
    if (typeof value === 'number' && value >= 0 && Number.isSafeInteger(value)) {
      this.integer(lead, value);
      return;
    }
    this.piece(lead);
    this.json(JSON.stringify(value));
    this.comma();
  }

  comma(): void {
    this.byte(COMMA);
  }

  /** Ends an object. */
  close(): void {
    if (this.bytes[this.size - 1] === COMMA) this.size--;
    this.byte(CLOSE);
  }

  private byte(byte: number): void {
    this.reserve(1);
    this.bytes[this.size++] = byte;
  }

  /** All that is written, as text. */
  toString(): string {
    return this.bytes.toString('utf8', 0, this.size);
  }
}

/** Decimal digits of a number below a thousand million. */
function digitsOf(n: number): number {
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

/** Names that members have had: those of fields, and few others. */
const LEADS = new Map<string, JsonPiece>();
const MAX_LEADS = 4096;

/** A name as it stands in front of its value. */
function leadOf(name: string): JsonPiece {
  let lead = LEADS.get(name);
  if (lead === undefined) {
    lead = new JsonPiece(`${JSON.stringify(name)}:`);
    if (LEADS.size < MAX_LEADS) LEADS.set(name, lead);
  }
  return lead;
}
