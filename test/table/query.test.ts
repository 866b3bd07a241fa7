import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { events, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
const CAPTURE = 'captures/nbd/any-sll.pcap';
const COUNT = 'select count(*) n from messages';

describe('query', () => {
  const { stdout } = wirelint(['analyze', '-f', 'ndjson', 'captures/arca']);
  const n = events(stdout).filter((e) => e['type'] === 'message').length;

  it('counts what the events are', () => {
    expect(wirelint(['query', '-f', 'json', COUNT, 'captures/arca'])).toEqual({
      status: 0,
      stdout: `[{"n":${n}}]\n`,
      stderr: '',
    });
    expect(wirelint(['query', '-f', 'csv', COUNT, 'captures/arca']).stdout).toBe(`n\r\n${n}\r\n`);
    expect(wirelint(['query', COUNT, 'captures/arca']).stdout).toContain(`│ ${n} │`);
  });

  it('asks folders of tables, also several below one, and captures beside them', () => {
    for (const shard of ['a', 'b'])
      wirelint(['analyze', '-f', 'parquet', '-o', join(folder, 'shards', shard), 'captures/arca']);
    const json = (...inputs: string[]): string => wirelint(['query', '-f', 'json', COUNT, ...inputs]).stdout;
    expect(json(join(folder, 'shards', 'a'))).toBe(`[{"n":${n}}]\n`);
    expect(json(join(folder, 'shards'))).toBe(`[{"n":${2 * n}}]\n`);
    expect(json(join(folder, 'shards'), 'captures/arca')).toBe(`[{"n":${3 * n}}]\n`);
  });

  it('writes every kind of value as JSON and CSV have it', () => {
    const sql = `select 9007199254740993 i, 1.5::double d, 0.10::decimal(9,2) e, true b, null z, 'a"b,' || chr(27) t, [1, 2] l, {'k': 1} s`;
    const { stdout } = wirelint(['query', '-f', 'json', sql, CAPTURE]);
    expect(stdout).toBe(
      `[{"i":9007199254740993,"d":1.5,"e":0.10,"b":true,"z":null,"t":"a\\"b,\\u001b","l":[1,2],"s":{"k":1}}]\n`,
    );
    expect(wirelint(['query', '-f', 'csv', `select 'a"b,' t, null z, [1, 2] l`, CAPTURE]).stdout).toBe(
      't,z,l\r\n"a""b,",,"[1,2]"\r\n',
    );
    // no control character of the wire reaches a terminal
    expect(wirelint(['query', 'select chr(27) t', CAPTURE]).stdout).not.toContain('\u001b');
  });

  it('says in one line what is wrong with a query, and with what it is asked of', () => {
    for (const args of [
      ['selct', CAPTURE],
      ['select nothing from messages', CAPTURE],
      [COUNT, 'README.md'],
      [COUNT],
      [' ;', CAPTURE],
    ]) {
      const { status, stdout, stderr } = wirelint(['query', ...args]);
      expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
      expect(stderr.trim().split('\n')).toHaveLength(1);
      expect(stderr).not.toContain('internal error');
    }
  });

  it('writes to a file, and leaves it alone where the query fails', () => {
    const out = join(folder, 'out.csv');
    wirelint(['query', '-f', 'csv', '-o', out, COUNT, 'captures/arca']);
    wirelint(['query', '-f', 'csv', '-o', out, 'selct', 'captures/arca']);
    expect(readFileSync(out, 'utf8')).toBe(`n\r\n${n}\r\n`);
  });

  it('says how to get DuckDB where it is not installed', () => {
    const bare = join(folder, 'bare');
    mkdirSync(join(bare, 'node_modules'), { recursive: true });
    for (const part of ['dist', 'schema', 'package.json']) cpSync(part, join(bare, part), { recursive: true });
    symlinkSync(resolve('node_modules/pcap-parser'), join(bare, 'node_modules/pcap-parser'));
    const run = (...args: string[]) =>
      spawnSync(process.execPath, [join(bare, 'dist/bin.js'), ...args], { encoding: 'utf8' });
    const { status, stderr } = run('query', COUNT, resolve(CAPTURE));
    expect(status).toBe(2);
    expect(stderr).toMatch(
      /^wirelint: query: the SQL engine cannot be loaded: .*; install it with: npm install @duckdb\/node-api@\S+\n$/,
    );
    expect(stderr).toContain(`@duckdb/node-api@${packageVersion()}`);
    expect(run('analyze', '-f', 'parquet', '-o', join(bare, 'tables'), resolve(CAPTURE)).status).toBe(0);
  });
});

function packageVersion(): string {
  const { peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    peerDependencies: Record<string, string>;
  };
  return peerDependencies['@duckdb/node-api']!;
}
