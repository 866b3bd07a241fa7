import { fieldsOf, type Json } from '../annotation.js';
import type { Reader } from './reader.js';
import type { Type } from './type.js';

/** Types by field name, in wire order. */
export type Members = Readonly<Record<string, Type<unknown>>>;
/** The value of a structure with those members. A member that some versions lack is undefined there. */
export type Value<M extends Members> = { readonly [K in keyof M]: M[K] extends Type<infer T> ? T : never };

/** A part of a structure: members, or members that depend on what was read before. */
type Part = Members | ((before: never) => Members);

/**
 * Fields that follow each other:
 *
 *     const eversion = struct({ version: u64, epoch: u32 });
 *     const reply = struct({ ops: list(op) }).and((before) => ({ results: items(before.ops.length, i32) }));
 */
export function struct<M extends Members>(members: M): Struct<Value<M>> {
  return new Struct<Value<M>>([members], null);
}

/** How the version stands in front of a structure, and up to which one the description knows it. */
interface Envelope {
  /** The newest version that the description was written for; what newer ones append is counted as undecoded. */
  readonly known: number;
  /** From which version on a compat byte, and a length, follow it: 0 for structures that always had them. */
  readonly compatFrom: number;
  readonly lengthFrom: number;
}

/**
 * A structure with Ceph's envelope (ENCODE_START): u8 version, u8 oldest version that may read it, u32 length. Inside, `since` and
 * `until` go by its version; what lies behind the last field is skipped and counted. `legacy`: for structures whose first versions had
 * no envelope but the version byte (DECODE_START_LEGACY_COMPAT_LEN): from which version on they have compat and length.
 */
export function versioned<M extends Members>(
  known: number,
  members: M,
  legacy: { readonly compatFrom: number; readonly lengthFrom: number } = { compatFrom: 0, lengthFrom: 0 },
): Struct<Value<M>> {
  return new Struct<Value<M>>([members], { known, ...legacy });
}

/** A structure that begins with one version byte and has no length. */
export function byteVersioned<M extends Members>(known: number, members: M): Struct<Value<M>> {
  return new Struct<Value<M>>([members], { known, compatFrom: Infinity, lengthFrom: Infinity });
}

export class Struct<T extends object> implements Type<T> {
  readonly kind = 'structure';
  readonly size: number;
  readonly least: number;
  readonly fields: Members;
  private readonly parts: readonly Part[];
  private readonly envelope: Envelope | null;
  private readonly summary: ((value: T) => string) | undefined;
  /** Whether some fields depend on the values of others. */
  private readonly chooses: boolean;

  constructor(parts: readonly Part[], envelope: Envelope | null, summary?: (value: T) => string) {
    this.parts = parts;
    this.envelope = envelope;
    this.summary = summary;
    this.chooses = parts.some((p) => typeof p === 'function');
    this.fields = Object.assign({}, ...parts.filter((p) => typeof p !== 'function')) as Members;
    const types = Object.values(this.fields);
    const plain = envelope === null && !this.chooses;
    this.size = plain && types.every((t) => t.size >= 0) ? types.reduce((n, t) => n + t.size, 0) : -1;
    const head = envelope === null ? 0 : 1 + (envelope.compatFrom === 0 ? 1 : 0) + (envelope.lengthFrom === 0 ? 4 : 0);
    this.least = head + (head > 1 ? 0 : types.reduce((n, t) => n + t.least, 0));
  }

  /** The same with more fields behind; a function gets the values before, and chooses. (What depends on a version is `since`.) */
  and<M extends Members>(more: M | ((before: T) => M)): Struct<T & Value<M>> {
    return new Struct<T & Value<M>>([...this.parts, more as Part], this.envelope);
  }

  /** The same with a line that people read instead of the fields. */
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
    // an envelope that is cut shows nothing, as a field of fixed size does
    const cut = this.envelope !== null && r.failed && children?.length === 0;
    if (outer !== null && children !== null && !cut) {
      r.row(name, at, fieldsOf(children), r.failed ? undefined : this.summary?.(out), children);
    }
    return out;
  }

  skip(r: Reader, name: string): void {
    if (this.size >= 0 && r.left >= this.size) r.take(name, this.size);
    // what is chosen by values needs them
    else this.walk(r, name, this.chooses);
  }

  /** The fields of an outermost structure: its rows stand at the top, without one around them. */
  readTop(r: Reader): T {
    return this.walk(r, '', true);
  }

  /** See readTop and skip. */
  skipTop(r: Reader): void {
    this.walk(r, '', this.chooses);
  }

  json(value: T): Json {
    const out: Record<string, Json> = {};
    for (const part of this.parts) {
      const members = typeof part === 'function' ? part(value as never) : part;
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
    const end = this.envelope === null ? -1 : this.open(r, this.envelope);
    const out: Record<string, unknown> = {};
    for (const part of this.parts) {
      if (r.failed) break;
      const members = typeof part === 'function' ? part(out as never) : part;
      for (const member in members) {
        if (r.failed) break;
        if (keep) out[member] = members[member]!.read(r, member);
        else members[member]!.skip(r, member);
      }
    }
    if (end >= 0) r.takeRest(end);
    r.end = outerEnd;
    r.version = outerVersion;
    if (name !== '') r.leave();
    return out as T;
  }

  /** Takes what stands in front of the fields; index of the structure's end, or -1 where nothing tells it. */
  private open(r: Reader, envelope: Envelope): number {
    const at = r.take('version', 1);
    if (at < 0) return -1;
    const version = r.bytes[at]!;
    const compatAt = version >= envelope.compatFrom ? r.take('compat', 1) : -1;
    const lengthAt = version >= envelope.lengthFrom ? r.takeSized('length') : -1;
    if (r.failed) return -1;
    const end = lengthAt < 0 ? -1 : r.pos;
    if (lengthAt >= 0) r.pos = lengthAt + 4;
    const compat = compatAt < 0 ? 0 : r.bytes[compatAt]!;
    r.row('header', at, undefined, compat === 0 ? `version ${version}` : `version ${version}, readable from ${compat}`);
    if (compat > envelope.known)
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
