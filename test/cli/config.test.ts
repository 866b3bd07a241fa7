import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { copyCapture, scratch, wirelint, writeJson } from '../kit/cli.js';

interface Suppression {
  rule?: string;
  path?: string;
  fingerprint?: string;
  reason: string;
  expires?: string;
}

const NAME = 'wirelint.config.json';
const JOINED = { 'capture/joined-late': 'error' };

function project(config: unknown): { folder: string; check: (...args: string[]) => ReturnType<typeof wirelint> } {
  const folder = scratchFolder();
  mkdirSync(join(folder, 'caps/old'), { recursive: true });
  copyCapture('nbd/late-join-structured.pcap', join(folder, 'caps/late.pcap'));
  copyCapture('nbd/late-join-structured.pcap', join(folder, 'caps/old/late.pcap'));
  copyCapture('nbd/nbdkit-structured-sparse-df.pcap', join(folder, 'caps/full.pcap'));
  writeJson(join(folder, NAME), config);
  return { folder, check: (...args) => wirelint(['check', ...args], { cwd: folder }) };
}

const root = scratch();
let serial = 0;
function scratchFolder(): string {
  const folder = join(root, String(++serial));
  mkdirSync(folder);
  return folder;
}

describe('the configuration', () => {
  it('is found upwards, and set aside by the command line', () => {
    const { folder, check } = project({ rules: JOINED });
    expect(check('caps').status).toBe(1);
    expect(wirelint(['check', '.'], { cwd: join(folder, 'caps') }).status).toBe(1);
    expect(check('--rule', 'capture/joined-late=note', 'caps').status).toBe(0);
    writeJson(join(folder, 'other.json'), {});
    expect(check('--config', 'other.json', 'caps').status).toBe(0);
    expect(wirelint(['analyze', '-f', 'ndjson', 'caps/late.pcap'], { cwd: folder }).stdout).toContain(
      '"rule":"capture/joined-late","severity":"error"',
    );
  });

  it('may differ by path', () => {
    const { check, folder } = project({
      rules: JOINED,
      overrides: [{ paths: ['caps/old/**'], rules: { 'capture/joined-late': 'off' } }],
    });
    const { stdout, status } = check('-f', 'github', 'caps');
    expect(status).toBe(1);
    expect(stdout).toContain('file=caps/late.pcap');
    expect(stdout).not.toMatch(/old\/late\.pcap.*joined-late/);
    const lines = wirelint(['analyze', '-f', 'ndjson', 'caps/late.pcap', 'caps/old/late.pcap'], { cwd: folder }).stdout;
    expect(lines.match(/"rule":"capture\/joined-late"/g)).toHaveLength(1);
  });

  it('sets the gate', () => {
    expect(project({ require: { pesto: 1 } }).check('caps').stdout).toContain('failed: no stream spoke pesto');
    expect(project({ requireComplete: true }).check('caps').status).toBe(1);
    expect(project({ rules: { 'capture/joined-late': 'warning' }, maxWarnings: 1 }).check('caps').status).toBe(1);
    expect(project({ failOn: 'note' }).check('caps').status).toBe(1);
    expect(project({ protocols: ['pesto'], allowEmpty: true }).check('caps').status).toBe(0);
  });

  const bad: readonly (readonly [unknown, string])[] = [
    [{ ruels: {} }, 'ruels: unknown key'],
    [{ rules: { 'nbd/none-such': 'off' } }, 'rules: unknown rule "nbd/none-such"'],
    [{ rules: { 'capture/gap': 'loud' } }, 'rules.capture/gap: '],
    [{ failOn: 3 }, 'failOn: '],
    [{ decodeAs: ['x=nbd'] }, 'decodeAs: '],
    [[], 'the document: expected an object'],
    [{ require: { smb: 1 } }, 'require: unknown protocol "smb"'],
    [{ protocols: ['smb'] }, 'protocols: unknown protocol "smb"'],
    [{ overrides: [{ rules: {} }] }, 'overrides[0].paths: missing'],
    [{ suppressions: [{ rule: 'nbd/*' }] }, 'suppressions[0].reason: missing'],
    [{ suppressions: [{ reason: 'x' }] }, 'suppressions[0]: expected at least one of rule, path, stream, fingerprint'],
    [{ suppressions: [{ rule: 'x', reason: 'x', expires: '2026-02-30' }] }, 'suppressions[0].expires: expected a date'],
    [{ expect: [{ message: 'X', count: 'few' }] }, 'expect[0].count: expected a number'],
    [
      { expect: [{ message: 'X', absent: 'Y' }] },
      'expect[0]: expected exactly one of message, absent, session, exitStatus',
    ],
    [{ expect: [{ exitStatus: 256 }] }, 'expect[0].exitStatus'],
    [{ expect: [{ exitStatus: 0, protocol: 'nbd' }] }, 'expect[0]: exitStatus goes with no protocol'],
    [{ expect: [{ absent: 'X', count: 1 }] }, 'expect[0]: count goes with message'],
    [{ expect: [{ protocol: 'smb', absent: 'X' }] }, 'expect: unknown protocol "smb"'],
    [{ maxWarnings: -1 }, 'maxWarnings: '],
    [JSON.parse('{ "__proto__": {} }'), '__proto__: unknown key'],
    [{ constructor: {} }, 'constructor: unknown key'],
    [{ expect: [{ session: { constructor: 'Object' } }] }, 'constructor: unknown key'],
    [
      { expect: [{ absent: 'NBD_CMD_REED' }] },
      'expect: no message of any protocol is called "NBD_CMD_REED"; did you mean NBD_CMD_READ?',
    ],
    [{ expect: [{ absent: 'NBD_REP_EROR_*' }] }, 'expect: no message of any protocol is called "NBD_REP_EROR_*"'],
    [{ expect: [{ protocol: 'nbd', message: 'ListenOk' }] }, 'expect: no message of nbd is called "ListenOk"'],
  ];

  it.each(bad)('with a mistake is refused with its key: %j', (config, text) => {
    const { status, stdout, stderr } = project(config).check('caps');
    expect(stderr).toMatch(/^wirelint: [^\n]*\n$/);
    expect(stderr).toContain(`${NAME}: ${text}`);
    expect([status, stdout]).toEqual([2, '']);
  });

  it('that is no JSON is refused', () => {
    const { folder, check } = project({});
    writeFileSync(join(folder, NAME), '{ "rules": ');
    expect(check('caps')).toMatchObject({ status: 2, stderr: expect.stringContaining('not JSON') });
  });

  it('has a schema that draws the same line, names of rules and protocols aside', () => {
    const schema = JSON.parse(readFileSync('schema/wirelint.config.schema.json', 'utf8')) as object;
    const validate = new Ajv({ strict: false, validateFormats: false }).compile(schema);
    const byName = /unknown (rule|protocol)|no message of|decodeAs|2026-02-30|constructor|__proto__/;
    for (const [config, text] of bad)
      if (!byName.test(text + JSON.stringify(config))) expect([config, validate(config)]).toEqual([config, false]);
    const good = {
      $schema: './schema.json',
      rules: JOINED,
      decodeAs: ['10810=nbd'],
      keyrings: ['k'],
      failOn: 'note',
      expect: [
        { message: 'NBD_*', count: 3 },
        { protocol: 'nbd', message: 'X', count: '>= 1' },
        { absent: 'Y' },
        { exitStatus: 0 },
        { session: { structured: true, contexts: ['base:allocation'] } },
      ],
      protocols: ['nbd'],
      maxWarnings: 0,
      require: { nbd: 10 },
      requireComplete: false,
      allowEmpty: false,
      overrides: [{ paths: ['*'], rules: JOINED, failOn: 'error', expect: [] }],
      suppressions: [
        { rule: 'nbd/*', path: 'x', stream: 1, fingerprint: '0'.repeat(32), reason: 'r', expires: '2030-01-01' },
      ],
    };
    expect(validate(good)).toBe(true);
    const { keyrings: _, ...usable } = good;
    expect(project({ ...usable, suppressions: [], expect: [], require: {} }).check('caps').status).not.toBe(2);
  });
});

