import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { PageCollector, type PageLimits, type PagePart } from '../../src/report/page/collector.js';
import { CAPTURES } from '../kit/cli.js';
import { SETTINGS } from '../kit/settings.js';

/** 28 messages in one stream; ten findings. */
const ONE_STREAM = 'nbd/nbdkit-out-of-range.pcap';
const SEVERAL_STREAMS = 'nbd/nbd-server-reference.pcap';

async function kept(capture: string, limits: Partial<PageLimits>): Promise<PagePart> {
  const collector = new PageCollector({ ...DEFAULT_LIMITS, ...limits });
  const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: true, bytes: true }, collector);
  await analysis.run(join(CAPTURES, capture));
  analysis.finish();
  return collector.result();
}

describe('what a page holds is bounded, and what is left out is counted', () => {
  it('nothing is left out below the limits', async () => {
    const { head } = await kept(ONE_STREAM, {});
    expect(head.messages).toBe(28);
    expect(head.left).toMatchObject({ messages: 0, findings: 0, streams: 0, fields: 0, bytes: 0 });
  });

  it('pageMessages: the first ones, and as many again around findings', async () => {
    const { head } = await kept(ONE_STREAM, { pageMessages: 4 });
    expect(head.messages).toBe(8);
    expect(head.left.messages).toBe(20);
  });

  it('pageFindings: the first ones', async () => {
    const all = (await kept(ONE_STREAM, {})).head.findings.length;
    const { head } = await kept(ONE_STREAM, { pageFindings: 3 });
    expect(head.findings).toHaveLength(3);
    expect(head.left.findings).toBe(all - 3);
  });

  it('pageStreams: the first ones, and the messages of the others are counted', async () => {
    const all = (await kept(SEVERAL_STREAMS, {})).head;
    expect(all.streams.length).toBeGreaterThan(2);
    const { head } = await kept(SEVERAL_STREAMS, { pageStreams: 1 });
    expect(head.streams.length + head.left.streams).toBe(all.streams.length);
    expect(head.left.streams).toBeGreaterThan(0);
    expect(head.messages + head.left.messages).toBe(all.messages);
    expect(head.left.messages).toBeGreaterThan(0);
  });

  it('pageFieldCharacters: later messages come without their fields', async () => {
    const { head } = await kept(ONE_STREAM, { pageFieldCharacters: 200 });
    expect(head.messages).toBe(28);
    expect(head.left.fields).toBeGreaterThan(0);
    expect(head.left.fields).toBeLessThan(28);
  });

  it('pageBytes: later messages come without their bytes', async () => {
    const all = await kept(ONE_STREAM, {});
    const { head, bytes } = await kept(ONE_STREAM, { pageBytes: 200 });
    expect(bytes.length).toBeLessThanOrEqual(2 * 200);
    expect(bytes.length).toBeLessThan(all.bytes.length);
    expect(head.left.bytes).toBeGreaterThan(0);
  });
});
