import { hex } from '../../base/hex.js';
import { wireText } from '../../base/text.js';
import { fieldsOf, type Annotation, type Json } from '../../contract/annotation.js';

/** Why a payload cannot be read on, or looks odd. Only `addr-type` lets the walk go on. */
export type Trouble = 'short' | 'count' | 'addr-marker' | 'addr-length' | 'addr-type' | 'addrvec-marker' | 'version';

export interface Problem {
  readonly kind: Trouble;
  /** Byte range, relative to the message's first byte. */
  readonly at: number;
  readonly length: number;
  /** Name of the structure that it lies in; empty at the top. */
  readonly inside: string;
  readonly text: string;
}

/** Items of one list that get annotations of their own; the rest is shown as bytes. */
const LISTED = 256;
/** Bytes of an opaque field that are shown. */
const SHOWN = 256;

/**
 * Reads a structure field by field (little-endian), and writes down an annotation for each where they are kept. The layouts
 * are functions over it: the same function checks a payload on the fast path, tells the session its values, and makes the
 * field tree. After the first impossible field every further one reads as empty.
 */
export class FieldWalker {
  readonly bytes: Uint8Array;
  protected readonly view: DataView;
  pos: number;
  /** Index just after the last byte of the structure that is walked. */
  end: number;
  /** What to add to an index to make it relative to the message's first byte. */
  protected readonly shift: number;
  protected out: Annotation[] | null;
  readonly problems: Problem[] = [];
  failed = false;
  private inside = '';

