import { row, type Annotation, type Json } from '../../base/annotation.js';
import { hex } from '../../base/hex.js';
import type { JsonBytes } from '../../base/json-bytes.js';
import {
  Shown,
  type Annotated,
  type Fields as LayoutFields,
  type Layout,
  type LayoutField,
} from '../../base/layout.js';
import { decimal } from '../../base/u64.js';
import type { Prefix } from './decoder/payload.js';

/** The most bytes of an opaque field that are printed. */
const SHOWN_BYTES = 256;

/** The text that is shown for a 64-bit number, given by its halves; undefined: its decimal value. */
export type WideWords = (hi: number, lo: number) => string | undefined;

/** Receives the fields of a message in order; `at` is the offset of the next one from the message's first byte. */
export abstract class Fields {
  at = 0;

  /** The fields of a header, or of its first `present` bytes. */
  abstract header<F extends LayoutFields, A extends keyof F>(
    layout: Layout<F, A>,
    values: Annotated<F, A>,
    present?: number,
  ): this;

  // Frequent headers are passed field by field: an object of their values would cost as much as everything else that is done with them.

  /** The next field of a header. */
  abstract shown(field: LayoutField, shown: Shown): void;
  abstract number(field: LayoutField, n: number): void;
  /** A 64-bit number, given by its halves. */
  abstract wide(field: LayoutField, hi: number, lo: number, words: WideWords | null): void;

  abstract put(name: string, length: number, value?: Json, text?: string, children?: readonly Annotation[]): this;

  /** `length` bytes that were only counted, not kept. The text gives their number, or `bytes`, where given. */
  abstract counted(name: string, length: number, bytes?: number): void;

  /** Bytes whose meaning is not known, if there are any. */
  rest(name: string, data: Prefix, from: number, length: number): this {
    if (length <= 0) return this;
    const end = Math.min(data.length, from + Math.min(length, SHOWN_BYTES));
    return this.put(name, length, hex(data.bytes, Math.min(from, end), end));
  }
}

/** Makes the field tree. */
export class FieldRows extends Fields {
  readonly list: Annotation[] = [];

  header<F extends LayoutFields, A extends keyof F>(
    layout: Layout<F, A>,
    values: Annotated<F, A>,
    present = layout.size,
  ): this {
    const start = this.at;
    for (const r of layout.annotations(values, start, present)) {
      this.list.push(r);
      this.at = Math.max(this.at, r.at + r.length);
    }
    return this;
  }

  shown(field: LayoutField, shown: Shown): void {
    this.next(field, shown);
  }

  number(field: LayoutField, n: number): void {
    this.next(field, n);
  }

  wide(field: LayoutField, hi: number, lo: number, words: WideWords | null): void {
    this.next(field, new Shown(decimal(hi, lo), words?.(hi, lo)));
  }

  private next(field: LayoutField, given: Shown | number): void {
    this.list.push(field.row(given, this.at));
    this.at += field.size;
  }

  put(name: string, length: number, value?: Json, text?: string, children?: readonly Annotation[]): this {
    this.list.push(row(name, this.at, length, value, text, children));
    this.at += length;
    return this;
  }

  counted(name: string, length: number, bytes = length): void {
    this.put(name, length, undefined, `${bytes} bytes`);
  }
}

/** Writes the fields as members of a JSON object, with a comma after each. */
export class FieldMembers extends Fields {
  private out: JsonBytes | null = null;

  /** Begins the next message, whose fields go to `out`. */
  begin(out: JsonBytes): void {
    this.out = out;
    this.at = 0;
  }

  header<F extends LayoutFields, A extends keyof F>(
    layout: Layout<F, A>,
    values: Annotated<F, A>,
    present = layout.size,
  ): this {
    layout.writeMembers(this.out!, values, present);
    // a header that is cut off is the message's last field
    this.at += Math.min(layout.size, present);
    return this;
  }

  shown(field: LayoutField, shown: Shown): void {
    field.writeShown(this.out!, shown);
    this.at += field.size;
  }

  number(field: LayoutField, n: number): void {
    field.writeNumber(this.out!, n);
    this.at += field.size;
  }

  wide(field: LayoutField, hi: number, lo: number): void {
    field.writeWide(this.out!, hi, lo);
    this.at += field.size;
  }

  put(name: string, length: number, value?: Json): this {
    if (value !== undefined) this.out!.member(name, value);
    this.at += length;
    return this;
  }

  counted(_: string, length: number): void {
    this.at += length;
  }
}
