import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import type { Log } from 'sarif';
import { describe, expect, it } from 'vitest';
import { github } from '../../src/report/github.js';
import { gitlab } from '../../src/report/gitlab.js';
import { junit } from '../../src/report/junit.js';
import { sarif } from '../../src/report/sarif.js';
import { checkText } from '../../src/report/check-text.js';
import { checkTable } from '../../src/report/check-table.js';
import type { CheckReport } from '../../src/report/check-report.js';
import { checkReport, failedFile, fileReport, finding, NASTY } from '../kit/check-report.js';
import { junitProblems, parseXml } from '../kit/xml.js';

const clean = checkReport([fileReport('captures/good.pcap', [])]);
const mixed = checkReport(
  [
    fileReport(
      'captures/bad one.pcap',
      [
        finding('captures/bad one.pcap', { line: 14 }),
        finding('captures/bad one.pcap', {
          rule: 'nbd/other',
          severity: 'warning',
          confidence: 'likely',
          message: null,
          messageName: null,
          fingerprint: 'ff'.repeat(16),
        }),
        finding('captures/bad one.pcap', {
          rule: 'capture/truncated',
          severity: 'note',
          party: 'capture',
          stream: null,
          protocol: null,
          direction: 'unknown',
          message: null,
          packet: 0,
          offset: 4096,
          length: 33,
          fingerprint: 'ee'.repeat(16),
        }),
      ],
      { transcript: 'captures/bad one.pcap.txt' },
    ),
    failedFile('captures/not.pcap', `looks like ${NASTY}`),
  ],
  { status: 2, reasons: ['captures/not.pcap: looks like text', '1 error'] },
);
const nasty = checkReport(
  [NASTY.replace('\0', ''), 'b'].map((file) => fileReport(file, [finding(file, { text: NASTY, messageName: NASTY })])),
  { status: 1, reasons: [NASTY] },
);
const many = checkReport([
  fileReport(
    'm.pcap',
    Array.from({ length: 25 }, (_, i) =>
      finding('m.pcap', {
        packet: i,
        severity: i < 12 ? 'warning' : 'error',
        fingerprint: i.toString(16).padStart(32, '0'),
      }),
    ),
  ),
]);
const all: readonly (readonly [string, CheckReport])[] = [
  ['clean', clean],
  ['mixed', mixed],
  ['nasty', nasty],
  ['many', many],
  ['empty', checkReport([])],
];

const UNSAFE = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/;

describe('SARIF', () => {
  const schema = JSON.parse(readFileSync('test/schemas/sarif-2.1.0-rtm.5.json', 'utf8')) as Record<string, unknown>;
  // the schema speaks draft 4, whose identifiers are called otherwise; nothing else in it depends on the draft
  delete schema['$schema'];
  delete schema['id'];
  const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true, unicodeRegExp: false }).compile(
    schema,
  );
  const log = (report: CheckReport): Log => JSON.parse(sarif(report, { version: '1.2.3' })) as Log;

  it.each(all)('of a %s run is valid', (_, report) => {
    expect(validate(log(report)), JSON.stringify(validate.errors?.slice(0, 3))).toBe(true);
    expect(sarif(report, { version: '1.2.3' })).not.toMatch(UNSAFE);
  });

  it('has what GitHub wants of rules and results', () => {
    const run = log(mixed).runs[0]!;
    for (const rule of run.tool.driver.rules!) {
      expect(rule.shortDescription!.text.length).toBeLessThanOrEqual(1024);
      expect(rule.fullDescription!.text.length).toBeLessThanOrEqual(1024);
      expect(rule.help!.text).toContain(`What ${rule.id} means`);
      expect(rule.help!.markdown).toContain('wirelint explain');
      expect((rule.properties!['tags'] as string[]).length).toBeLessThanOrEqual(10);
    }
    for (const result of run.results!) {
      expect(run.tool.driver.rules![result.ruleIndex!]!.id).toBe(result.ruleId);
      expect(result.partialFingerprints!['primaryLocationLineHash']).toMatch(/^[0-9a-f]{32}:1$/);
      expect(result.locations![0]!.physicalLocation!.region!.startLine).toBeGreaterThanOrEqual(1);
    }
  });

  it('points into the transcript where it has a line, and at the bytes inside the capture', () => {
    const run = log(mixed).runs[0]!;
    const [first, , third] = run.results!;
    expect(first!.locations![0]!.physicalLocation).toMatchObject({
      artifactLocation: { uri: 'captures/bad%20one.pcap.txt', uriBaseId: '%SRCROOT%' },
      region: { startLine: 14 },
    });
    const bytes = first!.relatedLocations![0]!.physicalLocation!;
    expect(bytes.region).toEqual({ byteOffset: 100, byteLength: 16 });
    const stream = run.artifacts![bytes.artifactLocation!.index!]!;
    expect(run.artifacts![stream.parentIndex!]!.location!.uri).toBe('captures/bad%20one.pcap');
    expect(third!.relatedLocations![0]!.physicalLocation!.region).toEqual({ byteOffset: 4096, byteLength: 33 });
    expect(first!.properties).toMatchObject({ packet: 12, stream: 1, messageName: 'NBD_SIMPLE_REPLY' });
  });

  it('says that a run did not succeed, and why', () => {
    const [invocation] = log(mixed).runs[0]!.invocations!;
    expect(invocation).toMatchObject({ executionSuccessful: false, exitCode: 2 });
    expect(invocation!.toolExecutionNotifications).toHaveLength(2);
  });

  it('keeps to the number of results that GitHub accepts, the worst first', () => {
    const findings = Array.from({ length: 25_002 }, (_, i) =>
      finding('x', { severity: i < 25_000 ? 'note' : 'error' }),
    );
    const { results, invocations } = log(checkReport([fileReport('x', findings)])).runs[0]!;
    expect(results).toHaveLength(25_000);
    expect(results!.filter((r) => r.level === 'error')).toHaveLength(2);
    expect(invocations![0]!.toolExecutionNotifications!.at(-1)!.message.text).toContain('2 further findings');
  });
});

