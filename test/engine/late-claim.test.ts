import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { CERTAIN, type Claim, type Protocol } from '../../src/contract/protocol.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import * as E1 from '../../src/protocols/msgr1/encode.js';
import { msgr1 } from '../../src/protocols/msgr1/index.js';
import * as E2 from '../../src/protocols/msgr2/encode.js';
import { msgr2 } from '../../src/protocols/msgr2/index.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { REQUEST } from '../../src/protocols/nbd/layout.js';

/** How sure the protocol is of a connection that was joined late, where the client sent `bytes` so far; -1: it cannot tell yet. */
function sureness(protocol: Protocol, bytes: Uint8Array): number {
  const claim = protocol.probe({
    classification: {},
    connection: {
      id: 1,
      transport: 'tcp',
      endpoints: ['10.0.0.1:40000', '10.0.0.2:7000'],
      ports: [40_000, 7000],
      start: 'missed',
      initiatorKnown: false,
      ordered: true,
      heard: [true, true],
      vlan: -1,
      comment: '',
    },
    bytes: [bytes, new Uint8Array(0)],
    at: [0, 0],
    ended: [false, false],
    cut: [true, true],
    limits: DEFAULT_LIMITS,
    limited: () => undefined,
  });
  return claim === null || claim === 'more' ? -1 : (claim as Claim).score;
}

const front = Uint8Array.from({ length: 300 }, (_, i) => (i * 7) & 0xff);
const kinds: [string, Protocol, () => Uint8Array][] = [
  ['msgr2.1', msgr2, () => E2.message({ revision: 1, type: MSG.OSD_OP, version: 1, front, data: front })],
  ['msgr2.0', msgr2, () => E2.message({ revision: 0, type: MSG.OSD_OP, version: 1, front, data: front })],
  ['msgr1', msgr1, () => E1.message({ type: MSG.OSD_OP, front, data: front })],
];

describe.each(kinds)('a connection of %s that was joined late', (_name, protocol, message) => {
  const one = message();
  const inside = one.subarray(200);

  it('is not certain by one header', () => {
    const score = sureness(protocol, E2.concat(inside, one));
    expect(score).toBeGreaterThan(0.5);
    expect(score).toBeLessThan(CERTAIN);
  });

  it('is certain by two, one right behind the other', () => {
    expect(sureness(protocol, E2.concat(inside, one, one))).toBeGreaterThanOrEqual(CERTAIN);
  });

  it('is not by two with something else between them', () => {
    expect(sureness(protocol, E2.concat(inside, one, new Uint8Array(3), one))).toBeLessThan(CERTAIN);
  });
});

describe('a connection of NBD that was joined late', () => {
  const read = (cookie: bigint) => REQUEST.build({ flags: 0, type: 0, cookie, offset: cookie * 512n, length: 512 });

  it('is certain by three headers that chain from its first captured byte on', () => {
    expect(sureness(nbd, E2.concat(read(1n), read(2n), read(3n)))).toBeGreaterThanOrEqual(CERTAIN);
  });

  it('is not by two, nor by three that may be payload', () => {
    const two = sureness(nbd, E2.concat(read(1n), read(2n)));
    const inside = sureness(nbd, E2.concat(new Uint8Array(100), read(1n), read(2n), read(3n)));
    for (const score of [two, inside]) {
      expect(score).toBeGreaterThan(0.5);
      expect(score).toBeLessThan(CERTAIN);
    }
  });
});
