import { row, type Annotation, type Json } from './annotation.js';
import type { About, Field, JsonType } from './field.js';
import type { JsonBytes } from './json-bytes.js';
import { TextPiece } from './text-bytes.js';

/**
 * A header's layout, declared once, in wire order:
 *
 *     export const REQUEST = layout('big', {
 *       magic: magic('25609513'),
 *       flags: flags('u16', ['FUA', 'NO_HOLE', 'DF']),
 *       type: named('u16', COMMANDS, 'NBD_CMD_'),
 *       cookie: u64({ description: 'the client chooses it, the server repeats it' }),
 *     });
 *
 * Everything else comes from it: a decoder reads at `REQUEST.at.cookie` (plain numbers, as fast as literals); a finding points at
 * `REQUEST.where(message, 'flags')`; `REQUEST.annotations({ flags, type, cookie })` makes rows for hex dump and JSON, and does not
 * compile if a field has no value; `REQUEST.build({ ... })` makes bytes for examples and tests; `REQUEST.info` lists the fields for
 * `wirelint fields`, the schema and the docs.
 */
export function layout<F extends Fields>(endian: 'big' | 'little', fields: F): Layout<F> {
  return new Layout(endian, fields, []);
}

/** Fields by name, in wire order. */
export type Fields = Readonly<Record<string, Field>>;

type RawOf<T> = T extends Field<infer Raw> ? Raw : never;
type FixedIn<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<infer _, infer G> ? ('given' extends G ? never : K) : never;
}[keyof F];

/** The values of all fields. */
export type Values<F extends Fields, Absent extends keyof F = never> = {
  readonly [K in Exclude<keyof F, Absent>]: RawOf<F[K]>;
};

/** How to show a field, instead of what its kind would show: where that depends on more than its own value. */
export class Shown {
  readonly value: Json | undefined;
  readonly text: string | undefined;
  readonly children: readonly Annotation[] | undefined;
  private made: string | null = null;

  /** See Annotation. */
  constructor(value: Json | undefined, text?: string, children?: readonly Annotation[]) {
    this.value = value;
    this.text = text;
    this.children = children;
  }

  /** JSON of `value`, which must be defined. Cached, as some instances are used often. */
  get json(): string {
    return (this.made ??= JSON.stringify(this.value));
  }
}

/** Bytes of a message that a finding points at, by stream offset; a part of Evidence. */
export interface Span<M> {
  readonly message: M;
  readonly offset: number;
  readonly length: number;
}

/** `length` bytes of a span (all the rest, where not given) from its byte `from` on: for example those after the NUL of a text. */
export function within<M>(span: Span<M>, from: number, length = span.length - from): Span<M> {
  return { message: span.message, offset: span.offset + from, length };
}

/** Values to annotate: of every field; those with a fixed value may be left out. */
export type Annotated<F extends Fields, Absent extends keyof F = never> = {
  readonly [K in Exclude<keyof F, Absent | FixedIn<F>>]: RawOf<F[K]> | Shown;
} & { readonly [K in FixedIn<F>]?: RawOf<F[K]> | Shown };

/** Values to build from: the same; a wrong magic may be given. */
export type Built<F extends Fields, Absent extends keyof F = never> = {
  readonly [K in Exclude<keyof F, Absent | FixedIn<F>>]: RawOf<F[K]>;
} & { readonly [K in FixedIn<F>]?: RawOf<F[K]> };

/** What a layout says about a field. */
export interface FieldInfo extends About {
  readonly name: string;
  /** Offset and length in the header. */
  readonly at: number;
  readonly length: number;
  readonly type: string;
  /** Null for what only the hex dump shows. */
  readonly json: JsonType | null;
  readonly names: readonly string[];
}

type AnyField = Field;

/** What can be done with a layout without knowing its fields. */
export type AnyLayout = Pick<Layout<Fields>, 'size' | 'info' | 'rows'>;

export class Layout<F extends Fields, Absent extends keyof F = never> {
  /** Offset of each field from the header's first byte; -1 where this layout lacks the field. */
  readonly at: { readonly [K in keyof F]: number };
  /** Size of all fields together, in bytes. */
  readonly size: number;
  readonly little: boolean;
  readonly info: readonly FieldInfo[];
  private readonly endian: 'big' | 'little';
  private readonly fields: F;
  private readonly absent: readonly (keyof F)[];
  private readonly there: readonly (readonly [name: string, at: number, field: AnyField])[];
  private members: { readonly [K in keyof F]: LayoutField } | null = null;

  constructor(endian: 'big' | 'little', fields: F, absent: readonly (keyof F)[]) {
    const at: Record<string, number> = {};
    const there: [string, number, AnyField][] = [];
    let size = 0;
    for (const [name, field] of Object.entries(fields)) {
      if (absent.includes(name)) {
        at[name] = -1;
        continue;
      }
      at[name] = size;
      there.push([name, size, field]);
      size += field.size;
    }
    this.at = at as { readonly [K in keyof F]: number };
    this.size = size;
    this.endian = endian;
    this.little = endian === 'little';
    this.fields = fields;
    this.absent = absent;
    this.there = there;
    this.info = there.map(([name, start, f]) => ({
      ...{ name, at: start, length: f.size, type: f.type, json: f.json, names: f.names },
      ...(f.about.description === undefined ? {} : { description: f.about.description }),
      ...(f.about.example === undefined ? {} : { example: f.about.example }),
    }));
  }