describe('JUnit', () => {
  it.each(all)('of a %s run is what Jenkins reads', (_, report) => {
    expect(junitProblems(parseXml(junit(report)))).toEqual([]);
  });

  it('has a suite for each capture and a case for each stream', () => {
    const root = parseXml(junit(mixed));
    expect(root.children.map((s) => [s.attributes['name'], s.children.map((c) => c.attributes['name'])])).toEqual([
      ['captures/bad one.pcap', ['capture', 'stream 1 nbd 127.0.0.1:40000 [::1]:10809']],
      ['captures/not.pcap', ['capture']],
      ['wirelint check', ['gate', 'gate']],
    ]);
    const stream = root.children[0]!.children[1]!;
    expect(stream.children.map((c) => c.name)).toEqual(['failure', 'system-out']);
    expect(stream.children[0]!.attributes).toEqual({ message: 'expected this, found that', type: 'nbd/example-rule' });
    expect(stream.children[1]!.text).toContain('nbd/other');
    expect(root.attributes).toMatchObject({ tests: '5', failures: '1', errors: '3' });
  });
});

describe('GitHub annotations', () => {
  it.each(all)('of a %s run are one well-formed command a line', (_, report) => {
    const lines = github(report).split('\n').slice(0, -1);
    for (const line of lines) expect(line).toMatch(/^::(error|warning|notice) [^:]*::.*$/);
    expect(github(report)).not.toMatch(UNSAFE);
  });

  it('escape what would end a property or begin another command', () => {
    const line = github(mixed)
      .split('\n')
      .find((l) => l.includes('example-rule'));
    expect(line).toBe(
      '::error file=captures/bad one.pcap.txt,line=14,title=nbd/example-rule::expected this, found that (stream 1, message #7 NBD_SIMPLE_REPLY, packet 12, server-to-client bytes 100..116)',
    );
    expect(github(nasty)).toContain('%250A::error::');
  });

  it('are at most ten of a kind, the worst first, and say how many more there are', () => {
    const lines = github(many).split('\n').slice(0, -1);
    const kinds = lines.map((l) => /^::(\w+)/.exec(l)![1]);
    expect(kinds).toEqual([...Array<string>(10).fill('error'), ...Array<string>(10).fill('warning')]);
    expect(lines[9]).toContain('5 more errors');
    expect(lines[19]).toContain('3 more warnings');
  });
});

