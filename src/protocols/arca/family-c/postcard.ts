import { isUtf8 } from 'node:buffer';
import { DEFAULT_LIMITS } from '../../../base/limits.js';
import { hex, hexNumber } from '../../../base/hex.js';
import { quote, wireText } from '../../../base/text.js';
import { exact } from '../../../base/u64.js';
import type { Annotation, Json } from '../../../base/annotation.js';

/**
 * Postcard (arca.md 1.4), a serialisation format of Rust. Numbers are varints of 7 bits per byte, lowest group first; signed ones are
 * zigzag-encoded. Text and data are preceded by their length. An enum is the number of its variant, followed by the variant's fields. One
 * description of a variant yields the typed value, errors with their positions, rows of the field tree, text for transcripts, and the bytes
 * of examples.
 */

/**
 * How a reading ended. From OK to TRAILING there is a value; from RANGE on there is none. After CUT there may be one, in bytes that are not
 * there.
 */
export const OK = 0;
export const TEXT = 1;
export const BOOL = 2;
export const TRAILING = 3;
export const RANGE = 4;
export const SHORT = 5;
export const DISCRIMINANT = 6;
export const CUT = 7;
export type Outcome =
  | typeof OK
  | typeof TEXT
  | typeof BOOL
  | typeof TRAILING
  | typeof RANGE
  | typeof SHORT
  | typeof DISCRIMINANT
  | typeof CUT;

/** The encoding of a field. `T`: what reading returns; `B`: what writing takes. */
export interface PostcardType<T, B = T> {
  /** Reads the field, and adds its row if rows are wanted. Errors are reported through `fail`. */
  read(cursor: Cursor, name: string): T;
  write(value: B): number[];
  /** The text for a transcript line, which is appended to the text of the fields before; null: none. */
  say(name: string, value: T): string | null;
}

/** Text or data: its position in the bytes that were read, and its length (not all of its bytes need be there). */
export interface Run {
  readonly at: number;
  readonly length: number;
}

type FieldTypes = Readonly<Record<string, PostcardType<unknown, never>>>;

/** One variant of an enum: a name, and its fields in wire order. */
export interface Variant<N extends string = string, F extends FieldTypes = FieldTypes> {
  readonly name: N;
  readonly fields: F;
}

export function variant<const N extends string, F extends FieldTypes>(name: N, fields: F): Variant<N, F> {
  return { name, fields };
}

/** The value of a variant: its name, and its fields by name. */
export type ValueOf<V> =
  V extends Variant<infer N, infer F>
    ? { readonly name: N } & { readonly [K in keyof F]: F[K] extends PostcardType<infer T, infer _> ? T : never }
    : never;

/** The values that are needed to write the fields of a variant. */
export type FieldsOf<V> =
  V extends Variant<infer _, infer F>
    ? { readonly [K in keyof F]: F[K] extends PostcardType<infer _, infer B> ? B : never }
    : never;

/** Encodes all fields of a variant. */
export function fieldBytes<V extends Variant>(of: V, fields: FieldsOf<V>): number[] {
  const given = fields as Readonly<Record<string, never>>;
  return Object.entries(of.fields).flatMap(([name, type]) => type.write(given[name]!));
}

