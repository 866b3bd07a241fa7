import { fieldsOf, type Json } from '../annotation.js';
import type { Reader } from './reader.js';
import type { Type } from './type.js';

/** Types by field name, in wire order. */
export type Members = Readonly<Record<string, Type<unknown>>>;
/** The value of a structure with those members. A member that some versions lack is undefined there. */
export type Value<M extends Members> = { readonly [K in keyof M]: M[K] extends Type<infer T> ? T : never };

/**
 * A part of a structure: fields, or a function that chooses the fields by the values of earlier ones. `needs`: names of the earlier fields
 * on which the part depends; null: all of them.
 */
type Part =
  | { readonly plain: Members; readonly needs: readonly string[] }
  | { readonly choose: (before: never) => Members; readonly needs: readonly string[] | null };

/** In place of the values where none are wanted; never written to. */
const NOTHING: Record<string, unknown> = Object.freeze({});

/** Fields in wire order, with the sizes that allow skipping several of them at once where no values are wanted. */
class Fields {
  readonly names: readonly string[];
  readonly types: readonly Type<unknown>[];
  /** For each field: total size of the fields of fixed size from it on, up to the first other one (0: none); and the index of that. */
  readonly run: readonly number[];
  readonly behind: readonly number[];

  /** `needed`: fields whose values are always wanted; null: all. */
  constructor(members: Members, needed: ReadonlySet<string> | null) {
    this.names = Object.keys(members);
    this.types = Object.values(members);
    const run = this.names.map(() => 0);
    const behind = this.names.map((_, i) => i + 1);
    for (let i = this.names.length - 1; i >= 0; i--) {
      const { size } = this.types[i]!;
      if (size <= 0 || needed === null || needed.has(this.names[i]!)) continue;
      run[i] = size + (run[i + 1] ?? 0);
      if ((run[i + 1] ?? 0) > 0) behind[i] = behind[i + 1]!;
    }
    this.run = run;
    this.behind = behind;
  }
}

/**
 * Fields that follow each other:
 *
 *     const eversion = struct({ version: u64, epoch: u32 });
 *     const reply = struct({ ops: list(op) }).and((before) => ({ results: items(before.ops.length, i32) }));
 */
export function struct<M extends Members>(members: M): Struct<Value<M>> {
  return new Struct<Value<M>>([{ plain: members, needs: [] }], null);
}

/** The form of a structure's version header, and the newest version that its description covers. */
interface Envelope {
  /** The newest version that the description covers; what newer ones append counts as undecoded. */
  readonly known: number;
  /** The version from which on a compat byte, or a length, follows the version; 0: always. */
  readonly compatFrom: number;
  readonly lengthFrom: number;
}

/**
 * A structure with Ceph's envelope (ENCODE_START): u8 version, u8 oldest version that may read it, u32 length. Inside, `since` and
 * `until` refer to its version; bytes after the last field are skipped and counted. `legacy`: for structures whose first versions had only
 * the version byte (DECODE_START_LEGACY_COMPAT_LEN): the versions from which on they have compat and length.
 */
export function versioned<M extends Members>(
  known: number,
  members: M,
  legacy: { readonly compatFrom: number; readonly lengthFrom: number } = { compatFrom: 0, lengthFrom: 0 },
): Struct<Value<M>> {
  return new Struct<Value<M>>([{ plain: members, needs: [] }], { known, ...legacy });
}

/** A structure that begins with one version byte and has no length. */
export function byteVersioned<M extends Members>(known: number, members: M): Struct<Value<M>> {
  return new Struct<Value<M>>([{ plain: members, needs: [] }], { known, compatFrom: Infinity, lengthFrom: Infinity });
}

export class Struct<T extends object> implements Type<T> {
  readonly kind = 'structure';
  readonly size: number;
  readonly least: number;
  readonly fields: Members;
  private readonly parts: readonly Part[];
  private readonly envelope: Envelope | null;
  private readonly summary: ((value: T) => string) | undefined;
  /** Fields that others depend on: where only a check is wanted, these alone are given values. Null: all of them. */
  private readonly needed: ReadonlySet<string> | null;
  /** The fields of each part; null for parts that are chosen. */
  private readonly ready: readonly (Fields | null)[];

  constructor(parts: readonly Part[], envelope: Envelope | null, summary?: (value: T) => string) {
    this.parts = parts;
    this.envelope = envelope;
    this.summary = summary;
    const needs = parts.map((p) => p.needs);
    this.needed = needs.includes(null) ? null : new Set(needs.flatMap((n) => n ?? []));
    this.ready = parts.map((p) => ('plain' in p ? new Fields(p.plain, this.needed) : null));
    this.fields = Object.assign({}, ...parts.map((p) => ('plain' in p ? p.plain : {}))) as Members;
    const types = Object.values(this.fields);
    const plain = envelope === null && parts.every((p) => 'plain' in p);
    this.size = plain && types.every((t) => t.size >= 0) ? types.reduce((n, t) => n + t.size, 0) : -1;
    const head = envelope === null ? 0 : 1 + (envelope.compatFrom === 0 ? 1 : 0) + (envelope.lengthFrom === 0 ? 4 : 0);
    this.least = head + (head > 1 ? 0 : types.reduce((n, t) => n + t.least, 0));
  }

