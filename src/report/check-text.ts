import { count } from '../base/text.js';
import { captureTable, verdict } from './check-table.js';
import {
  fileTitle,
  rulesOf,
  type CheckedFinding,
  type CheckReport,
  type FileReport,
  type RuleFacts,
} from './check-report.js';
import { hangingLines } from './hanging.js';
import { whereWords } from './location.js';
import { SEVERITY_MARK, theme, type Paint, type Theme } from './theme.js';
import { printable } from './words.js';

/** Findings of one rule in one capture that are printed, unless `verbose`. */
const OF_A_RULE = 10;
/** Indentation of the lines about a finding, and of what does not fit on those. */
const UNDER = ' '.repeat(6);
const CONTINUED = ' '.repeat(8);

export interface CheckTextOptions {
  readonly colors: boolean;
  /** Prints notes as well, and all findings of a rule. */
  readonly verbose: boolean;
  /** Columns of the terminal; null or absent: lines are not broken. */
  readonly width?: number | null;
}

interface Log {
  readonly t: Theme;
  readonly options: CheckTextOptions;
  readonly rules: ReadonlyMap<string, RuleFacts>;
  /** Rules whose title was already printed. */
  readonly explained: Set<string>;
}

/** The report for a CI log: the findings of each capture, with the title of a rule at its first finding; then a table, and the verdict. */
export function checkText(report: CheckReport, options: CheckTextOptions): string {
  const t = theme(options.colors);
  const log = { t, options, rules: rulesOf(report), explained: new Set<string>() };
  let out = '';
  for (const file of report.files) out += fileText(file, log);
  out += captureTable(report, t, options.width ?? null) + verdict(report, t, options.width ?? null);
  return out;
}

function fileText(file: FileReport, log: Log): string {
  const { t, options } = log;
  if (file.state === 'failed') return `${t.title(printable(file.file))}\n  ${printable(file.problem ?? '')}\n\n`;
  const shown = options.verbose ? file.findings : file.findings.filter((f) => f.severity !== 'note');
  let out = '';
  if (shown.length > 0) {
    out += `${t.title(printable(fileTitle(file)))}\n`;
    const counts = new Map<string, number>();
    for (const f of shown) {
      const n = (counts.get(f.rule) ?? 0) + 1;
      counts.set(f.rule, n);
      if (options.verbose || n <= OF_A_RULE) out += findingText(f, log);
    }
    for (const [rule, n] of counts)
      if (!options.verbose && n > OF_A_RULE) out += `  and ${n - OF_A_RULE} more of ${rule} (-v shows all)\n`;
    const notes = file.findings.length - shown.length;
    if (notes > 0) out += t.dim(`  ${count(notes, 'note')} not shown (-v)\n`);
    out += '\n';
  }
  if (file.golden !== null && file.golden.diff !== '') out += `${diffText(file.golden.diff, t)}\n`;
  return out;
}

function findingText(f: CheckedFinding, { t, rules, explained, options }: Log): string {
  const paint = t.severity[f.severity];
  const sure = f.confidence === 'certain' ? '' : `, ${f.confidence}`;
  const width = options.width ?? Infinity;
  const put = (start: string, text: string, ink?: Paint): string =>
    hangingLines(start, text, CONTINUED, width, ink)
      .map((line) => `${line.trimEnd()}\n`)
      .join('');
  const head = `  ${paint(`${SEVERITY_MARK[f.severity]} ${f.severity.padEnd(7)}`)} ${paint(f.rule)} (${f.party}${sure})`;
  let out = put(head, `  ${printable(whereWords(f))}`);
  out += put(UNDER, printable(f.text));
  for (const row of f.dump) out += t.dim(`${UNDER}${row}\n`);
  if (!explained.has(f.rule)) {
    explained.add(f.rule);
    const title = `${rules.get(f.rule)!.title} [${f.spec}]; see: wirelint explain ${f.rule}`;
    out += put(UNDER, title, t.dim);
  }
  return out;
}

function diffText(diff: string, t: Theme): string {
  return diff
    .split('\n')
    .map((line) => {
      const text = printable(line);
      if (line.startsWith('-')) return t.severity.error(text);
      return line.startsWith('+') ? t.good(text) : text;
    })
    .join('\n');
}
