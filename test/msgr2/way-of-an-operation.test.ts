import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Analysis } from '../../src/engine/analysis.js';
import { Measure } from '../../src/measure/measure.js';
import { CAPTURES, events, wirelint } from '../kit/cli.js';
import { SETTINGS } from '../kit/settings.js';

const capture = join(CAPTURES, 'msgr2/crc-reset.pcap.gz');

describe('the way of an operation', () => {
  it('stands under the reply, and in its JSON: the primary, how long it waited, each replica', () => {
    const { stdout } = wirelint(['analyze', '-s', '9', capture]);
    expect(stdout).toContain('primary osd.0 1.7 ms: waited 631 us, osd.1 733 us');
    const replies = events(wirelint(['analyze', '-f', 'ndjson', '-s', '9', capture]).stdout).filter(
      (e) => e['inReplyTo'] === 13,
    );
    const fields = replies[0]!['fields'] as Record<string, unknown>;
    expect(fields['messageType']).toBe('MSG_OSD_OPREPLY');
    expect(fields['way']).toEqual({
      primary: 'osd.0',
      nanos: 1_696_000,
      waitedNanos: 631_000,
      replicas: [{ osd: 'osd.1', nanos: 733_000 }],
    });
  });

  it('is counted by what is done, by pool and by OSD, where nothing is printed', async () => {
    const measure = new Measure({ interval: null, limits: DEFAULT_LIMITS });
    const analysis = new Analysis(SETTINGS, measure);
    await analysis.run(capture);
    analysis.finish();
    const total = measure.protocols.get('msgr2')!;
    expect(total.operations.get('writefull')!.count).toBeGreaterThan(50);
    expect([...total.groups.get('pool')!.keys()]).toEqual(['pool p']);
    expect([...total.groups.get('OSD')!.keys()].sort()).toEqual(['osd.0', 'osd.1']);
  });
});
