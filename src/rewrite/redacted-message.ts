import type { Annotation, Json } from '../base/annotation.js';
import { hex } from '../base/hex.js';
import { wireText } from '../base/text.js';
import type { Redaction } from '../contract/redaction.js';
import { endpointAddress } from './endpoint-address.js';
import type { Pseudonyms } from './pseudonyms.js';

/** Redacts the fields of one protocol's messages. */
export class FieldRedaction {
  private readonly names: Pseudonyms;
  private readonly fill: ((bytes: Uint8Array, out: Uint8Array, at: number, length: number) => void) | null;
  private readonly kept: ReadonlySet<string>;
  private readonly magics: ReadonlySet<string>;
  private readonly secrets: ReadonlySet<string>;
  private readonly ids: ReadonlySet<string>;
  private readonly data: ReadonlySet<string>;
  private readonly words: readonly Uint8Array[];
  private coarse = false;

  /** `fill` writes into `out[at..)` what replaces `length` bytes of user data; null: zeros. */
  constructor(
    redaction: Redaction,
    names: Pseudonyms,
    fill: ((bytes: Uint8Array, out: Uint8Array, at: number, length: number) => void) | null,
  ) {
    this.names = names;
    this.fill = fill;
    this.kept = new Set(redaction.kept);
    this.magics = new Set(redaction.magics);
    this.secrets = new Set(redaction.secrets);
    this.ids = new Set(redaction.ids);
    this.data = new Set(redaction.data);
    this.words = redaction.words.map((w) => Buffer.from(w)).sort((a, b) => b.length - a.length);
  }

  /**
   * The redacted bytes of a message, from its field tree: as long as `bytes`, with zeros wherever nothing allows them to stay. `coarse`:
   * all letters of names become the same.
   */
  rewrite(bytes: Uint8Array, rows: readonly Annotation[], coarse = false): Uint8Array {
    this.coarse = coarse;
    const out = new Uint8Array(bytes.length);
    for (const row of rows) this.row(bytes, out, row);
    return out;
  }

  private row(bytes: Uint8Array, out: Uint8Array, row: Annotation): void {
    const { name, at } = row;
    const end = Math.min(at + row.length, bytes.length);
    if (end <= at || this.secrets.has(name)) return this.lengthIn(bytes, out, at, end);
    if (this.kept.has(name)) return copy(bytes, out, at, end);
    // a magic that is wrong has a value, which may be anything
    if (this.magics.has(name) && row.value === undefined) return copy(bytes, out, at, end);
    if (row.children !== undefined && row.children.length > 0) {
      for (const child of row.children) this.row(bytes, out, child);
      return;
    }
    const value = typeof row.value === 'string' ? row.value : (row.text ?? '');
    if (this.data.has(name)) {
      // a length may precede the data
      const starts = textStarts(bytes, at, end);
      const from = starts.find((s) => s < end && hex(bytes, s, Math.min(end, s + value.length / 2)) === value) ?? at;
      const start = value === '' && end - at === 1 && starts.length > 1 ? end : from;
      copy(bytes, out, at, start);
      if (this.fill !== null) this.fill(bytes, out, start, end - start);
      return;
    }
    if (ADDRESS.test(value) && this.address(bytes, out, at, end, value)) return;
    const form = numberForm(bytes, at, end, row);
    if (this.ids.has(name)) return this.id(bytes, out, at, end, form);
    if (form !== null) return copy(bytes, out, at, end);
    if (value !== '') this.text(bytes, out, at, end, value);
  }

  private id(bytes: Uint8Array, out: Uint8Array, at: number, end: number, form: NumberForm | null): void {
    if (this.coarse && form === null) return;
    const other = this.names.id(bytes.slice(at, end));
    if (form === 'varint')
      for (let i = at; i < end; i++) {
        const last = i === end - 1;
        const b = bytes[i]!;
        other[i - at] = last ? (b === 0 ? 0 : 1 + (other[i - at]! % b)) : 0x80 | other[i - at]!;
      }
    out.set(other, at);
  }

  /**
   * Replaces the address in a field whose value is one (`10.0.0.1`, `10.0.0.1:80`, `::1`). Returns whether the field holds one, and not the
   * text of one.
   */
  private address(bytes: Uint8Array, out: Uint8Array, at: number, end: number, value: string): boolean {
    if (textStarts(bytes, at, end).some((from) => wireText(bytes, from, Math.min(end, from + value.length)) === value))
      return false;
    const length = end - at;
    const found = endpointAddress(value);
    if (found === null) {
      // without a port; 16 bytes may also hold an IPv4 address
      const alone = length === 16 || (length === 4 && endpointAddress(`${value}:0`) !== null);
      if (alone) out.set(this.names.address(bytes.slice(at, end)), at);
      return alone;
    }
    const { address } = found;
    for (let from = at; from + address.length <= end; from++) {
      if (!address.every((b, i) => bytes[from + i] === b)) continue;
      out.set(this.names.address(address), from);
      // a family and a port before the address (sockaddr), or a port after it
      if (from - at >= 4) copy(bytes, out, at, at + 4);
      else if (from === at && length === address.length + 2) copy(bytes, out, end - 2, end);
      return true;
    }
    return false;
  }

