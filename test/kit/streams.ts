import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { Packet } from '../../src/capture/packet.js';
import { openCapture } from '../../src/capture/source.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import { StreamTable } from '../../src/stream/stream-table.js';
import { StreamLog } from './tcp-script.js';

export interface CaptureStreams {
  readonly streams: StreamLog[];
  readonly packets: number;
  readonly notes: string[];
  readonly notTcp: number;
  readonly vlans: ReadonlySet<number>;
}

/** Every stream of a capture file, as link/ and stream/ deliver it. */
export async function streamsOf(path: string): Promise<CaptureStreams> {
  const streams: StreamLog[] = [];
  const notes: string[] = [];
  const vlans = new Set<number>();
  let packets = 0;
  const note = (n: { rule: { id: string }; text: string }): void => void notes.push(`${n.rule.id} ${n.text}`);
  const table = new StreamTable(
    DEFAULT_LIMITS,
    (connection) => {
      const log = new StreamLog(connection);
      streams.push(log);
      return log;
    },
    note,
  );
  const link = new LinkDecoder(
    DEFAULT_LIMITS,
    (s) => {
      vlans.add(s.vlan);
      table.segment(s);
    },
    note,
  );
  await openCapture(path).read({
    info: () => undefined,
    packet(packet: Packet) {
      packets++;
      link.packet(packet);
    },
    note,
  });
  link.end();
  table.end();
  streams.sort((a, b) => a.connection.id - b.connection.id);
  return { streams, packets, notes, notTcp: link.notTcp + link.damaged, vlans };
}
