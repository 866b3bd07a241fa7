import { Block } from '../base/block.js';
import { Packet } from '../capture/packet.js';
import { Analysis } from '../engine/analysis.js';
import type { AnalysisOptions } from '../engine/analysis-options.js';
import type { Finding, Reporter } from '../engine/event.js';
import { CaptureBuilder } from './capture-builder.js';
import type { CaptureWriter, InterfaceInfo, OutPacket } from './capture-writer.js';
import { writeUnits, type Unit } from './reduction.js';

const NOTE = ' (note)';

/** The kind of a finding: its rule and party, and whether it is a note, which the findings of some rules are only at times. */
export function kindOf(f: Finding): string {
  return `${f.rule.id}@${f.party}${f.severity === 'note' ? NOTE : ''}`;
}

export function isNote(kind: string): boolean {
  return kind.endsWith(NOTE);
}

/** The kinds of findings in the streams of a capture with these units. Notes are left out, except those of `rule`. */
export async function raised(
  units: readonly Unit[],
  rule: string,
  options: AnalysisOptions,
  digits: number,
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  const reporter: Reporter = {
    capture: () => undefined,
    message: () => undefined,
    finding: (f) => {
      if (f.stream !== null && (f.severity !== 'note' || f.rule.id === rule)) found.add(kindOf(f));
    },
    stream: () => undefined,
    summary: () => undefined,
  };
  // streams that the user chose by number have other numbers here
  const analysis = new Analysis({ ...options, streams: new Set(), details: false, bytes: false }, reporter);
  const live = analysis.live('trial');
  live.sink.info({ format: 'pcapng', linkTypes: [], resolution: 'ns' });
  writeUnits(units, new CaptureBuilder(new Feed((packet) => live.sink.packet(packet)), digits));
  live.end();
  analysis.finish();
  // lets signal handlers run
  await new Promise((resolve) => setImmediate(resolve));
  return found;
}

/** Passes packets to the analysis as if a file had been written and read. */
class Feed implements CaptureWriter {
  private readonly take: (packet: Packet) => void;
  readonly packetAt = 0;
  private readonly interfaces: InterfaceInfo[] = [];
  private readonly packet_ = new Packet();

  constructor(take: (packet: Packet) => void) {
    this.take = take;
  }

  addInterface(info: InterfaceInfo): number {
    return this.interfaces.push(info) - 1;
  }

  packet(p: OutPacket, bytes: Uint8Array, start: number, end: number): void {
    const { packet_: packet } = this;
    const { linkType, description } = this.interfaces[p.interfaceId]!;
    if (packet.block.bytes !== bytes) packet.block = new Block(bytes);
    packet.number++;
    packet.seconds = p.seconds;
    packet.nanos = p.nanos;
    packet.linkType = linkType;
    packet.interfaceId = p.interfaceId;
    packet.interfaceDescription = description ?? '';
    packet.comment = p.comments?.[0] ?? '';
    packet.start = start;
    packet.end = end;
    packet.originalLength = p.originalLength;
    this.take(packet);
  }

  addDrops(): void {}
  flush(): void {}
}