/**
 * Reads `bytes[at..end)`, of which only the bytes before `have` are there. After an error from RANGE on, results must not be used, and
 * nothing more is read.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly have: number;
  readonly end: number;
  /** Receives the rows; null: they are not needed. */
  readonly rows: Annotation[] | null;
  outcome: Outcome = OK;
  /** The error: its field, its position, and the number that is not defined. */
  faultField = '';
  faultAt = 0;
  faultNumber = 0;
  /** Position of the first varint that is longer than needed, or -1. */
  paddedAt = -1;
  /** The last text or data. */
  run: Run | null = null;
  /** The last varint, as two unsigned halves. */
  low = 0;
  high = 0;
  private field = '';

  constructor(bytes: Uint8Array, at: number, have: number, end: number, rows: Annotation[] | null) {
    this.bytes = bytes;
    this.at = at;
    this.have = Math.min(have, end);
    this.end = end;
    this.rows = rows;
  }

  /** Whether the rest of the value cannot be read. */
  get failed(): boolean {
    return this.outcome > TRAILING;
  }

  /** The next reads belong to this field. */
  enter(field: string): void {
    this.field = field;
  }

  /** Reports an error. The first one counts, but one that ends the reading replaces one that does not. */
  fail(outcome: Outcome, at: number, number = 0): void {
    if (this.outcome !== OK && outcome < TRAILING) return;
    this.outcome = outcome;
    this.faultField = this.field;
    this.faultAt = at;
    this.faultNumber = number;
  }

  /** Reads a varint of a number of `width` bytes into `low` and `high`; returns whether that succeeded. */
  varint(width: 2 | 4 | 8): boolean {
    const from = this.at;
    this.low = 0;
    this.high = 0;
    const longest = width === 2 ? 3 : width === 4 ? 5 : 10;
    const lastMax = width === 2 ? 3 : width === 4 ? 15 : 1;
    for (let i = 0; ; i++) {
      if (this.at >= this.have) {
        this.fail(this.at >= this.end ? SHORT : CUT, from);
        return false;
      }
      const b = this.bytes[this.at++]!;
      const bits = b & 0x7f;
      if (i < 4) this.low = (this.low | (bits << (7 * i))) >>> 0;
      else if (i === 4) {
        this.low = (this.low | (bits << 28)) >>> 0;
        this.high = bits >> 4;
      } else if (i < 9) this.high = (this.high | (bits << (7 * i - 32))) >>> 0;
      else this.high = (this.high | (bits << 31)) >>> 0;
      if (i === longest - 1 && (b & 0x80 || b > lastMax)) {
        this.fail(RANGE, from);
        return false;
      }
      if ((b & 0x80) === 0) {
        if (b === 0 && i > 0 && this.paddedAt < 0) this.paddedAt = from;
        return true;
      }
    }
  }

  /** Decodes zigzag: even numbers are not negative, odd ones are. `low` and `high` become two's complement. */
  unzigzag(): void {
    const sign = -(this.low & 1);
    const low = ((this.low >>> 1) | ((this.high & 1) << 31)) ^ sign;
    const high = (this.high >>> 1) ^ sign;
    this.low = low >>> 0;
    this.high = high >>> 0;
  }

  /** The number in `low` and `high`, as a double. */
  number(signed: boolean): number {
    return (signed ? this.high | 0 : this.high) * 0x1_0000_0000 + this.low;
  }

  /** Takes the next `n` bytes, and returns their index; -1: they are not there. */
  take(n: number): number {
    const from = this.at;
    if (from + n > this.have) {
      this.fail(from + n > this.end ? SHORT : CUT, from);
      return -1;
    }
    this.at += n;
    return from;
  }

  /** Takes a length and as many bytes, some of which may not be there; null: the body is too short for them. */
  takeRun(): Run | null {
    const from = this.at;
    if (!this.varint(8)) return null;
    const length = this.number(false);
    const run = (this.run = { at: this.at, length });
    if (this.at + length > this.end) {
      this.fail(SHORT, from);
      return null;
    }
    this.at += length;
    return run;
  }

  /** Adds a row for the bytes from index `from` to `to`, as far as they are there. */
  row(
    name: string,
    from: number,
    value: Json,
    text?: string,
    children?: readonly Annotation[],
    to: number = this.at,
    wide = false,
  ): void {
    const length = Math.min(to, this.have) - from;
    if (this.rows === null || length <= 0) return;
    this.rows.push({
      ...{ name, at: from, length, value },
      ...(wide ? { wide } : {}),
      ...(text === undefined ? {} : { text }),
      ...(children === undefined ? {} : { children }),
    });
  }
}

const plain = (name: string, value: number): string => `${name} ${value}`;

/** A number of at most `width` bytes. `show`: its value and text in rows; `say`: its text on a transcript line. */
function number(
  width: 2 | 4 | 8,
  signed: boolean,
  show: (high: number, low: number) => readonly [value: Json, text?: string],
  say: (name: string, value: number) => string = plain,
): PostcardType<number> {
  return {
    read(c, name) {
      const from = c.at;
      if (!c.varint(width)) return 0;
      if (signed) c.unzigzag();
      if (c.rows !== null) {
        const [value, text] = show(c.high, c.low);
        c.row(name, from, value, text, undefined, c.at, width === 8);
      }
      return c.number(signed);
    },
    write: (value) => (signed ? zigzag(value) : varint(value)),
    say,
  };
}

const small = (_: number, low: number): readonly [Json] => [low];
const decimal = (high: number, low: number): readonly [Json] => [String(exact(high, low))];
const address = (high: number, low: number): readonly [Json, string] => {
  const value = exact(high, low);
  return [String(value), hexNumber(value)];
};

export const u16 = number(2, false, small);
export const u64 = number(8, false, decimal);
export const i32 = number(4, true, (_, low) => [low | 0]);
const i64 = number(8, true, (high, low) => [String(BigInt.asIntN(64, exact(high, low)))]);
/** A 64-bit number that identifies a file, a listener or a stream. */
export const descriptor = number(8, false, address, (_, value) => `fd ${hexNumber(value)}`);
/** The address of a ring, which the ring's length follows. */
export const ringAt = (ring: 'rx' | 'tx'): PostcardType<number> =>
  number(8, false, address, (_, value) => `${ring} ${hexNumber(value)}`);
export const ringLength = number(8, false, decimal, (_, value) => `+${value}`);
/** An IPv4 address as one number. */
export const ipNumber = number(4, false, small, (_, value) => dotted(value));

/** One byte, 0 or 1. The value is the byte, which may be another one in an invalid message. */
export const bool: PostcardType<number> = {
  read(c, name) {
    const at = c.take(1);
    if (at < 0) return 0;
    const value = c.bytes[at]!;
    c.row(name, at, value > 1 ? value : value === 1);
    if (value > 1) c.fail(BOOL, at);
    return value;
  },
  write: (value) => [value],
  say: (name, value) => (value === 1 ? name : null),
};

