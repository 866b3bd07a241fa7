import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { fieldsOf } from '../../src/base/annotation.js';
import { runSteps } from '../../src/engine/example.js';
import {
  bytesOf,
  client,
  CLOSE,
  END,
  entry,
  hello,
  rule as forward,
  section,
  server,
  SERVER_CLOSE,
} from '../../src/protocols/pesto/build.js';
import { pesto } from '../../src/protocols/pesto/index.js';
import { vector, type VectorName } from './vectors.js';

/** Findings of a session by id, in order, with the severity's first letter. */
function found(steps: readonly Step[], options = {}): string[] {
  return runSteps(pesto, steps, options)
    .findings.filter((f) => f.rule.id.startsWith('pesto/'))
    .map((f) => `${f.severity[0]} ${f.rule.id.slice(6)}`);
}

/** What the transcript says of each message. */
function lines(steps: readonly Step[], options = {}): string[] {
  return runSteps(pesto, steps, options).messages.map((m) => `${m.name} ${pesto.describe(m, false)}`.trim());
}

const v = (name: VectorName): Uint8Array => vector(name);
const alone = (name: VectorName): Step[] => [server(v(name)), { from: 'server', end: 'fin' }];

describe('what servers send', () => {
  it.each([
    ['P01', ['e pif-list-unterminated']],
    ['P02', ['n version-obsolete', 'e pif-list-unterminated']],
    ['P03', ['n prerelease-hello']],
    ['P04', ['n prerelease-hello']],
    ['P05', []],
    ['P06', []],
    ['P22', ['w unsupported-version']],
    ['P24', ['e server-data-after-list']],
    ['P26', ['n version-obsolete']],
  ] as [VectorName, string[]][])('%s', (name, findings) => {
    expect(found(alone(name))).toEqual(findings);
  });

  it('shows a list as the tools print it', () => {
    expect(lines(alone('P06'))).toEqual([
      'HELLO version 2',
      'PIF 1 HOST  caps IPV4 IPV6 TCP UDP SCAN IFNAME  count 1',
      'RULE 1/1 HOST  TCP [*]:8080 => 80',
      'PIF 3 SPLICE  caps IPV4 IPV6 TCP UDP SCAN IFNAME  count 1',
      'RULE 1/1 SPLICE  TCP [*]%lo:8000-8010 => 8000-8010 (auto-scan)',
      'PIF_END',
    ]);
  });

  it('shows the names of a development list', () => {
    expect(lines(alone('P04'))).toEqual(['HELLO version 1  development layout of 16 bytes', 'PIF 1 HOST', 'PIF_END']);
  });

  it('knows the status byte of a draft', () => {
    const [finding] = runSteps(pesto, alone('P24')).findings;
    expect(finding!.text).toContain('status report of a draft');
    expect([finding!.offset, finding!.length]).toEqual([158, 1]);
  });

  it.each([0, 3, 77])('goes on by guess after version %d, with one warning', (version) => {
    const list = bytesOf(hello({ version }), v('P06').subarray(20));
    const { messages, findings, sessions } = runSteps(pesto, [server(list), client(v('P10')), ...CLOSE]);
    expect(messages.filter((m) => m.name === 'RULE').map((m) => [m.side, m.inferred])).toEqual([
      [1, true],
      [1, true],
      [0, true],
      [0, true],
    ]);
    expect(findings.map((f) => [f.rule.id, f.severity])).toEqual([
      [version === 0 ? 'pesto/experimental-version' : 'pesto/unsupported-version', 'warning'],
    ]);
    expect(sessions[0]).toMatchObject({ version, layoutGuessed: true, listComplete: true });
  });

  it('judges nothing of a list whose layout is a guess', () => {
    const rules = [forward({ first: 90, last: 80 }), forward({ first: 0, to: 0, proto: 1 })];
    const steps = [server(hello({ version: 9 }), entry(2, rules, { caps: 0 }), END), ...CLOSE];
    expect(found(steps)).toEqual(['w unsupported-version']);
  });
});