  /** Replaces text that fills the field, follows its length, or is followed by zeros. */
  private text(bytes: Uint8Array, out: Uint8Array, at: number, end: number, value: string): void {
    this.lengthIn(bytes, out, at, end);
    for (const from of textStarts(bytes, at, end)) {
      const nul = bytes.subarray(from, end).indexOf(0);
      for (const to of nul < 0 ? [end] : [end, from + nul]) {
        if (wireText(bytes, from, to) !== value) continue;
        copy(bytes, out, at, to);
        const name = from + this.wordIn(bytes, from, to);
        if (this.coarse) leveled(out, name, to);
        else this.names.rename(out, name, to);
        return;
      }
    }
  }

  /** Number of bytes of the protocol's own words at the beginning of a text. */
  private wordIn(bytes: Uint8Array, from: number, to: number): number {
    for (const word of this.words) {
      const whole = word.length === to - from;
      if (!whole && (word.length > to - from || !isSign(word.at(-1)!))) continue;
      if (word.every((b, i) => bytes[from + i] === b)) return word.length;
    }
    return 0;
  }

  /** Keeps a length before bytes (u32, little-endian) if it is the length of the rest of the field. */
  private lengthIn(bytes: Uint8Array, out: Uint8Array, at: number, end: number): void {
    if (end - at >= 4 && little32(bytes, at) === end - at - 4) copy(bytes, out, at, at + 4);
  }
}

/** Replaces all letters, digits and non-ASCII bytes by one letter, so that only the lengths of words stay. */
function leveled(bytes: Uint8Array, start: number, end: number): void {
  for (let at = start; at < end; at++) if (bytes[at]! >= 0x80 || !isSign(bytes[at]!)) bytes[at] = LEVEL;
}

const LEVEL = 0x78;

/** Whether a byte is a separator between words. */
function isSign(byte: number): boolean {
  return !/[0-9A-Za-z]/.test(String.fromCharCode(byte));
}

type NumberForm = 'fixed' | 'varint';

/** The form in which a field's bytes hold the number that its row shows; null if they do not. */
function numberForm(bytes: Uint8Array, at: number, end: number, row: Annotation): NumberForm | null {
  const n = end - at;
  const { value } = row;
  // names of bits
  if (Array.isArray(value) && n <= 8) return 'fixed';
  if (typeof value === 'boolean') return n === 1 ? 'fixed' : null;
  // whether something follows
  if (n === 1 && value === undefined && row.text === 'yes') return 'fixed';
  if (row.name === ENVELOPE && value === undefined && n <= 7) return 'fixed';
  for (const shown of [value, row.text]) {
    const number = leadingNumber(shown);
    if (number === null) continue;
    if (
      n <= 8 &&
      (fixed(bytes, at, end, true) === unsigned(number, n) || fixed(bytes, at, end, false) === unsigned(number, n))
    )
      return 'fixed';
    if (n <= 10 && isVarint(bytes, at, end, number)) return 'varint';
  }
  return null;
}

/** Name of the row for a structure's version and length (base/structure). */
const ENVELOPE = 'header';

/** The number at the beginning of a row's text or value: `3 NBD_CMD_FLUSH`, `0x0003 FUA`. */
function leadingNumber(shown: Json | undefined): bigint | null {
  if (typeof shown === 'number') return Number.isSafeInteger(shown) ? BigInt(shown) : null;
  if (typeof shown !== 'string') return null;
  const found = /^(0x[0-9a-f]+|-?\d+)(?:$| )/.exec(shown)?.[1];
  return found === undefined || found.length > 21 ? null : BigInt(found);
}

function unsigned(n: bigint, bytes: number): bigint {
  return n < 0n ? BigInt.asUintN(8 * bytes, n) : n;
}

function fixed(bytes: Uint8Array, at: number, end: number, little: boolean): bigint {
  let n = 0n;
  for (let i = 0; i < end - at; i++) n = (n << 8n) | BigInt(bytes[little ? end - 1 - i : at + i]!);
  return n;
}

/** Groups of seven bits, lowest first, the last one without its highest bit. Signed numbers are zigzag. */
function isVarint(bytes: Uint8Array, at: number, end: number, number: bigint): boolean {
  let n = 0n;
  for (let i = at; i < end; i++) {
    if (bytes[i]! >= 0x80 !== i < end - 1) return false;
    n |= BigInt(bytes[i]! & 0x7f) << BigInt(7 * (i - at));
  }
  return n === number || ((n >> 1n) ^ -(n & 1n)) === number;
}

/** Matches IP addresses, with or without a port. */
const ADDRESS = /^\[?[0-9a-f.:]*[.:][0-9a-f.:]*(?:\]:\d+)?$/;

function textStarts(bytes: Uint8Array, at: number, end: number): number[] {
  const starts = [at];
  if (end - at >= 4 && little32(bytes, at) === end - at - 4) starts.push(at + 4);
  // postcard: the length is a varint
  for (let i = at; i < Math.min(end, at + 10); i++) {
    if (bytes[i]! >= 0x80) continue;
    if (isVarint(bytes, at, i + 1, BigInt(end - i - 1))) starts.push(i + 1);
    break;
  }
  return starts;
}

function little32(bytes: Uint8Array, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

function copy(bytes: Uint8Array, out: Uint8Array, from: number, to: number): void {
  out.set(bytes.subarray(from, to), from);
}
