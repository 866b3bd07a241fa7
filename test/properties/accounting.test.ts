import { describe, expect, it } from 'vitest';
import { captureFiles } from '../fuzz/corpus.js';
import { Random } from '../fuzz/random.js';
import { captureBytes, without } from '../kit/capture-cuts.js';
import { ledgerOf, type Ledger } from '../kit/ledger.js';
import { RUNS } from './sessions.js';

/** Every captured byte is part of one message, or skipped with a reason; what is missing is a gap; nothing is in two places. */
function audit(ledger: Ledger): void {
  expect(ledger.wrong).toEqual([]);
  expect(ledger.delivered + ledger.misplaced).toBe(ledger.captured);
}

describe.each(captureFiles('captures'))('%s', (path) => {
  const capture = captureBytes(path);

  it('accounts for every byte once', () => {
    const ledger = ledgerOf(capture.bytes);
    expect(ledger.streams).toBeGreaterThan(0);
    audit(ledger);
  });

  it('does so when it is cut off', () => {
    const random = new Random(7, capture.bytes.length);
    for (let i = 0; i < RUNS; i++)
      audit(ledgerOf(capture.bytes.subarray(0, 24 + random.below(capture.bytes.length - 24))));
  });

  it('does so when packets are lost', () => {
    const random = new Random(8, capture.bytes.length);
    for (let i = 0; i < RUNS; i++) {
      const percent = [1, 5, 20][i % 3]!;
      const ledger = ledgerOf(without(capture, () => random.below(100) < percent));
      audit(ledger);
    }
  });
});
