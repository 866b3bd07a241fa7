import {
  appendFileSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { CAPTURES, wirelint } from '../kit/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'wirelint-kept-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const captures = join(folder, 'captures');
const cache = join(folder, 'cache');
const bad = join(captures, 'bad.pcap');

beforeEach(() => {
  rmSync(captures, { recursive: true, force: true });
  rmSync(cache, { recursive: true, force: true });
  mkdirSync(captures);
  copyFileSync(join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap'), bad);
  copyFileSync(join(CAPTURES, 'nbd/qemu-io-script.pcap'), join(captures, 'good.pcap'));
  writeFileSync(join(captures, 'notes.txt'), 'hello');
});

const check = (...args: string[]): string => {
  const { status, stdout, stderr } = wirelint(['check', ...args, captures]);
  return `${stdout}${stderr}${status}`;
};
const kept = (): string[] => readdirSync(cache).filter((name) => name.endsWith('.result'));

describe('check --cache', () => {
  it.each(['text', 'table', 'sarif', 'junit', 'gitlab', 'github'])('changes nothing in a report: %s', (format) => {
    const plain = check('-v', '-f', format);
    expect(check('-v', '-f', format, '--cache', cache)).toBe(plain);
    expect(kept()).toHaveLength(3);
    expect(check('-v', '-f', format, '--cache', cache)).toBe(plain);
    expect(kept()).toHaveLength(3);
  });

  it('does not read an unchanged capture again, and reads a changed one', () => {
    check('--cache', cache);
    const whole = check('--cache', cache);
    // an entry that says something else shows where the answer comes from
    for (const path of kept().map((name) => join(cache, name))) {
      const text = inflateRawSync(readFileSync(path)).toString('utf8');
      writeFileSync(path, deflateRawSync(text.replaceAll('the export', 'the kept export')));
    }
    expect(check('--cache', cache)).toContain('the kept export');
    appendFileSync(bad, new Uint8Array(5));
    const changed = check('--cache', cache);
    expect(changed).not.toBe(whole);
    expect(changed).toContain('capture/truncated');
    expect(kept()).toHaveLength(4);
  });

  it('judges anew what is asked otherwise, or has another transcript beside it', () => {
    check('--cache', cache);
    check('--cache', cache, '--rule', 'nbd/request-beyond-export=off');
    expect(kept()).toHaveLength(6);
    expect(check('--cache', cache, '--golden')).toContain('is missing');
    writeFileSync(`${bad}.txt`, 'another transcript\n');
    expect(check('--cache', cache, '--golden')).toContain('differs');
  });

  it('takes a damaged entry for none, and a cut one', () => {
    const plain = check();
    check('--cache', cache);
    const [first, second] = kept().map((name) => join(cache, name));
    writeFileSync(first!, 'garbage');
    writeFileSync(second!, readFileSync(second!).subarray(0, 20));
    expect(check('--cache', cache)).toBe(plain);
    expect(statSync(first!).size).toBeGreaterThan(100);
  });

  it('removes what was not used for a month, and nothing else', () => {
    check('--cache', cache);
    const old = new Date(Date.now() - 40 * 86_400_000);
    writeFileSync(join(cache, 'mine.txt'), 'mine');
    writeFileSync(join(cache, 'left.result'), 'old');
    for (const name of ['mine.txt', 'left.result']) utimesSync(join(cache, name), old, old);
    check('--cache', cache);
    expect(readdirSync(cache)).toContain('mine.txt');
    expect(kept()).toHaveLength(3);
  });

  it('is for its owner alone, and refuses what is no folder', () => {
    check('--cache', cache);
    expect(statSync(cache).mode & 0o777).toBe(0o700);
    expect(statSync(join(cache, kept()[0]!)).mode & 0o777).toBe(0o600);
    expect(check('--cache', bad)).toMatch(/--cache .*bad\.pcap: .*2$/s);
  });
});
