import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { FileOutput } from '../../src/report/output.js';
import { QueryTable, type QueryOutput } from '../../src/report/query-result.js';
import { QueryError, runQuery } from '../../src/table/engine.js';
import { TABLE_NAMES } from '../../src/table/schema.js';
import { scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
const tables = join(folder, 'tables');
wirelint(['analyze', '-f', 'parquet', '-o', tables, 'captures/nbd/any-sll.pcap']);
const FILES = Object.fromEntries(TABLE_NAMES.map((t) => [t, [join(tables, `${t}.parquet`)]])) as Record<
  (typeof TABLE_NAMES)[number],
  string[]
>;
const NOTHING: QueryOutput = { stopped: false, begin: () => {}, rows: () => {}, end: () => {} };

function run(sql: string, limits: Partial<Limits>, to = NOTHING, signal = new AbortController().signal): Promise<void> {
  const spill = mkdtempSync(join(folder, 'spill-'));
  return runQuery(sql, FILES, { limits: { ...DEFAULT_LIMITS, ...limits }, spill, signal }, to);
}

async function printed(sql: string, limits: Partial<Limits>): Promise<string> {
  const path = join(folder, 'printed');
  const output = FileOutput.create(path, false);
  await run(sql, {}, new QueryTable(output, false, 80, { ...DEFAULT_LIMITS, ...limits }));
  output.finish();
  return readFileSync(path, 'utf8');
}

/** Rows that fill 48 MB. */
const ROWS = 'create temp table x as select uuid() u from range(3000000); select count(*) from x';

describe('what a query takes is bounded', () => {
  it('queryBytes: memory beyond it is told of, with its name', async () => {
    // an aggregate of one value cannot be put aside
    const list = 'select list(range) from range(50000000)';
    await expect(run(list, { queryBytes: 32 << 20 })).rejects.toThrow(
      /^Out of Memory.*\(limit queryBytes: 33554432\)$/,
    );
    await expect(run(list, { queryBytes: 32 << 20 })).rejects.toBeInstanceOf(QueryError);
  });

  it('querySpillBytes: what does not fit into memory goes to a folder, up to a limit', async () => {
    const memory = { queryBytes: 32 << 20 };
    await run(ROWS, memory);
    await expect(run(ROWS, { ...memory, querySpillBytes: 1 << 20 })).rejects.toThrow(
      /^Out of Memory.*\(limit querySpillBytes: 1048576\)$/,
    );
  });

  it('queryRows: the rest is counted', async () => {
    const text = await printed('from range(5000)', { queryRows: 3 });
    expect(text).toContain('│     2 │');
    expect(text).not.toContain('│     3 │');
    expect(text).toMatch(/\nand 4997 more rows \(limit queryRows\); -f csv and -f json have all of them\n$/);
    expect(await printed('from range(3)', { queryRows: 3 })).not.toContain('more row');
  });

  it('queryCharacters: the rest is counted', async () => {
    const text = await printed("select repeat('x', 60) t from range(30)", { queryCharacters: 600 });
    expect(text.match(/x{60}/g)).toHaveLength(10);
    expect(text).toContain('and 20 more rows (limit queryCharacters)');
  });

  it('other formats have all rows', () => {
    const lines = wirelint(['query', '-f', 'csv', 'from range(12345)', tables]).stdout.split('\r\n');
    expect(lines).toHaveLength(12345 + 2);
    const json = wirelint(['query', '-f', 'json', 'from range(12345)', tables]).stdout;
    expect(JSON.parse(json)).toHaveLength(12345);
    expect(JSON.parse(wirelint(['query', '-f', 'json', 'from range(0)', tables]).stdout)).toEqual([]);
  });

  it('ends when it is told to', async () => {
    const stop = new AbortController();
    const done = run(
      'select count(*) from range(1000000000) a, range(1000000000) b where a.range + b.range = 7',
      {},
      NOTHING,
      stop.signal,
    );
    setImmediate(() => stop.abort());
    await expect(done).rejects.toThrow('Interrupted');
  });
});
