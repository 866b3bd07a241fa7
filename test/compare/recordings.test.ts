import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { compare, type Comparison } from '../../src/compare/comparison.js';
import { Gathering } from '../../src/compare/gathering.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { comparisonText } from '../../src/report/comparison-report.js';
import { CAPTURES, wirelint } from '../kit/cli.js';
import { SETTINGS } from '../kit/settings.js';
import { captureFiles } from '../rewrite/captures.js';

async function gathered(name: string, limits = DEFAULT_LIMITS): Promise<Gathering> {
  const gathering = new Gathering(limits);
  const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: true, bytes: false }, gathering);
  await analysis.run(join(CAPTURES, name));
  analysis.finish();
  return gathering;
}

async function compared(a: string, b: string, ignored: string[] = [], limits = DEFAULT_LIMITS): Promise<Comparison> {
  return compare(await gathered(a, limits), await gathered(b, limits), new Set(ignored), limits);
}

const SIMPLE = 'nbd/nbdkit-simple-replies.pcap';

describe('two recordings', () => {
  it('are equal where they are one, for every capture', async () => {
    for (const name of captureFiles()) expect(await compared(name, name), name).toMatchObject({ equal: true });
  });

  it('are equal where only the recorder differs: link type, addresses, ports, times, segments', async () => {
    expect(await compared(SIMPLE, 'nbd/derived-vlan100.pcap')).toMatchObject({ equal: true });
    expect(await compared('pesto/same-text2pcap.pcap', 'pesto/same-vsockmon.pcap')).toMatchObject({ equal: true });
  });

  it('differ in messages, fields and findings, each shown', async () => {
    const c = await compared(SIMPLE, 'nbd/nbdkit-structured-sparse-df.pcap');
    const [stream] = c.streams;
    expect(c.equal).toBe(false);
    expect(stream!.messages.find((m) => m.kind === 'added')).toMatchObject({ b: { name: 'NBD_OPT_STRUCTURED_REPLY' } });
    const read = stream!.messages.find((m) => m.kind === 'changed' && m.a.name === 'NBD_CMD_READ');
    expect(read).toMatchObject({ fields: [{ field: 'length', a: 512, b: 262_144 }] });
    const broken = await compared(SIMPLE, 'nbd/nbdkit-out-of-range.pcap');
    expect(broken.streams[0]!.findings.map((f) => f.b?.rule)).toContain('nbd/request-beyond-export');
    const text = comparisonText(c, { colors: false, width: 80, names: ['a', 'b'] });
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  it('may have other ids, where they map one to one', async () => {
    const [a, b] = [await gathered(SIMPLE), await gathered(SIMPLE)];
    const messages = b.streams[0]!.messages as { fields: Record<string, unknown> }[];
    for (const m of messages) if ('cookie' in m.fields) m.fields['cookie'] = `9${String(m.fields['cookie'])}`;
    expect(compare(a, b, new Set(), DEFAULT_LIMITS)).toMatchObject({ equal: true });
    const last = messages.findLast((m) => 'cookie' in m.fields)!;
    last.fields['cookie'] = '91';
    expect(compare(a, b, new Set(), DEFAULT_LIMITS)).toMatchObject({ equal: false });
    expect(compare(a, b, new Set(['cookie']), DEFAULT_LIMITS)).toMatchObject({ equal: true });
  });

  it('say how many messages were not compared: diffMessages', async () => {
    const c = await compared(SIMPLE, SIMPLE, [], { ...DEFAULT_LIMITS, diffMessages: 10 });
    const text = comparisonText(c, { colors: false, width: null, names: ['a', 'b'] });
    expect(text).toContain('32 messages not compared (diffMessages)');
  });

  it('say that too many differ: diffEdits', async () => {
    const c = await compared(SIMPLE, 'nbd/nbdkit-structured-sparse-df.pcap', [], { ...DEFAULT_LIMITS, diffEdits: 1 });
    expect(c).toMatchObject({ equal: false });
    expect(comparisonText(c, { colors: false, width: null, names: ['a', 'b'] })).toContain('(diffEdits)');
  });

  it('end the command with 0, 1 or 2', () => {
    const path = join(CAPTURES, SIMPLE);
    expect(wirelint(['diff', path, path]).status).toBe(0);
    const json = wirelint(['diff', '-f', 'json', path, join(CAPTURES, 'nbd/nbdkit-out-of-range.pcap')]);
    expect(json.status).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({ equal: false, streams: [{ protocol: 'nbd', a: 1, b: 1 }] });
    expect(wirelint(['diff', path, '/nonexistent']).status).toBe(2);
    expect(wirelint(['diff', path]).status).toBe(2);
  });
});
