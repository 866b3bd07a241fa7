import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { captureBytes, without } from '../kit/capture-cuts.js';
import { CAPTURES } from '../kit/cli.js';
import { analyzeBytes } from '../kit/in-memory.js';

/**
 * Fourteen connections to one server, in order of time. One whose first packet is lost is decoded later than those behind it, and one whose
 * list is lost ends later than its FIN came: neither tells anything of the others.
 */
const BRIDGE = captureBytes(join(CAPTURES, 'pesto/tcp-bridge.pcap'));

function blamed(lost: (packet: number) => boolean): string[] {
  const { findings } = analyzeBytes(without(BRIDGE, lost));
  return findings
    .filter((f) => f.party !== 'capture' && f.severity !== 'note')
    .map((f) => `${f.rule} ${f.party} in stream ${f.stream}`);
}

describe('a packet of one of many connections that the capture lost', () => {
  const known = new Set(blamed(() => false));

  it('blames nobody, whichever it is', () => {
    expect(known.size).toBeGreaterThan(5);
    for (let i = 0; i < BRIDGE.packets.length; i++)
      expect(
        blamed((packet) => packet === i).filter((f) => !known.has(f)),
        `without packet ${i + 1}`,
      ).toEqual([]);
  });

  it('nor do several', () => {
    for (const step of [2, 3, 5, 7, 11])
      for (let from = 0; from < step; from++)
        expect(
          blamed((packet) => packet % step === from).filter((f) => !known.has(f)),
          `every ${step} from ${from}`,
        ).toEqual([]);
  });
});
