import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import type { Step } from '../../src/base/rule.js';
import { openCapture } from '../../src/capture/source.js';
import { LinkDecoder } from '../../src/link/link-decoder.js';
import type { Connection } from '../../src/stream/byte-stream.js';
import { StreamTable } from '../../src/stream/stream-table.js';

export interface RecordedStream {
  readonly connection: Connection;
  readonly steps: Step[];
}

/**
 * The streams of a capture as scripts that can be played again, changed or not: what each segment brought, in capture order, with what
 * its sender had received by then. `client` is the end that connected.
 */
export async function stepsOf(path: string): Promise<RecordedStream[]> {
  const streams: RecordedStream[] = [];
  const ignore = (): void => undefined;
  const table = new StreamTable(
    DEFAULT_LIMITS,
    (connection) => {
      const steps: Step[] = [];
      streams.push({ connection, steps });
      const who = (end: 0 | 1): 'client' | 'server' => (end === 0 ? 'client' : 'server');
      return {
        bytes: (from, block, start, end, origin) => {
          const seen = origin.peerSeen >= 0 ? { seen: origin.peerSeen } : {};
          steps.push({ from: who(from), bytes: block.bytes.slice(start, end), ...seen });
        },
        gap: (from, length) => steps.push({ from: who(from), gap: length }),
        end: (from, how) => steps.push({ from: who(from), end: how }),
        note: ignore,
        close: ignore,
      };
    },
    ignore,
  );
  const link = new LinkDecoder(DEFAULT_LIMITS, (segment) => table.segment(segment), ignore);
  await openCapture(path).read({ info: ignore, packet: (p) => link.packet(p), note: ignore });
  link.end();
  table.end();
  return streams;
}
