import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { unaccounted } from '../kit/properties.js';

/** `NBDMAGIC IHAVEOPT` and flags, without the bytes from `from` up to `to`. */
function greetingWithout(from: number, to: number): Step[] {
  const all = new Uint8Array(Buffer.from('NBDMAGICIHAVEOPT\0\x03', 'latin1'));
  const gap: Step = { from: 'server', gap: to - from };
  return [s.server(all.slice(0, from)), gap, s.server(all.slice(to))].filter(
    (step) => !('bytes' in step) || step.bytes.length > 0,
  );
}

describe('a gap in the bytes by which a protocol is recognised', () => {
  it.each([
    [4, 8],
    [0, 4],
    [2, 6],
    [1, 8],
  ])('makes no client of a server whose greeting misses bytes %d to %d', (from, to) => {
    const [, ...rest] = s.simpleSession();
    const result = runSteps(nbd, [...greetingWithout(from, to), ...rest]);
    expect(result.findings.filter((f) => f.severity === 'error').map((f) => f.text)).toEqual([]);
    expect(result.streams[0]!.clientEnd).toBe(0);
    expect(unaccounted(result).filter((n) => n !== 0)).toEqual([]);
  });

  it('leaves bytes apart that do not follow each other', () => {
    // glued together the two would be client flags and an option
    const steps: Step[] = [
      s.server('NBDM'),
      { from: 'server', gap: 4 },
      s.server('IHAVEOPT'),
      { from: 'server', gap: 20 },
    ];
    const result = runSteps(nbd, steps, { oneSided: 'server' });
    expect(result.messages).toEqual([]);
    expect(result.findings.filter((f) => f.severity === 'error')).toEqual([]);
  });
});
