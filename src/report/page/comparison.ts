import type { Json } from '../../base/annotation.js';
import type { Limits } from '../../base/limits.js';
import type {
  Comparison,
  FindingChange,
  MessageChange,
  MessagePair,
  StreamComparison,
} from '../../compare/comparison.js';
import type { ComparedMessage, ComparedStream } from '../../compare/gathering.js';
import type { PageRule } from './format.js';

/** What the page of a comparison contains: JSON, deflated (RFC 1951), as base64. */
export interface ComparisonPage {
  readonly version: string;
  /** The names of the recordings. */
  readonly names: readonly [string, string];
  readonly equal: boolean;
  readonly streams: readonly PageStreamPair[];
  /** Findings about a recording as a whole that differ. */
  readonly findings: readonly FindingChange[];
  /** Number of streams in each recording that no protocol claims. */
  readonly unknown: readonly [number, number];
  /** The rules of the findings that differ. */
  readonly rules: readonly PageRule[];
}

export interface PageStreamPair {
  readonly protocol: string;
  /** null: the recording has no stream that corresponds to this one. */
  readonly a: PageStreamSide | null;
  readonly b: PageStreamSide | null;
  /** Number of messages that are equal, changed, only in A, and only in B. */
  readonly counts: Readonly<Record<RowKind, number>>;
  readonly rows: readonly PageRow[];
  /** How many rows are left out (limit pageMessages). */
  readonly left: number;
  readonly findings: readonly FindingChange[];
  readonly tooFar: boolean;
}

export interface PageStreamSide {
  readonly id: number;
  readonly messages: number;
  /** How many messages were not compared (limit diffMessages). */
  readonly leftOut: number;
}

export type RowKind = MessageChange['kind'] | MessagePair['kind'];

export interface PageRow {
  readonly kind: RowKind;
  readonly a: PageMessage | null;
  readonly b: PageMessage | null;
  /** Paths of the fields whose difference counts; only of changed messages. */
  readonly fields?: readonly string[];
}

export type PageMessage = Pick<ComparedMessage, 'index' | 'packet' | 'direction' | 'name' | 'words'> & {
  /** Undefined in B: the same as those of A. */
  readonly fields?: Readonly<Record<string, Json>>;
};

/** How many equal messages are kept before and after a difference, if there is no room for all. */
const AROUND = 8;

/** What a page shows of a comparison. */
export function comparisonPage(
  comparison: Comparison,
  limits: Pick<Limits, 'pageMessages'>,
): Omit<ComparisonPage, 'version' | 'names' | 'rules'> {
  const { equal, findings, unknown } = comparison;
  let room = limits.pageMessages;
  const streams = comparison.streams.map((s): PageStreamPair => {
    const all = rowsOf(s);
    const kept = all.length <= room ? all : all.filter((_, i) => isNear(all, i)).slice(0, Math.max(room, 0));
    room -= kept.length;
    const counts = { equal: 0, changed: 0, removed: 0, added: 0 };
    for (const row of all) counts[row.kind]++;
    return {
      ...{ protocol: (s.a ?? s.b!).protocol.name, a: sideOf(s.a), b: sideOf(s.b), counts },
      ...{ rows: kept.map(pageRow), left: all.length - kept.length, findings: s.findings, tooFar: s.tooFar },
    };
  });
  return { equal, findings, unknown, streams };
}

/** The rows of a pair of streams. If only one recording has the stream, all of its messages. */
function rowsOf({ a, b, aligned }: StreamComparison): readonly (MessageChange | MessagePair)[] {
  if (b === null) return a!.messages.map((m) => ({ kind: 'removed', a: m, b: null }));
  if (a === null) return b.messages.map((m) => ({ kind: 'added', a: null, b: m }));
  return aligned;
}

function isNear(rows: readonly { readonly kind: RowKind }[], at: number): boolean {
  for (let i = Math.max(0, at - AROUND); i <= at + AROUND && i < rows.length; i++)
    if (rows[i]!.kind !== 'equal') return true;
  return false;
}

function sideOf(s: ComparedStream | null): PageStreamSide | null {
  return s && { id: s.id, messages: s.messages.length + s.leftOut, leftOut: s.leftOut };
}

function pageRow(row: MessageChange | MessagePair): PageRow {
  const { kind, a, b } = row;
  const same = a !== null && b !== null && JSON.stringify(a.fields) === JSON.stringify(b.fields);
  return {
    ...{ kind, a: a && messageOf(a, true), b: b && messageOf(b, !same) },
    ...(row.kind === 'changed' && { fields: row.fields.map((f) => f.field) }),
  };
}

function messageOf(m: ComparedMessage, withFields: boolean): PageMessage {
  const { index, packet, direction, name, words, fields } = m;
  return { index, packet, direction, name, words, ...(withFields && { fields }) };
}
