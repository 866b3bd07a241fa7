import type { Json } from '../base/annotation.js';
import { count } from '../base/text.js';
import { wrapText } from '../base/text-width.js';
import type { Comparison, FindingChange, MessageChange, StreamComparison } from '../compare/comparison.js';
import type { ComparedFinding, ComparedMessage } from '../compare/gathering.js';
import { theme, type Paint, type Theme } from './theme.js';
import { printable } from './words.js';

export interface ComparisonOptions {
  readonly colors: boolean;
  /** Columns of the terminal; null: lines are not broken. */
  readonly width: number | null;
  /** The names of the recordings. */
  readonly names: readonly [string, string];
}

/** A comparison for people: what only A has after `-`, what only B has after `+`, what changed after `~` with both values. */
export function comparisonText(c: Comparison, options: ComparisonOptions): string {
  const t = theme(options.colors);
  const lines: string[] = [];
  const add = (text: string, hanging: string, paint: Paint = (s) => s): void => {
    const wrapped = options.width === null ? [text] : wrapText(text, options.width, options.width - hanging.length);
    wrapped.forEach((line, i) => lines.push(paint(i === 0 ? line : hanging + line)));
  };
  add(`- ${printable(options.names[0])}`, '    ', t.severity.error);
  add(`+ ${printable(options.names[1])}`, '    ', t.good);
  for (const s of c.streams) streamLines(s, t, add);
  if (c.findings.length > 0) add('of the recordings:', '  ');
  for (const f of c.findings) findingLines(f, t, add);
  const [a, b] = c.unknown;
  if (a !== b) add(`streams that no protocol claims: ${a} and ${b}`, '  ');
  add(c.equal ? 'equal' : 'different', '  ', t.title);
  return `${lines.join('\n')}\n`;
}

type Add = (text: string, hanging: string, paint?: Paint) => void;

function streamLines(s: StreamComparison, t: Theme, add: Add): void {
  const { a, b } = s;
  const one = a ?? b!;
  const { name } = one.protocol;
  if (a === null || b === null) {
    const mark = a === null ? '+' : '-';
    add(
      `${mark} stream ${one.id}  ${name}, ${count(one.messages.length, 'message')}`,
      '    ',
      a === null ? t.good : t.severity.error,
    );
    return;
  }
  const left = a.leftOut + b.leftOut;
  const tail = [
    `${s.equal} of ${a.messages.length} and ${b.messages.length} messages equal`,
    ...(left === 0 ? [] : [`${count(left, 'message')} not compared (diffMessages)`]),
    ...(s.tooFar ? ['too many differ to list them (diffEdits)'] : []),
  ];
  add(`stream ${a.id}${a.id === b.id ? '' : ` and ${b.id}`}  ${name}  ${tail.join('; ')}`, '    ', t.title);
  for (const change of s.messages) messageLines(change, t, add);
  for (const f of s.findings) findingLines(f, t, add);
}

function messageLines(c: MessageChange, t: Theme, add: Add): void {
  if (c.kind === 'removed') add(`- ${messageWords(c.a)}`, '      ', t.severity.error);
  else if (c.kind === 'added') add(`+ ${messageWords(c.b)}`, '      ', t.good);
  else {
    const place = c.a.index === c.b.index ? `#${c.a.index}` : `#${c.a.index}/#${c.b.index}`;
    add(`~ ${place} ${arrow(c.a)} ${printable(c.a.name)}`, '      ', t.severity.warning);
    for (const f of c.fields) {
      const name = printable(f.field);
      if (f.a !== undefined) add(`    - ${name} ${shown(f.a)}`, '        ', t.severity.error);
      if (f.b !== undefined) add(`    + ${name} ${shown(f.b)}`, '        ', t.good);
    }
  }
}

function messageWords(m: ComparedMessage): string {
  return printable(`#${m.index} ${arrow(m)} ${m.name}${m.words === '' ? '' : `  ${m.words}`}`);
}

function arrow(m: ComparedMessage): string {
  return m.direction === 'client-to-server' ? '->' : m.direction === 'server-to-client' ? '<-' : '--';
}

/** Characters of one value that are shown. */
const MOST_VALUE = 400;

function shown(value: Json): string {
  const text = typeof value === 'string' ? value : listed(value);
  return printable(text.length > MOST_VALUE ? `${text.slice(0, MOST_VALUE)}…` : text);
}

/** A value as text with blanks, so that lines can be broken. */
function listed(value: Json): string {
  if (!Array.isArray(value)) return JSON.stringify(value).replaceAll(',"', ', "');
  const items = (value as readonly Json[]).map((v) => (typeof v === 'string' ? v : JSON.stringify(v)));
  return items.length === 0 ? '(none)' : items.join(' ');
}

function findingLines({ a, b }: FindingChange, t: Theme, add: Add): void {
  const line = (f: ComparedFinding): string =>
    `${f.severity} ${f.rule} (${f.party})${f.count > 1 ? ` ${f.count} times` : ''}: ${f.text}`;
  if (a !== null) add(printable(`- ${line(a)}`), '      ', t.severity.error);
  if (b !== null) add(printable(`+ ${line(b)}`), '      ', t.good);
}

/** The comparison as an object for programs. */
export function comparisonObject(c: Comparison, names: readonly [string, string]): object {
  const message = (m: ComparedMessage | null): object | null =>
    m && { index: m.index, packet: m.packet, direction: m.direction, name: m.name, fields: m.fields };
  return {
    ...{ a: names[0], b: names[1], equal: c.equal },
    streams: c.streams.map((s) => ({
      ...{ protocol: (s.a ?? s.b!).protocol.name, a: s.a?.id ?? null, b: s.b?.id ?? null, equal: s.equal },
      ...{ notCompared: (s.a?.leftOut ?? 0) + (s.b?.leftOut ?? 0), tooFar: s.tooFar },
      messages: s.messages.map((m) => ({
        ...{ kind: m.kind, a: message(m.a), b: message(m.b) },
        ...(m.kind === 'changed' && {
          fields: m.fields.map((f) => ({ field: f.field, a: f.a ?? null, b: f.b ?? null })),
        }),
      })),
      findings: s.findings,
    })),
    findings: c.findings,
    unknown: { a: c.unknown[0], b: c.unknown[1] },
  };
}
