import type { Annotation, Json } from '../base/annotation.js';
import { quote } from '../base/text.js';
import type { Paint } from './theme.js';
import { printable } from './words.js';

/** Bytes in one row. */
const ROW = 16;
/** Most rows of one field, unless `all` is set. */
const FIELD_ROWS = 4;
const HEX_WIDTH = ROW * 3 + 2;

const PAIRS: readonly string[] = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));

/** Such as `25 60 95 13  00 00`, with two blanks in the middle of a row. */
export function hexRow(bytes: Uint8Array, start: number, end: number): string {
  let out = '';
  for (let i = start; i < end; i++) {
    if (i > start) out += i - start === ROW / 2 ? '  ' : ' ';
    out += PAIRS[bytes[i]!]!;
  }
  return out;
}

/** The bytes as ASCII, with a dot for each unprintable one. */
export function asciiRow(bytes: Uint8Array, start: number, end: number): string {
  let out = '';
  for (let i = start; i < end; i++) {
    const b = bytes[i]!;
    out += b >= 0x20 && b < 0x7f ? String.fromCharCode(b) : '.';
  }
  return out;
}

export interface DumpOptions {
  /** All rows of every field. */
  readonly all: boolean;
  /** Ranges of bytes that findings are about, relative to the message. */
  readonly marks?: readonly ByteRange[];
  /** Colours. If `marked` is null, a line with `^^` below a row marks its bytes. */
  readonly paint?: { readonly plain: Paint; readonly marked: Paint | null };
}

export interface ByteRange {
  readonly start: number;
  /** The offset after its last byte. */
  readonly end: number;
}

/**
 * The annotated dump of a message: bytes on the left, their meaning on the right, nested fields indented. All bytes of `head` appear; the
 * number of bytes beyond these, up to `length`, is given.
 */
export function hexDump(
  head: Uint8Array,
  length: number,
  annotations: readonly Annotation[],
  options: DumpOptions,
): string[] {
  const dump = new Dump(head, options);
  dump.fields(annotations, 0, 0);
  if (head.length > dump.shown) dump.rows(dump.shown, head.length, '', 0);
  if (length > head.length) dump.note(head.length, `${length - head.length} more bytes, not shown`);
  return dump.lines;
}

class Dump {
  readonly lines: string[] = [];
  /** All bytes before this offset have been shown. */
  shown = 0;
  private readonly head: Uint8Array;
  private readonly all: boolean;
  private readonly marks: readonly ByteRange[];
  private readonly plain: Paint;
  private readonly marked: Paint | null;

  constructor(head: Uint8Array, options: DumpOptions) {
    this.head = head;
    this.all = options.all;
    this.marks = options.marks ?? [];
    this.plain = options.paint?.plain ?? ((text) => text);
    this.marked = options.paint?.marked ?? null;
  }

  fields(list: readonly Annotation[], depth: number, nesting: number): void {
    for (const a of list) {
      if (a.at > this.shown) this.rows(this.shown, Math.min(a.at, this.head.length), '', depth);
      const label = fieldText(a);
      const children = a.children ?? [];
      // wire data decides how deep lists nest, so the indentation is limited
      if (children.length > 0 && nesting < 32) {
        this.lines.push(this.line(a.at, '', label, depth));
        this.fields(children, depth + 1, nesting + 1);
      } else {
        const end = Math.min(a.at + a.length, this.head.length);
        const start = Math.max(a.at, this.shown);
        if (start < end) this.rows(start, end, label, depth);
        else this.lines.push(this.line(a.at, '', label, depth));
      }
    }
  }

  rows(start: number, end: number, label: string, depth: number): void {
    if (start >= end) return;
    const several = end - start > ROW;
    let previous = '';
    let repeated = false;
    let printed = 0;
    for (let at = start; at < end; at += ROW) {
      const to = Math.min(at + ROW, end);
      const hex = hexRow(this.head, at, to);
      if (!this.all) {
        // rows that equal the one above are replaced by one star, as hexdump(1) does, but never the last row
        if (hex === previous && to < end) {
          if (!repeated) this.lines.push(this.line(at, '*', '', depth));
          repeated = true;
          continue;
        }
        // a line that says that one more row is hidden would be no shorter than that row
        if (printed >= FIELD_ROWS && end - at > ROW) {
          this.note(at, `${end - at} more bytes of it (-v shows all)`);
          break;
        }
      }
      previous = hex;
      repeated = false;
      printed++;
      const right = at === start && label !== '' ? label : several ? `|${asciiRow(this.head, at, to)}|` : '';
      this.row(at, to, hex, right, depth);
    }
    this.shown = Math.max(this.shown, end);
  }

  /** A row of bytes, in which those that findings are about are marked. */
  private row(at: number, to: number, hex: string, text: string, depth: number): void {
    const isMarked = (i: number): boolean => this.marks.some((m) => i >= m.start && i < m.end);
    let any = false;
    for (let i = at; i < to && !any; i++) any = isMarked(i);
    if (!any) {
      this.lines.push(this.line(at, hex, text, depth));
      return;
    }
    const column = (i: number): number => 3 * (i - at) + (i - at >= ROW / 2 ? 1 : 0);
    if (this.marked === null) {
      this.lines.push(this.line(at, hex, text, depth));
      const below = Array.from({ length: HEX_WIDTH }, () => ' ');
      for (let i = at; i < to; i++) {
        if (!isMarked(i)) continue;
        below[column(i)] = below[column(i) + 1] = '^';
        // bytes next to each other get one continuous line
        if (i + 1 < to && isMarked(i + 1)) for (let c = column(i) + 2; c < column(i + 1); c++) below[c] = '^';
      }
      this.lines.push(this.plain(`        ${below.join('')}`.trimEnd()));
      return;
    }
    let painted = '';
    for (let i = at; i < to; i++) {
      const pair = PAIRS[this.head[i]!]!;
      const gap = i + 1 < to ? ' '.repeat(column(i + 1) - column(i) - 2) : '';
      painted += (isMarked(i) ? this.marked(pair) : this.plain(pair)) + gap;
    }
    const blanks = ' '.repeat(Math.max(0, HEX_WIDTH - hex.length));
    this.lines.push(
      `${this.plain(`${at.toString(16).padStart(6, '0')}  `)}${painted}${this.plain(`${blanks}${'  '.repeat(depth)}${text}`)}`,
    );
  }

  note(at: number, text: string): void {
    this.lines.push(this.line(at, '...', text, 0));
  }

  private line(at: number, hex: string, text: string, depth: number): string {
    const left = `${at.toString(16).padStart(6, '0')}  ${hex.padEnd(HEX_WIDTH)}`;
    return this.plain(`${left}${'  '.repeat(depth)}${text}`.trimEnd());
  }
}

/** Such as `cookie 1`, or the text that the protocol has for the field. */
function fieldText(a: Annotation): string {
  const name = printable(a.name);
  if (a.text !== undefined) return a.text === '' ? name : `${name}  ${printable(a.text)}`;
  if (a.value === undefined || (a.children !== undefined && a.children.length > 0)) return name;
  return `${name}  ${valueText(a.value)}`;
}

/** A value in short form: long text is cut, lists and objects are JSON. */
function valueText(value: Json): string {
  if (typeof value === 'string') return /^[0-9a-f]*$/.test(value) ? clip(value) : quote(value, 80);
  if (typeof value === 'object') return printable(clip(JSON.stringify(value)));
  return String(value);
}

function clip(text: string): string {
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
