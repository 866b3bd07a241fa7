import { Block } from '../../src/base/block.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/base/limits.js';
import { Packet, type SocketEvent } from '../../src/capture/packet.js';
import type { SocketLink } from '../../src/link/socket-link.js';

export interface SeenEvent {
  readonly connection: string;
  readonly kind: SocketEvent['kind'];
  readonly from: 0 | 1;
  readonly text: string;
  readonly length: number;
  readonly event: SocketEvent;
}

/** What a decoder of socket packets makes of these packets; `cut` is by how much each was longer on the wire. */
export function linkEvents(
  make: (limits: Readonly<Limits>) => SocketLink,
  packets: readonly (Uint8Array | { readonly bytes: Uint8Array; readonly cut: number })[],
  limits: Partial<Limits> = {},
): { readonly events: SeenEvent[]; readonly refused: number[]; readonly limitHit: string } {
  const link = make({ ...DEFAULT_LIMITS, ...limits });
  const events: SeenEvent[] = [];
  const refused: number[] = [];
  const packet = new Packet();
  packets.forEach((spec, i) => {
    const { bytes, cut } = spec instanceof Uint8Array ? { bytes: spec, cut: 0 } : spec;
    packet.number = i + 1;
    // somewhere inside a larger block, as readers hand packets out
    const block = new Uint8Array(bytes.length + 20).fill(0xee);
    block.set(bytes, 10);
    packet.block = new Block(block);
    packet.start = 10;
    packet.end = 10 + bytes.length;
    packet.originalLength = bytes.length + cut;
    const taken = link.packet(packet, (event, b, start, end, length) => {
      const text = Buffer.from(b.bytes.subarray(start, end)).toString('latin1');
      events.push({ connection: event.connection, kind: event.kind, from: event.from, text, length, event });
    });
    if (!taken) refused.push(packet.number);
  });
  return { events, refused, limitHit: link.limitHit };
}

/** `connection from: text` of each event with data, `connection from kind` of the others. */
export function outline(events: readonly SeenEvent[]): string[] {
  return events.map((e) =>
    e.kind === 'data' ? `${e.connection} ${e.from}: ${e.text}` : `${e.connection} ${e.from} ${e.kind}`,
  );
}

/** The bytes of both sides of one connection. */
export function sides(events: readonly SeenEvent[], connection: string): [string, string] {
  const text = (from: 0 | 1): string =>
    events
      .filter((e) => e.connection === connection && e.from === from && e.kind === 'data')
      .map((e) => e.text)
      .join('');
  return [text(0), text(1)];
}