  /**
   * The same with more fields after these. `needs`: names of earlier fields on which the new ones depend (see countedBy), so that no others
   * have to be given values where only a check is wanted. A function gets all earlier values and returns the fields. (For fields that
   * depend on the version there is `since`.)
   */
  and<M extends Members>(more: M | ((before: T) => M)): Struct<T & Value<M>>;
  and<M extends Members>(needs: readonly (keyof T & string)[], more: M): Struct<T & Value<M>>;
  and(first: readonly string[] | Members | ((before: T) => Members), more?: Members): object {
    let part: Part;
    if (typeof first === 'function') part = { choose: first, needs: null };
    else if (more === undefined) part = { plain: first as Members, needs: [] };
    else part = { plain: more, needs: first as readonly string[] };
    return new Struct<T>([...this.parts, part], this.envelope);
  }

  /** The same with a summary in one line, for people. */
  shown(summary: (value: T) => string): Struct<T> {
    return new Struct<T>(this.parts, this.envelope, summary);
  }

  read(r: Reader, name: string): T {
    const outer = r.rows;
    const at = r.pos;
    if (outer !== null) r.rows = [];
    const out = this.walk(r, name, true);
    const children = r.rows;
    r.rows = outer;
    // no row for a structure whose envelope is cut off, as for a field of fixed size that is cut off
    const cut = this.envelope !== null && r.failed && children?.length === 0;
    if (outer !== null && children !== null && !cut) {
      r.row(name, at, fieldsOf(children), r.failed || !r.texts ? undefined : this.summary?.(out), children);
    }
    return out;
  }

  skip(r: Reader, name: string): void {
    if (this.size >= 0 && r.left >= this.size) r.take(name, this.size);
    else this.walk(r, name, false);
  }

  /** Reads the outermost structure: its fields' rows are at the top level, without a row around them. */
  readTop(r: Reader): T {
    return this.walk(r, '', true);
  }

  /** See readTop and skip. */
  skipTop(r: Reader): void {
    this.walk(r, '', false);
  }

  json(value: T): Json {
    const out: Record<string, Json> = {};
    for (const part of this.parts) {
      const members = 'plain' in part ? part.plain : part.choose(value as never);
      for (const [name, type] of Object.entries(members)) {
        const member = (value as Record<string, unknown>)[name];
        if (member !== undefined) out[name] = type.json(member);
      }
    }
    return out;
  }

  private walk(r: Reader, name: string, keep: boolean): T {
    if (name !== '') r.enter(name);
    const outerEnd = r.end;
    const outerVersion = r.version;
    const end = this.envelope === null ? -1 : this.open(r, this.envelope, name);
    const out = keep || this.needed?.size !== 0 ? {} : NOTHING;
    const outerBefore = r.before;
    r.before = out;
    for (let p = 0; p < this.parts.length && !r.failed; p++) {
      const part = this.parts[p]!;
      const fields = 'plain' in part ? this.ready[p]! : new Fields(part.choose(out as never), this.needed);
      this.walkFields(r, fields, keep, out);
    }
    r.before = outerBefore;
    if (end >= 0) r.takeRest(end);
    r.end = outerEnd;
    r.version = outerVersion;
    if (name !== '') r.leave();
    return out as T;
  }

  private walkFields(r: Reader, fields: Fields, keep: boolean, out: Record<string, unknown>): void {
    const { names, types, run, behind } = fields;
    for (let i = 0; i < names.length && !r.failed;) {
      if (!keep && run[i]! > 0 && r.end - r.pos >= run[i]!) {
        r.pos += run[i]!;
        i = behind[i]!;
        continue;
      }
      const name = names[i]!;
      if (keep || this.needed === null || this.needed.has(name)) out[name] = types[i]!.read(r, name);
      else types[i]!.skip(r, name);
      i++;
    }
  }

  /** Takes the envelope. Returns the index of the structure's end; -1 where it has no length, or is cut off. */
  private open(r: Reader, envelope: Envelope, name: string): number {
    const at = r.take('version', 1);
    if (at < 0) return -1;
    const version = r.bytes[at]!;
    const compatAt = version >= envelope.compatFrom ? r.take('compat', 1) : -1;
    const lengthAt = version >= envelope.lengthFrom ? r.takeSized('length') : -1;
    if (r.failed) return -1;
    const end = lengthAt < 0 ? -1 : r.pos;
    if (lengthAt >= 0) r.pos = lengthAt + 4;
    const compat = compatAt < 0 ? 0 : r.bytes[compatAt]!;
    if (r.rows !== null) {
      const text = compat === 0 ? `version ${version}` : `version ${version}, readable from ${compat}`;
      r.row('header', at, undefined, text);
    }
    if (compat > version) {
      const text = `${name} has version ${version} and asks for a reader of version ${compat}`;
      r.fail('version', 'compat', at, 2, 0, text);
    } else if (compat > envelope.known)
      r.fail(
        'compat',
        'compat',
        compatAt,
        1,
        0,
        `needs a reader of version ${compat}, this one knows ${envelope.known}`,
      );
    r.version = version;
    if (end >= 0) r.end = end;
    return end;
  }
}
