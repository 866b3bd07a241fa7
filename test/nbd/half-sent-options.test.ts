import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { scratch } from '../kit/cli.js';
import { collect } from '../kit/collect.js';
import { pcapFile } from '../kit/pcap-writer.js';
import { sessionPackets } from '../kit/session-packets.js';

const folder = scratch();

/** `n` connections at once, each of which ends in the middle of an option of 20,000 bytes. */
function halfSent(n: number): string {
  const half = s.option(99, s.fill(20_000)).bytes.subarray(0, 10_000);
  const steps = [...s.hello(), { from: 'client', bytes: half } as const];
  const sessions = Array.from({ length: n }, (_, i) => sessionPackets(steps, 10_809, () => 4000, 1024 + i));
  const path = join(folder, `${n}.pcap`);
  writeFileSync(path, pcapFile(sessions.flat().map(({ frame }) => ({ data: frame }))));
  return path;
}

describe('options that many sessions leave half sent', () => {
  it('heldBytes: are kept up to one bound for all, and judged by their first bytes beyond', async () => {
    const limits = { ...DEFAULT_LIMITS, heldBytes: 100_000 };
    const { findings, messages } = await collect(halfSent(40), { limits });
    const told = findings.filter((f) => f.rule === 'capture/limit');
    expect(told[0]!.text).toMatch(
      /^heldBytes: options and replies of all sessions together hold more than 100000 bytes/,
    );
    // 20,000 and 64 bytes of buffer each
    expect(40 - told.length).toBeLessThan(12);
    expect(messages.filter((m) => m.name === 'NBD_OPT_99')).toHaveLength(40);
  });

  it('are nothing to tell of by default', async () => {
    const { findings } = await collect(halfSent(40));
    expect(findings.filter((f) => f.rule === 'capture/limit')).toEqual([]);
  });
});
