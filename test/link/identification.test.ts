import { describe, expect, it } from 'vitest';
import { ipv4, LinkRun, tcp } from '../kit/frames.js';

/** The two fragments of a segment, all with one identification. */
function parts(payload: string, seq: number): { bytes: Uint8Array; linkType: number }[] {
  const whole = tcp(payload, { seq });
  return [
    { bytes: ipv4(whole.slice(0, 24), { id: 0, more: true }), linkType: 101 },
    { bytes: ipv4(whole.slice(24), { id: 0, offset: 24 }), linkType: 101 },
  ];
}

const first = parts('first segment, 26 bytes...', 1);
const second = parts('second segment, 26 bytes..', 27);

describe('an IP identification that is 0 in every packet', () => {
  it('does not make the next datagram an echo of the one before', () => {
    const run = new LinkRun();
    for (const p of [...first, ...second]) run.add(p);
    expect(run.payloads).toEqual(['first segment, 26 bytes...', 'second segment, 26 bytes..']);
  });

  it('does not mix a datagram with the rest of one that lost a fragment', () => {
    const run = new LinkRun();
    for (const p of [first[0]!, ...second]) run.add(p);
    expect(run.payloads).toEqual(['second segment, 26 bytes..']);
  });

  it('still lets copies be known', () => {
    const run = new LinkRun();
    for (const p of [...first, ...first, ...second, ...second]) run.add(p);
    expect(run.payloads).toHaveLength(2);
  });
});