describe('rules as the tools print them', () => {
  it.each([
    ['P07', 2, 'TCP [*]:1-32767 => 1-32767 (best effort)'],
    ['P08', 2, 'TCP [192.0.2.1]%eth0:2222 => 10.0.2.15:22'],
    ['P09', 1, 'UDP [127.0.0.1]%lo:53 => 5353'],
  ] as [VectorName, number, string][])('%s', (name, version, text) => {
    const steps = [server(hello({ version }), v('P05').subarray(20)), client(section(1, [v(name)]), END), ...CLOSE];
    expect(lines(steps)).toContain(`RULE 1/1 HOST  ${text}`);
  });

  it('has every field under its own name', () => {
    const steps = [server(v('P05')), client(section(1, [v('P08')]), END), ...CLOSE];
    const rule = runSteps(pesto, steps).messages.find((m) => m.name === 'RULE')!;
    expect(fieldsOf(pesto.annotate(rule))).toEqual({
      addr: '192.0.2.1',
      taddr: '10.0.2.15',
      ifname: 'eth0',
      first: 2222,
      last: 2222,
      to: 22,
      proto: 'TCP',
      flags: [],
    });
  });
});

describe('what clients send', () => {
  const session = (list: VectorName, update: VectorName, end = CLOSE): Step[] => [
    server(v(list)),
    client(v(update)),
    ...end,
  ];

  it.each([
    ['P06', 'P10', []],
    ['P06', 'P14', ['e client-omits-pif']],
    ['P05', 'P15', ['e rule-count-too-big', 'w update-rejected']],
    ['P05', 'P16', ['e rule-range-inverted', 'w update-rejected']],
    ['P05', 'P17', ['e rule-conflict', 'w update-rejected']],
    ['P05', 'P18', ['e rule-target-overflow', 'w update-rejected']],
    ['P05', 'P19', ['e rule-target-family', 'w update-rejected']],
    ['P05', 'P20', ['e client-unknown-pif', 'w update-rejected']],
    ['P05', 'P21', ['e rule-ifname-unterminated', 'w update-rejected']],
    ['P05', 'P25', ['e rule-target-zero', 'e rule-unknown-flags', 'e rule-proto-unsupported', 'w update-rejected']],
    ['P06', 'P23', ['w update-clears-all']],
    ['P26', 'P11', ['n version-obsolete']],
  ] as [VectorName, VectorName, string[]][])('%s, %s', (list, update, findings) => {
    expect(found(session(list, update))).toEqual(findings);
  });

  it('names rule and position of what is wrong', () => {
    const [finding] = runSteps(pesto, session('P05', 'P17')).findings;
    expect(finding!.text).toBe(
      'rule 2 of HOST, TCP [127.0.0.1]:79-81 => 79-81: conflicts with rule 1, TCP [*]:80 => 80',
    );
    expect([finding!.offset, finding!.length]).toEqual([61, 56]);
  });

  it('marks what needed the version of the server', () => {
    const { messages, streams } = runSteps(pesto, session('P06', 'P10'));
    expect(messages.filter((m) => m.side === 0).map((m) => [m.name, m.hinted])).toEqual([
      ['PIF', false],
      ['RULE', true],
      ['RULE', true],
      ['PIF', true],
      ['PIF_END', true],
    ]);
    expect(streams[0]!.contextFree).toEqual([false, true]);
  });

  it('knows an update of the other version, also one that is cut', () => {
    const old = [
      server(hello({ version: 1 }), v('P05').subarray(20)),
      client(v('P10').subarray(0, 117), END),
      ...CLOSE,
    ];
    expect(found(old)).toEqual(['n version-obsolete', 'e update-version-skew']);
    expect(lines(old)).toContain('RULE 2/2 HOST  TCP [192.0.2.1]%eth0:2222 => 10.0.2.15:22');
    const cut = [server(hello({ version: 1 }), v('P05').subarray(20)), client(v('P10').subarray(0, 100)), ...CLOSE];
    expect(found(cut)).toEqual(['n version-obsolete', 'e update-version-skew']);
  });

  it('finds the size of rules without the server', () => {
    for (const [name, size] of [
      ['P10', 56],
      ['P11', 40],
    ] as const) {
      const steps: Step[] = [client(v(name)), { from: 'client', end: 'fin' }];
      const { messages, findings } = runSteps(pesto, steps);
      expect(messages.filter((m) => m.name === 'RULE').map((m) => [m.length, m.hinted, m.inferred])).toEqual([
        [size, false, true],
        [size, false, true],
      ]);
      expect(findings.map((f) => f.rule.id)).toContain('capture/mode-guessed');
      expect(findings.filter((f) => f.severity !== 'note')).toEqual([]);
    }
  });
});

