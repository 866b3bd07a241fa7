import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Analysis } from '../../src/engine/analysis.js';
import type { StreamTap } from '../../src/engine/tap.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';
import { SETTINGS } from '../kit/settings.js';
import { captureFiles } from './captures.js';

const folder = scratch();

/** Sessions with names, paths, commands, maps; all captures where WIRELINT_ALL_CAPTURES is set. */
const SOME = [
  'arca/c4-file.pcap',
  'msgr1/reef-monitor.pcap',
  'msgr2/crc-omap.pcap.gz',
  'msgr2/crc-snap128.pcap',
  'msgr2/rev0-crc-boot.pcap.gz',
  'msgr2/reef-snappy-osd-osd.pcap.gz',
  'nbd/nbdkit-export-list.pcap',
  'nbd/qemu-nbd-dirty-bitmap-depth.pcap',
  'pesto/tcp-bridge.pcap',
  'tls/nbdkit142-clear-list-then-starttls.pcap',
];
const CHOSEN = process.env['WIRELINT_ALL_CAPTURES'] === undefined ? SOME : captureFiles();

/** What a capture's streams carried, as far as it was captured, each direction by itself. */
async function carried(path: string): Promise<Buffer[]> {
  const parts: Uint8Array[][] = [];
  const tap: StreamTap = {
    open: () => {
      const both: [Uint8Array[], Uint8Array[]] = [[], []];
      parts.push(...both);
      return {
        bytes: (from, block, start, end) => both[from].push(block.bytes.slice(start, end)),
        gap: () => undefined,
        end: () => undefined,
        note: () => undefined,
        close: () => undefined,
      };
    },
  };
  const nothing = (): void => undefined;
  const reporter = { capture: nothing, message: nothing, finding: nothing, stream: nothing, summary: nothing };
  const analysis = new Analysis({ ...SETTINGS, protocols: PROTOCOLS, details: false }, reporter);
  await analysis.run(path, { tap });
  analysis.finish();
  return parts.map((p) => Buffer.concat(p));
}

/** Letters that a word has at least: shorter ones are found in other names by chance. */
const LEAST = 7;
/** The protocols' own: magics, and words that are the same everywhere. */
const MAGICS = /NBDMAGIC|IHAVEOPT/g;
const EVERYBODYS = /^(allocation|creates|servicemap|mgrdigest)$/;

function wordsOf(bytes: readonly Buffer[]): Set<string> {
  const words = new Set<string>();
  for (const b of bytes)
    for (const [word] of b
      .toString('latin1')
      .replaceAll(MAGICS, ' ')
      .matchAll(/[A-Za-z][A-Za-z0-9]*/g)) {
      const letters = word.toLowerCase();
      if (letters.length >= LEAST && !EVERYBODYS.test(letters) && new Set(letters).size > 2) words.add(letters);
    }
  return words;
}

describe('words of a real capture', () => {
  it.each(CHOSEN)('are not in its copy: %s', async (name) => {
    const input = join(CAPTURES, name);
    const out = join(folder, `${name.replaceAll('/', '-')}.pcapng`);
    const { status, stderr } = wirelint(['redact', input, '-w', out]);
    if (status === 2 && process.env['WIRELINT_ALL_CAPTURES'] !== undefined) return;
    expect([status, stderr]).toEqual([0, '']);
    const words = wordsOf(await carried(input));
    const left = wordsOf([...(await carried(out)), readFileSync(out)]);
    expect([...left].filter((w) => words.has(w))).toEqual([]);
  });
});
