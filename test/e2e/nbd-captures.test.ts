import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { blame, collect, namesOf, type Collected } from '../kit/collect.js';
import { missingPrograms } from '../kit/programs.js';

const FOLDER = 'captures/nbd';
const files = readdirSync(FOLDER).filter((f) => /\.pcap(ng)?$/.test(f));

/** Message names, packets and stream bytes by file, from a counter that shares no code with the decoder. */
const counts = JSON.parse(readFileSync(`${FOLDER}/counts.json`, 'utf8')) as Record<string, Record<string, number>>;

/** Sessions in which a peer breaks a rule of severity error, and who. All others are clean. */
const BROKEN: Record<string, { party: string; rule: string }> = {
  'field-12b-cve-2022-26495-namelen-ffffffff.pcap': { party: 'client', rule: 'nbd/go-name-overruns' },
  'field-40-cve-2022-26495-export-name-ffffffff.pcap': { party: 'client', rule: 'nbd/string-too-long' },
  'field-x-request-while-haggling-after-info.pcap': { party: 'client', rule: 'nbd/request-while-haggling' },
  'nbd-server-copyonwrite-overlap.pcap': { party: 'server', rule: 'nbd/chunk-overlap' },
  'nbdkit-errors-eio.pcap': { party: 'client', rule: 'nbd/request-after-eshutdown' },
  'nbdkit-out-of-range.pcap': { party: 'client', rule: 'nbd/request-beyond-export' },
  'qemu10-extended-headers.pcap': { party: 'client', rule: 'nbd/request-beyond-export' },
  'scripted-client-bad-request-magic.pcap': { party: 'client', rule: 'nbd/bad-request-magic' },
  'scripted-client-cookie-reuse.pcap': { party: 'client', rule: 'nbd/cookie-reused-in-flight' },
  'scripted-client-meta-before-structured.pcap': { party: 'client', rule: 'nbd/set-meta-before-structured' },
};

/** Files whose bytes are counted differently for a reason. */
const COUNTED_OTHERWISE: Record<string, string> = {
  'dumpcap-two-interfaces.pcapng': 'two interfaces recorded each packet: the counter counts the session twice',
  'late-join-structured.pcap': 'the counter knows the handshake that the file does not hold',
  'oneway-server-to-client.pcap': 'the counter does not decode one direction alone',
  'snaplen-96.pcap': 'payload is cut: bytes differ from what the session had',
  'client-killed-in-flight.pcap': 'bytes beyond the reset',
};

const work = mkdtempSync(join(tmpdir(), 'wirelint-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

describe.each(files)('%s', (file) => {
  const path = `${FOLDER}/${file}`;

  it('holds the messages that were counted independently', async () => {
    const { messages, streams, summary } = await collect(path);
    const expected = counts[file];
    if (expected === undefined || file in COUNTED_OTHERWISE) {
      expect(messages.length).toBeGreaterThan(0);
      return;
    }
    const got: Record<string, number> = { ...namesOf(messages), packets: summary.packets };
    got['bytes.c2s'] = streams.reduce((n, s) => n + s.bytes['client-to-server'], 0);
    got['bytes.s2c'] = streams.reduce((n, s) => n + s.bytes['server-to-client'], 0);
    for (const [name, n] of Object.entries(expected)) expect(`${name}=${got[name] ?? 0}`).toBe(`${name}=${n}`);
  });

  it('blames whom it should, and nobody else', async () => {
    const { findings } = await collect(path);
    const broken = BROKEN[file];
    expect(findings.filter((f) => f.rule.startsWith('internal/'))).toEqual([]);
    if (broken === undefined) {
      expect(blame(findings)).toEqual([]);
    } else {
      const hits = findings.filter((f) => f.rule === broken.rule);
      expect(hits.length).toBeGreaterThan(0);
      for (const f of findings.filter((x) => x.severity === 'error'))
        expect(`${f.rule} ${f.party}`).toMatch(new RegExp(` (${broken.party}|either)$`));
    }
  });

  it('accounts for every captured byte', async () => {
    const { messages, streams } = await collect(path);
    for (const s of streams.filter((x) => x.protocol === 'nbd')) {
      for (const way of ['client-to-server', 'server-to-client'] as const) {
        // messages and what was skipped never overlap, and are in order
        let end = 0;
        for (const m of messages.filter((x) => x.stream === s.stream && x.direction === way)) {
          expect(m.offset).toBeGreaterThanOrEqual(end);
          end = m.complete ? m.offset + m.length : m.offset + 1;
        }
        expect(end).toBeLessThanOrEqual(s.bytes[way] + s.missing[way]);
      }
    }
  });
});

/** Everything but what names the input. */
function comparable({ events }: Collected): unknown[] {
  return events.filter((e) => e.type !== 'capture').map((e) => ({ ...e, file: '' }));
}

const SAMPLES = [
  'qemu-io-script.pcap',
  'nbdkit-simple-replies.pcap',
  'snaplen-96.pcap',
  'real-loss-reorder-dup.pcap',
  'client-killed-in-flight.pcap',
];

describe.each(SAMPLES)('%s gives the same events', (file) => {
  const path = `${FOLDER}/${file}`;

  it('compressed', async () => {
    const gz = join(work, `${file}.gz`);
    writeFileSync(gz, gzipSync(readFileSync(path)));
    expect(comparable(await collect(gz))).toEqual(comparable(await collect(path)));
  });

  it('through a pipe', async () => {
    const run = (args: string[], input?: Buffer): string =>
      spawnSync('node', ['dist/bin.js', 'analyze', '-f', 'ndjson', ...args], {
        input,
        encoding: 'utf8',
        maxBuffer: 1 << 28,
      }).stdout;
    const normal = (out: string): string => out.replaceAll(/"file":"[^"]*"/g, '"file":""');
    const piped = normal(run(['-'], readFileSync(path)));
    expect(piped.split('\n').length).toBeGreaterThan(10);
    expect(piped).toBe(normal(run([path])));
  });

  const missing = missingPrograms('editcap');
  it.skipIf(missing.length > 0)(
    `as pcapng, converted by editcap${missing.length > 0 ? ' (skipped: not installed)' : ''}`,
    async () => {
      const ng = join(work, `${file}ng`);
      const { status } = spawnSync('editcap', ['-F', 'pcapng', path, ng]);
      expect(status).toBe(0);
      expect(comparable(await collect(ng))).toEqual(comparable(await collect(path)));
    },
  );
});
