import type { Json } from '../../base/annotation.js';
import { safeText } from '../../base/safe-text.js';
import type { ComparisonPage, PageMessage, PageRow, PageStreamPair, RowKind } from '../../report/page/comparison.js';

export interface StreamPair extends PageStreamPair {
  readonly number: number;
  /** Index of its first row among the rows of all streams. */
  readonly first: number;
}

/** A comparison of two recordings. */
export class Comparison {
  readonly page: ComparisonPage;
  readonly names: readonly [string, string];
  /** The last part of each path; the whole paths if these are the same. */
  readonly short: readonly [string, string];
  readonly streams: readonly StreamPair[];
  readonly rows: readonly PageRow[];
  readonly counts: Readonly<Record<RowKind, number>>;

  constructor(page: ComparisonPage) {
    this.page = page;
    const [a, b] = page.names.map((name) => safeText(name)) as [string, string];
    const [x, y] = [a, b].map((name) => name.replace(/^.*\/(?=.)/, '')) as [string, string];
    this.names = [a, b];
    this.short = x === y ? [a, b] : [x, y];
    const rows: PageRow[] = [];
    const counts = { equal: 0, changed: 0, removed: 0, added: 0 };
    this.streams = page.streams.map((s, number) => {
      const first = rows.length;
      for (const row of s.rows) rows.push(row);
      for (const kind of KINDS) counts[kind] += s.counts[kind];
      return { ...s, number, first };
    });
    this.rows = rows;
    this.counts = counts;
  }

  /** The stream that a row belongs to. */
  streamOf(row: number): StreamPair {
    return this.streams.findLast((s) => s.first <= row && s.rows.length > 0)!;
  }
}

export const KINDS = ['equal', 'changed', 'removed', 'added'] as const;

/** The sign of each kind, so that it can be told without colours. */
export const SIGNS: Readonly<Record<RowKind, string>> = { equal: '=', changed: '≠', removed: '−', added: '+' };

export const KIND_WORDS: Readonly<Record<RowKind, string>> = {
  equal: 'equal',
  changed: 'changed',
  removed: 'only in A',
  added: 'only in B',
};

/** `stream 1`, or `stream 1 and 2`. */
export function pairName({ a, b }: PageStreamPair): string {
  const ids = [...new Set([a, b].flatMap((s) => (s === null ? [] : [s.id])))];
  return `stream ${ids.join(' and ')}`;
}

export function arrowOf(m: PageMessage): string {
  return m.direction === 'client-to-server' ? '→' : m.direction === 'server-to-client' ? '←' : '–';
}

/** One field of a message on both sides; undefined: that side does not have it. */
export interface FieldPair {
  readonly path: string;
  readonly a: string | undefined;
  readonly b: string | undefined;
  /** Whether it differs, and whether the difference counts. */
  readonly differs: boolean;
  readonly counts: boolean;
}

/** The fields of both sides by path (`front.object`), in the order of A, then those that only B has. */
export function fieldPairs({ a, b, fields: changed = [] }: PageRow): FieldPair[] {
  const left = new Map<string, string>();
  const right = new Map<string, string>();
  if (a !== null) flatten(a.fields ?? {}, '', left);
  if (b !== null) flatten(b.fields ?? a?.fields ?? {}, '', right);
  return [...new Set([...left.keys(), ...right.keys()])].map((path) => {
    const [x, y] = [left.get(path), right.get(path)];
    const counts = changed.some((c) => path === c || path.startsWith(`${c}.`));
    return { path, a: x, b: y, differs: a !== null && b !== null && x !== y, counts };
  });
}

function flatten(value: Json, path: string, into: Map<string, string>): void {
  if (typeof value !== 'object' || value === null) into.set(path, String(value));
  else if (Array.isArray(value)) into.set(path, listText(value as readonly Json[]));
  else for (const [name, inner] of Object.entries(value)) flatten(inner, path === '' ? name : `${path}.${name}`, into);
}

function listText(items: readonly Json[]): string {
  if (items.length === 0) return '(none)';
  return items.map((v) => (typeof v === 'object' ? JSON.stringify(v) : String(v))).join(', ');
}
