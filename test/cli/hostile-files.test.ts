import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copyCapture, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
const good = copyCapture('nbd/client-killed-in-flight.pcap', join(folder, 'good.pcap'));
const root = process.getuid?.() === 0;

function complaint(args: readonly string[], cwd = folder): string {
  const { status, stderr } = wirelint(args, { cwd });
  expect(status).toBe(2);
  expect(stderr).toMatch(/^wirelint: [^\n]*\n$/);
  return stderr;
}

describe('inputs that cannot be read', () => {
  it('a folder, where a file is wanted', () => {
    expect(complaint(['analyze', '.'])).toContain('a directory');
  });

  it.skipIf(root)('a file without permission', () => {
    const path = copyCapture('nbd/client-killed-in-flight.pcap', join(folder, 'secret.pcap'));
    chmodSync(path, 0);
    expect(complaint(['analyze', path])).toContain('permission');
    chmodSync(path, 0o600);
  });

  it('a device without end is stopped by what it holds', () => {
    expect(complaint(['analyze', '/dev/zero'])).toContain('/dev/zero');
    expect(complaint(['analyze', '/dev/null'])).toContain('/dev/null');
  });

  it('a dangling link, and one to itself', () => {
    symlinkSync('nowhere', join(folder, 'dangling.pcap'));
    symlinkSync('self.pcap', join(folder, 'self.pcap'));
    complaint(['analyze', 'dangling.pcap']);
    complaint(['analyze', 'self.pcap']);
  });

  it('one among others does not keep the others from being read', () => {
    const { status, stdout } = wirelint(['analyze', 'missing.pcap', good], { cwd: folder });
    expect([status, stdout.includes('NBD_CMD_READ')]).toEqual([2, true]);
  });

  it('a file that was cut while nobody looked is read to its end', () => {
    const path = copyCapture('nbd/client-killed-in-flight.pcap', join(folder, 'cut.pcap'));
    truncateSync(path, statSync(path).size - 7);
    const { status, stdout } = wirelint(['analyze', path]);
    expect(status).toBe(0);
    expect(stdout.match(/capture\/truncated/g)!.length).toBeGreaterThan(0);
  });
});

describe('check on folders', () => {
  it('ends in a loop of links, and takes names with line ends', () => {
    const tree = join(folder, 'tree');
    mkdirSync(join(tree, 'a'), { recursive: true });
    symlinkSync('..', join(tree, 'a', 'up'));
    symlinkSync('.', join(tree, 'here'));
    copyCapture('nbd/client-killed-in-flight.pcap', join(tree, 'a', 'two\nlines.pcap'));
    const { status, stdout } = wirelint(['check', tree]);
    expect(status).toBe(0);
    expect(stdout).toContain('1 capture,');
    expect(stdout).not.toContain('two\nlines');
  });
});

describe('-o', () => {
  it('on a full disk is an error, and leaves nothing', () => {
    expect(complaint(['analyze', '-o', '/dev/full', good])).toMatch(/no space left/i);
    expect(complaint(['check', '-f', 'sarif', '-o', '/dev/full', good])).toMatch(/no space left/i);
  });

  it('keeps an older report where the input cannot be read', () => {
    const own = join(folder, 'kept');
    mkdirSync(own);
    writeFileSync(join(own, 'report.txt'), 'older');
    complaint(['analyze', '-o', 'report.txt', 'missing.pcap'], own);
    expect(readFileSync(join(own, 'report.txt'), 'utf8')).toBe('older');
    expect(readdirSync(own)).toEqual(['report.txt']);
  });

  it('leaves nothing but the report', () => {
    const own = join(folder, 'whole');
    mkdirSync(own);
    expect(wirelint(['analyze', '-o', 'report.txt', good], { cwd: own }).status).toBe(0);
    expect(readdirSync(own)).toEqual(['report.txt']);
    expect(existsSync(join(own, 'report.txt'))).toBe(true);
  });
});
