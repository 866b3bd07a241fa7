import type { Protocol } from '../../src/contract/protocol.js';
import { Analysis, type CaptureInput } from '../../src/engine/analysis.js';
import type { AnalysisOptions } from '../../src/engine/analysis-options.js';
import { PROTOCOLS } from '../../src/protocols/registry.js';
import type { Event, FindingEvent, MessageEvent, StreamEvent, SummaryEvent } from '../../src/report/event-object.js';
import { EventReporter } from '../../src/report/event-reporter.js';
import { SETTINGS } from './settings.js';

export interface Collected {
  readonly events: Event[];
  readonly messages: MessageEvent[];
  readonly findings: FindingEvent[];
  readonly streams: StreamEvent[];
  readonly summary: SummaryEvent;
}

export interface CollectOptions extends Partial<AnalysisOptions> {
  readonly only?: readonly Protocol[];
}

/** All events of one input. */
export async function collect(input: CaptureInput, options: CollectOptions = {}): Promise<Collected> {
  const events: Event[] = [];
  const analysis = new Analysis(
    {
      ...SETTINGS,
      protocols: options.only ?? PROTOCOLS,
      details: true,
      bytes: true,
      ...options,
    },
    new EventReporter((e) => events.push(e)),
  );
  await analysis.run(input);
  analysis.finish();
  return {
    events,
    messages: events.filter((e) => e.type === 'message'),
    findings: events.filter((e) => e.type === 'finding'),
    streams: events.filter((e) => e.type === 'stream'),
    summary: events.find((e) => e.type === 'summary')!,
  };
}

/** Messages by name. */
export function namesOf(messages: readonly MessageEvent[]): Record<string, number> {
  const names: Record<string, number> = {};
  for (const m of messages) names[m.name] = (names[m.name] ?? 0) + 1;
  return names;
}

/** Findings of severity error that blame a peer. */
export function blame(findings: readonly FindingEvent[]): string[] {
  return findings
    .filter((f) => f.severity === 'error' && f.party !== 'capture')
    .map((f) => `${f.rule} (${f.party}): ${f.text}`);
}
