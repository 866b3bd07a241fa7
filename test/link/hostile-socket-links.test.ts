import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SOCKET_LINKS } from '../../src/link/socket-links.js';
import { linkEvents } from '../kit/socket-links.js';

describe('packets that nobody should write', () => {
  it.each([...SOCKET_LINKS])('link type %i', (_, make) => {
    // small numbers are what lengths, tags and operations are made of
    const byte = fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, fc.nat(255));
    const packets = fc.array(fc.array(byte, { maxLength: 160 }), { maxLength: 8 });
    fc.assert(
      fc.property(packets, fc.nat(50), (list, cut) => {
        const { events } = linkEvents(
          make,
          list.map((bytes) => ({ bytes: Uint8Array.from(bytes), cut })),
        );
        for (const e of events) {
          expect(e.length).toBeGreaterThanOrEqual(e.text.length);
          expect(e.text.length).toBeLessThanOrEqual(160);
        }
      }),
      { numRuns: 500 },
    );
  });
});
