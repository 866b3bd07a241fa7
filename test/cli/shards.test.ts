import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { readPart } from '../../src/cli/check/shard-part.js';
import { parseShard, placesOf } from '../../src/cli/check/shard.js';
import { UsageError } from '../../src/cli/usage-error.js';
import { CAPTURES, wirelint } from '../kit/cli.js';

const folder = mkdtempSync(join(tmpdir(), 'wirelint-shards-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Good and bad captures, one that is cut off, one that cannot be read, a folder with what is no capture, a pattern without files. */
const INPUTS = [
  ...['nbdkit-out-of-range.pcap', 'qemu-io-script.pcap', 'scripted-client-cookie-reuse.pcap'].map((n) =>
    join(CAPTURES, 'nbd', n),
  ),
  join(CAPTURES, 'pesto', 'p21-bad-fields.pcap'),
  join(folder, 'inputs'),
  join(folder, 'inputs', 'no-capture.pcap'),
  join(folder, 'none-*.pcap'),
];
mkdirSync(join(folder, 'inputs'));
writeFileSync(join(folder, 'inputs', 'no-capture.pcap'), 'hello');
writeFileSync(join(folder, 'inputs', 'notes.txt'), 'hello');
copyFileSync(join(CAPTURES, 'arca', 'a08-bytewise.pcap'), join(folder, 'inputs', 'a08.pcap'));
const CONFIG = join(folder, 'wirelint.config.json');
writeFileSync(
  CONFIG,
  JSON.stringify({
    require: { nbd: 10, msgr2: 1 },
    maxWarnings: 1,
    suppressions: [
      { rule: 'nbd/request-beyond-export', reason: 'known' },
      { rule: 'nbd/reply-after-done', reason: 'not there any more' },
    ],
    overrides: [{ paths: ['**/p21*'], failOn: 'warning' }],
  }),
);
const ARGS = ['--config', CONFIG, '-v', ...INPUTS];

const FORMATS = ['text', 'table', 'ndjson', 'json', 'sarif', 'junit', 'gitlab'] as const;
const OTHERS = FORMATS.filter((f) => f !== 'text');

/** The reports of one run in every format, by format, with its exit status. */
function run(
  name: string,
  more: readonly string[],
): { readonly status: number | null; readonly paths: Record<string, string> } {
  const at = join(folder, name);
  mkdirSync(at, { recursive: true });
  const paths = Object.fromEntries(FORMATS.map((f) => [f, join(at, f)]));
  const { status } = wirelint(['check', ...FORMATS.flatMap((f) => ['-f', `${f}=${paths[f]}`]), ...more, ...ARGS]);
  return { status, paths };
}

describe('reports of shards', () => {
  const whole = run('whole', []);

  it.each([1, 3, 7])(
    'put together are those of an unsharded run, byte for byte: %i shards',
    (n) => {
      const shards = Array.from({ length: n }, (_, i) => run(`of-${n}-${i}`, ['--shard', `${i + 1}/${n}`]));
      for (const format of FORMATS) {
        const out = join(folder, `merged-${n}.${format}`);
        const given = shards.map((s) => s.paths[format]!);
        const { status, stderr } = wirelint(['merge', ...given.reverse(), '-o', out]);
        expect(readFileSync(out, 'utf8'), format).toBe(readFileSync(whole.paths[format]!, 'utf8'));
        expect([format, status]).toEqual([format, whole.status]);
        expect(stderr).toContain('check failed: ');
      }
    },
    120_000,
  );

  it('of which one is missing say so, and cannot pass', () => {
    const first = run('first', ['--shard', '1/2']);
    for (const format of FORMATS) {
      const { status, stderr } = wirelint(['merge', first.paths[format]!, '-o', join(folder, `part.${format}`)]);
      expect([format, status]).toEqual([format, 2]);
      expect(stderr).toContain('check failed: the report of shard 2 of 2 is missing');
      // what the other shard may have used is not stale
      expect(stderr).not.toContain('reply-after-done');
    }
  });

  it('are checked before they are put together', () => {
    const first = run('a', ['--shard', '1/2']);
    const third = run('b', ['--shard', '3/3']);
    const other = run('c', ['--shard', '2/2', '--max-warnings', '9']);
    const said = (...paths: string[]): string => wirelint(['merge', ...paths]).stderr;
    expect(said(first.paths['sarif']!, first.paths['sarif']!)).toContain('are both shard 1 of 2');
    expect(said(first.paths['sarif']!, third.paths['sarif']!)).toContain('is one of 2 shards');
    expect(said(first.paths['sarif']!, other.paths['sarif']!)).toContain('different options, dates or captures');
    expect(said(first.paths['sarif']!, first.paths['junit']!)).toMatch(/is sarif, and .* is junit/);
    expect(said(whole.paths['text']!)).toContain('not the report of a shard');
    expect(said(join(folder, 'nowhere'))).toMatch(/nowhere: /);
    const damaged = join(folder, 'damaged');
    writeFileSync(damaged, 'wirelint-shard:AAAA');
    expect(said(damaged)).toContain('the data of its shard are damaged');
    const cut = join(folder, 'cut.ndjson');
    const lines = readFileSync(first.paths['ndjson']!, 'utf8').split('\n');
    writeFileSync(cut, lines.slice(-2).join('\n'));
    expect(said(cut)).toContain('events of the shard are missing');
  });

  it('are unpacked up to a limit', async () => {
    const { paths } = run('large', ['--shard', '1/2']);
    await expect(readPart(paths['text']!, 100)).rejects.toThrow('larger than limit shardBytes: 100');
  });

  it('are what their formats say: the part for merge does not break them', () => {
    const first = run('valid', ['--shard', '1/2']);
    for (const format of ['json', 'sarif', 'gitlab']) JSON.parse(readFileSync(first.paths[format]!, 'utf8'));
    for (const line of readFileSync(first.paths['ndjson']!, 'utf8').trimEnd().split('\n')) JSON.parse(line);
    expect(readFileSync(first.paths['junit']!, 'utf8')).toMatch(/<!-- wirelint-shard:\S+ -->\n<\/testsuites>\n$/);
    expect(OTHERS.every((f) => readFileSync(first.paths[f]!, 'utf8').includes('wirelint-shard:'))).toBe(true);
  });
});

describe('the share of a shard', () => {
  it('and the others together are everything once, and alike in size', () => {
    const works = fc.array(fc.record({ name: fc.string(), bytes: fc.nat(1000) }), { maxLength: 60 });
    fc.assert(
      fc.property(works, fc.integer({ min: 1, max: 9 }), (all, of) => {
        const shares = Array.from({ length: of }, (_, i) => placesOf({ index: i + 1, of }, all));
        expect(shares.flat().sort((a, b) => a - b)).toEqual(all.map((_, i) => i));
        const loads = shares.map((s) => s.reduce((sum, i) => sum + all[i]!.bytes + 1, 0));
        const largest = Math.max(0, ...all.map((w) => w.bytes + 1));
        expect(Math.max(...loads) - Math.min(...loads)).toBeLessThanOrEqual(largest);
      }),
    );
  });

  it.each([
    [
      { CI_NODE_INDEX: '2', CI_NODE_TOTAL: '5' },
      { index: 2, of: 5 },
    ],
    [
      { SLURM_ARRAY_TASK_ID: '10', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '10' },
      { index: 1, of: 4 },
    ],
    [
      { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '0' },
      { index: 4, of: 4 },
    ],
    [
      { JOB_COMPLETION_INDEX: '0', JOB_COMPLETIONS: '3' },
      { index: 1, of: 3 },
    ],
  ])('comes from the scheduler: %o', (env, shard) => expect(parseShard('auto', env)).toEqual(shard));

  it.each([
    ['0/3', {}],
    ['4/3', {}],
    ['1/0', {}],
    ['1', {}],
    ['one/two', {}],
    ['auto', {}],
    ['auto', { CI_NODE_INDEX: '2' }],
    ['auto', { CI_NODE_INDEX: 'x', CI_NODE_TOTAL: '5' }],
    // steps between the numbers of an array leave shards out
    ['auto', { SLURM_ARRAY_TASK_ID: '9', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '1' }],
  ])('is refused where it is none: %s %o', (text, env) => expect(() => parseShard(text, env)).toThrow(UsageError));

  it('goes neither with a baseline nor with standard input', () => {
    expect(wirelint(['check', '--shard', '1/2', '--write-baseline', 'x']).stderr).toContain('a baseline covers all');
    expect(wirelint(['check', '--shard', '1/2', '-']).stderr).toContain('only files can be divided');
  });
});