describe('GitLab code quality', () => {
  it.each(all)('of a %s run has what GitLab requires', (_, report) => {
    const entries = JSON.parse(gitlab(report)) as Record<string, unknown>[];
    const prints = entries.map((e) => e['fingerprint']);
    expect(new Set(prints).size).toBe(prints.length);
    for (const e of entries) {
      expect(Object.keys(e)).toEqual(['description', 'check_name', 'fingerprint', 'severity', 'location']);
      expect(['info', 'minor', 'major', 'critical', 'blocker']).toContain(e['severity']);
      expect(e['location']).toMatchObject({
        path: expect.not.stringMatching(/^\.\//),
        lines: { begin: expect.any(Number) },
      });
      expect(e['description']).not.toMatch(UNSAFE);
    }
  });

  it('points into the transcript beside the capture', () => {
    const [first] = JSON.parse(gitlab(mixed)) as Record<string, unknown>[];
    expect(first!['location']).toEqual({ path: 'captures/bad one.pcap.txt', lines: { begin: 14 } });
  });
});

describe('the text for a log', () => {
  it.each(all)('of a %s run is safe to print', (_, report) => {
    expect(checkText(report, { colors: false, verbose: true, width: null })).not.toMatch(UNSAFE);
    expect(checkTable(report, false, null)).not.toMatch(UNSAFE);
  });

  it('shows what was found where, what the rule is, and the verdict', () => {
    expect(checkText(mixed, { colors: false, verbose: false, width: null }).split('\n')).toMatchInlineSnapshot(`
      [
        "captures/bad one.pcap",
        "  x error   nbd/example-rule (server)  stream 1, message #7 NBD_SIMPLE_REPLY, packet 12, server-to-client bytes 100..116",
        "      expected this, found that",
        "      title of nbd/example-rule [NBD protocol, section 1]; see: wirelint explain nbd/example-rule",
        "  ! warning nbd/other (server, likely)  stream 1, packet 12, server-to-client bytes 100..116",
        "      expected this, found that",
        "      title of nbd/other [NBD protocol, section 1]; see: wirelint explain nbd/other",
        "  1 note not shown (-v)",
        "",
        "captures/not.pcap",
        "  looks like <a href="x">&amp;]]>\\x00\\x1b[31m\\u{202e}￾\\u{d800}%0A::error::\\x0d\\x0a, 100%",
        "",
        "┌───────────────────────┬─────────┬───────────┬──────────┬────────┬──────────┬───────┐",
        "│ capture               │ streams │ protocols │ messages │ errors │ warnings │ notes │",
        "├───────────────────────┼─────────┼───────────┼──────────┼────────┼──────────┼───────┤",
        "│ captures/bad one.pcap │       1 │ 1 nbd     │        9 │      1 │        1 │     1 │",
        "└───────────────────────┴─────────┴───────────┴──────────┴────────┴──────────┴───────┘",
        "1 capture, 20 packets, 1 stream, 9 messages, 1 error, 1 warning, 1 note",
        "failed: captures/not.pcap: looks like text",
        "failed: 1 error",
        "",
      ]
    `);
  });

  it('lists rules by how bad they are', () => {
    expect(checkTable(mixed, false, null).split('\n')).toMatchInlineSnapshot(`
      [
        "┌───────────────────────┬─────────┬───────────┬──────────┬────────┬──────────┬───────┐",
        "│ capture               │ streams │ protocols │ messages │ errors │ warnings │ notes │",
        "├───────────────────────┼─────────┼───────────┼──────────┼────────┼──────────┼───────┤",
        "│ captures/bad one.pcap │       1 │ 1 nbd     │        9 │      1 │        1 │     1 │",
        "└───────────────────────┴─────────┴───────────┴──────────┴────────┴──────────┴───────┘",
        "┌───────────────────┬──────────┬─────────┬──────────┬──────────┬──────────────────────────────────┐",
        "│ rule              │ severity │ party   │ findings │ captures │ first                            │",
        "├───────────────────┼──────────┼─────────┼──────────┼──────────┼──────────────────────────────────┤",
        "│ nbd/example-rule  │ error    │ server  │        1 │        1 │ captures/bad one.pcap, packet 12 │",
        "│ nbd/other         │ warning  │ server  │        1 │        1 │ captures/bad one.pcap, packet 12 │",
        "│ capture/truncated │ note     │ capture │        1 │        1 │ captures/bad one.pcap            │",
        "└───────────────────┴──────────┴─────────┴──────────┴──────────┴──────────────────────────────────┘",
        "1 capture, 20 packets, 1 stream, 9 messages, 1 error, 1 warning, 1 note",
        "failed: captures/not.pcap: looks like text",
        "failed: 1 error",
        "",
      ]
    `);
  });
});
