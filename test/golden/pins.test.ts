/**
 * What comes out, pinned, so that a change inside shows what it changes outside:
 *
 * - `pins/rules-PROTOCOL.tsv`: everything that each rule's breaking example reports, with what it points at;
 * - `pins/ndjson.tsv`: one line a capture, with hashes of its ndjson, whole and as a tap would see it that hears one end only.
 *
 * A change that is meant is written down with one command: `npm run golden`. Then read the difference: the tables have a line for a
 * finding, the page a line for a capture. After a merge conflict in one of them take either side, and write them anew.
 */
import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NotACapture, type PacketSink } from '../../src/capture/packet.js';
import { openCapture } from '../../src/capture/source.js';
import { Analysis } from '../../src/engine/analysis.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { expectGolden } from '../kit/golden-lines.js';
import { oneSided, sendersOf } from '../kit/one-sided.js';
import { COLUMNS, PINS, pinsOf, reported } from '../kit/rule-pins.js';
import { SETTINGS } from '../kit/settings.js';

describe('what breaking examples report', () => {
  it.each(PROTOCOLS.map((p) => [p.name, p] as const))('%s', (_, protocol) => {
    const lines = [...protocol.rules]
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .flatMap((rule) => ['', ...reported(protocol, rule)]);
    expectGolden(pinsOf(protocol), [COLUMNS.join('\t'), ...lines, ''].join('\n'));
  });
});

/** Sixteen hex digits that stand for the ndjson of a capture; null where the file is none. */
async function ndjsonHash(path: string, tap: (sink: PacketSink) => PacketSink): Promise<string | null> {
  const hash = createHash('sha256');
  const analysis = new Analysis(
    { ...SETTINGS, details: true },
    new EventReporter((event) => hash.update(JSON.stringify(event)).update('\n')),
  );
  const live = analysis.live(path);
  try {
    await openCapture(path).read(tap(live.sink));
  } catch (error) {
    if (error instanceof NotACapture) return null;
    throw error;
  }
  live.end();
  analysis.finish();
  return hash.digest('hex').slice(0, 16);
}

const captures = readdirSync('captures', { recursive: true, withFileTypes: true })
  .filter((e) => e.isFile())
  .map((e) => relative('.', join(e.parentPath, e.name)))
  .sort();

describe('the ndjson of all captures', () => {
  it('is what it was', { timeout: 120_000 }, async () => {
    const lines = [['capture', 'whole', 'first end only', 'second end only'].join('\t')];
    for (const path of captures) {
      const whole = await ndjsonHash(path, (sink) => sink);
      if (whole === null) continue;
      const senders = await sendersOf(path);
      const alone = [];
      for (const kept of [0, 1] as const) alone.push(await ndjsonHash(path, (sink) => oneSided(sink, senders, kept)));
      lines.push([path, whole, ...alone].join('\t'));
    }
    expect(lines.length).toBeGreaterThan(1);
    expectGolden(join(PINS, 'ndjson.tsv'), `${lines.join('\n')}\n`);
  });
});
