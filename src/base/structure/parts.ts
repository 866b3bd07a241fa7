import type { Json } from '../annotation.js';
import type { Reader } from './reader.js';
import type { Type } from './type.js';

/** Types that are made of other types: what some versions lack, lists, maps, and structures inside a blob. */

/** A field that is there if `there` returns true; `kind` says in words when that is. */
export function whenever<T>(kind: string, type: Type<T>, there: (r: Reader) => boolean): Type<T | undefined> {
  return {
    ...{ kind: `${type.kind} ${kind}`, size: -1, least: 0 },
    ...(type.fields === undefined ? {} : { fields: type.fields }),
    read: (r, name) => (!r.failed && there(r) ? type.read(r, name) : undefined),
    skip: (r, name) => {
      if (!r.failed && there(r)) type.skip(r, name);
    },
    json: (value) => (value === undefined ? null : type.json(value)),
  };
}

/** A field that exists since a version of the structure around it (at the top level: of the message). */
export function since<T>(version: number, type: Type<T>): Type<T | undefined> {
  return whenever(`since version ${version}`, type, (r) => r.version >= version);
}

/** A field that exists only before a version. */
export function until<T>(version: number, type: Type<T>): Type<T | undefined> {
  return whenever(`until version ${version}`, type, (r) => r.version < version);
}

/** A field that is there if the connection has a feature. */
export function withFeature<T>(bit: bigint, type: Type<T>): Type<T | undefined> {
  return whenever(`with feature 0x${bit.toString(16)}`, type, (r) => (r.features & bit) !== 0n);
}

/** A field that is there if `is` returns true for earlier fields (named in Struct.and). */
export function whenBefore<T>(type: Type<T>, is: (before: never) => boolean): Type<T | undefined> {
  return whenever('on a condition', type, (r) => is(r.before as never));
}

/** Unused bytes, whose number an earlier field (named in Struct.and) gives. */
export function unusedBy(member: string): Type<undefined> {
  return {
    ...{ kind: `${member} unused bytes`, size: -1, least: 0 },
    read: (r, name) => {
      const at = r.take(name, r.before[member] as number);
      if (at >= 0 && r.pos > at) r.row(name, at, undefined);
    },
    skip: (r, name) => void r.take(name, r.before[member] as number),
    json: () => null,
  };
}

/** A field that is there if `there`: for functions in Struct.and, which know the earlier values. */
export function when<T>(there: boolean, type: Type<T>): Type<T | undefined> {
  return whenever('on a condition', type, () => there);
}

/** A field that is there if the structure has bytes left: older senders do not send it. */
export function ifLeft<T>(type: Type<T>): Type<T | undefined> {
  return whenever('if anything is left', type, (r) => r.left > 0);
}

/**
 * A value whose type depends on its bytes: `pick` looks at them from the reader's position on, without taking any. `size`: in bytes, where
 * all the types have the same.
 */
export function choose<T>(kind: string, pick: (r: Reader) => Type<T>, size = -1): Type<T> {
  // the type with which each value was read, for its JSON
  const forms = new WeakMap<object, Type<T>>();
  return {
    ...{ kind, size, least: Math.max(0, size) },
    read: (r, name) => {
      const form = pick(r);
      const value = form.read(r, name);
      if (typeof value === 'object' && value !== null) forms.set(value, form);
      return value;
    },
    skip: (r, name) => {
      if (size >= 0) r.take(name, size);
      else pick(r).skip(r, name);
    },
    json: (value) => {
      const form = typeof value === 'object' && value !== null ? forms.get(value) : undefined;
      return form === undefined ? (value as Json) : form.json(value);
    },
  };
}

/** A field whose type changed with a version of the structure around it. */
export function changed<A, B>(version: number, before: Type<A>, after: Type<B>): Type<A | B> {
  return choose<A | B>(`${before.kind}, since version ${version} ${after.kind}`, (r) =>
    r.version >= version ? after : before,
  );
}

/** A u8 that tells whether a value follows, and the value. */
export function optional<T>(type: Type<T>): Type<T | null> {
  const presence = (r: Reader, name: string): boolean => {
    const at = r.take(name, 1);
    return at >= 0 && r.bytes[at] !== 0;
  };
  return {
    ...{ kind: `optional ${type.kind}`, size: -1, least: 1 },
    read: (r, name) => {
      const at = r.pos;
      if (presence(r, name)) {
        r.row(`${name}There`, at, undefined, 'yes');
        return type.read(r, name);
      }
      if (!r.failed) r.row(name, at, null);
      return null;
    },
    skip: (r, name) => {
      if (presence(r, name)) type.skip(r, name);
    },
    json: (value) => (value === null ? null : type.json(value)),
  };
}

/** A list. `counted` returns the number of its items, after checking that as many can be there; below 0: they cannot. */
function listOf<T>(
  kind: string,
  least: number,
  type: Type<T>,
  item: string,
  counted: (r: Reader, name: string) => number,
): Type<readonly T[]> {
  return {
    ...{ kind, size: -1, least },
    read: (r, name) => {
      const count = counted(r, name);
      return count < 0 ? (undefined as unknown as readonly T[]) : readItems(r, name, count, type, item);
    },
    skip: (r, name) => {
      const count = counted(r, name);
      if (count > 0) skipItems(r, name, count, type);
    },
    json: (values) => values.map((v) => type.json(v)),
  };
}

/**
 * A list of `count` items; `item`: the name of one in rows. Items beyond `limits.listItems` are checked but not kept, those beyond
 * `limits.shownItems` have no rows.
 */