  /** The same header without some fields, as in other versions. `at` keeps its shape, so that decoders stay monomorphic. */
  without<K extends keyof F>(...names: readonly K[]): Layout<F, Absent | K> {
    return new Layout<F, Absent | K>(this.endian, this.fields, [...this.absent, ...names]);
  }

  /** The same header with some fields of other kinds (sizes), as another message announced them. */
  with(fields: Partial<F>): Layout<F, Absent> {
    return new Layout<F, Absent>(this.endian, { ...this.fields, ...fields }, this.absent);
  }

  /** The fields one by one, for fast output of millions of messages. */
  get of(): { readonly [K in keyof F]: LayoutField } {
    return (this.members ??= Object.fromEntries(
      this.there.map(([name, start, field]) => [name, new LayoutField(name, start, field)]),
    ) as { readonly [K in keyof F]: LayoutField });
  }

  /** Size of one field, in bytes. */
  sizeOf(name: keyof F): number {
    return this.fields[name]!.size;
  }

  /**
   * The bytes of a field, or of all fields from `name` to `last`; for spreading into Evidence. `header`: offset of the header in the
   * message.
   */
  where<M extends { readonly offset: number }>(
    message: M,
    name: Exclude<keyof F, Absent>,
    last: Exclude<keyof F, Absent> = name,
    header = 0,
  ): Span<M> {
    const at = this.at[name];
    const length = this.at[last] + this.sizeOf(last) - at;
    return { message, offset: message.offset + header + at, length };
  }

  /** All values of the header at `bytes[at..)`, all of which must be there. For printing and tests; hot paths read single fields by `at`. */
  read(bytes: Uint8Array, at = 0): Values<F, Absent> {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const values: Record<string, unknown> = {};
    for (const [name, start, field] of this.there) values[name] = field.read(view, at + start, this.little);
    return values as Values<F, Absent>;
  }

  /**
   * Rows of all fields, or of those within the header's first `present` bytes. `header`: offset of the header in the message.
   */
  annotations(values: Annotated<F, Absent>, header = 0, present = this.size): Annotation[] {
    const given = values as Readonly<Record<string, unknown>>;
    const out: Annotation[] = [];
    for (const [name, start, field] of this.there) {
      if (start + field.size > present) break;
      if (field.rows === undefined) out.push(annotation(name, header + start, field, given[name]));
      else out.push(...field.rows(given[name], header + start));
    }
    return out;
  }

  /**
   * Writes the same rows as JSON members, each with a comma after it: `"flags":[],"length":512,`. It takes a fraction of the time of making
   * the rows first.
   */
  writeMembers(out: JsonBytes, values: Annotated<F, Absent>, present = this.size): void {
    const given = values as Readonly<Record<string, unknown>>;
    for (const [name, start, field] of this.there) {
      if (start + field.size > present) break;
      this.of[name]!.write(out, given[name]);
    }
  }

  /**
   * Rows of all complete fields, from the bytes themselves: the header begins at `bytes[at]`, its message at `bytes[0]`.
   */
  rows(bytes: Uint8Array, at = 0): Annotation[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const out: Annotation[] = [];
    for (const [name, start, field] of this.there) {
      const from = at + start;
      if (from + field.size > bytes.length) break;
      const raw = field.read(view, from, this.little);
      if (field.rows === undefined) out.push(annotation(name, from, field, raw));
      else out.push(...field.rows(raw, from));
    }
    return out;
  }

  /** The header's bytes. Texts and bytes that are shorter than their field are padded with zeros, longer ones are cut. */
  build(values: Built<F, Absent>): Uint8Array {
    const given = values as Readonly<Record<string, unknown>>;
    const out = new Uint8Array(this.size);
    const view = new DataView(out.buffer);
    for (const [name, start, field] of this.there) {
      const value = given[name] ?? field.fixed;
      if (value !== undefined) field.write(view, start, this.little, value);
    }
    return out;
  }
}

/** For numbers below this, the JSON of names and flags is cached. */
const KEPT_NAMES = 256;

/** One field of a layout, as a row and as a member of a JSON object. */
export class LayoutField {
  readonly size: number;
  private readonly name: string;
  private readonly at: number;
  private readonly field: AnyField;
  private readonly lead: TextPiece;
  private readonly quotedLead: TextPiece;
  private readonly isNumber: boolean;
  /** Cache for fields with names or flags: by number, the whole JSON member. */
  private readonly kept: (TextPiece | undefined)[] | null;