  /** Walks `bytes[start..end)`, whose first byte is the message's byte `at`; `keep`: whether to make annotations. */
  constructor(bytes: Uint8Array, start: number, end: number, at: number, keep: boolean) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.pos = start;
    this.end = end;
    this.shift = at - start;
    this.out = keep ? [] : null;
  }

  get annotations(): Annotation[] {
    return this.out ?? [];
  }

  get left(): number {
    return this.failed ? 0 : this.end - this.pos;
  }

  protected problem(kind: Trouble, at: number, length: number, text: string): void {
    this.problems.push({ kind, at: at + this.shift, length, inside: this.inside, text });
    if (kind !== 'addr-type') this.failed = true;
  }

  /** Index of the next `n` bytes, which are taken; -1 where they are not there. */
  protected take(name: string, n: number): number {
    if (this.failed) return -1;
    const at = this.pos;
    if (this.end - at < n) {
      const have = this.end - at;
      this.problem('short', at, have, `${name} needs ${n} bytes and ${have} are left`);
      return -1;
    }
    this.pos = at + n;
    return at;
  }

  protected note(name: string, at: number, value: Json | undefined, text?: string): void {
    this.out!.push({
      name,
      at: at + this.shift,
      length: this.pos - at,
      ...(value === undefined ? {} : { value }),
      ...(text === undefined ? {} : { text }),
    });
  }

  u8(name: string, text?: (v: number) => string): number {
    const at = this.take(name, 1);
    if (at < 0) return 0;
    const v = this.bytes[at]!;
    if (this.out) this.note(name, at, v, text?.(v));
    return v;
  }

  s8(name: string): number {
    const at = this.take(name, 1);
    if (at < 0) return 0;
    const v = this.view.getInt8(at);
    if (this.out) this.note(name, at, v);
    return v;
  }

  u16(name: string, text?: (v: number) => string): number {
    const at = this.take(name, 2);
    if (at < 0) return 0;
    const v = this.view.getUint16(at, true);
    if (this.out) this.note(name, at, v, text?.(v));
    return v;
  }

  u32(name: string, text?: (v: number) => string): number {
    const at = this.take(name, 4);
    if (at < 0) return 0;
    const v = this.view.getUint32(at, true);
    if (this.out) this.note(name, at, v, text?.(v));
    return v;
  }

  s32(name: string, text?: (v: number) => string): number {
    const at = this.take(name, 4);
    if (at < 0) return 0;
    const v = this.view.getInt32(at, true);
    if (this.out) this.note(name, at, v, text?.(v));
    return v;
  }

  /** Unsigned 64 bits. Without annotations the value is not made: 0n. */
  u64(name: string, text?: (v: bigint) => string): bigint {
    const at = this.take(name, 8);
    if (at < 0 || !this.out) return 0n;
    const v = this.view.getBigUint64(at, true);
    this.note(name, at, String(v), text?.(v));
    return v;
  }

  s64(name: string): bigint {
    const at = this.take(name, 8);
    if (at < 0 || !this.out) return 0n;
    const v = this.view.getBigInt64(at, true);
    this.note(name, at, String(v));
    return v;
  }

  bool(name: string): boolean {
    const at = this.take(name, 1);
    if (at < 0) return false;
    const v = this.bytes[at] !== 0;
    if (this.out) this.note(name, at, v);
    return v;
  }

  /** `n` bytes, shown as hex. */
  raw(name: string, n: number, shown = true): void {
    const at = this.take(name, n);
    if (at < 0 || !this.out || n === 0) return;
    this.note(name, at, shown ? hex(this.bytes, at, at + n) : undefined);
  }

  /** 16 bytes, as a UUID is written. */
  uuid(name: string): void {
    const at = this.take(name, 16);
    if (at < 0 || !this.out) return;
    const h = hex(this.bytes, at, at + 16);
    const text = [h.slice(0, 8), h.slice(8, 12), h.slice(12, 16), h.slice(16, 20), h.slice(20)].join('-');
    this.note(name, at, text);
  }

  /** u32 seconds, u32 nanoseconds. */
  utime(name: string): void {
    const at = this.take(name, 8);
    if (at < 0 || !this.out) return;
    const seconds = this.view.getUint32(at, true);
    const nanos = this.view.getUint32(at + 4, true);
    this.note(name, at, `${seconds}.${String(nanos).padStart(9, '0')}`);
  }

  /** A signed duration: s32 seconds, s32 nanoseconds. */
  span(name: string): void {
    const at = this.take(name, 8);
    if (at < 0 || !this.out) return;
    const seconds = this.view.getInt32(at, true);
    const nanos = this.view.getInt32(at + 4, true);
    const sign = seconds < 0 || nanos < 0 ? '-' : '';
    this.note(name, at, `${sign}${Math.abs(seconds)}.${String(Math.abs(nanos)).padStart(9, '0')}`);
  }

  /** u32 length and text. */
  str(name: string): string {
    const at = this.lengthPrefixed(name);
    if (at < 0 || !this.out) return '';
    const v = wireText(this.bytes, at + 4, this.pos);
    this.note(name, at, v);
    return v;
  }

  /** u32 length and bytes, shown as hex; long ones as their length. */
  blob(name: string): void {
    const at = this.lengthPrefixed(name);
    if (at < 0 || !this.out) return;
    const n = this.pos - at - 4;
    if (n <= SHOWN) this.note(name, at, hex(this.bytes, at + 4, this.pos));
    else this.note(name, at, `${n} bytes`);
  }

  /** u32 length and a structure of that length; what `fields` leaves of it is shown as bytes. */
  sized(name: string, fields: () => void): void {
    const at = this.lengthPrefixed(name);
    if (at < 0) return;
    const end = this.pos;
    this.pos = at + 4;
    this.within(name, at, end, fields, 4);
  }

  private lengthPrefixed(name: string): number {
    const at = this.take(name, 4);
    if (at < 0) return -1;
    const n = this.view.getUint32(at, true);
    if (n > this.end - this.pos) {
      this.problem('short', at, 4, `${name} says ${n} bytes and ${this.end - this.pos} are left`);
      return -1;
    }
    this.pos += n;
    return at;
  }

  /** Version, oldest compatible version, u32 length, and the structure; its unknown tail is shown as bytes. */
  versioned(name: string, fields: (version: number) => void): void {
    const at = this.take(name, 6);
    if (at < 0) return;
    const version = this.bytes[at]!;
    const compat = this.bytes[at + 1]!;
    if (compat > version) {
      this.problem('version', at, 2, `${name} has version ${version} and asks for a reader of version ${compat}`);
      return;
    }
    const n = this.view.getUint32(at + 2, true);
    if (n > this.end - this.pos) {
      this.problem('short', at, 6, `${name} says ${n} bytes and ${this.end - this.pos} are left`);
      return;
    }
    this.within(name, at, this.pos + n, () => fields(version), 6);
  }

  private within(name: string, at: number, end: number, fields: () => void, head: number): void {
    const outer = this.out;
    const outerEnd = this.end;
    const outside = this.inside;
    this.end = end;
    this.inside = name;
    if (outer) {
      this.out = [{ name: head === 6 ? 'header' : 'size', at: at + this.shift, length: head }];
    }
    fields();
    if (!this.failed && this.pos < end) this.raw('rest', end - this.pos, false);
    const children = this.out;
    this.end = outerEnd;
    this.inside = outside;
    this.out = outer;
    if (!this.failed) this.pos = end;
    if (outer && children) this.group(name, at, children);
  }

  /** Fields that belong together, without bytes of their own. */
  together(name: string, fields: () => void, text?: () => string): void {
    if (this.failed) return;
    const at = this.pos;
    const outer = this.out;
    if (!outer) {
      fields();
      return;
    }
    this.out = [];
    fields();
    const children = this.out;
    this.out = outer;
    this.group(name, at, children, text?.());
  }

  private group(name: string, at: number, children: Annotation[], text?: string): void {
    this.out!.push({
      name,
      at: at + this.shift,
      length: this.pos - at,
      value: fieldsOf(children),
      children,
      ...(text === undefined ? {} : { text }),
    });
  }

  /** A list of `count` items of at least `least` bytes each; its value is the list of theirs. */
  list(name: string, count: number, least: number, item: (i: number) => void): void {
    if (this.failed) return;
    const at = this.pos;
    if (count * least > this.end - at) {
      this.problem('count', at, 0, `${name} announces ${count} items and ${this.end - at} bytes are left`);
      return;
    }
    const outer = this.out;
    const values: Json[] = [];
    const children: Annotation[] = [];
    for (let i = 0; i < count && !this.failed; i++) {
      if (outer) this.out = i < LISTED ? [] : null;
      item(i);
      if (outer && this.out) {
        children.push(...this.out);
        for (const a of this.out) if (a.value !== undefined) values.push(a.value);
      }
    }
    this.out = outer;
    if (outer) outer.push({ name, at: at + this.shift, length: this.pos - at, value: values, children });
  }

  /** u32 count and that many items. */
  vector(name: string, least: number, item: (i: number) => void): void {
    const at = this.take(name, 4);
    if (at < 0) return;
    const count = this.view.getUint32(at, true);
    if (count * least > this.end - this.pos) {
      this.problem('count', at, 4, `${name} announces ${count} items and ${this.end - this.pos} bytes are left`);
      return;
    }
    if (this.out) this.note(`${name}Count`, at, undefined, String(count));
    this.list(name, count, least, item);
  }

  /** vec<u32>, each item a number with a name. */
  numbers(name: string, text: (v: number) => string): number[] {
    const values: number[] = [];
    this.vector(name, 4, () => values.push(this.u32('item', text)));
    return values;
  }
}
