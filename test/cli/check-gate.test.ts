import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAPTURES, copyCapture, events, scratch, wirelint } from '../kit/cli.js';

const CLEAN = join(CAPTURES, 'nbd/any-sll.pcap');
const LATE = join(CAPTURES, 'nbd/late-join-structured.pcap');
const CUT = join(CAPTURES, 'nbd/snaplen-96.pcap');
/** A finding whose severity the tests can choose. */
const LATE_AS = (level: string): string[] => ['--rule', `capture/joined-late=${level}`, LATE];

function status(...args: string[]): number | null {
  return wirelint(['check', ...args]).status;
}

describe('the gate', () => {
  it('passes where nothing is found, and tells findings by their severity', () => {
    expect(status(CLEAN)).toBe(0);
    expect(status(...LATE_AS('error'))).toBe(1);
    expect(status(...LATE_AS('warning'))).toBe(0);
    expect(status('--fail-on', 'warning', ...LATE_AS('warning'))).toBe(1);
    expect(status('--fail-on', 'note', ...LATE_AS('note'))).toBe(1);
    expect(status('--fail-on', 'error', ...LATE_AS('off'))).toBe(0);
  });

  it('counts warnings', () => {
    expect(status('--max-warnings', '1', ...LATE_AS('warning'))).toBe(0);
    const { status: failed, stdout } = wirelint(['check', '--max-warnings', '0', ...LATE_AS('warning')]);
    expect(failed).toBe(1);
    expect(stdout).toContain('failed: 1 warning, more than the 0 allowed');
  });

  it('requires protocols to be seen', () => {
    expect(status('--require', 'nbd', CLEAN)).toBe(0);
    expect(status('--require', 'nbd=28', CLEAN)).toBe(0);
    const few = wirelint(['check', '--require', 'nbd=29', CLEAN]);
    expect([few.status, few.stdout]).toEqual([
      1,
      expect.stringContaining('failed: 28 messages of nbd, fewer than the 29 required'),
    ]);
    const none = wirelint(['check', '--require', 'pesto', CLEAN]);
    expect([none.status, none.stdout]).toEqual([1, expect.stringContaining('failed: no stream spoke pesto')]);
  });

  it('requires captures to be complete', () => {
    expect(status('--require-complete', CLEAN)).toBe(0);
    const cut = wirelint(['check', '--require-complete', CUT]);
    expect(cut.status).toBe(1);
    expect(cut.stdout).toMatch(/failed: .*snaplen-96\.pcap: stream 1 is incomplete: \d+ bytes missing/);
    expect(status('--require-complete', LATE)).toBe(1);
  });

  it('does not pass where it saw nothing', () => {
    const folder = scratch();
    expect(status(folder)).toBe(1);
    expect(status('--allow-empty', folder)).toBe(0);
    writeFileSync(join(folder, 'notes.txt'), 'not a capture');
    const { status: failed, stdout } = wirelint(['check', folder]);
    expect(failed).toBe(1);
    expect(stdout).toContain('1 file skipped (no captures)');
    expect(stdout).toContain('no capture was found: the gate saw nothing');
    const none = wirelint(['check', join(folder, '*.pcap')]);
    expect([none.status, none.stdout]).toEqual([1, expect.stringContaining('*.pcap: contains no files')]);
    expect(status('-p', 'pesto', CLEAN)).toBe(1);
    expect(status('-p', 'pesto', '--allow-empty', CLEAN)).toBe(0);
  });

  it('fails with 2 where a named file is no capture, and judges the others', () => {
    const { status: failed, stdout } = wirelint(['check', 'package.json', '/nonexistent', CLEAN]);
    expect(failed).toBe(2);
    expect(stdout).toContain('failed: package.json: looks like JSON text');
    expect(stdout).toContain('failed: /nonexistent: no such file or directory');
    expect(stdout).toContain('1 capture, 40 packets');
  });

  it('shows the bytes of what was found', () => {
    const plain = wirelint(['check', '-v', ...LATE_AS('off')]).stdout;
    const bytes = wirelint(['check', '-v', '-x', ...LATE_AS('off')]).stdout;
    expect(plain).not.toMatch(/^ +000000 {2}/m);
    expect(bytes).toMatch(/^ +000000 {2}25 60 95 13 +magic/m);
  });

  it('tells standard error why it failed where no person reads standard output', () => {
    const { stderr } = wirelint(['check', '-f', 'gitlab', '--require', 'pesto', CLEAN]);
    expect(stderr).toBe('wirelint: check failed: no stream spoke pesto\n');
  });
});

