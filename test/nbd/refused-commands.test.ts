import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';

const EINVAL = 22;
const FUA = 1;
/** HAS_FLAGS SEND_FLUSH SEND_FUA SEND_TRIM, as nbdkit's cow filter has them: no SEND_WRITE_ZEROES. */
const FLAGS = 0x002d;

/** What is raised about a server that answers EINVAL, and that told no block sizes unless `blocks` says so. */
function raised(step: Step, blocks: readonly [number, number, number] | null = null): string[] {
  const steps = [
    ...s.simpleSession({ flags: FLAGS, size: 1 << 26, blocks, infos: [] }),
    step,
    s.simple(1, EINVAL),
    ...s.disconnect(),
  ];
  return runSteps(nbd, steps, { close: 'closed' })
    .findings.filter((f) => f.party === 'server')
    .map((f) => `${f.severity} ${f.rule.id}`);
}

describe('EINVAL', () => {
  it('is right for a command that was not offered, with FUA as without', () => {
    expect(raised(s.request(s.WRITE_ZEROES, 1, 0, 4096))).toEqual([]);
    expect(raised(s.request(s.WRITE_ZEROES, 1, 0, 4096, FUA))).toEqual([]);
  });

  it('is right for a size that the server did not tell that it takes', () => {
    expect(raised(s.request(s.TRIM, 1, 1, 1, FUA))).toEqual([]);
    expect(raised(s.request(s.TRIM, 1, 0, 0x2000200, FUA))).toEqual([]);
    expect(raised(s.request(s.TRIM, 1, 0, 0x200000, FUA), [1, 512, 0x100000])).toEqual([]);
  });

  it('is wrong for a command that was offered, with FUA that was offered too', () => {
    expect(raised(s.request(s.TRIM, 1, 0, 4096, FUA))).toEqual(['warning nbd/offered-command-refused']);
    expect(raised(s.request(s.TRIM, 1, 1, 1, FUA), [1, 512, 0x100000])).toEqual([
      'warning nbd/offered-command-refused',
    ]);
    expect(raised(s.request(s.TRIM, 1, 0, 4096))).toEqual(['note nbd/offered-command-refused']);
  });
});
