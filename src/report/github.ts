import type { Severity } from '../base/rule.js';
import { count } from '../base/text.js';
import type { CheckedFinding, CheckReport, FileReport } from './check-report.js';
import { placeOf, whereWords } from './location.js';
import { printable } from './words.js';

/** GitHub shows only this many annotations of a kind for each step, and drops the others silently. */
const OF_A_KIND = 10;

const COMMANDS: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', note: 'notice' };

/** Workflow commands that become annotations: the worst first, at most OF_A_KIND of each kind. */
export function github(report: CheckReport): string {
  let out = '';
  for (const severity of ['error', 'warning', 'note'] as const) {
    const lines: string[] = [];
    if (severity === 'error')
      for (const reason of report.gate.reasons)
        lines.push(command('error', { title: 'wirelint check failed' }, printable(reason)));
    for (const file of report.files)
      for (const f of file.findings) if (f.severity === severity) lines.push(annotation(file, f));
    const fits = lines.length <= OF_A_KIND;
    out += lines.slice(0, fits ? OF_A_KIND : OF_A_KIND - 1).join('');
    if (!fits) {
      const more = count(lines.length - OF_A_KIND + 1, `more ${severity}`);
      out += command(COMMANDS[severity], { title: 'wirelint' }, `${more}; the other reports of this run have all`);
    }
  }
  return out;
}

function annotation(file: FileReport, f: CheckedFinding): string {
  const { path, line } = placeOf(file, f);
  const text = `${printable(f.text)} (${printable(whereWords(f))})`;
  return command(COMMANDS[f.severity], { file: printable(path), line: String(line), title: f.rule }, text);
}

function command(name: string, properties: Readonly<Record<string, string>>, text: string): string {
  const list = Object.entries(properties).map(([key, value]) => `${key}=${escapeProperty(value)}`);
  return `::${name} ${list.join(',')}::${escapeData(text)}\n`;
}

function escapeData(text: string): string {
  return text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
}