describe('inputs', () => {
  const folder = scratch();
  mkdirSync(join(folder, 'sub/deep'), { recursive: true });
  mkdirSync(join(folder, 'node_modules'));
  copyCapture('nbd/any-sll.pcap', join(folder, 'b.pcap'));
  copyCapture('nbd/any-sll2.pcap', join(folder, 'sub/no-suffix'));
  copyCapture('nbd/nanosecond.pcap', join(folder, 'sub/deep/a.pcap'));
  copyCapture('nbd/nanosecond.pcap', join(folder, 'node_modules/x.pcap'));
  copyCapture('nbd/ipv6-loopback.pcap', join(folder, 'a[1].pcap'));
  writeFileSync(join(folder, 'sub/README.md'), '# nothing');
  symlinkSync('..', join(folder, 'sub/deep/loop'));
  symlinkSync('nowhere', join(folder, 'dangling'));
  symlinkSync('../b.pcap', join(folder, 'sub/same-as-b'));

  const files = (...args: string[]): unknown[] => {
    const { stdout } = wirelint(['check', '-f', 'ndjson', ...args], { cwd: folder });
    return events(stdout)
      .filter((e) => e['type'] === 'capture')
      .map((e) => e['file']);
  };

  it('are found in folders by content, in a stable order, each once', () => {
    expect(files('.')).toEqual(['./a[1].pcap', './b.pcap', './sub/deep/a.pcap', './sub/no-suffix']);
    expect(files('sub', 'b.pcap')).toEqual(['sub/deep/a.pcap', 'sub/no-suffix', 'sub/same-as-b']);
    expect(files('b.pcap', 'b.pcap', './b.pcap')).toEqual(['b.pcap']);
  });

  it('are found by patterns', () => {
    expect(files('*.pcap')).toEqual(['a[1].pcap', 'b.pcap']);
    expect(files('**/*.pcap')).toEqual(['a[1].pcap', 'b.pcap', 'sub/deep/a.pcap']);
    expect(files('sub/**')).toEqual(['sub/deep/a.pcap', 'sub/no-suffix', 'sub/same-as-b']);
    expect(files('{b,x}.pcap', 'sub/[!r]o-*')).toEqual(['b.pcap', 'sub/no-suffix']);
  });

  it('may have names that look like patterns', () => {
    expect(files('a[1].pcap')).toEqual(['a[1].pcap']);
  });

  it('may come from standard input', () => {
    const { status: passed, stdout } = wirelint(['check', '-'], { input: readFileSync(CLEAN) });
    expect([passed, stdout]).toEqual([0, expect.stringContaining('28')]);
  });
});

describe('several captures at once', () => {
  const folder = scratch();
  cpSync(join(CAPTURES, 'nbd'), join(folder, 'nbd'), { recursive: true });

  it.each(['text', 'table', 'ndjson', 'json', 'sarif', 'junit', 'github', 'gitlab'])(
    'give the same %s report however many there are',
    (format) => {
      const one = wirelint(['check', '-f', format, '--jobs', '1', 'nbd'], { cwd: folder });
      const three = wirelint(['check', '-f', format, '--jobs', '3', 'nbd'], { cwd: folder });
      expect(three.stdout === one.stdout && three.status === one.status && three.stderr === one.stderr).toBe(true);
      expect(one.stdout.length).toBeGreaterThan(2);
    },
  );

  it('write several reports in one run', () => {
    const args = [
      'check',
      '-f',
      'sarif=out.sarif',
      '-f',
      'junit=out.xml',
      '-f',
      'ndjson=out.ndjson',
      '-f',
      'text',
      'nbd',
    ];
    const { stdout } = wirelint(args, { cwd: folder });
    expect(stdout).toContain('captures, ');
    expect(readFileSync(join(folder, 'out.sarif'), 'utf8')).toContain('"version": "2.1.0"');
    expect(readFileSync(join(folder, 'out.xml'), 'utf8')).toContain('<testsuites');
    expect(events(readFileSync(join(folder, 'out.ndjson'), 'utf8')).at(-1)).toMatchObject({ type: 'summary' });
  });

  it('report the same events as analyze, apart from what is shared between captures', () => {
    const file = join(CAPTURES, 'nbd/nbdkit-structured-sparse-df.pcap');
    expect(wirelint(['check', '-f', 'json', file]).stdout).toBe(wirelint(['analyze', '-f', 'json', file]).stdout);
  });
});