  constructor(name: string, at: number, field: AnyField) {
    this.name = name;
    this.at = at;
    this.size = field.size;
    this.field = field;
    this.lead = new TextPiece(`${JSON.stringify(name)}:`);
    this.quotedLead = new TextPiece(`${JSON.stringify(name)}:"`);
    this.isNumber = field.json === 'number' && field.rows === undefined;
    this.kept = field.names.length > 0 ? [] : null;
  }

  /** Its row, at offset `at` of the message. */
  row(given: unknown, at: number): Annotation {
    return annotation(this.name, at, this.field, given);
  }

  /** Writes a value (as `row` takes it) as a JSON member with a comma; nothing where JSON does not show the field. */
  write(out: JsonBytes, given: unknown): void {
    if (typeof given === 'number') this.writeNumber(out, given);
    else if (given instanceof Shown && this.field.rows === undefined) this.writeShown(out, given);
    else out.json(this.text(given));
  }

  /** The same for a number (not a Shown). */
  writeNumber(out: JsonBytes, n: number): void {
    if (this.kept !== null && n < KEPT_NAMES) {
      out.piece((this.kept[n] ??= new TextPiece(this.text(n))));
      return;
    }
    if (!this.isNumber || n < 0) {
      out.json(this.text(n));
      return;
    }
    out.integer(this.lead, n);
  }

  writeShown(out: JsonBytes, shown: Shown): void {
    if (shown.value === undefined) return;
    out.piece(this.lead);
    out.json(shown.json);
    out.comma();
  }

  /** The same for an unsigned 64-bit number, given as two halves: a bigint would cost more than the rest of a message's JSON. */
  writeWide(out: JsonBytes, hi: number, lo: number): void {
    out.wide(this.quotedLead, hi, lo);
  }

  private text(given: unknown): string {
    const { name, at, field } = this;
    const rows = field.rows === undefined ? [annotation(name, at, field, given)] : field.rows(given, at);
    return rows
      .map((r) => (r.value === undefined ? '' : `${JSON.stringify(r.name)}:${JSON.stringify(r.value)},`))
      .join('');
  }
}

/**
 * A structure inside a header: one row, with the rows of its fields below it. `show` returns that row's value and text.
 */
export function inner<F extends Fields>(
  label: string,
  layout: Layout<F>,
  show: (values: Values<F>) => readonly [value: Json, text: string],
): Field<Values<F>, 'given'> {
  const bytesOf = (view: DataView): Uint8Array => new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  return {
    ...{ size: layout.size, type: label, json: 'object', names: [], about: {}, fixed: undefined },
    read: (view, at) => layout.read(bytesOf(view), at),
    write: (view, at, _, values) => bytesOf(view).set(layout.build(values), at),
    value: (values) => show(values)[0],
    text: (values) => show(values)[1],
    rows: (values, at) => [row(label, at, layout.size, ...show(values), layout.annotations(values, at))],
  };
}

/**
 * The same small structure several times in a row: `segment0`, `segment1`, ... Its value is a list of the inner layout's values; the
 * offset of the n-th is `at + n * inner.size`.
 */
export function repeat<F extends Fields, A extends keyof F>(
  count: number,
  label: string,
  inner: Layout<F, A>,
): Field<readonly Annotated<F, A>[], 'given'> {
  const each = Array.from({ length: count }, (_, i) => i);
  return {
    ...{ size: count * inner.size, type: `${count} × ${label}`, json: null, names: [], about: {}, fixed: undefined },
    read: (view, at) => {
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      return each.map((i) => inner.read(bytes, at + i * inner.size) as unknown as Annotated<F, A>);
    },
    write: (view, at, _, values) => {
      const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      values.forEach((v, i) => bytes.set(inner.build(v as unknown as Built<F, A>), at + i * inner.size));
    },
    value: () => null,
    text: () => undefined,
    rows: (values, at) =>
      each.map((i) => {
        const start = at + i * inner.size;
        const children = values[i] === undefined ? [] : inner.annotations(values[i], start);
        return { name: `${label}${i}`, at: start, length: inner.size, children };
      }),
  };
}

function annotation(name: string, at: number, field: AnyField, given: unknown): Annotation {
  if (given instanceof Shown) {
    const { value, text, children } = given;
    const shown = row(name, at, field.size, value, text, children);
    if (isWide(field) && typeof value === 'string' && DECIMAL.test(value)) shown.wide = true;
    return shown;
  }
  const raw = given ?? field.fixed;
  // a wrong magic is shown as a value
  const other = field.json === null && given !== undefined && field.fixed !== undefined && !same(given, field.fixed);
  const value = field.json !== null || other ? field.value(raw) : undefined;
  const shown = row(name, at, field.size, value, field.text(raw));
  if (isWide(field)) shown.wide = true;
  return shown;
}

/** A 64-bit number in JSON; a field may show a word instead. */
const DECIMAL = /^-?\d+$/;

function isWide({ type }: AnyField): boolean {
  return type === 'u64' || type === 'i64';
}

function same(a: unknown, b: unknown): boolean {
  if (!(a instanceof Uint8Array) || !(b instanceof Uint8Array)) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
