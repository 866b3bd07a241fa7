import { existsSync, readdirSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { NotACapture } from '../../src/capture/packet.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { Transcript } from '../../src/report/transcript.js';
import { expectGolden } from '../kit/golden-lines.js';

/**
 * The transcripts of the captures of this repository, as `analyze -o` writes them. `npm run golden` writes them anew: then look at the
 * difference. Very long ones are left to the tests that count.
 */
const LONGEST = 20_000;
const GOLDEN = 'test/golden';

/** Those that are also kept with all their bytes: one session of each protocol, and what is hard to read. */
const WITH_BYTES = [
  'nbd/nbdkit-structured-sparse-df.pcap',
  'nbd/qemu10-extended-headers.pcap',
  'tls/handshake-failures-alerts.pcap',
  'pesto/p21-bad-fields.pcap',
  'arca/a06-replies-overtake.pcap',
];

/** The key log beside a capture. */
function keyLogOf(path: string): string[] {
  const log = path.replace(/\.pcap(ng)?$/, '.keylog');
  return log !== path && existsSync(log) ? [log] : [];
}

async function transcript(path: string, bytes: boolean): Promise<string | null> {
  const parts: string[] = [];
  const nameOf = (file: string): string => basename(file);
  const options = { colors: false, verbose: bytes, hex: bytes, nameOf, digest: nameOf };
  const analysis = new Analysis(
    {
      limits: DEFAULT_LIMITS,
      protocols: PROTOCOLS,
      decodeAs: [],
      streams: new Set(),
      levels: new Map(),
      keyrings: [],
      tlsKeylogs: keyLogOf(path),
      showSecrets: false,
      details: true,
      bytes: true,
    },
    new Transcript((part) => parts.push(part), options),
  );
  try {
    await analysis.run(path);
  } catch (error) {
    if (error instanceof NotACapture) return null;
    throw error;
  }
  analysis.finish();
  return parts.join('');
}

const captures = readdirSync('captures', { recursive: true, withFileTypes: true })
  .filter((e) => e.isFile())
  .map((e) => relative('captures', join(e.parentPath, e.name)))
  .sort();

describe('golden transcripts', () => {
  const known = new Set<string>();

  it.each(captures)('of %s', async (name) => {
    const text = await transcript(join('captures', name), false);
    if (text === null || text.length > LONGEST) return;
    known.add(`${name}.txt`);
    expectGolden(join(GOLDEN, `${name}.txt`), text);
  });

  it.each(WITH_BYTES)('of %s with its bytes', async (name) => {
    known.add(`${name}.x.txt`);
    expectGolden(join(GOLDEN, `${name}.x.txt`), (await transcript(join('captures', name), true))!);
  });

  it('belong to captures that exist, and there are some of every protocol', () => {
    const kept = readdirSync(GOLDEN, { recursive: true, withFileTypes: true })
      .filter((e) => e.isFile() && e.name.endsWith('.txt'))
      .map((e) => relative(GOLDEN, join(e.parentPath, e.name)));
    expect(kept.filter((name) => !known.has(name))).toEqual([]);
    for (const p of PROTOCOLS)
      expect(
        kept.some((name) => name.startsWith(`${p.name}/`)),
        p.name,
      ).toBe(true);
  });
});
