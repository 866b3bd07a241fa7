import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { TABLE_NAMES } from '../../src/table/schema.js';
import { WORKLOADS } from '../bench/workloads.js';
import { scratch, wirelint } from '../kit/cli.js';

const folder = scratch();

it('makes the tables that one thread makes, of a capture of several row groups', () => {
  // small messages with a few fields each: more than the 65,536 rows of a row group
  const many = join(folder, 'many.pcap');
  WORKLOADS['nbd-tiny']!.write(many, 1_700_000);
  const tables = (name: string, ...args: string[]): string => {
    const out = join(folder, name);
    const made = wirelint(['analyze', '-f', 'parquet', '-o', out, ...args]);
    expect(made).toMatchObject({ status: 0, stderr: '' });
    return out;
  };
  const same = (a: string, b: string): void => {
    for (const table of TABLE_NAMES)
      expect(readFileSync(join(a, `${table}.parquet`)).equals(readFileSync(join(b, `${table}.parquet`)))).toBe(true);
  };
  const beside = tables('beside', many);
  same(beside, tables('here', '-j', '1', many));
  // several captures have a thread each, which makes its tables by itself
  same(tables('one', '-j', '1', many, 'captures/nbd'), tables('two', '-j', '2', many, 'captures/nbd'));
  const sql = 'select count(*) n, count(distinct index) d, max(index) m from messages';
  const [rows, distinct, last] = wirelint(['query', '-f', 'csv', sql, beside])
    .stdout.split('\n')[1]!
    .split(',')
    .map(Number);
  expect(rows).toBeGreaterThan(65_536);
  expect([distinct, last]).toEqual([rows, rows]);
});
