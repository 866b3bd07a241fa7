import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { smallest } from '../../src/rewrite/delta-debugging.js';
import { Tracer } from '../../src/rewrite/stream-trace.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';
import { collect } from '../kit/collect.js';
import { SETTINGS } from '../kit/settings.js';

const folder = scratch();

/** Captures that break rules, of each protocol and kind of recording; all of them where WIRELINT_ALL_CAPTURES is set. */
const SOME = [
  'nbd/nbdkit-out-of-range.pcap',
  'nbd/scripted-client-cookie-reuse.pcap',
  'pesto/p21-bad-fields.pcap',
  'pesto/p58-strace-yy.strace.txt',
  'pesto/p55-sockdump16.pcap',
  'arca/b07-dup-connection-id.pcap',
  'arca/a26-vsockmon.pcap',
  'msgr2/crc-badmethod.pcap',
];
const CHOSEN =
  process.env['WIRELINT_ALL_CAPTURES'] === undefined
    ? SOME
    : ['nbd', 'msgr2', 'pesto', 'arca'].flatMap((f) =>
        readdirSync(join(CAPTURES, f))
          .filter((name) => /pcap|\.txt$/.test(name) && statSync(join(CAPTURES, f, name)).size < 64 << 10)
          .map((name) => `${f}/${name}`),
      );

describe('a capture that is reduced to a rule', () => {
  it.each(CHOSEN)('still raises it, and nothing new: %s', async (name) => {
    const input = join(CAPTURES, name);
    const before = (await collect(input)).findings.filter((f) => f.stream !== null && f.severity !== 'note');
    const kinds = [...new Set(before.map((f) => `${f.rule}@${f.party}`))];
    const kept = kinds[0];
    if (kept === undefined) return;
    const out = join(folder, `${name.replaceAll('/', '-')}.pcapng`);
    const { status, stdout, stderr } = wirelint(['reduce', input, '--keep', kept, '-w', out]);
    expect([status, stderr], kept).toEqual([0, '']);
    const packets = Number(/-> (\d+) packet/.exec(stdout)![1]);
    const after = await collect(out);
    expect(after.summary.packets).toBe(packets);
    expect(packets).toBeLessThanOrEqual(40);
    const raised = new Set(after.findings.filter((f) => f.severity !== 'note').map((f) => `${f.rule}@${f.party}`));
    expect([...raised]).toContain(kept);
    for (const kind of raised) expect(kinds).toContain(kind);
  });

  it('has payloads of the smallest size that does', async () => {
    const out = join(folder, 'sizes.pcapng');
    wirelint([
      'reduce',
      join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap'),
      '--keep',
      'nbd/request-beyond-export',
      '-w',
      out,
    ]);
    expect(statSync(out).size).toBeLessThan(4096);
    const again = join(folder, 'sizes-again.pcapng');
    wirelint([
      'reduce',
      join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap'),
      '--keep',
      'nbd/request-beyond-export',
      '-w',
      again,
    ]);
    expect(readFileSync(again).equals(readFileSync(out)), 'the same capture gives the same bytes').toBe(true);
  });

  it('is a test as it is: the gate fails where the rule is not raised any more', () => {
    const out = join(folder, 'test.pcap');
    const input = join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap');
    const { stdout } = wirelint(['reduce', input, '--keep', 'nbd/unknown-command-flag@client', '-w', out, '--as-test']);
    const config = join(folder, 'wirelint.config.json');
    writeFileSync(config, stdout);
    expect(wirelint(['check', '--config', config, out], { cwd: folder }).status).toBe(0);
    // the server, or the client, was repaired
    copyFileSync(join(CAPTURES, 'nbd/nbdkit-simple-replies.pcap'), out);
    expect(wirelint(['check', '--config', config, out], { cwd: folder }).status).toBe(1);
  });

  it('is refused where nothing raises the rule, or there is no such rule', () => {
    const input = join(CAPTURES, 'nbd/nbdkit-simple-replies.pcap');
    for (const rule of ['nbd/request-beyond-export', 'nbd/nonsense', 'nbd/request-beyond-export@nobody']) {
      const { status, stderr } = wirelint(['reduce', input, '--keep', rule, '-w', join(folder, 'no.pcapng')]);
      expect([status, stderr.split('\n').length], rule).toEqual([2, 2]);
    }
    expect(readdirSync(folder)).not.toContain('no.pcapng');
  });
});

describe('leaving out', () => {
  it('finds the items that are needed, and stops in time: reduceTrials', async () => {
    const items = Array.from({ length: 1000 }, (_, i) => i);
    let trials = 0;
    const needs = (kept: readonly number[]): boolean => {
      trials++;
      return [17, 500, 501].every((n) => kept.includes(n));
    };
    expect(await smallest(items, needs, () => true)).toEqual([17, 500, 501]);
    expect(trials).toBeLessThan(200);
    trials = 0;
    const few = await smallest(items, needs, () => trials < 5);
    expect(needs(few)).toBe(true);
    expect(trials).toBe(6);
  });

  it('says where streams hold too much to be kept: reduceBytes', async () => {
    const tracer = new Tracer(1000);
    const nobody = { capture() {}, message() {}, finding() {}, stream() {}, summary() {} };
    const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: false, bytes: false }, nobody);
    await analysis.run(join(CAPTURES, 'nbd/nbdkit-simple-replies.pcap'), { tap: tracer });
    expect(tracer.overflowed).toBe(true);
    expect(DEFAULT_LIMITS.reduceBytes).toBeGreaterThan(1000);
  });
});
