import { diffArrays } from 'diff';
import type { Json } from '../base/annotation.js';
import type { Limits } from '../base/limits.js';
import type { ComparedFinding, ComparedMessage, ComparedStream, Gathering } from './gathering.js';

/** A field that differs, with its path (`front.object`); undefined: that side does not have the field. */
export interface FieldChange {
  readonly field: string;
  readonly a: Json | undefined;
  readonly b: Json | undefined;
}

export type MessageChange =
  | {
      readonly kind: 'changed';
      readonly a: ComparedMessage;
      readonly b: ComparedMessage;
      readonly fields: readonly FieldChange[];
    }
  | { readonly kind: 'removed'; readonly a: ComparedMessage; readonly b: null }
  | { readonly kind: 'added'; readonly a: null; readonly b: ComparedMessage };

export interface FindingChange {
  /** The finding on each side; null if that side does not have it. */
  readonly a: ComparedFinding | null;
  readonly b: ComparedFinding | null;
}

/** Two messages that correspond, and are equal in every field that counts. */
export interface MessagePair {
  readonly kind: 'equal';
  readonly a: ComparedMessage;
  readonly b: ComparedMessage;
}

/** Two streams that correspond, or one stream without a counterpart in the other recording. */
export interface StreamComparison {
  readonly a: ComparedStream | null;
  readonly b: ComparedStream | null;
  readonly equal: number;
  /** The differences, in the order of A's messages; messages that only B has follow the message that precedes them in B. */
  readonly messages: readonly MessageChange[];
  /** `messages`, and the pairs that do not differ. */
  readonly aligned: readonly (MessageChange | MessagePair)[];
  readonly findings: readonly FindingChange[];
  /** Whether more than `diffEdits` messages differ: then none is listed. */
  readonly tooFar: boolean;
}

/** The differences between two recordings: plain data for any report. */
export interface Comparison {
  readonly equal: boolean;
  readonly streams: readonly StreamComparison[];
  readonly findings: readonly FindingChange[];
  /** Number of streams in A and in B that no protocol claimed. */
  readonly unknown: readonly [number, number];
}

/**
 * Compares two recordings. Streams are matched by protocol and order; messages by name and fields, separately for each direction because
 * the order between the two directions varies from run to run. Fields that vary by nature (see Protocol.varying) are not compared, and ids
 * only have to map one to one. `ignored`: names or paths of further fields that are not compared.
 */
export function compare(
  a: Gathering,
  b: Gathering,
  ignored: ReadonlySet<string>,
  limits: Readonly<Limits>,
): Comparison {
  const streams = pairs(a.streams, b.streams).map(([x, y]) => compareStreams(x, y, ignored, limits));
  const findings = compareFindings(a.findings, b.findings);
  const same = (s: StreamComparison): boolean =>
    s.a !== null &&
    s.b !== null &&
    s.messages.length === 0 &&
    s.findings.length === 0 &&
    !s.tooFar &&
    s.a.leftOut === s.b.leftOut;
  const equal = findings.length === 0 && streams.every(same) && a.unknown === b.unknown;
  return { equal, streams, findings, unknown: [a.unknown, b.unknown] };
}

function pairs(
  a: readonly ComparedStream[],
  b: readonly ComparedStream[],
): [ComparedStream | null, ComparedStream | null][] {
  const out: [ComparedStream | null, ComparedStream | null][] = [];
  const left = [...b];
  for (const x of a) {
    const at = left.findIndex((y) => y.protocol === x.protocol);
    out.push([x, at < 0 ? null : left.splice(at, 1)[0]!]);
  }
  return [...out, ...left.map((y): [null, ComparedStream] => [null, y])];
}

function compareStreams(
  a: ComparedStream | null,
  b: ComparedStream | null,
  ignored: ReadonlySet<string>,
  limits: Readonly<Limits>,
): StreamComparison {
  if (a === null || b === null) return { a, b, equal: 0, messages: [], aligned: [], findings: [], tooFar: false };
  const { varying } = a.protocol;
  const leftOut = new Set([...ignored, ...(varying?.ignored ?? [])]);
  const ids = new Set((varying?.mapped ?? []).filter((name) => !ignored.has(name)));
  const mapping = new OneToOne();
  let tooFar = false;
  const rows: (MessageChange | MessagePair)[] = [];
  for (const direction of ['client-to-server', 'server-to-client', 'unknown'] as const) {
    const of = (s: ComparedStream): ComparedMessage[] => s.messages.filter((m) => m.direction === direction);
    const [left, right] = [of(a), of(b)];
    const key = (m: ComparedMessage): string => `${m.name} ${JSON.stringify(stable(m.fields, '', leftOut, ids))}`;
    const steps = diffArrays(left.map(key), right.map(key), { maxEditLength: limits.diffEdits });
    if (steps === undefined) {
      tooFar = true;
      continue;
    }
    let i = 0;
    let j = 0;
    let removed: ComparedMessage[] = [];
    let added: ComparedMessage[] = [];
    const pairUp = (): void => {
      rows.push(...paired(removed, added, leftOut, ids));
      removed = [];
      added = [];
    };
    for (const step of steps) {
      const n = step.value.length;
      if (step.removed) removed.push(...left.slice(i, (i += n)));
      else if (step.added) added.push(...right.slice(j, (j += n)));
      else {
        pairUp();
        for (let k = 0; k < n; k++) {
          const [x, y] = [left[i++]!, right[j++]!];
          const fields = idChanges(x.fields, y.fields, '', ids, mapping);
          rows.push(fields.length === 0 ? { kind: 'equal', a: x, b: y } : { kind: 'changed', a: x, b: y, fields });
        }
      }
    }
    pairUp();
  }
  const aligned = inOrder(rows);
  const messages = aligned.filter((row) => row.kind !== 'equal');
  return {
    ...{ a, b, equal: aligned.length - messages.length, messages, aligned, tooFar },
    findings: compareFindings(a.findings, b.findings),
  };
}

