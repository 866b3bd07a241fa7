import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { Packet, PacketSink } from '../../src/capture/packet.js';
import { openCapture } from '../../src/capture/source.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import type { Segment } from '../../src/link/segment.js';

/**
 * Who sent each packet of a capture, by packet number: 0 for the end of its flow that sent first in the file, 1 for the other one, 2
 * where nothing above the link tells (other protocols, parts of a datagram).
 */
export async function sendersOf(path: string): Promise<Uint8Array> {
  const senders: number[] = [];
  const first = new Map<string, string>();
  const link = new LinkDecoder(
    DEFAULT_LIMITS,
    (s) => {
      senders[s.packet] = senderOf(s, first);
    },
    () => undefined,
  );
  let packets = 0;
  await openCapture(path).read({
    info: () => undefined,
    note: () => undefined,
    packet: (packet) => {
      packets = packet.number;
      link.packet(packet);
    },
  });
  link.end();
  return Uint8Array.from({ length: packets + 1 }, (_, n) => senders[n] ?? 2);
}

function senderOf(s: Segment, first: Map<string, string>): number {
  if (s.socket !== null) return s.socket.kind === 'open' ? 2 : s.socket.from;
  const from = [s.src0, s.src1, s.src2, s.src3, s.srcPort].join();
  const to = [s.dst0, s.dst1, s.dst2, s.dst3, s.dstPort].join();
  const flow = [from, to].sort().join(' ');
  if (!first.has(flow)) first.set(flow, from);
  return first.get(flow) === from ? 0 : 1;
}

/** Passes on what one end of each flow sent, and what has no sender: a tap that hears one direction. */
export function oneSided(sink: PacketSink, senders: Uint8Array, kept: 0 | 1): PacketSink {
  return {
    info: (info) => sink.info(info),
    note: (note) => sink.note(note),
    packet: (packet: Packet) => {
      if (senders[packet.number] !== 1 - kept) sink.packet(packet);
    },
  };
}
