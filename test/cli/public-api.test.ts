import { describe, expect, it } from 'vitest';
import { listProtocols, listRules, NotACapture, openCapture, type Event } from '../../src/index.js';
import { events, wirelint } from '../kit/cli.js';

const CLEAN = 'captures/nbd/any-sll.pcap';

async function all(iterable: AsyncIterable<Event>): Promise<Event[]> {
  const list: Event[] = [];
  for await (const event of iterable) list.push(event);
  return list;
}

describe('the public API', () => {
  it('gives the events that ndjson has', async () => {
    expect(await all(openCapture(CLEAN))).toEqual(events(wirelint(['analyze', '-f', 'ndjson', CLEAN]).stdout));
  });

  it('takes several captures, and options', async () => {
    const list = await all(
      openCapture([CLEAN, 'captures/nbd/late-join-structured.pcap'], { rules: { 'capture/joined-late': 'error' } }),
    );
    expect(list.filter((e) => e.type === 'capture')).toHaveLength(2);
    expect(list.filter((e) => e.type === 'finding' && e.rule === 'capture/joined-late')).toMatchObject([
      { severity: 'error' },
    ]);
    expect(await all(openCapture(CLEAN, { protocols: ['pesto'] }))).toMatchObject([
      { type: 'capture' },
      { type: 'stream', protocol: null },
      { type: 'summary', protocols: {} },
    ]);
    await expect(all(openCapture(CLEAN, { protocols: ['smb'] }))).rejects.toThrow('unknown protocol "smb"');
  });

  it('rejects with what is wrong with the input', async () => {
    await expect(all(openCapture('package.json'))).rejects.toThrow(NotACapture);
    await expect(all(openCapture('/nonexistent'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('ends early where the consumer does', async () => {
    let first: Event | null = null;
    for await (const event of openCapture([CLEAN, '/nonexistent'])) {
      first = event;
      break;
    }
    expect(first).toMatchObject({ type: 'capture', file: CLEAN });
  });

  it('lists protocols and rules', () => {
    expect(listProtocols().map((p) => p.name)).toEqual(['nbd', 'msgr2', 'pesto', 'arca']);
    const rules = listRules();
    expect(new Set(rules.map((r) => r.id)).size).toBe(rules.length);
    expect(rules.find((r) => r.id === 'capture/gap')).toMatchObject({ severity: 'note', party: 'capture', off: false });
  });
});