describe('whole sessions', () => {
  it('FS1: a reader', () => {
    const { findings, sessions } = runSteps(pesto, [server(v('P06')), ...CLOSE]);
    expect(findings).toEqual([]);
    expect(sessions[0]).toEqual({
      version: 2,
      caps: ['IPV4', 'IPV6', 'TCP', 'UDP', 'SCAN', 'IFNAME'],
      tables: { HOST: ['TCP [*]:8080 => 80'], SPLICE: ['TCP [*]%lo:8000-8010 => 8000-8010 (auto-scan)'] },
      listComplete: true,
      update: 'none',
    });
  });

  it('FS2: an update, with its differences', () => {
    const { sessions, descriptions } = runSteps(pesto, [server(v('P06')), client(v('P10')), ...CLOSE]);
    expect(sessions[0]!['changes']).toEqual({
      HOST: { added: ['TCP [192.0.2.1]%eth0:2222 => 10.0.2.15:22'], removed: [], kept: 1 },
      SPLICE: { added: [], removed: ['TCP [*]%lo:8000-8010 => 8000-8010 (auto-scan)'], kept: 0 },
    });
    expect(descriptions[0]!.slice(1)).toEqual([
      'update complete: HOST +1 -0 =1, SPLICE +0 -1 =0',
      '  HOST + TCP [192.0.2.1]%eth0:2222 => 10.0.2.15:22',
      '  SPLICE - TCP [*]%lo:8000-8010 => 8000-8010 (auto-scan)',
      'after it HOST: TCP [*]:8080 => 80, TCP [192.0.2.1]%eth0:2222 => 10.0.2.15:22',
      'after it SPLICE: no rules',
    ]);
  });

  it('FS4: a truncated update, and the list after it', () => {
    const first = [server(v('P06')), client(v('P13')), ...CLOSE];
    expect(found(first)).toEqual(['w update-truncated']);
    const next: Step[] = [...first, { then: 'new connection' }, server(v('P06')), ...CLOSE];
    const { findings, sessions } = runSteps(pesto, next);
    expect(findings.map((f) => f.rule.id)).toEqual(['pesto/update-truncated', 'capture/undecoded']);
    expect(findings[0]!.text).toBe('the client left in rule 2 of 2 for HOST, with 20 of 56 bytes; nothing was applied');
    expect(sessions[1]!['previousUpdate']).toBe('the list does not show the cut update of stream 1: it was discarded');
    const applied: Step[] = [...first, { then: 'new connection' }, server(v('P05')), ...CLOSE];
    expect(found(applied)).not.toContain('e truncated-update-applied');
  });

  it('FS5 and FS6: updates that are refused', () => {
    for (const update of ['P17', 'P20'] as const) {
      const steps = [server(v('P05')), client(v(update)), ...SERVER_CLOSE];
      expect(found(steps)).toContain('w update-rejected');
      expect(runSteps(pesto, steps).sessions[0]!['update']).toBe('refused');
    }
  });

  it('FS7: a newer client waits', () => {
    expect(found([server(v('P26')), { pause: 6 }, ...CLOSE])).toEqual([
      'n version-obsolete',
      'w version-skew-stall',
      'w client-idle',
    ]);
  });

  it('FS9: a status byte of the draft', () => {
    const steps = [server(v('P24')), client(v('P23').subarray(0, 5), END), ...CLOSE];
    expect(found(steps)).toEqual(['e server-data-after-list', 'n update-no-change']);
  });

  it('says that an update was accepted when the next list shows it', () => {
    const steps: Step[] = [
      server(v('P05')),
      client(section(1, [v('P08')]), END),
      ...CLOSE,
      { then: 'new connection' },
      server(v('P05').subarray(0, 156), Uint8Array.of(1), v('P08'), END),
      ...CLOSE,
    ];
    const { sessions, descriptions } = runSteps(pesto, steps);
    expect(sessions[1]!['previousUpdate']).toBe('the list shows the update of stream 1: it was accepted');
    expect(descriptions[1]).toContain('the list shows the update of stream 1: it was accepted');
  });
});
