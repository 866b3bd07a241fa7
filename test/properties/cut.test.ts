import { describe, expect, it } from 'vitest';
import { captureFiles } from '../fuzz/corpus.js';
import { Random } from '../fuzz/random.js';
import { captureBytes } from '../kit/capture-cuts.js';
import { analyzeBytes } from '../kit/in-memory.js';
import { blamed, errorsOf, RUNS } from './sessions.js';
import { notABeginning } from './beginnings.js';

/** Texts have no records: a line that is cut is not found out everywhere. */
const FILES = captureFiles('captures').filter((path) => !path.endsWith('.txt'));

describe.each(FILES)('%s, cut off', (path) => {
  const { bytes, packets } = captureBytes(path);
  const whole = analyzeBytes(bytes);
  const errors = errorsOf(whole);
  const borders = new Set(packets.flat());

  it('gives the beginning of its messages, and says so once', () => {
    const random = new Random(11, bytes.length);
    const last = packets.at(-1)![1];
    for (let i = 0; i < 2 * RUNS; i++) {
      const at = packets[0]![0] + random.below(last - packets[0]![0]);
      const part = analyzeBytes(bytes.subarray(0, at));
      const told = part.findings.filter((f) => f.rule === 'capture/truncated');
      expect(told, `cut at ${at}`).toHaveLength(borders.has(at) ? 0 : 1);
      expect(notABeginning(part, whole), `cut at ${at}`).toEqual([]);
      expect(blamed(part, errors), `cut at ${at}`).toEqual([]);
      expect(part.unaccounted, `cut at ${at}`).toEqual([]);
    }
  });
});
