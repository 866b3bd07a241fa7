import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { difference, loosePackets, repeated, said, segmented, shuffled, swapped } from '../kit/rearranged.js';

/** Left out: longer ones say nothing new, and take the time of all others. */
const MOST_PACKETS = 3000;
const MOST_BYTES = 300_000;

/** What nobody can know, and why. */
const UNKNOWABLE: ReadonlyMap<string, string> = new Map([
  ['p46-v1-tcp.pcapng', 'a proxy wrote it: such recordings are in order, and are believed to be'],
  ['p52-tap-tcp.pcapng', 'the same'],
  ['recorded-v1-client.pcapng', 'the same'],
  ['recorded-v2-client-v1-server.pcapng', 'the same'],
  ['recorded-restart.pcapng', 'the same'],
  ['p61-text2pcap.pcap', 'text2pcap numbers from 0 without a SYN, and marks its packets in the link layer'],
  ['same-text2pcap.pcap', 'the same'],
  [
    'real-loss-reorder-dup.pcap',
    'reordered by a packet as it is: by 1,448 of one byte, which is beyond gapGracePackets',
  ],
  ['crc-latejoin.pcap.gz', 'joined late: where a stream without a SYN begins'],
  ['tcp-bridge.pcap', 'sessions of six packets, whose RSTs the shuffling puts in front of what they ended'],
]);

const files = ['arca', 'msgr2', 'nbd', 'pesto'].flatMap((folder) =>
  readdirSync(join('captures', folder))
    .filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name) && !UNKNOWABLE.has(name))
    .map((name) => join('captures', folder, name)),
);

const ways = [
  ['in segments of 1 byte', (p) => segmented(p, 1)],
  ['in segments of 7 bytes', (p) => segmented(p, 7)],
  ['with neighbours the other way round', (p) => swapped(p)],
  ['shuffled in windows of 8', (p) => shuffled(p, 8, 7)],
  ['with every packet again five packets later', (p) => repeated(p, 5)],
] satisfies readonly (readonly [string, (p: NonNullable<Awaited<ReturnType<typeof loosePackets>>>) => unknown])[];

describe('every capture of TCP has the same messages', () => {
  it.each(ways)('%s', { timeout: 240_000 }, async (way, rearrange) => {
    const different: string[] = [];
    let compared = 0;
    for (const file of files) {
      const packets = await loosePackets(file);
      if (packets === null || packets.length === 0 || packets.length > MOST_PACKETS) continue;
      if (way.includes('1 byte') && packets.reduce((n, p) => n + p.bytes.length, 0) > MOST_BYTES) continue;
      const whole = said(packets);
      const other = said(rearrange(packets));
      const { missing, extra } = difference(whole.messages, other.messages);
      compared += whole.messages.length;
      if (missing.length + extra.length > 0) different.push(`${file}: ${missing.length} missing, ${extra.length} new`);
      const errors = difference(errorsOf(whole.findings), errorsOf(other.findings));
      for (const e of errors.extra) different.push(`${file}: ${e}`);
    }
    expect(different).toEqual([]);
    expect(compared).toBeGreaterThan(1000);
  });
});

/** What must not come up by rearranging: it may be put off, where what proves it is no longer certain. */
function errorsOf(findings: readonly string[]): string[] {
  return findings.filter((f) => f.includes(' error '));
}
