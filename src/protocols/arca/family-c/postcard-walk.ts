import { isUtf8 } from 'node:buffer';
import type { Role } from '../generations.js';
import {
  C2_ERRORS,
  IO_ERROR_KINDS,
  RESULT_ERR,
  variantsOf,
  WHENCE,
  type Dialect,
  type FieldType,
  type Variant,
} from './dialects.js';

/**
 * How a walk over a body ended. Below CUT it is `OK` or a fault that leaves the value's end known, in the order of weight;
 * above, the value has no end.
 */
export const OK = 0;
export const TEXT = 1;
export const BOOL = 2;
export const TRAILING = 3;
export const RANGE = 4;
export const SHORT = 5;
export const DISCRIMINANT = 6;
/** The bytes at hand ended inside a body that goes on. */
export const CUT = 7;
export type WalkResult =
  | typeof OK
  | typeof TEXT
  | typeof BOOL
  | typeof TRAILING
  | typeof RANGE
  | typeof SHORT
  | typeof DISCRIMINANT
  | typeof CUT;

const EMPTY: Uint8Array = new Uint8Array(0);

/** Called for each field of a walk, for field trees. `at` and `length` are positions in the bytes that were walked. */
export interface WalkVisitor {
  field(name: string, type: FieldType, at: number, length: number, low: number, high: number): void;
}

/**
 * Walks one postcard value (arca.md 1.4) by the fields of a dialect: varints of 7 bits a byte, low group first; zigzag for
 * signed numbers; lengths in front of text and bytes. One object is used for many walks.
 */
export class PostcardWalk {
  result: WalkResult = OK;
  variant: Variant | null = null;
  /** Number of the variant, or of the unknown one. */
  index = 0;
  /** One number a field: the number itself (a double), the length of text and bytes, 0 or 1 for bools, the address of an ipv4. */
  values: number[] = [];
  whence = -1;
  /** Where the bytes of the last text or bytes field lie. */
  dataAt = 0;
  dataLength = 0;
  /** Where the value ends, and which field is at fault. */
  end = 0;
  field = '';
  faultAt = 0;
  /** Position of the first varint that is longer than it needs to be, or -1. */
  paddedAt = -1;

  private bytes: Uint8Array = EMPTY;
  private at = 0;
  private have = 0;
  private bodyEnd = 0;
  private low = 0;
  private high = 0;
  private visitor: WalkVisitor | null = null;
  /** How many error kinds the dialect has. */
  private kinds = 0;

  /** Walks `bytes[at..bodyEnd)`, of which only the bytes before `have` are there. */
  walk(
    dialect: Dialect,
    role: Role,
    bytes: Uint8Array,
    at: number,
    have: number,
    bodyEnd: number,
    visitor: WalkVisitor | null = null,
  ): WalkResult {
    this.bytes = bytes;
    this.at = at;
    this.have = Math.min(have, bodyEnd);
    this.bodyEnd = bodyEnd;
    this.visitor = visitor;
    this.variant = null;
    this.values = [];
    this.whence = -1;
    this.dataAt = 0;
    this.dataLength = 0;
    this.paddedAt = -1;
    this.result = OK;
    this.result = this.value(dialect, role);
    this.end = this.at;
    if (this.result < TRAILING && this.at < bodyEnd) {
      this.field = '';
      this.faultAt = this.at;
      this.result = TRAILING;
    }
    this.bytes = EMPTY;
    this.visitor = null;
    return this.result;
  }

  private value(dialect: Dialect, role: Role): WalkResult {
    this.field = 'discriminant';
    this.kinds = dialect.wrapped ? C2_ERRORS.length : IO_ERROR_KINDS.length;
    let variants = variantsOf(dialect, role);
    if (dialect.wrapped && role === 'monitor') {
      this.field = 'result';
      const r = this.varint(4);
      if (r !== OK) return r;
      this.visit('result', 'kind', this.faultAt);
      this.index = this.low;
      if (this.low > 1) return DISCRIMINANT;
      if (this.low === 1) variants = [RESULT_ERR];
      this.field = 'discriminant';
    }
    if (variants[0] === RESULT_ERR) {
      this.variant = RESULT_ERR;
    } else {
      const r = this.varint(4);
      if (r !== OK) return r;
      this.visit('discriminant', 'kind', this.faultAt);
      this.index = this.low;
      this.variant = variants[this.low] ?? null;
      if (this.variant === null) return DISCRIMINANT;
    }
    let worst: WalkResult = OK;
    for (const f of this.variant.fields) {
      this.field = f.name;
      const r = this.one(f.name, f.type);
      if (r > TRAILING) return r;
      if (r !== OK && worst === OK) worst = r;
    }
    return worst;
  }

