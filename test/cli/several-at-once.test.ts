import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BIN, CAPTURES, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();

/** Captures that have much in common: rules that all of them break, names of messages that two protocols share, times that step back. */
const NAMES = [
  'pesto/p21-bad-fields.pcap',
  'nbd/client-killed-in-flight.pcap',
  'arca/a04-unknown-listener.pcap',
  'msgr2/crc-badmethod.pcap',
  'nbd/nbdkit-out-of-range.pcap',
];

function inputs(): string[] {
  const files = NAMES.map((name) => join(CAPTURES, name));
  const broken = join(folder, 'no-capture.pcap');
  writeFileSync(broken, 'nothing of the kind');
  return [...files.slice(0, 2), broken, ...files.slice(2), files[0]!];
}

const WAYS: readonly (readonly string[])[] = [
  ['analyze', '-v', '-x'],
  ['analyze', '--findings', '-C', '1', '-q'],
  ['analyze', '-f', 'json'],
  ['stats', '-f', 'json', '--where', 'length > 0'],
];

describe('captures that are read at once', () => {
  it.each(WAYS.map((way) => [way.join(' '), way] as const))('say what they say one after the other: %s', (_, way) => {
    const one = wirelint([...way, '-j', '1', ...inputs()]);
    expect(one.stdout.length).toBeGreaterThan(500);
    expect(one.stderr).toContain('no-capture.pcap');
    expect(one.status).toBe(2);
    for (const jobs of ['2', '4']) expect(wirelint([...way, '-j', jobs, ...inputs()])).toEqual(one);
  });

  it('give the same tables', () => {
    const files = NAMES.map((name) => join(CAPTURES, name));
    const tables = ['1', '3'].map((jobs) => {
      const to = join(folder, `tables-${jobs}`);
      expect(wirelint(['analyze', '-f', 'parquet', '-o', to, '-j', jobs, ...files]).status).toBe(0);
      return ['messages', 'findings', 'streams'].map((name) => readFileSync(join(to, `${name}.parquet`)));
    });
    expect(tables[1]).toEqual(tables[0]);
    const to = join(folder, 'captures');
    mkdirSync(to);
    NAMES.forEach((name, i) => copyFileSync(join(CAPTURES, name), join(to, `${i}.pcap`)));
    const query = 'select file, name, count(*) n from messages group by all order by all';
    const [one, three] = ['1', '3'].map((jobs) => wirelint(['query', '-f', 'csv', '-j', jobs, query, to]));
    expect(one!.stdout.split('\n').length).toBeGreaterThan(10);
    expect(three).toEqual(one);
  });

  it('end when nobody reads on', () => {
    const script = `"$0" "$1" analyze -x -v -f ndjson -j 3 ${inputs()
      .map((p) => `'${p}'`)
      .join(' ')} | head -1`;
    const run = spawnSync('bash', ['-c', script, process.execPath, BIN], { encoding: 'utf8', timeout: 60_000 });
    expect(run.stdout.split('\n').length).toBe(2);
    expect(run.stderr).not.toContain('EPIPE');
    expect(run.status).toBe(0);
  });

  it('are a number that is at least one', () => {
    for (const jobs of ['0', '-1', 'many', '1.5']) {
      const { status, stderr } = wirelint(['analyze', `--jobs=${jobs}`, ...inputs()]);
      expect(status).toBe(2);
      expect(stderr).toContain(`--jobs ${jobs}: expected a number, 1 or more`);
    }
  });
});
