import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TABLE_NAMES } from '../../src/table/schema.js';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
const inputs = join(folder, 'inputs');
mkdirSync(inputs);
writeFileSync(join(inputs, 'no-capture.pcap'), 'hello');
// cut off in the middle of a record: what stands in front of that has rows
const whole = readFileSync(join(CAPTURES, 'nbd', 'qemu-io-script.pcap'));
writeFileSync(join(inputs, 'cut.pcap'), whole.subarray(0, Math.floor(whole.length / 2)));
const INPUTS = [
  ...['nbdkit-out-of-range.pcap', 'qemu-io-script.pcap', 'scripted-client-cookie-reuse.pcap'].map((n) =>
    join(CAPTURES, 'nbd', n),
  ),
  ...[join(CAPTURES, 'pesto', 'p21-bad-fields.pcap'), join(CAPTURES, 'arca', 'a08-bytewise.pcap'), inputs],
];

function check(name: string, ...more: string[]): { readonly status: number | null; readonly path: string } {
  const path = join(folder, name);
  const { status, stderr } = wirelint(['check', '-f', `parquet=${path}`, ...more, ...INPUTS]);
  expect(stderr).not.toContain('internal error');
  return { status, path };
}

describe('tables of shards', () => {
  const unsharded = check('unsharded');

  it.each([1, 3, 9])(
    'put together are those of an unsharded run, byte for byte: %i shards',
    (n) => {
      const shards = Array.from({ length: n }, (_, i) => check(`of-${n}/${i}`, '--shard', `${i + 1}/${n}`).path);
      const out = join(folder, `merged-${n}`);
      const { status, stdout, stderr } = wirelint(['merge', ...shards.reverse(), '-o', out]);
      expect([status, stdout]).toEqual([unsharded.status, '']);
      expect(stderr).toContain('check failed: ');
      for (const table of TABLE_NAMES) {
        const [merged, one] = [out, unsharded.path].map((f) => readFileSync(join(f, `${table}.parquet`)));
        expect(merged!.equals(one!), table).toBe(true);
      }
    },
    60_000,
  );

  it('are one table to SQL as they lie side by side', () => {
    const count = (path: string): string =>
      wirelint(['query', '-f', 'csv', 'select count(*), count(distinct file), sum(length) from messages', path]).stdout;
    expect(count(join(folder, 'of-3'))).toBe(count(unsharded.path));
  });

  it('of which one is missing are put together all the same, and cannot pass', () => {
    const [first, third] = ['0', '2'].map((i) => join(folder, 'of-3', i));
    const out = join(folder, 'two-of-three');
    const { status, stderr } = wirelint(['merge', first!, third!, '-o', out]);
    expect(status).toBe(2);
    expect(stderr).toContain('check failed: the report of shard 2 of 3 is missing');
    const files = wirelint(['query', '-f', 'csv', 'select count(distinct file) from messages', out]).stdout;
    expect(Number(files.split('\r\n')[1])).toBeLessThan(INPUTS.length);
  });

  it('are checked before they are put together', () => {
    const shard = (i: number): string => join(folder, 'of-3', String(i));
    const said = (...args: string[]): string => {
      const { status, stdout, stderr } = wirelint(['merge', ...args]);
      expect([status, stdout]).toEqual([2, '']);
      return stderr;
    };
    const out = join(folder, 'not-written');
    expect(said(shard(0))).toContain('-o FOLDER');
    expect(said(unsharded.path, '-o', out)).toContain('not the report of a shard');
    expect(said(inputs, '-o', out)).toContain('messages.parquet: ');
    expect(said(shard(0), shard(0), '-o', out)).toContain('are both shard 1 of 3');
    expect(said(shard(0), join(folder, 'of-9', '1'), '-o', out)).toContain('is one of 3 shards');
    expect(said(shard(0), shard(1), '-o', shard(1))).toContain('it is also an input');
    expect(existsSync(join(out, 'messages.parquet'))).toBe(false);
  });

  it('that are damaged are told of, and nothing is left', () => {
    const shard = check('damaged', '--shard', '1/1').path;
    const path = join(shard, 'streams.parquet');
    const bytes = readFileSync(path);
    for (const [broken, why] of [
      [Buffer.concat([bytes.subarray(0, 100), bytes.subarray(-4)]), 'damaged'],
      [bytes.subarray(0, -1), 'not a Parquet file'],
      [Buffer.alloc(0), 'not a Parquet file'],
      [Buffer.concat([bytes.subarray(0, -8), Buffer.of(0xff, 0xff, 0xff, 0xff), bytes.subarray(-4)]), 'shardBytes'],
      [readFileSync(join(folder, 'of-9', '8', 'streams.parquet')), 'rows of a capture are missing'],
    ] as const) {
      writeFileSync(path, broken);
      const out = join(folder, 'from-damaged');
      const { status, stderr } = wirelint(['merge', shard, '-o', out]);
      expect(status).toBe(2);
      expect(stderr).toContain(`streams.parquet: `);
      expect(stderr).toContain(why);
      expect(stderr.trim().split('\n')).toHaveLength(1);
      for (const table of TABLE_NAMES) expect(existsSync(join(out, `${table}.parquet`))).toBe(false);
    }
  });
});
