import { safeText } from '../base/text.js';
import { atLeast } from '../engine/findings.js';
import type { CheckedFinding, CheckedStream, CheckReport, FileReport } from './check-report.js';
import { whereWords } from './location.js';

interface Case {
  readonly name: string;
  readonly failures: readonly CheckedFinding[];
  readonly error: string | null;
  readonly output: string;
}

interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** JUnit XML as Jenkins reads it: a suite for each capture, with a case for each stream and one for the capture itself. */
export function junit(report: CheckReport): string {
  const suites = report.files.filter((f) => f.state !== 'skipped').map((f) => fileSuite(f, report));
  suites.push(gateSuite(report));
  let out = '<?xml version="1.0" encoding="UTF-8"?>\n';
  out += `<testsuites${attributes({ name: 'wirelint', ...totals(suites.flatMap((s) => s.cases)) })}>\n`;
  suites.forEach((suite, id) => (out += suiteXml(suite, id)));
  return `${out}</testsuites>\n`;
}

function fileSuite(file: FileReport, report: CheckReport): Suite {
  if (file.state === 'failed')
    return { name: file.file, cases: [{ name: 'capture', failures: [], error: file.problem, output: '' }] };
  const own = file.findings.filter((f) => f.stream === null);
  const cases: Case[] = [testCase('capture', own, report, '')];
  const byStream = new Map<number, CheckedFinding[]>();
  for (const f of file.findings) {
    if (f.stream === null) continue;
    const list = byStream.get(f.stream);
    if (list === undefined) byStream.set(f.stream, [f]);
    else list.push(f);
  }
  for (const s of file.streams)
    cases.push(testCase(streamName(s), byStream.get(s.stream) ?? [], report, streamWords(s)));
  return { name: file.file, cases };
}

function testCase(name: string, findings: readonly CheckedFinding[], report: CheckReport, lead: string): Case {
  const failures = findings.filter((f) => atLeast(f.severity, report.failOn));
  const others = findings.filter((f) => !atLeast(f.severity, report.failOn));
  const output = [lead, ...others.map((f) => `${f.severity} ${findingWords(f)}`)].filter((l) => l !== '');
  return { name, failures, error: null, output: output.join('\n') };
}

/** The gate's verdict on the run as a whole. */
function gateSuite(report: CheckReport): Suite {
  const { status, reasons } = report.gate;
  const cases =
    status === 0
      ? [{ name: 'gate', failures: [], error: null, output: '' }]
      : reasons.map((reason) => ({ name: 'gate', failures: [], error: reason, output: '' }));
  return { name: 'wirelint check', cases };
}

function suiteXml(suite: Suite, id: number): string {
  let out = `  <testsuite${attributes({ name: suite.name, id, ...totals(suite.cases) })}>\n`;
  for (const c of suite.cases) {
    out += `    <testcase${attributes({ classname: suite.name, name: c.name })}>\n`;
    if (c.error !== null) out += element('error', { message: c.error, type: 'wirelint' }, c.error);
    for (const f of c.failures) out += element('failure', { message: f.text, type: f.rule }, findingWords(f));
    if (c.output !== '') out += element('system-out', {}, c.output);
    out += '    </testcase>\n';
  }
  return `${out}  </testsuite>\n`;
}

function totals(cases: readonly Case[]): Record<string, number> {
  return {
    tests: cases.length,
    failures: cases.filter((c) => c.failures.length > 0).length,
    errors: cases.filter((c) => c.error !== null).length,
  };
}

function streamName(s: CheckedStream): string {
  return `stream ${s.stream} ${s.protocol ?? 'unknown'} ${s.client} ${s.server}`;
}

function streamWords(s: CheckedStream): string {
  return `${s.protocol ?? 'unknown'}, ${s.messages} messages, ${s.end}`;
}

function findingWords(f: CheckedFinding): string {
  return `${f.rule} (${f.party}): ${f.text}\n${whereWords(f)}\n${f.spec}`;
}

function element(name: string, properties: Readonly<Record<string, string>>, text: string): string {
  return `      <${name}${attributes(properties)}>${xml(text)}</${name}>\n`;
}

function attributes(list: Readonly<Record<string, string | number>>): string {
  return Object.entries(list)
    .map(([key, value]) => ` ${key}="${xml(String(value)).replace(/\n/g, '&#10;')}"`)
    .join('');
}

/** Text that any XML parser accepts, whatever was on the wire: line ends stay, and all other characters that are not plain are escaped. */
function xml(text: string): string {
  return text
    .split('\n')
    .map((line) => safeText(line).replace(/[\ufffe\uffff]/g, (c) => `\\u{${c.codePointAt(0)!.toString(16)}}`))
    .join('\n')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;');
}
