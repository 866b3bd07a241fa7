import { expect, it } from 'vitest';
import { Random } from '../fuzz/random.js';
import { captureBytes, without } from '../kit/capture-cuts.js';
import { analyzeBytes, type Analyzed } from '../kit/in-memory.js';

const RUNS = Number(process.env['WIRELINT_LOSS_RUNS'] ?? 5);
/** Packets of a thousand that are lost. */
const RATES = [2, 10, 50, 200];

// sessions that outlive their connections, connections that are reset, and operations that are followed from one to the next
const CAPTURES = ['crc-reconnect.pcap.gz', 'crc-reset.pcap.gz', 'rev0-crc-boot.pcap.gz'];

/** Who is told of what, beside notes. */
function told({ findings }: Analyzed): Set<string> {
  return new Set(findings.filter((f) => f.severity !== 'note').map((f) => `${f.rule} ${f.party}`));
}

it.each(CAPTURES)('packets that %s lost blame nobody, on any of its connections', (name) => {
  const capture = captureBytes(`captures/msgr2/${name}`);
  const known = told(analyzeBytes(capture.bytes));
  for (let seed = 0; seed < RUNS; seed++) {
    for (const rate of RATES) {
      const random = new Random(seed, rate);
      const result = analyzeBytes(without(capture, () => random.below(1000) < rate));
      const found = [...told(result)].filter((what) => !known.has(what) && !what.startsWith('capture/'));
      expect(found, `${rate} of a thousand, seed ${seed}`).toEqual([]);
      expect(result.unaccounted).toEqual([]);
    }
  }
});