/**
 * Rows of both directions in the order of A. Messages that only B has follow what precedes them in B, after the messages that only A has
 * there, but always come before the next message of their own direction.
 */
function inOrder(rows: readonly (MessageChange | MessagePair)[]): (MessageChange | MessagePair)[] {
  const inB = rows.filter((row) => row.b !== null).sort((x, y) => x.b.index - y.b.index);
  const paired = inB.flatMap((row) => row.a?.index ?? []).sort((x, y) => x - y);
  const place = new Map<MessageChange | MessagePair, number>();
  let next = 0;
  for (const row of inB) {
    if (row.a !== null) while (next < paired.length && paired[next]! <= row.a.index) next++;
    else place.set(row, paired[next] ?? Infinity);
  }
  const nextOf = new Map<string, number>();
  for (const row of inB.toReversed()) {
    const { direction } = row.b;
    if (row.a !== null) nextOf.set(direction, row.a.index);
    // just before that message
    else place.set(row, Math.min(place.get(row)!, nextOf.get(direction) ?? Infinity) - 0.5);
  }
  const only = rows.filter((row) => row.b === null);
  const placeOf = (row: MessageChange | MessagePair): number => row.a?.index ?? place.get(row)!;
  return [...only, ...inB].sort((x, y) => {
    const [m, n] = [placeOf(x), placeOf(y)];
    return m === n ? 0 : m - n;
  });
}

/** Pairs removed with added messages in the same place: two of the same name count as one message that changed. */
function paired(
  removed: readonly ComparedMessage[],
  added: readonly ComparedMessage[],
  leftOut: ReadonlySet<string>,
  ids: ReadonlySet<string>,
): MessageChange[] {
  const out: MessageChange[] = [];
  const rest = [...added];
  for (const a of removed) {
    const at = rest.findIndex((b) => b.name === a.name);
    if (at < 0) {
      out.push({ kind: 'removed', a, b: null });
      continue;
    }
    const b = rest.splice(at, 1)[0]!;
    out.push({
      kind: 'changed',
      a,
      b,
      fields: fieldChanges(stable(a.fields, '', leftOut, ids), stable(b.fields, '', leftOut, ids), ''),
    });
  }
  return [...out, ...rest.map((b): MessageChange => ({ kind: 'added', a: null, b }))];
}

type Fields = Readonly<Record<string, Json>>;

function isObject(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value without the fields that are not compared. */
function stable(value: Json, path: string, leftOut: ReadonlySet<string>, ids: ReadonlySet<string>): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map((v) => stable(v, path, leftOut, ids));
  if (!isObject(value)) return value;
  const out: Record<string, Json> = {};
  for (const [name, inner] of Object.entries(value)) {
    const full = path === '' ? name : `${path}.${name}`;
    if (leftOut.has(name) || leftOut.has(full) || ids.has(name)) continue;
    out[name] = stable(inner, full, leftOut, ids);
  }
  return out;
}

function fieldChanges(a: Json | undefined, b: Json | undefined, path: string): FieldChange[] {
  if (JSON.stringify(a) === JSON.stringify(b)) return [];
  if (!isObject(a) || !isObject(b)) return [{ field: path, a, b }];
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return names.flatMap((name) => fieldChanges(a[name], b[name], path === '' ? name : `${path}.${name}`));
}

/** Ids that break the one-to-one mapping. */
function idChanges(
  a: Json | undefined,
  b: Json | undefined,
  path: string,
  ids: ReadonlySet<string>,
  map: OneToOne,
): FieldChange[] {
  if (!isObject(a) || !isObject(b)) return [];
  return Object.keys(a).flatMap((name) => {
    const field = path === '' ? name : `${path}.${name}`;
    if (!ids.has(name)) return idChanges(a[name], b[name], field, ids, map);
    return map.fits(name, JSON.stringify(a[name]), JSON.stringify(b[name])) ? [] : [{ field, a: a[name], b: b[name] }];
  });
}

/** The one-to-one mapping between the ids of the two recordings. */
class OneToOne {
  private readonly there = new Map<string, string>();
  private readonly back = new Map<string, string>();

  fits(kind: string, a: string, b: string): boolean {
    const [x, y] = [`${kind} ${a}`, `${kind} ${b}`];
    const known = this.there.get(x);
    const owner = this.back.get(y);
    if (known === undefined && owner === undefined) {
      this.there.set(x, y);
      this.back.set(y, x);
      return true;
    }
    return known === y && owner === x;
  }
}

function compareFindings(
  a: ReadonlyMap<string, ComparedFinding>,
  b: ReadonlyMap<string, ComparedFinding>,
): FindingChange[] {
  const out: FindingChange[] = [];
  for (const key of [...new Set([...a.keys(), ...b.keys()])].sort()) {
    const [x, y] = [a.get(key) ?? null, b.get(key) ?? null];
    if (x?.count !== y?.count) out.push({ a: x, b: y });
  }
  return out;
}