describe('suppressions', () => {
  const joined = (more: Partial<Suppression>): Suppression => ({
    rule: 'capture/joined-late',
    reason: 'known',
    ...more,
  });

  it('silence by rule and path', () => {
    const all = project({ rules: JOINED, suppressions: [joined({})] }).check('caps');
    expect([all.status, all.stdout]).toEqual([0, expect.stringContaining('2 suppressed')]);
    expect(project({ rules: JOINED, suppressions: [joined({ path: 'caps/old/*' })] }).check('caps').status).toBe(1);
    expect(
      project({ rules: JOINED, suppressions: [joined({ rule: 'capture/*', path: '**' })] }).check('caps').status,
    ).toBe(0);
  });

  it('are not counted anywhere', () => {
    const { stdout } = project({ rules: JOINED, suppressions: [joined({})] }).check('-f', 'ndjson', 'caps/late.pcap');
    expect(stdout).not.toContain('joined-late');
    expect(stdout).toContain('"findings":{"error":0');
  });

  it('fail the gate where they are stale', () => {
    const stale = project({ suppressions: [joined({ rule: 'capture/malformed' })] });
    const { status, stdout } = stale.check('caps');
    expect(status).toBe(1);
    expect(stdout).toContain('failed: suppression 1 (capture/malformed; "known") is stale');
    expect(project({ suppressions: [joined({ path: 'caps/gone.pcap' })] }).check('caps').status).toBe(1);
  });

  it('are not stale where the run was not about them', () => {
    const { check } = project({ rules: JOINED, suppressions: [joined({ path: 'caps/**' })] });
    expect(check('caps/full.pcap', '-s', '1').status).toBe(0);
    const other = project({ rules: JOINED, suppressions: [joined({ path: 'caps/old/late.pcap' })] });
    expect(other.check('caps/full.pcap').status).toBe(0);
  });

  it('fail the gate where they have expired, and silence nothing any more', () => {
    const { status, stdout } = project({
      rules: { 'capture/joined-late': 'warning' },
      suppressions: [joined({ expires: '2020-01-31' }), joined({ expires: '2999-12-31', path: 'caps/old/*' })],
    }).check('caps');
    expect(status).toBe(1);
    expect(stdout).toContain('expired on 2020-01-31');
    expect(stdout).toContain('1 warning');
  });

  it('are written as a baseline, which holds until something new is found', () => {
    const { folder, check } = project({
      rules: JOINED,
      suppressions: [joined({ rule: 'capture/gap', fingerprint: 'ab'.repeat(16) })],
    });
    expect(check('caps').status).toBe(1);
    const written = check('--write-baseline', 'caps');
    expect([written.status, written.stderr]).toEqual([
      0,
      expect.stringContaining(`${NAME}: 2 added to the suppressions, 1 dropped`),
    ]);
    const config = JSON.parse(readFileSync(join(folder, NAME), 'utf8')) as {
      rules: unknown;
      suppressions: Suppression[];
    };
    expect(config.rules).toEqual(JOINED);
    expect(config.suppressions.map((s) => s.path)).toEqual(['caps/late.pcap', 'caps/old/late.pcap']);
    expect(check('caps').status).toBe(0);
    expect(check('--write-baseline', 'caps').stderr).toContain('0 added to the suppressions, 0 dropped');
    copyCapture('nbd/late-join-structured.pcap', join(folder, 'caps/new.pcap'));
    expect(check('caps').status).toBe(1);
  });
});