export function items<T>(count: number, type: Type<T>, item = 'item'): Type<readonly T[]> {
  return listOf(`${count} × ${type.kind}`, 0, type, item, (r, name) =>
    r.holds(name, count, atLeastOne(type), r.pos, 0) ? count : -1,
  );
}

/** A list whose number of items an earlier field (named in Struct.and) gives. */
export function countedBy<T>(member: string, type: Type<T>, item = 'item'): Type<readonly T[]> {
  return listOf(`${member} × ${type.kind}`, 0, type, item, (r, name) => {
    const count = r.before[member] as number;
    return r.holds(name, count, atLeastOne(type), r.pos, 0) ? count : -1;
  });
}

/** u32 count, and the items: vectors, sets, lists. */
export function list<T>(type: Type<T>, item = 'item'): Type<readonly T[]> {
  return {
    ...listOf(`list of ${type.kind}`, 4, type, item, (r, name) => {
      const at = r.take(name, 4);
      if (at < 0) return -1;
      const count = r.view.getUint32(at, true);
      if (!r.holds(name, count, atLeastOne(type), at, 4)) return -1;
      r.row(`${name}Count`, at, undefined, String(count));
      return count;
    }),
    ...(type.fields === undefined ? {} : { fields: type.fields }),
  };
}

/** The least size of an item, but at least 1: with items of 0 bytes, a count of 2^32 would pass the check. */
function atLeastOne(type: Type<unknown>): number {
  return Math.max(1, type.least);
}

/** Reads `count` items; for types with a count of another kind. */
export function readItems<T>(r: Reader, name: string, count: number, type: Type<T>, item: string): T[] {
  const at = r.pos;
  const outer = r.rows;
  const rows = outer === null ? null : [];
  const values: T[] = [];
  for (let i = 0; i < count && !r.failed; i++) {
    r.rows = i < r.limits.shownItems ? rows : null;
    r.enter(`${name}[${i}]`);
    if (i < r.limits.listItems) values.push(type.read(r, item));
    else {
      r.notKept++;
      type.skip(r, item);
    }
    r.leave();
  }
  r.rows = outer;
  if (rows !== null) {
    const shown: Json[] = [];
    for (const a of rows as readonly { readonly value?: Json }[]) if (a.value !== undefined) shown.push(a.value);
    r.row(name, at, shown, undefined, rows);
  }
  return values;
}

function skipItems(r: Reader, name: string, count: number, type: Type<unknown>): void {
  if (type.size > 0) {
    r.take(name, count * type.size);
    return;
  }
  for (let i = 0; i < count && !r.failed; i++) type.skip(r, name);
}

/** Two values, one after the other. */
export function pair<A, B>(first: Type<A>, second: Type<B>): Type<readonly [A, B]> {
  return {
    ...{ kind: `${first.kind} and ${second.kind}`, least: first.least + second.least },
    size: first.size >= 0 && second.size >= 0 ? first.size + second.size : -1,
    read: (r, name) => {
      const at = r.pos;
      const outer = r.rows;
      const rows: { readonly value?: Json }[] | null = outer === null ? null : [];
      r.rows = rows as typeof outer;
      const value = [first.read(r, 'key'), second.read(r, 'value')] as const;
      r.rows = outer;
      if (rows !== null)
        r.row(
          name,
          at,
          rows.map((a) => a.value ?? null),
          undefined,
          rows as NonNullable<typeof outer>,
        );
      return value;
    },
    skip: (r, name) => {
      first.skip(r, name);
      second.skip(r, name);
    },
    json: ([a, b]) => [first.json(a), second.json(b)],
  };
}

/** u32 count, then keys with their values. The value is a list of pairs, in the order of the bytes, as a sender may repeat a key. */
export function map<K, V>(key: Type<K>, value: Type<V>): Type<readonly (readonly [K, V])[]> {
  return { ...list(pair(key, value), 'entry'), kind: `map of ${key.kind} to ${value.kind}` };
}

/** A value, with the index and number of its bytes. */
export interface Placed<T> {
  readonly value: T;
  readonly at: number;
  readonly length: number;
}

/** A value together with its place, for findings to point at. */
export function placed<T>(type: Type<T>): Type<Placed<T>> {
  return {
    ...{ kind: type.kind, size: type.size, least: type.least },
    read: (r, name) => {
      const at = r.pos;
      const value = type.read(r, name);
      return { value, at, length: r.pos - at };
    },
    skip: (r, name) => {
      type.skip(r, name);
    },
    json: ({ value }) => type.json(value),
  };
}

/** u32 length, and a structure in that many bytes; bytes after its last field count as undecoded. */
export function sized<T>(type: Type<T>): Type<T> {
  const inside = <U>(r: Reader, name: string, go: () => U): U | undefined => {
    const at = r.takeSized(name);
    if (at < 0) return undefined;
    const end = r.pos;
    const outerEnd = r.end;
    r.pos = at + 4;
    r.row(`${name}Length`, at, undefined, String(end - r.pos));
    r.end = end;
    const value = go();
    r.takeRest(end);
    r.end = outerEnd;
    return value;
  };
  return {
    ...{ kind: `${type.kind} with a length`, size: -1, least: 4 },
    ...(type.fields === undefined ? {} : { fields: type.fields }),
    read: (r, name) => inside(r, name, () => type.read(r, name)) as T,
    skip: (r, name) => {
      inside(r, name, () => type.skip(r, name));
    },
    json: (value) => type.json(value),
  };
}
