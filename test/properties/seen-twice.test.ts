import { describe, expect, it } from 'vitest';
import type { Packet } from '../../src/capture/packet.js';
import { openCapture } from '../../src/capture/source.js';
import { Random } from '../fuzz/random.js';
import { ledgerOf } from '../kit/ledger.js';
import { PcapngWriter } from '../kit/pcap-writer.js';

interface Frame {
  readonly data: Uint8Array;
  readonly nanos: number;
}

/** How a second interface shows a frame of Ethernet. */
const VIEWS: Readonly<Record<string, { readonly linkType: number; readonly view: (data: Uint8Array) => Uint8Array }>> =
  {
    'as it is': { linkType: 1, view: (data) => data },
    'in a VLAN': {
      linkType: 1,
      view: (data) => Uint8Array.from([...data.subarray(0, 12), 0x81, 0, 0, 100, ...data.subarray(12)]),
    },
    'as "any" does': {
      linkType: 276,
      view: (data) =>
        Uint8Array.from([
          ...[...data.subarray(12, 14), 0, 0, 0, 0, 0, 2, 0, 1, 0, 6],
          ...[...data.subarray(6, 12), 0, 0],
          ...data.subarray(14),
        ]),
    },
  };

/** By how much its clock is ahead: by the way of a packet, by a part of a session, by more than a session lasts. */
const AHEAD = [1e3, 20e6, 1.5e9];

async function framesOf(path: string): Promise<Frame[]> {
  const frames: Frame[] = [];
  let first = -1;
  const packet = (p: Packet): void => {
    if (first < 0) first = p.seconds;
    frames.push({ data: p.block.bytes.slice(p.start, p.end), nanos: (p.seconds - first) * 1e9 + p.nanos });
  };
  await openCapture(path).read({ info: () => undefined, packet, note: () => undefined });
  return frames;
}

describe.each(Object.entries(VIEWS))('a connection that a second interface shows %s', (_view, { linkType, view }) => {
  it('has every byte once, whatever either lost', { timeout: 60_000 }, async () => {
    const frames = await framesOf('captures/pesto/tcp-bridge.pcap');
    const random = new Random(3, linkType + frames.length);
    const { streams } = ledgerOf(twice(frames, () => false, 0));
    for (const ahead of AHEAD)
      for (const percent of [0, 10, 30]) {
        const lost = (): boolean => random.below(100) < percent;
        for (const inTime of [true, false]) {
          const ledger = ledgerOf(twice(frames, lost, ahead, inTime));
          const { delivered, misplaced, captured, wrong } = ledger;
          const found = { ahead, percent, inTime, wrong, bytes: delivered + misplaced };
          expect(found).toEqual({ ...found, wrong: [], bytes: captured });
          // a tail that only the second one has may look like a connection of its own
          if (percent === 0) expect(ledger.streams).toBe(streams);
        }
      }
  });

  /** Either interface loses its packets by itself; in order of time, or as two recorders' files, one behind the other. */
  function twice(frames: readonly Frame[], lost: () => boolean, ahead: number, inTime = true): Uint8Array {
    const first = frames.filter(() => !lost()).map((f) => ({ ...f, interfaceId: 0 }));
    const second = frames
      .filter(() => !lost())
      .map(({ data, nanos }) => ({ data: view(data), nanos: nanos + ahead, interfaceId: 1 }));
    const all = [...first, ...second];
    if (inTime) all.sort((a, b) => a.nanos - b.nanos);
    const writer = new PcapngWriter()
      .section()
      .interface({ linkType: 1, resolution: 9 })
      .interface({ linkType, resolution: 9 });
    for (const packet of all) writer.packet(packet);
    return writer.done();
  }
});
