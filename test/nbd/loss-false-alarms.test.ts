import { describe, expect, it } from 'vitest';
import type { Finding } from '../../src/engine/event.js';
import { findingsOf, LOSSES, recordingsIn } from './lossy-captures.js';
import { Random } from './random.js';

const FOLDER = new URL('../../captures/nbd', import.meta.url).pathname;
/** Runs per file and way to lose packets; WIRELINT_LOSS_RUNS asks for more, WIRELINT_LOSS_SEED for others. */
const RUNS = Number(process.env['WIRELINT_LOSS_RUNS'] ?? 3);
const SEED = Number(process.env['WIRELINT_LOSS_SEED'] ?? 1);
/** Longer files are left to their own tests: here many runs count. */
const MAX_PACKETS = 3000;

function blames(f: Finding, severity: 'error' | 'warning'): boolean {
  return f.severity === severity && f.party !== 'capture';
}

const recordings = (await recordingsIn(process.env['WIRELINT_LOSS_FOLDER'] ?? FOLDER)).filter(
  (r) => r.packets.length <= MAX_PACKETS,
);

describe('packets that the capture lost blame nobody', () => {
  let runs = 0;
  const warnings = new Map<string, string[]>();
  for (const recorded of recordings) {
    it(
      recorded.file,
      () => {
        const all = findingsOf(recorded);
        const known = new Set(all.map((f) => f.rule.id));
        const wrong: string[] = [];
        Object.entries(LOSSES).forEach(([way, lose], w) => {
          for (let run = 0; run < RUNS; run++) {
            const seed = (SEED * 1_000_003 + run) * 16 + w;
            const findings = findingsOf(recorded, lose(recorded.packets.length, new Random(seed)));
            runs++;
            for (const f of findings) {
              if (known.has(f.rule.id)) continue;
              // what looks like messages there may be data: told as likely at most, which their own test holds
              if (f.severity === 'warning' && recorded.file.startsWith('payload-is-nbd')) continue;
              if (blames(f, 'error')) wrong.push(`${f.rule.id} (${way}, seed ${seed}): ${f.text}`);
              else if (blames(f, 'warning')) {
                const places = warnings.get(f.rule.id) ?? [];
                warnings.set(f.rule.id, places);
                places.push(`${recorded.file}, ${way}, ${seed}`);
              }
            }
          }
        });
        expect(wrong).toEqual([]);
      },
      10_000 + RUNS * 20_000,
    );
  }

  it('and gives few warnings', () => {
    const sum = [...warnings.values()].reduce((n, places) => n + places.length, 0);
    const lines = [...warnings].map(([rule, places]) => `  ${rule}: ${places.length}, as in ${places[0]}`);
    console.log([`${runs} lossy runs, ${sum} warnings`, ...lines].join('\n'));
    expect(sum).toBeLessThanOrEqual(runs / 500);
  });
});
