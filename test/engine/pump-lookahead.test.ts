import { describe, expect, it } from 'vitest';
import { Block } from '../../src/base/block.js';
import { Budget } from '../../src/base/budget.js';
import { CLIENT, type Input } from '../../src/base/input.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Origin } from '../../src/base/origin.js';
import type { Decoder, Output } from '../../src/contract/protocol.js';
import { PumpRoom } from '../../src/engine/carry.js';
import { DirectionPump } from '../../src/engine/direction-pump.js';

const LOOKAHEAD = 44;

const NOTHING_TO_SAY: Output = {
  begin: () => undefined,
  message: () => undefined,
  skip: () => undefined,
  raise: () => undefined,
  wants: () => true,
};

/** Takes every byte, but only those behind which it sees LOOKAHEAD - 1 more, as a search for headers does. */
class Searcher implements Decoder {
  need = LOOKAHEAD;
  body = 0;
  wantsBody = false;
  waiting = false;
  calls = 0;
  left = 0;
  inOrder = true;
  readonly taken: number[] = [];
  readonly packets: number[] = [];

  decode(input: Input): void {
    this.calls++;
    for (; input.remaining >= LOOKAHEAD; input.pos++) {
      this.inOrder &&= input.offset === this.taken.length;
      this.taken.push(input.bytes[input.pos]!);
      this.packets.push(input.originAt(input.pos).packet);
    }
  }
  abandon(input: Input): void {
    this.left = input.remaining;
  }
  bodyBytes(): void {}
  bodyGap(): void {}
  bodyEnd(): void {}
  gap(): void {}
  end(): void {}
}

/** Feeds `total` bytes in chunks of `size`, each from a packet of its own and somewhere in a block. */
function feed(total: number, size: number): Searcher {
  const searcher = new Searcher();
  const room = new PumpRoom(DEFAULT_LIMITS, new Budget(1 << 20));
  const pump = new DirectionPump(searcher, CLIENT, 0, room, NOTHING_TO_SAY);
  const origin = new Origin();
  for (let at = 0; at < total; at += size) {
    const n = Math.min(size, total - at);
    const bytes = Uint8Array.from({ length: n + 20 }, (_, i) => (at + i - 10) * 7);
    origin.packet++;
    pump.feed(new Block(bytes), 10, 10 + n, origin);
  }
  expect(pump.received).toBe(total);
  pump.finish('fin');
  return searcher;
}

describe('a decoder that wants to see further than it takes', () => {
  for (const size of [1, 7, 43, 44, 45, 87, 1448]) {
    it(`sees every byte once, in order and with its packet, in chunks of ${size}`, () => {
      const total = 5000;
      const { taken, packets, left, inOrder } = feed(total, size);
      const seen = total - LOOKAHEAD + 1;
      expect(taken).toEqual(Array.from({ length: seen }, (_, i) => (i * 7) & 0xff));
      expect(packets).toEqual(Array.from({ length: seen }, (_, i) => Math.floor(i / size) + 1));
      expect(left).toBe(LOOKAHEAD - 1);
      expect(inOrder).toBe(true);
    });
  }

  it('is not asked again for each byte', () => {
    expect(feed(144_800, 1448).calls).toBeLessThanOrEqual(300);
  });
});
