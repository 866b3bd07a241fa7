import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { describe, expect, it } from 'vitest';
import { TABLE_NAMES, TABLES, TABLE_VERSION } from '../../src/table/schema.js';
import { events, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
// what Ceph's messages say of addresses depends on the maps that were seen by then
const CAPTURES = ['captures/nbd', 'captures/arca', 'captures/msgr2/rev0-crc-boot.pcap.gz'];

async function ask(sql: string): Promise<Record<string, unknown>[]> {
  const database = await DuckDBInstance.create(':memory:');
  const connection = await database.connect();
  const result = await connection.runAndReadAll(sql);
  return result.getRowObjectsJson() as Record<string, unknown>[];
}

/** What the event of the same message, finding or stream says in each column that both have. */
function same(row: Record<string, unknown>, event: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(row)) {
    if (!(name in event)) continue;
    const told = event[name];
    if (name === 'time') expect(`${String(value).replace(' ', 'T')}`).toContain(String(told).slice(0, 19));
    else if (typeof told === 'object' && told !== null) expect(JSON.parse(String(value))).toEqual(told);
    else expect(value === null ? null : String(value)).toBe(told === null ? null : String(told));
  }
}

describe('-f parquet', () => {
  const out = join(folder, 'all');
  const made = wirelint(['analyze', '-f', 'parquet', '-o', out, ...CAPTURES]);
  const all = events(wirelint(['analyze', '-f', 'ndjson', ...CAPTURES]).stdout);

  it('writes three files', () => {
    expect(made).toMatchObject({ status: 0, stdout: '', stderr: '' });
    for (const table of TABLE_NAMES) expect(existsSync(join(out, `${table}.parquet`))).toBe(true);
  });

  it.each([
    ['messages', 'message'],
    ['findings', 'finding'],
    ['streams', 'stream'],
  ] as const)('says in %s what the events say', async (table, type) => {
    const rows = await ask(`select * from '${out}/${table}.parquet'`);
    const told = all.filter((e) => e['type'] === type);
    expect(rows.length).toBe(told.length);
    expect(rows.length).toBeGreaterThan(50);
    rows.forEach((row, i) => same(row, told[i]!));
  });

  it('of check writes the same tables beside its reports', async () => {
    const [tables, report] = [join(folder, 'checked'), join(folder, 'checked.json')];
    const checked = wirelint(['check', '-f', `json=${report}`, '-f', `parquet=${tables}`, ...CAPTURES]);
    expect(checked.status).toBe(1);
    expect(existsSync(report)).toBe(true);
    for (const table of TABLE_NAMES) {
      const [a, b] = [`'${out}/${table}.parquet'`, `'${tables}/${table}.parquet'`];
      expect(await ask(`(from ${a} except all from ${b}) union all (from ${b} except all from ${a})`)).toEqual([]);
    }
    expect(wirelint(['check', '-f', 'parquet', ...CAPTURES])).toMatchObject({ status: 2, stdout: '' });
  });

  it.each(TABLE_NAMES)('gives %s the columns that are promised, and the version', async (table) => {
    const columns = await ask(`describe select * from '${out}/${table}.parquet'`);
    const types = { text: 'VARCHAR', json: 'VARCHAR', integer: 'BIGINT', time: 'TIMESTAMP_NS', flag: 'BOOLEAN' };
    expect(columns.map((c) => [c['column_name'], c['column_type']])).toEqual(
      TABLES[table].map((c) => [c.name, types[c.type]]),
    );
    const facts = await ask(
      `select decode(key) k, decode(value) v from parquet_kv_metadata('${out}/${table}.parquet') order by k`,
    );
    expect(facts).toEqual([
      { k: 'wirelint.table', v: table },
      { k: 'wirelint.version', v: String(TABLE_VERSION) },
    ]);
  });

  it('keeps nanoseconds, and numbers of more than 32 bits', async () => {
    const [row] = await ask(
      `select count(*) n from '${out}/messages.parquet' where epoch_ns(time) % 1000000000 != 0 and epoch_ns(time) > 2^32`,
    );
    expect(Number(row!['n'])).toBeGreaterThan(50);
    const times = await ask(`select epoch_ns(time) t from '${out}/messages.parquet'`);
    const told = all
      .filter((e) => e['type'] === 'message')
      .map((e) => {
        const [, date, nanos] = /^(.*)\.(\d{9})Z$/.exec(String(e['time']))!;
        return String(BigInt(Date.parse(`${date}Z`)) * 1_000_000n + BigInt(nanos!));
      });
    expect(times.map((t) => t['t'])).toEqual(told);
  });

  it('gives an answer the operation of its request', async () => {
    const rows = await ask(
      `select a.operation = r.operation as ok, count(*) n from '${out}/messages.parquet' a join '${out}/messages.parquet' r
       on a.file = r.file and a.stream = r.stream and a.inReplyTo = r.index where r.operation is not null group by 1`,
    );
    expect(rows.map((r) => r['ok'])).toEqual([true]);
    expect(Number(rows[0]!['n'])).toBeGreaterThan(50);
  });

  it('writes only what --where asks for, and nothing where there is nothing', async () => {
    const few = join(folder, 'few');
    wirelint(['analyze', '-f', 'parquet', '-o', few, '--where', 'name == "NBD_CMD_READ"', 'captures/nbd']);
    const names = await ask(`select distinct name from '${few}/messages.parquet'`);
    expect(names).toEqual([{ name: 'NBD_CMD_READ' }]);
    const none = join(folder, 'none');
    wirelint(['analyze', '-f', 'parquet', '-o', none, '--where', 'length < 0', 'captures/nbd']);
    expect(await ask(`select count(*) n from '${none}/messages.parquet'`)).toEqual([{ n: '0' }]);
  });

  it.each(TABLE_NAMES)('is described in docs/parquet.md: %s', (table) => {
    const rows = TABLES[table].map(
      (c) => `\`${c.name}\` ${c.type}${'optional' in c ? ', may be null' : ''}: ${c.about}`,
    );
    const text = readFileSync('docs/parquet.md', 'utf8').replace(/\s+/g, ' ');
    for (const line of rows) expect(text).toContain(line.replace(/\s+/g, ' '));
  });

  it('is a folder, and says so', () => {
    const { status, stderr } = wirelint(['analyze', '-f', 'parquet', 'captures/nbd']);
    expect(status).toBe(2);
    expect(stderr).toContain('-o FOLDER');
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    expect(wirelint(['analyze', '-f', 'parquet', '-o', file, 'captures/nbd']).status).toBe(2);
  });

  it('leaves what was there where a capture cannot be read', () => {
    const before = readFileSync(join(out, 'messages.parquet'));
    const { status } = wirelint(['analyze', '-f', 'parquet', '-o', out, 'README.md']);
    expect(status).toBe(2);
    expect(readFileSync(join(out, 'messages.parquet')).equals(before)).toBe(true);
  });
});
