import type { Side } from '../../src/base/input.js';
import { DEFAULT_LIMITS } from '../../src/base/limits.js';
import { Intake, type Arrival } from '../../src/capture/intake.js';
import { Analysis } from '../../src/engine/analysis.js';
import type { Reporter, StreamRecord } from '../../src/engine/event.js';
import type { Event, FindingEvent, MessageEvent } from '../../src/report/event-object.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { SETTINGS } from './settings.js';

export interface Analyzed {
  /** `side`: also where the roles are not known. */
  readonly messages: (MessageEvent & { readonly side: Side })[];
  readonly findings: (FindingEvent & { readonly side: Side | null })[];
  /** Captured bytes of all streams that are neither in a message nor skipped with a reason (or in two of them: negative), by stream and side. */
  readonly unaccounted: string[];
}

/** An analysis that counts what becomes of every byte. */
export function accounting(): { analysis: Analysis; result: Analyzed } {
  const events: Event[] = [];
  const result: Analyzed = { messages: [], findings: [], unaccounted: [] };
  const print = new EventReporter((e) => events.push(e));
  const taken = new Map<StreamRecord, [number, number]>();
  const reporter: Reporter = {
    capture: () => undefined,
    message: (stream, message) => {
      const t = taken.get(stream) ?? [0, 0];
      taken.set(stream, t);
      t[message.side] += message.length - message.missing;
      print.message(stream, message);
      result.messages.push({ ...(events.pop() as MessageEvent), side: message.side });
    },
    finding: (finding) => {
      print.finding(finding);
      result.findings.push({ ...(events.pop() as FindingEvent), side: finding.side });
    },
    stream: (record) => {
      const t = taken.get(record) ?? [0, 0];
      taken.delete(record);
      for (const side of [0, 1] as const) {
        const { resynchronised, opaque, undecoded } = record.skipped[side];
        const left = record.bytes[side] - t[side] - resynchronised - opaque - undecoded - record.tlsOverhead[side];
        if (left !== 0) result.unaccounted.push(`stream ${record.id} side ${side}: ${left} of ${record.bytes[side]}`);
      }
    },
    summary: () => undefined,
  };
  const settings = { ...SETTINGS, details: true, bytes: true };
  return { analysis: new Analysis(settings, reporter), result };
}

/** Analyzes the bytes of an uncompressed capture file. `keyLog`: TLS secrets for it. */
export function analyzeBytes(file: Uint8Array, arrival: Arrival = 'blocks', keyLog = ''): Analyzed {
  const { analysis, result } = accounting();
  const live = analysis.live('capture');
  if (keyLog !== '') live.sink.keyLog!(keyLog);
  const intake = new Intake(arrival, live.sink, DEFAULT_LIMITS);
  intake.push(file.slice());
  intake.end(false);
  live.end();
  analysis.finish();
  return result;
}
