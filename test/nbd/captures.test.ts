import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/engine/analysis.js';
import type { Finding, StreamRecord } from '../../src/engine/event.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { SETTINGS } from '../kit/settings.js';

const FOLDER = new URL('../../captures/nbd/', import.meta.url).pathname;

/** Rules of severity warning and error that recordings of real programs raise; the others raise no error. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'client-killed-in-flight.pcap': ['client-hard-disconnect'],
  'field-05-xapi105-disconnect-on-write-error.pcap': ['server-hard-disconnect'],
  'field-12b-cve-2022-26495-namelen-ffffffff.pcap': ['go-name-overruns'],
  'field-14-qemu-blockstatus-misaligned-eof.pcap': ['block-status-unaligned'],
  'field-40-cve-2022-26495-export-name-ffffffff.pcap': ['export-name-without-go', 'string-too-long'],
  'field-42-short-read-client-hangs.pcap': ['reply-unfinished'],
  'field-x-request-while-haggling-after-info.pcap': ['request-while-haggling'],
  'nbd-server-copyonwrite-overlap.pcap': ['chunk-overlap', 'read-incomplete'],
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
  'scripted-client-bad-request-magic.pcap': ['bad-request-magic'],
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

  it('nbdkit in oldstyle offers commands that it refuses: said once', async () => {
    const { findings, streams } = await analyze(`${FOLDER}nbdkit-oldstyle.pcap`);
    expect(findings.map((f) => `${f.severity} ${f.rule.id}: ${f.text}`)).toEqual([
      'warning nbd/offered-command-refused: EINVAL for WRITE with FUA, although the transmission flags are 0x0d6d',
    ]);
    expect(streams[0]!.repeated.map((r) => [r.finding.rule.id, r.times, r.others.length])).toEqual([
      ['nbd/offered-command-refused', 5, 4],
    ]);
  });

  it('sessions that break nothing say nothing', async () => {
    const clean = readFileSync('captures/manifest.tsv', 'utf8')
      .split('\n')
      .map((line) => line.split('\t'))
      .filter(
        ([file, , what]) => /^nbd\/.*\.(pcap|pcapng|txt)(\.gz)?$/.test(file ?? '') && /\bclean\b/.test(what ?? ''),
      );
    expect(clean.length).toBeGreaterThan(5);
    for (const [file] of clean) {
      const { findings } = await analyze(`captures/${file!}`);
      const said = findings.filter((f) => f.party !== 'capture').map((f) => `${f.rule.id}: ${f.text}`);
      expect(said, file).toEqual([]);
    }
  });
});
