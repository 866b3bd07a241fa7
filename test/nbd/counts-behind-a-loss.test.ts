import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import { runSteps } from '../../src/engine/example.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { disconnect, data, READ, request, structuredSession } from '../../src/protocols/nbd/rules/session-steps.js';

/** A client that waits for every answer; of `lost` answers nothing was captured. */
function synchronous(n: number, lost: ReadonlySet<number>): Step[] {
  const steps: Step[] = [...structuredSession()];
  for (let i = 0; i < n; i++) {
    const answer = data(i, 0, 512);
    steps.push(request(READ, i, 0, 512));
    steps.push(lost.has(i) ? { from: 'server', gap: answer.bytes.length } : answer);
  }
  return [...steps, ...disconnect()];
}

describe('what a session counts behind a loss', () => {
  it('is exact where nothing is missing', () => {
    const { sessions, descriptions } = runSteps(nbd, synchronous(20, new Set()));
    expect(sessions[0]).toMatchObject({ deepestQueue: 1, requests: 21 });
    expect(sessions[0]).not.toHaveProperty('countsIncomplete');
    expect(descriptions[0]!.join()).toContain('queue 1,');
  });

  it('does not take requests whose answers were lost for ones in flight, and says so', () => {
    const { sessions, descriptions } = runSteps(nbd, synchronous(100, new Set([3, 9, 27, 28, 60])));
    expect(sessions[0]).toMatchObject({ countsIncomplete: true });
    expect(sessions[0]!['deepestQueue']).toBeLessThanOrEqual(2);
    expect(descriptions[0]!.join()).toMatch(/queue at least [12],.* as far as captured/);
  });
});
