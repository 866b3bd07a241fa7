import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyCapture, scratch, wirelint } from '../kit/cli.js';

const LEVEL = ['--rule', 'capture/joined-late=error'];

describe('golden transcripts', () => {
  const folder = scratch();
  const capture = copyCapture('nbd/late-join-structured.pcap', join(folder, 'late.pcap'));
  const golden = `${capture}.txt`;
  const check = (...args: string[]): ReturnType<typeof wirelint> => wirelint(['check', ...args, '.'], { cwd: folder });

  it('are missed where there are none', () => {
    const { status, stdout } = check('--golden');
    expect(status).toBe(1);
    expect(stdout).toContain('failed: ./late.pcap.txt is missing; --update-golden writes it');
  });

  it('are what analyze writes', () => {
    expect(check('--update-golden').status).toBe(0);
    const text = readFileSync(golden, 'utf8');
    expect(wirelint(['analyze', '-o', 'other.txt', capture], { cwd: folder }).status).toBe(0);
    expect(readFileSync(join(folder, 'other.txt'), 'utf8')).toBe(text);
    rmSync(join(folder, 'other.txt'));
    expect(check('--golden').status).toBe(0);
  });

  it('fail with a diff where they differ', () => {
    const text = readFileSync(golden, 'utf8');
    writeFileSync(golden, text.replace('NBD_CMD_READ', 'NBD_CMD_REED'));
    const { status, stdout } = check('--golden');
    expect(status).toBe(1);
    expect(stdout).toMatch(/^--- \.\/late\.pcap\.txt\n\+\+\+ \.\/late\.pcap\.txt \(now\)\n@@ -\d+,7 \+\d+,7 @@\n/m);
    expect(stdout).toMatch(/^-.*NBD_CMD_REED/m);
    expect(stdout).toMatch(/^\+.*NBD_CMD_READ/m);
    expect(stdout).toContain('failed: ./late.pcap.txt differs from the transcript of ./late.pcap');
    expect(check('--update-golden').status).toBe(0);
    expect(readFileSync(golden, 'utf8')).toBe(text);
  });

  it('lend their line numbers to the reports for code hosts', () => {
    wirelint(['check', '--update-golden', ...LEVEL, '.'], { cwd: folder });
    const text = readFileSync(golden, 'utf8').split('\n');
    const line = text.findIndex((l) => l.includes('capture/joined-late')) + 1;
    expect(line).toBeGreaterThan(1);
    const location = { path: 'late.pcap.txt', lines: { begin: line } };
    const gitlab = (): unknown =>
      (JSON.parse(check('-f', 'gitlab', ...LEVEL).stdout) as { check_name: string; location: unknown }[]).find(
        (e) => e.check_name === 'capture/joined-late',
      )!.location;
    expect(gitlab()).toEqual(location);
    // an older transcript with a line more above still leads to the right place
    writeFileSync(golden, ['an older heading', ...text].join('\n'));
    expect(gitlab()).toEqual({ path: 'late.pcap.txt', lines: { begin: line + 1 } });
    rmSync(golden);
    expect(gitlab()).toEqual({ path: 'late.pcap', lines: { begin: 1 } });
    expect(existsSync(golden)).toBe(false);
  });
});
