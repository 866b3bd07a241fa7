import { addSummary, emptySummary } from '../../src/engine/summary.js';
import type { Severity } from '../../src/base/rule.js';
import {
  type CheckedFinding,
  type CheckReport,
  type FileReport,
  type GateResult,
} from '../../src/report/check-report.js';
import type { StreamEvent } from '../../src/report/event-object.js';

/** What was on the wire where a report must not break: markup, controls, separators, an unpaired surrogate, workflow commands. */
export const NASTY = '<a href="x">&amp;]]>\u0000\u001b[31m\u202e\ufffe\ud800%0A::error::\r\n, 100%';

export function finding(file: string, more: Partial<CheckedFinding> = {}): CheckedFinding {
  return {
    type: 'finding',
    file,
    stream: 1,
    protocol: 'nbd',
    rule: 'nbd/example-rule',
    severity: 'error',
    party: 'server',
    confidence: 'certain',
    direction: 'server-to-client',
    message: 7,
    related: [3],
    offset: 100,
    length: 16,
    packet: 12,
    time: '2026-11-20T14:31:05.123456789Z',
    text: 'expected this, found that',
    spec: 'NBD protocol, section 1',
    fingerprint: '0123456789abcdef0123456789abcdef',
    messageName: 'NBD_SIMPLE_REPLY',
    dump: [],
    times: 1,
    line: null,
    part: null,
    ...more,
  };
}

export function fileReport(
  file: string,
  findings: readonly CheckedFinding[],
  more: Partial<FileReport> = {},
): FileReport {
  const summary = emptySummary();
  summary.files = 1;
  summary.packets = 20;
  summary.streams = 1;
  summary.messages = 9;
  summary.protocols['nbd'] = 1;
  summary.messagesByProtocol['nbd'] = 9;
  for (const f of findings) summary.findings[f.severity]++;
  const stream: StreamEvent = {
    type: 'stream',
    file,
    stream: 1,
    transport: 'tcp',
    client: '127.0.0.1:40000',
    server: '[::1]:10809',
    protocol: 'nbd',
    classifiedBy: 'magic',
    bytes: { 'client-to-server': 100, 'server-to-client': 200 },
    missing: { 'client-to-server': 0, 'server-to-client': 0 },
    start: 'captured',
    end: 'closed',
    messages: 9,
    findings: summary.findings,
    contextFree: { 'client-to-server': true, 'server-to-client': true },
    session: {},
  };
  const none = { resynchronised: 0, opaque: 0, undecoded: 0 };
  const rules = findings.map((f) => [
    f.rule,
    {
      id: f.rule,
      severity: f.severity,
      party: f.party,
      title: `title of ${f.rule}`,
      meaning: `What ${f.rule} means. ${'At length. '.repeat(150)}`,
      specUrl: 'https://example.org/spec#section',
      spec: f.spec,
    },
  ]);
  return {
    file,
    parts: [file],
    exact: {},
    state: 'judged',
    problem: null,
    capture: { type: 'capture', file, format: 'pcap', linkTypes: [1], resolution: 'us' },
    streams: [{ ...stream, skipped: { 'client-to-server': none, 'server-to-client': none }, oneSided: false }],
    findings,
    rules: Object.fromEntries(rules) as FileReport['rules'],
    summary,
    transcript: null,
    golden: null,
    suppressed: {},
    silenced: 0,
    internalErrors: 0,
    page: null,
    ...more,
  };
}

export function failedFile(file: string, problem: string): FileReport {
  return { ...fileReport(file, []), state: 'failed', problem, capture: null, streams: [], summary: emptySummary() };
}

export function checkReport(files: readonly FileReport[], gate?: GateResult, failOn: Severity = 'error'): CheckReport {
  const summary = emptySummary();
  for (const f of files) addSummary(summary, f.summary);
  const failed = summary.findings.error > 0;
  return {
    files,
    summary,
    failOn,
    gate: gate ?? { status: failed ? 1 : 0, reasons: failed ? [`${summary.findings.error} errors`] : [] },
    suppressed: 0,
  };
}
