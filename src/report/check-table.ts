import type { Severity } from '../base/rule.js';
import { count } from '../base/text.js';
import type { CheckReport, FileReport } from './check-report.js';
import { renderTable, type Column } from './grid.js';
import { hangingLines } from './hanging.js';
import { theme, type Theme } from './theme.js';
import { findingCounts, printable } from './words.js';

/** With more captures than this, only those with errors or warnings are listed. */
const LISTED_CAPTURES = 50;

const CAPTURE_COLUMNS: readonly Column[] = [
  { title: 'capture' },
  { title: 'streams', right: true },
  { title: 'protocols' },
  { title: 'messages', right: true },
  { title: 'errors', right: true },
  { title: 'warnings', right: true },
  { title: 'notes', right: true },
];

const RULE_COLUMNS: readonly Column[] = [
  { title: 'rule' },
  { title: 'severity' },
  { title: 'party' },
  { title: 'findings', right: true },
  { title: 'captures', right: true },
  { title: 'first' },
];

/** The captures, the findings by rule, and the verdict. */
export function checkTable(report: CheckReport, colors: boolean, width: number | null): string {
  const t = theme(colors);
  return captureTable(report, t, width) + ruleTable(report, t, width) + verdict(report, t, width);
}

export function captureTable(report: CheckReport, t: Theme, width: number | null): string {
  const judged = report.files.filter((f) => f.state === 'judged');
  const loud = judged.filter((f) => f.summary.findings.error + f.summary.findings.warning > 0);
  const listed = judged.length > LISTED_CAPTURES ? loud : judged;
  let out = '';
  if (listed.length > 0) out += renderTable(CAPTURE_COLUMNS, listed.map(captureRow), t, width);
  const left = judged.length - listed.length;
  if (left > 0) out += `and ${count(left, 'capture')} without errors or warnings\n`;
  return out;
}

function captureRow(f: FileReport): string[] {
  const { streams, messages, findings, protocols } = f.summary;
  return [
    printable(f.parts.length > 1 ? `${f.file} (+${f.parts.length - 1})` : f.file),
    String(streams),
    protocolWords(protocols, streams),
    String(messages),
    String(findings.error),
    String(findings.warning),
    String(findings.note),
  ];
}

function protocolWords(protocols: Readonly<Record<string, number>>, streams: number): string {
  const words = Object.entries(protocols)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, n]) => `${n} ${name}`);
  const unknown = streams - Object.values(protocols).reduce((a, b) => a + b, 0);
  if (unknown > 0) words.push(`${unknown} unknown`);
  return words.join(', ');
}

function ruleTable(report: CheckReport, t: Theme, width: number | null): string {
  const rank: Record<Severity, number> = { error: 0, warning: 1, note: 2 };
  const rows = new Map<string, { n: number; files: Set<string>; cells: string[]; rank: number }>();
  for (const file of report.files) {
    for (const f of file.findings) {
      const key = `${f.rule} ${f.severity}`;
      let row = rows.get(key);
      if (row === undefined) {
        const first = f.packet > 0 ? `${f.file}, packet ${f.packet}` : f.file;
        const cells = [f.rule, f.severity, f.party, printable(first)];
        rows.set(key, (row = { n: 0, files: new Set(), cells, rank: rank[f.severity] }));
      }
      row.n++;
      row.files.add(f.file);
    }
  }
  if (rows.size === 0) return '';
  const sorted = [...rows.values()].sort(
    (a, b) => a.rank - b.rank || b.n - a.n || (a.cells[0]! < b.cells[0]! ? -1 : 1),
  );
  const cells = sorted.map(({ cells: [rule, severity, party, first], n, files }) => [
    rule!,
    severity!,
    party!,
    String(n),
    String(files.size),
    first!,
  ]);
  return renderTable(RULE_COLUMNS, cells, t, width);
}

/** Totals, and whether the gate passes. */
export function verdict(report: CheckReport, t: Theme, width: number | null): string {
  const { summary: s, files, gate } = report;
  const skipped = files.filter((f) => f.state === 'skipped').length;
  const parts = [
    count(s.files, 'capture'),
    count(s.packets, 'packet'),
    count(s.streams, 'stream'),
    count(s.messages, 'message'),
    findingCounts(s.findings),
  ];
  if (report.suppressed > 0) parts.push(`${report.suppressed} suppressed`);
  if (skipped > 0) parts.push(`${count(skipped, 'file')} skipped (no captures)`);
  const lines = (start: string, text: string): string =>
    hangingLines(start, text, '  ', width ?? Infinity).join('\n') + '\n';
  let out = lines('', parts.join(', '));
  if (gate.status === 0) return `${out}${t.good('passed')}\n`;
  for (const reason of gate.reasons) out += lines(`${t.severity.error('failed')}: `, printable(reason));
  return out;
}
