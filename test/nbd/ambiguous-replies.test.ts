import { describe, expect, it } from 'vitest';
import { nbd } from '../../src/protocols/nbd/index.js';
import { runSteps } from '../../src/engine/example.js';
import { stepsOf } from '../kit/capture-steps.js';

describe('simple replies to READ whose requests were not captured', () => {
  it('are called ambiguous, once, and blame nobody', async () => {
    const [stream] = await stepsOf('captures/nbd/nbdkit-simple-replies.pcap');
    const alone = runSteps(nbd, stream!.steps, { oneSided: 'server' });
    const said = alone.findings.filter((f) => f.rule.id === 'capture/mode-guessed');
    expect(said.map((f) => f.text.includes('ambiguous'))).toEqual([true]);
    expect(alone.findings.filter((f) => f.severity !== 'note')).toEqual([]);
    expect(alone.messages.filter((m) => m.name === 'NBD_SIMPLE_REPLY' && m.hinted).length).toBeGreaterThan(3);

    const whole = runSteps(nbd, stream!.steps);
    expect(whole.findings.map((f) => f.rule.id)).not.toContain('capture/mode-guessed');
  });
});
