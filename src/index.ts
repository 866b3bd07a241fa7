/**
 * The public API: open captures and iterate their events, judge captures, list rules, add protocols. The events are the objects of the
 * ndjson format (docs/events.md).
 *
 *     for await (const event of openCapture('session.pcap')) if (event.type === 'finding') console.log(event.text);
 */
import { CAPTURE_RULES } from './base/capture-rules.js';
import type { Needs, Party, Severity } from './base/rule.js';
import type { CheckOptions, CheckResult } from './library/check.js';
import type { LibraryInput } from './library/input.js';
import { PROTOCOLS, ruleSpecUrl } from './protocols/registry.js';

export type {
  BothWays,
  CaptureEvent,
  Direction,
  Event,
  FindingEvent,
  MessageEvent,
  StreamEvent,
  SummaryEvent,
} from './report/event-object.js';
export type { MessageName, MessageOf, ProtocolName, TypedEvent, TypedMessageEvent } from './report/typed-event.js';
export type { MessageFields } from './report/message-fields.js';
export type { Confidence, Needs, Party, Severity } from './base/rule.js';
export type { Limits } from './base/limits.js';
export type { Json } from './base/annotation.js';
export type { Config, Expectation, Suppression } from './cli/config-file.js';
export type { CheckedFinding, CheckedStream } from './report/check-report.js';
export type { CaptureInput } from './engine/analysis.js';
export type { RuleLevel } from './engine/findings.js';
export type { CaptureBytes, LibraryInput, NamedBytes } from './library/input.js';
export type { OpenOptions, ReadingOptions } from './library/options.js';
export type { CheckedCapture, CheckOptions, CheckResult, ExpectationFunction } from './library/check.js';
export { NotACapture, type CaptureFormat } from './capture/packet.js';
export { UsageError } from './cli/usage-error.js';
export { openCapture } from './library/open.js';
export { registerProtocol } from './protocols/registry.js';

/**
 * Judges captures (paths, folders, globs, bytes) like `wirelint check`, and returns the verdict. Rejects with a UsageError if an option is
 * invalid; problems with an input are part of the result.
 */
export async function check(
  inputs: LibraryInput | readonly LibraryInput[],
  options: CheckOptions = {},
): Promise<CheckResult> {
  // loaded only when needed, since a user who only reads events does not need it
  return (await import('./library/check.js')).check(inputs, options);
}

export interface RuleInfo {
  readonly id: string;
  readonly severity: Severity;
  readonly party: Party;
  readonly needs: Needs;
  readonly title: string;
  readonly meaning: string;
  readonly spec: string;
  /** The URL of the text that the rule is based on; null if that is wirelint's own or not public. */
  readonly specUrl: string | null;
  /** Whether it is only reported if it is switched on. */
  readonly off: boolean;
}

/** All rules; those about the capture itself are last. */
export function listRules(): RuleInfo[] {
  return [...PROTOCOLS.flatMap((p) => p.rules), ...CAPTURE_RULES].map((r) => ({
    id: r.id,
    severity: r.severity,
    party: r.party,
    needs: r.needs,
    title: r.title,
    meaning: r.meaning,
    spec: r.spec,
    specUrl: ruleSpecUrl(r),
    off: r.off ?? false,
  }));
}

export interface ProtocolInfo {
  readonly name: string;
  readonly title: string;
}

/** The protocols that wirelint knows. */
export function listProtocols(): ProtocolInfo[] {
  return PROTOCOLS.map(({ name, title }) => ({ name, title }));
}