/** Four octets in reading order; the first one is the highest byte of the value. */
export const ipv4: PostcardType<number> = {
  read(c, name) {
    const at = c.take(4);
    if (at < 0) return 0;
    const value = new DataView(c.bytes.buffer, c.bytes.byteOffset + at, 4).getUint32(0);
    c.row(name, at, dotted(value));
    return value;
  },
  write: (value) => [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255],
  say: (_, value) => dotted(value),
};

function dotted(value: number): string {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}`;
}

const NOTHING: Run = { at: 0, length: 0 };

function readText(c: Cursor): { readonly run: Run; readonly shown: string } {
  const run = c.takeRun();
  if (run === null) return { run: NOTHING, shown: '' };
  const there = Math.min(c.at, c.have);
  if (there < c.at) c.fail(CUT, run.at);
  else if (!isUtf8(c.bytes.subarray(run.at, c.at))) c.fail(TEXT, run.at);
  return { run, shown: c.rows === null ? '' : wireText(c.bytes, run.at, Math.max(run.at, there)) };
}

/** UTF-8. */
export const text: PostcardType<Run, string> = {
  read(c, name) {
    const from = c.at;
    const { run, shown } = readText(c);
    if (run !== NOTHING) c.row(name, from, shown, quote(shown));
    return run;
  },
  write: lengthAnd,
  say: () => null,
};

/** A list of texts; the value is their number. */
export const texts: PostcardType<number, readonly string[]> = {
  read(c, name) {
    const from = c.at;
    if (!c.varint(8)) return 0;
    const count = c.number(false);
    const children: Annotation[] = [];
    let to = c.at;
    // each text takes at least one byte, so the length of the body limits the loop
    for (let i = 0; i < count && !c.failed; i++) {
      const at = c.at;
      const { run, shown } = readText(c);
      const length = Math.min(c.at, c.have) - at;
      if (run === NOTHING) break;
      to = c.at;
      if (c.rows === null || children.length >= DEFAULT_LIMITS.shownItems) continue;
      children.push({ name, at, length, value: shown, text: quote(shown) });
    }
    const values = children.map((child) => child.value!);
    c.row(name, from, values, undefined, children, to);
    return count;
  },
  write: (list) => [...varint(list.length), ...list.flatMap(lengthAnd)],
  say: (_, count) => `${count} arguments`,
};

/** Bytes of any kind. */
export const data: PostcardType<Run, string> = {
  read(c, name) {
    const from = c.at;
    const run = c.takeRun();
    if (run === null) return NOTHING;
    const there = Math.min(c.at, c.have);
    if (c.rows !== null) {
      const value = hex(c.bytes, run.at, Math.max(run.at, there));
      c.row(name, from, value, there < c.at ? `${run.length} bytes` : undefined);
    }
    return run;
  },
  write: lengthAnd,
  say: (_, run) => `${run.length} bytes`,
};

export const WHENCE = ['Start', 'Current', 'End'] as const;

export interface SeekFrom {
  /** Index in WHENCE. */
  readonly whence: number;
  readonly offset: number;
}

/** An enum: Start(u64), Current(i64), End(i64). */
export const seekFrom: PostcardType<SeekFrom> = {
  read(c, name) {
    const from = c.at;
    if (!c.varint(4)) return { whence: 0, offset: 0 };
    const whence = c.low;
    if (whence >= WHENCE.length) {
      c.enter('whence');
      c.fail(DISCRIMINANT, from, whence);
      return { whence: 0, offset: 0 };
    }
    c.row('whence', from, WHENCE[whence]!);
    return { whence, offset: (whence === 0 ? u64 : i64).read(c, name) };
  },
  write: ({ whence, offset }) => [...varint(whence), ...(whence === 0 ? u64 : i64).write(offset)],
  say: (_, { whence, offset }) => `${WHENCE[whence]} ${offset}`,
};

/** An enum without fields; the value is the index in `names`. */
export function choice(names: readonly string[]): PostcardType<number> {
  return {
    read(c, name) {
      const from = c.at;
      if (!c.varint(4)) return 0;
      if (c.low >= names.length) c.fail(DISCRIMINANT, from, c.low);
      else c.row(name, from, names[c.low]!, `${c.low} ${names[c.low]}`);
      return c.low;
    },
    write: varint,
    say: (_, value) => names[value] ?? `kind ${value}`,
  };
}

/** Encodes a number as a varint. */
export function varint(value: number): number[] {
  const out: number[] = [];
  let n = BigInt.asUintN(64, BigInt(value));
  while (n > 127n) {
    out.push(Number(n & 127n) | 0x80);
    n >>= 7n;
  }
  return [...out, Number(n)];
}

function zigzag(value: number): number[] {
  return varint(value < 0 ? -2 * value - 1 : 2 * value);
}

function lengthAnd(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...varint(bytes.length), ...bytes];
}
