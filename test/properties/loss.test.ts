import { describe, expect, it } from 'vitest';
import { captureFiles } from '../fuzz/corpus.js';
import { Random } from '../fuzz/random.js';
import { analyzeBytes } from '../kit/in-memory.js';
import { packetFile, sessionPackets } from '../kit/session-packets.js';
import { blamed, cutShort, errorsOf, RUNS, SEED, streamsOf } from './sessions.js';

/** Longer streams take too long to be played often. */
const MOST_BYTES = 60_000;
const MOST_PACKETS = 5000;

describe.each(captureFiles('captures'))('%s', (path) => {
  it('blames nobody for packets that are lost, whatever their size', async () => {
    const random = new Random(SEED, path.length);
    for (const { name, port, steps } of await streamsOf(path, MOST_BYTES)) {
      const known = errorsOf(analyzeBytes(packetFile(sessionPackets(steps, port, (n) => n))));
      for (let i = 0; i < Math.ceil(RUNS / 2); i++) {
        const mss = random.oneIn(4) ? 1 + random.below(1400) : 1 + random.below(64);
        const percent = [1, 5, 20][i % 3]!;
        const seed = random.below(1 << 30);
        const packets = sessionPackets(steps, port, (n) => Math.min(n, mss));
        if (packets.length > MOST_PACKETS) continue;
        const result = analyzeBytes(packetFile(cutShort(packets, percent, seed)));
        const what = `${name} in segments of ${mss}, ${percent} percent lost, seed ${seed}`;
        expect(blamed(result, known), what).toEqual([]);
        expect(result.unaccounted, what).toEqual([]);
      }
    }
  });
});
