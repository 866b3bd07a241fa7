import type { Json } from '../annotation.js';
import type { Reader } from './reader.js';
import type { Type } from './type.js';

/** Types that are made of other types: what some versions lack, lists, maps, and structures inside a blob. */

/** A field that is there where that holds; `kind` says when. */
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

/** A field that came with a version of the structure around it (or of the message, at the top). */
export function since<T>(version: number, type: Type<T>): Type<T | undefined> {
  return whenever(`since version ${version}`, type, (r) => r.version >= version);
}

/** A field that was left out from a version on. */
export function until<T>(version: number, type: Type<T>): Type<T | undefined> {
  return whenever(`until version ${version}`, type, (r) => r.version < version);
}

/** A field that is there where both sides have a feature. */
export function withFeature<T>(bit: bigint, type: Type<T>): Type<T | undefined> {
  return whenever(`with feature 0x${bit.toString(16)}`, type, (r) => (r.features & bit) !== 0n);
}

/** A field that is there where those before it (named in Struct.and) say so. */
export function whenBefore<T>(type: Type<T>, is: (before: never) => boolean): Type<T | undefined> {
  return whenever('on a condition', type, (r) => is(r.before as never));
}

/** As many unused bytes as a field before it (named in Struct.and) says. */
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

/** A field that is there or not by what was read before (see Struct.and). */
export function when<T>(there: boolean, type: Type<T>): Type<T | undefined> {
  return whenever('on a condition', type, () => there);
}

/** A field that older senders end before. */
export function ifLeft<T>(type: Type<T>): Type<T | undefined> {
  return whenever('if anything is left', type, (r) => r.left > 0);
}

/**
 * A form that the next bytes tell: `pick` looks at them from the reader's position on, and takes nothing. `size`: bytes, where all
 * forms have as many.
 */
export function choose<T>(kind: string, pick: (r: Reader) => Type<T>, size = -1): Type<T> {
  // which form a value was read in, for its JSON
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

/** A field that has another form from a version of the structure around it on. */
export function changed<A, B>(version: number, before: Type<A>, after: Type<B>): Type<A | B> {
  return choose<A | B>(`${before.kind}, since version ${version} ${after.kind}`, (r) =>
    r.version >= version ? after : before,
  );
}

/** u8 whether a value follows, and the value. */
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

/** A list of as many items as `counted` says, which also checks that they can be there; below 0: they cannot. */
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
 * So many items, as a list; `item`: what rows call one. Those beyond `limits.listItems` are checked and not kept, those beyond
 * `limits.shownItems` have no rows.
 */
export function items<T>(count: number, type: Type<T>, item = 'item'): Type<readonly T[]> {
  return listOf(`${count} × ${type.kind}`, 0, type, item, (r, name) =>
    r.holds(name, count, atLeastOne(type), r.pos, 0) ? count : -1,
  );
}

/** As many items as a field before them (named in Struct.and) says. */
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

/** Items without bytes would let a count of four thousand million through. */
function atLeastOne(type: Type<unknown>): number {
  return Math.max(1, type.least);
}

/** Reads so many items, for types that count in another way. */
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

/** Two values, one behind the other. */
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

/** u32 count, and keys with values: in the order of the bytes, as a list of pairs (a sender may repeat a key). */
export function map<K, V>(key: Type<K>, value: Type<V>): Type<readonly (readonly [K, V])[]> {
  return { ...list(pair(key, value), 'entry'), kind: `map of ${key.kind} to ${value.kind}` };
}

/** A value, and which bytes it is: indexes of what was read. */
export interface Placed<T> {
  readonly value: T;
  readonly at: number;
  readonly length: number;
}

/** A value together with its place, for what is to be pointed at. */
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

/** u32 length, and a structure in that many bytes; what lies behind its last field is counted as undecoded. */
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