  private one(name: string, type: FieldType): WalkResult {
    const from = this.at;
    let r: WalkResult;
    switch (type) {
      case 'usize':
      case 'u64':
        r = this.varint(8);
        break;
      case 'i64':
        r = this.varint(8);
        if (r === OK) this.unzigzag();
        break;
      case 'i32':
        r = this.varint(4);
        if (r === OK) this.unzigzag();
        break;
      case 'kind':
        r = this.varint(4);
        if (r === OK && this.low >= this.kinds) {
          this.index = this.low;
          this.faultAt = from;
          return DISCRIMINANT;
        }
        break;
      case 'u32':
        r = this.varint(4);
        break;
      case 'u16':
        r = this.varint(2);
        break;
      case 'bool':
        r = this.take(1);
        if (r !== OK) return r;
        this.low = this.bytes[from]!;
        this.values.push(this.low);
        this.visit(name, type, from);
        if (this.low > 1) {
          this.faultAt = from;
          return BOOL;
        }
        return OK;
      case 'ipv4':
        r = this.take(4);
        if (r !== OK) return r;
        this.values.push(
          ((this.bytes[from]! << 24) |
            (this.bytes[from + 1]! << 16) |
            (this.bytes[from + 2]! << 8) |
            this.bytes[from + 3]!) >>>
            0,
        );
        this.visit(name, type, from);
        return OK;
      case 'whence':
        return this.seek(name);
      case 'texts':
        return this.list(name);
      case 'text':
      case 'bytes':
        return this.run(name, type, true);
    }
    if (r !== OK) return r;
    this.values.push(this.number(type === 'i32' || type === 'i64'));
    this.visit(name, type, from);
    return OK;
  }

  /** Whence is an enum of its own: Start(u64), Current(i64), End(i64). */
  private seek(name: string): WalkResult {
    const from = this.at;
    let r = this.varint(4);
    if (r !== OK) return r;
    if (this.low >= WHENCE.length) {
      this.index = this.low;
      this.field = 'whence';
      return DISCRIMINANT;
    }
    this.whence = this.low;
    this.visit('whence', 'whence', from);
    const offsetAt = this.at;
    r = this.varint(8);
    if (r !== OK) return r;
    if (this.whence > 0) this.unzigzag();
    this.values.push(this.number(this.whence > 0));
    this.visit(name, this.whence > 0 ? 'i64' : 'u64', offsetAt);
    return OK;
  }

  private list(name: string): WalkResult {
    const from = this.at;
    let r = this.varint(8);
    if (r !== OK) return r;
    const n = this.number(false);
    this.values.push(n);
    this.visit(name, 'texts', from);
    let worst: WalkResult = OK;
    // each string takes a byte at least, so that the body bounds the loop
    for (let i = 0; i < n; i++) {
      r = this.run(name, 'text', false);
      if (r > TRAILING) return r;
      if (r !== OK) worst = r;
    }
    return worst;
  }

  /** A length and so many bytes, which may lie beyond those at hand where nothing follows them. */
  private run(name: string, type: 'text' | 'bytes', keep: boolean): WalkResult {
    const from = this.at;
    const r = this.varint(8);
    if (r !== OK) return r;
    const n = this.number(false);
    if (keep) this.values.push(n);
    this.dataAt = this.at;
    this.dataLength = n;
    if (this.at + n > this.bodyEnd) {
      this.faultAt = from;
      return SHORT;
    }
    if (this.at + n > this.have && type === 'text') return CUT;
    this.at += n;
    this.visit(name, type, from);
    if (type === 'text' && !isUtf8(this.bytes.subarray(this.dataAt, this.at))) {
      this.faultAt = this.dataAt;
      return TEXT;
    }
    return OK;
  }

  private take(n: number): WalkResult {
    if (this.at + n > this.bodyEnd) {
      this.faultAt = this.at;
      return SHORT;
    }
    if (this.at + n > this.have) return CUT;
    this.at += n;
    return OK;
  }

  /** A varint for a number of `width` bytes, into `low` and `high`. */
  private varint(width: 2 | 4 | 8): WalkResult {
    const from = this.at;
    this.faultAt = from;
    this.low = 0;
    this.high = 0;
    const longest = width === 2 ? 3 : width === 4 ? 5 : 10;
    const lastMax = width === 2 ? 3 : width === 4 ? 15 : 1;
    for (let i = 0; ; i++) {
      if (this.at >= this.bodyEnd) return SHORT;
      if (this.at >= this.have) return CUT;
      const b = this.bytes[this.at++]!;
      const bits = b & 0x7f;
      if (i < 4) this.low = (this.low | (bits << (7 * i))) >>> 0;
      else if (i === 4) {
        this.low = (this.low | (bits << 28)) >>> 0;
        this.high = bits >> 4;
      } else if (i < 9) this.high = (this.high | (bits << (7 * i - 32))) >>> 0;
      else this.high = (this.high | (bits << 31)) >>> 0;
      if (i === longest - 1 && (b & 0x80 || b > lastMax)) return RANGE;
      if ((b & 0x80) === 0) {
        if (b === 0 && i > 0 && this.paddedAt < 0) this.paddedAt = from;
        return OK;
      }
    }
  }

  /** Zigzag: even numbers are not negative, odd ones are. `low` and `high` become two's complement. */
  private unzigzag(): void {
    const sign = -(this.low & 1);
    const low = ((this.low >>> 1) | ((this.high & 1) << 31)) ^ sign;
    const high = (this.high >>> 1) ^ sign;
    this.low = low >>> 0;
    this.high = high >>> 0;
  }

  private number(signed: boolean): number {
    const high = signed ? this.high | 0 : this.high;
    return high * 0x1_0000_0000 + this.low;
  }

  private visit(name: string, type: FieldType, from: number): void {
    this.visitor?.field(name, type, from, this.at - from, this.low, this.high);
  }
}
