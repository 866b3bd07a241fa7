import { byteSize, count } from '../base/text.js';
import { CLIENT, SERVER } from '../base/input.js';
import type { Party, Severity } from '../base/rule.js';
import type { Divisible } from '../engine/divisible.js';
import type { Finding, Reporter, StreamRecord, Summary } from '../engine/event.js';
import { renderTable, type Column } from './grid.js';
import type { TextOutput } from './output.js';
import { theme, type Theme } from './theme.js';
import { endpoint, findingCounts, printable } from './words.js';

const STREAM_COLUMNS: readonly Column[] = [
  { title: 'capture' },
  { title: 'stream', right: true },
  { title: 'protocol' },
  { title: 'client' },
  { title: 'server' },
  { title: 'messages', right: true },
  { title: 'to server', right: true },
  { title: 'to client', right: true },
  { title: 'missing', right: true },
  { title: 'end' },
  { title: 'findings' },
];

const RULE_COLUMNS: readonly Column[] = [
  { title: 'rule' },
  { title: 'severity' },
  { title: 'party' },
  { title: 'findings', right: true },
  { title: 'first' },
];

/** Most streams that are listed, and most of those that no protocol decodes, in case of a flood of connections. */
const MOST_STREAMS = 20_000;
const MOST_UNKNOWN = 10_000;

/** Index of the protocol in a row, and the text for a stream without one. */
const PROTOCOL = STREAM_COLUMNS.findIndex((c) => c.title === 'protocol');
const UNKNOWN = 'unknown';

/** How often a rule was broken, and where first. */
interface RuleCount {
  readonly rule: string;
  readonly severity: Severity;
  readonly party: Party;
  n: number;
  readonly first: string;
}

/** The contents of the tables: plain data. */
export interface TableRowsOfCaptures {
  readonly streams: readonly (readonly string[])[];
  readonly unlisted: number;
  readonly rules: readonly RuleCount[];
}

/** A table of streams, and a table of findings by rule. */
export class TableReporter implements Reporter, Divisible<TableRowsOfCaptures> {
  private readonly output: TextOutput;
  private readonly t: Theme;
  private readonly width: number | null;
  private readonly streams: (readonly string[])[] = [];
  private unlisted = 0;
  private readonly rules = new Map<string, RuleCount>();

  /** `width`: columns of the terminal, or null. */
  constructor(output: TextOutput, options: { readonly colors: boolean; readonly width: number | null }) {
    this.output = output;
    this.t = theme(options.colors);
    this.width = options.width;
  }

  capture(): void {}

  message(): void {}

  finding(f: Finding): void {
    const first = printable(f.packet > 0 ? `${f.file}, packet ${f.packet}` : f.file);
    this.count({ rule: f.rule.id, severity: f.severity, party: f.party, n: 1, first });
  }

  stream(s: StreamRecord): void {
    for (const { finding: f, times } of s.repeated) {
      const seen = this.rules.get(`${f.rule.id} ${f.severity}`);
      if (seen !== undefined) seen.n += times - 1;
    }
    this.list([
      printable(s.file),
      String(s.id),
      s.protocol?.name ?? UNKNOWN,
      endpoint(s, CLIENT),
      endpoint(s, SERVER),
      String(s.messages),
      byteSize(s.bytes[CLIENT]),
      byteSize(s.bytes[SERVER]),
      byteSize(s.missing[CLIENT] + s.missing[SERVER]),
      s.end,
      findingCounts(s.findings),
    ]);
  }

  gathered(): TableRowsOfCaptures {
    return { streams: this.streams, unlisted: this.unlisted, rules: [...this.rules.values()] };
  }

  goOn({ streams, unlisted, rules }: TableRowsOfCaptures): void {
    for (const row of streams) this.list(row);
    this.unlisted += unlisted;
    for (const rule of rules) this.count(rule);
  }

  private list(row: readonly string[]): void {
    if (this.streams.length >= (row[PROTOCOL] === UNKNOWN ? MOST_UNKNOWN : MOST_STREAMS)) this.unlisted++;
    else this.streams.push(row);
  }

  private count(more: RuleCount): void {
    const key = `${more.rule} ${more.severity}`;
    const seen = this.rules.get(key);
    if (seen === undefined) this.rules.set(key, { ...more });
    else seen.n += more.n;
  }

  summary(s: Summary): void {
    // streams come in the order in which they end; people look for them by number
    const captures = [...new Set(this.streams.map((row) => row[0]!))];
    const order = new Map(captures.map((name, i) => [name, i]));
    this.streams.sort((a, b) => order.get(a[0]!)! - order.get(b[0]!)! || Number(a[1]) - Number(b[1]));
    if (this.streams.length > 0) this.output.add(renderTable(STREAM_COLUMNS, this.streams, this.t, this.width));
    if (this.unlisted > 0) this.output.add(`and ${count(this.unlisted, 'more stream')}\n`);
    const rank: Record<Severity, number> = { error: 0, warning: 1, note: 2 };
    const rules = [...this.rules.values()].sort(
      (a, b) => rank[a.severity] - rank[b.severity] || b.n - a.n || (a.rule < b.rule ? -1 : 1),
    );
    if (rules.length > 0) {
      const rows = rules.map(({ rule, severity, party, n, first }) => [rule, severity, party, String(n), first]);
      this.output.add(renderTable(RULE_COLUMNS, rows, this.t, this.width));
    }
    this.output.add(
      `${count(s.files, 'capture')}, ${count(s.packets, 'packet')}, ${count(s.streams, 'stream')}, ${count(s.messages, 'message')}, ${findingCounts(s.findings)}\n`,
    );
  }
}