describe('expectations', () => {
  const run = (expect_: unknown): ReturnType<typeof wirelint> => project({ expect: expect_ }).check('caps/full.pcap');

  it('that hold are silent', () => {
    const { status } = run([
      { message: 'NBD_CMD_READ' },
      { protocol: 'nbd', message: 'NBD_OPT_*', count: '>=1' },
      { message: 'NBD_CMD_DISC', count: 1 },
      { absent: 'NBD_REP_ERR_*' },
      { message: 'NBD_CMD_RESIZE', count: 0 },
      { session: {} },
    ]);
    expect(status).toBe(0);
  });

  it.each([
    [{ message: 'NBD_CMD_DISC', count: '>=2' }, 'expected at least 2 NBD_CMD_DISC, found 1'],
    [{ message: 'NBD_CMD_RESIZE' }, 'expected at least 1 NBD_CMD_RESIZE, found none'],
    [{ absent: 'NBD_CMD_D*' }, 'expected no NBD_CMD_D*, found 1 NBD_CMD_DISC'],
    [{ protocol: 'pesto', message: 'HELLO' }, 'expected at least 1 HELLO of pesto, found none'],
    [{ protocol: 'pesto', session: {} }, 'expected a session of pesto with {}, found no session'],
    [{ session: { noSuchThing: true } }, 'expected session.noSuchThing to be true, but a session of nbd has only'],
  ])('that do not hold are findings: %j', (e, text) => {
    const { status, stdout } = run([e]);
    expect(status).toBe(1);
    expect(stdout).toContain('check/expectation');
    expect(stdout).toContain(text);
  });

  it('of an override stand instead of those of the whole configuration', () => {
    const { check } = project({
      expect: [{ message: 'NBD_CMD_RESIZE' }],
      overrides: [{ paths: ['late.pcap'], expect: [{ message: 'NBD_CMD_READ' }] }],
    });
    expect(check('caps/late.pcap').status).toBe(0);
    expect(check('caps/full.pcap').status).toBe(1);
  });

  it('obey levels and suppressions, and appear in every format', () => {
    const expectation = { expect: [{ message: 'NBD_CMD_RESIZE' }] };
    expect(project({ ...expectation, rules: { 'check/expectation': 'note' } }).check('caps/full.pcap').status).toBe(0);
    const suppressed = { ...expectation, suppressions: [{ rule: 'check/expectation', reason: 'later' }] };
    expect(project(suppressed).check('caps/full.pcap').status).toBe(0);
    const { check } = project(expectation);
    for (const format of ['ndjson', 'json', 'sarif', 'junit', 'github', 'gitlab', 'table'])
      expect(check('-f', format, 'caps/full.pcap').stdout).toContain('check/expectation');
  });
});

describe('comments of the configuration', () => {
  it('are passed over, and only they', () => {
    const { check, folder } = project({});
    const path = join(folder, NAME);
    writeFileSync(
      path,
      '{\n  // why\n  "failOn": "note", /* {"x": 1} */\n  "rules": { "capture/joined-late": "error" } // "//"\n}\n',
    );
    expect(check('caps').status).toBe(1);
    writeFileSync(path, '{\n  // why\n  "failOn": oops\n}\n');
    expect(check('caps').stderr).toContain('not JSON: Unexpected token');
    writeFileSync(path, '{ "suppressions": [{ "rule": "x//y", "reason": "a // is no comment here", "path": "/*" }] }');
    expect(check('caps').stderr).not.toContain('not JSON');
  });
});
