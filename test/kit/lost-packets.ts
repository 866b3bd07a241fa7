import { Random } from '../fuzz/random.js';
import { captureBytes, without } from './capture-cuts.js';
import { analyzeBytes, type Analyzed } from './in-memory.js';

/** Packets of a thousand that are lost. */
const RATES = [2, 10, 50, 200];
/** WIRELINT_LOSS_RUNS asks for more runs of each rate. */
const RUNS = Number(process.env['WIRELINT_LOSS_RUNS'] ?? 0);

/** Who is blamed for what by errors and warnings. */
function blamed({ findings }: Analyzed): Set<string> {
  return new Set(
    findings.filter((f) => f.severity !== 'note' && !f.rule.startsWith('capture/')).map((f) => `${f.rule} ${f.party}`),
  );
}

/**
 * Analyzes a capture without some of its packets, `runs` times for each rate of loss. Returns what only those runs blame somebody for, and
 * where they lose count of bytes, with the rate and the seed.
 */
export function onlyWithLosses(path: string, runs: number, keyLog = ''): string[] {
  const capture = captureBytes(path);
  const known = blamed(analyzeBytes(capture.bytes, 'blocks', keyLog));
  const wrong: string[] = [];
  for (let seed = 0; seed < Math.max(runs, RUNS); seed++) {
    for (const rate of RATES) {
      const random = new Random(seed, rate);
      const file = without(capture, () => random.below(1000) < rate);
      const result = analyzeBytes(file, 'blocks', keyLog);
      const found = [...blamed(result)].filter((what) => !known.has(what));
      wrong.push(...[...found, ...result.unaccounted].map((what) => `${what} (${rate} of a thousand, seed ${seed})`));
    }
  }
  return wrong;
}
