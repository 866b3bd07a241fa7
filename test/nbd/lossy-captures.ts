import { readdirSync } from 'node:fs';
import { openCapture } from '../../src/capture/source.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Intake } from '../../src/capture/intake.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Finding } from '../../src/engine/event.js';
import { nbd } from '../../src/protocols/nbd/index.js';
import { pcapFile, type PacketSpec } from '../kit/pcap-writer.js';
import type { Random } from './random.js';
import { SETTINGS } from '../kit/settings.js';

/** The packets of a capture file. */
export interface Recorded {
  readonly file: string;
  readonly linkType: number;
  readonly packets: readonly PacketSpec[];
}

/** All capture files of packets of one link type in a folder. */
export async function recordingsIn(folder: string): Promise<Recorded[]> {
  const out: Recorded[] = [];
  for (const file of readdirSync(folder).sort()) {
    if (!/\.(pcap|pcapng)$/.test(file)) continue;
    const packets: PacketSpec[] = [];
    const linkTypes = new Set<number>();
    const ignore = (): void => undefined;
    await openCapture(`${folder}/${file}`).read({
      info: ignore,
      note: ignore,
      packet: (p) => {
        linkTypes.add(p.linkType);
        const { seconds, nanos, originalLength } = p;
        packets.push({ data: p.block.bytes.slice(p.start, p.end), seconds, nanos, originalLength });
      },
    });
    if (linkTypes.size === 1 && packets[0] !== undefined) out.push({ file, linkType: [...linkTypes][0]!, packets });
  }
  return out;
}

/** Ways in which captures lose packets: the indices of those that are kept. */
export const LOSSES: Readonly<Record<string, (n: number, random: Random) => (index: number) => boolean>> = {
  'one to six': (n, random) => {
    const lost = new Set(Array.from({ length: 1 + random.below(6) }, () => random.below(n)));
    return (i) => !lost.has(i);
  },
  'one in a hundred': (_, random) => () => random.below(100) > 0,
  'one in twenty': (_, random) => () => random.below(20) > 0,
  'one in five': (_, random) => () => random.below(5) > 0,
  'a run': (n, random) => {
    const from = random.below(n);
    const to = from + 2 + random.below(20);
    return (i) => i < from || i >= to;
  },
  'of the set-up, and a few': (n, random) => {
    const lost = new Set([random.below(3), random.below(4), random.below(n), random.below(n)]);
    return (i) => !lost.has(i);
  },
};

/** Findings of a capture of which only some packets are kept. */
export function findingsOf(recorded: Recorded, keep: (index: number) => boolean = () => true): Finding[] {
  const { packets, linkType } = recorded;
  const findings: Finding[] = [];
  const ignore = (): void => undefined;
  const analysis = new Analysis(
    { ...SETTINGS, protocols: [nbd] },
    { capture: ignore, message: ignore, finding: (f) => findings.push(f), stream: ignore, summary: ignore },
  );
  const live = analysis.live('lossy');
  const intake = new Intake('blocks', live.sink, DEFAULT_LIMITS);
  intake.push(
    pcapFile(
      packets.filter((_, i) => keep(i)),
      { linkType, nanoseconds: true },
    ),
  );
  intake.end(false);
  live.end();
  analysis.finish();
  return findings;
}
