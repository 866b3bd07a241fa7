import {
  chmodSync,
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch, wirelint } from '../kit/cli.js';

const caches = scratch();
const folder = join(caches, 'wirelint');
const check = () => wirelint(['check', 'captures/nbd/any-sll.pcap'], { env: { XDG_CACHE_HOME: caches } });
const kept = (): string =>
  join(
    folder,
    readdirSync(folder).find((name) => name.endsWith('-check.code'))!,
  );

describe('the code that is kept for the next run', () => {
  it('is made by the first run and used by the second, which say the same', () => {
    const first = check();
    expect(first).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(kept()).mode & 0o777).toBe(0o600);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const made = statSync(kept());
    expect(check()).toEqual(first);
    // it was not refused, or it would have been made again
    expect(statSync(kept()).ino).toBe(made.ino);
  });

  it('is used again after a run over many captures, for which V8 is set otherwise', () => {
    const many = scratch();
    for (let i = 0; i < 64; i++) copyFileSync('captures/nbd/any-sll.pcap', join(many, `${i}.pcap`));
    rmSync(folder, { recursive: true });
    const checkMany = () => wirelint(['check', '-j', '2', many], { env: { XDG_CACHE_HOME: caches } });
    const first = checkMany();
    expect(first).toMatchObject({ status: 0, stderr: '' });
    const made = statSync(kept());
    expect(checkMany()).toEqual(first);
    expect(check()).toMatchObject({ status: 0, stderr: '' });
    expect(statSync(kept()).ino).toBe(made.ino);
  });

  it.each<[string, (path: string) => void]>([
    ['is cut off', (path) => truncateSync(path, 100_000)],
    ['is empty', (path) => truncateSync(path, 0)],
    ['has lost a block', (path) => writeFileSync(path, readFileSync(path).fill(0, 65_536, 69_632))],
    ['is something else', (path) => writeFileSync(path, 'a text')],
    ['may be written by others', (path) => chmodSync(path, 0o622)],
  ])('is made again without a word where it %s', (_, damage) => {
    const good = check();
    damage(kept());
    const { ino } = statSync(kept());
    expect(check()).toEqual(good);
    expect(statSync(kept()).ino).not.toBe(ino);
  });

  it('is not looked for where others may write to the folder', () => {
    rmSync(folder, { recursive: true });
    check();
    chmodSync(folder, 0o777);
    writeFileSync(kept(), 'not code at all');
    expect(check()).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(kept(), 'utf8')).toBe('not code at all');
    chmodSync(folder, 0o700);
  });

  it('is not kept where Node is told to keep none', () => {
    rmSync(folder, { recursive: true });
    const env = { XDG_CACHE_HOME: caches, NODE_DISABLE_COMPILE_CACHE: '1' };
    expect(wirelint(['check', 'captures/nbd/any-sll.pcap'], { env })).toEqual(check());
    rmSync(folder, { recursive: true });
    wirelint(['check', 'captures/nbd/any-sll.pcap'], { env });
    expect(readdirSync(caches)).toEqual([]);
  });
});
