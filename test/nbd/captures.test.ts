import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/engine/analysis.js';
import type { Finding, StreamRecord } from '../../src/engine/event.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { SETTINGS } from '../kit/settings.js';

const FOLDER = new URL('../../captures/nbd/', import.meta.url).pathname;

/** Rules of severity warning and error that recordings of real programs raise; the others raise no error. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'client-killed-in-flight.pcap': ['client-hard-disconnect'],
  'nbdkit-errors-eio.pcap': ['enomem-used', 'error-not-structured', 'request-after-eshutdown'],
  'nbdkit-out-of-range.pcap': [
    'block-status-not-negotiated',
    'error-not-structured',
    'request-beyond-export',
    'unknown-command-flag',
    'zero-length-request',
  ],
  'qemu10-extended-headers.pcap': ['request-beyond-export'],
  'qemu10-write-without-payload-len.pcap': ['write-without-payload-len'],
  'scripted-client-bad-request-magic.pcap': ['bad-request-magic', 'reserved-magic-used'],
  'scripted-client-cookie-reuse.pcap': ['cookie-reused-in-flight'],
  'scripted-client-meta-before-structured.pcap': ['set-meta-before-structured'],
};

async function analyze(path: string): Promise<{ findings: Finding[]; streams: StreamRecord[] }> {
  const findings: Finding[] = [];
  const streams: StreamRecord[] = [];
  const analysis = new Analysis(
    { ...SETTINGS, protocols: [nbd] },
    {
      capture: () => undefined,
      message: () => undefined,
      finding: (f) => findings.push(f),
      stream: (r) => streams.push(r),
      summary: () => undefined,
    },
  );
  await analysis.run(path);
  return { findings, streams };
}

describe('recordings of real programs', () => {
  for (const file of readdirSync(FOLDER).filter((f) => /\.(pcap|pcapng|txt)$/.test(f))) {
    it(file, async () => {
      const { findings, streams } = await analyze(FOLDER + file);
      expect(streams.filter((r) => r.protocol === nbd).length).toBeGreaterThan(0);
      const expected = EXPECTED[file];
      const loud = findings.filter(
        (f) => f.severity === 'error' || (expected !== undefined && f.severity === 'warning'),
      );
      expect([...new Set(loud.map((f) => f.rule.id.replace('nbd/', '')))].sort()).toEqual(expected ?? []);
    });
  }

  it('nbdkit in oldstyle offers commands that it refuses: facts, not faults', async () => {
    const { findings } = await analyze(`${FOLDER}nbdkit-oldstyle.pcap`);
    const refused = findings.filter((f) => f.rule.id === 'nbd/offered-command-refused');
    expect(refused.length).toBe(5);
    expect(refused.every((f) => f.severity === 'note')).toBe(true);
  });
});
