import type { Rule, Severity } from '../base/rule.js';
import { count } from '../base/text.js';
import type { SkipReason } from '../contract/protocol.js';
import type { Summary } from '../engine/event.js';
import type { PagePart } from './page/collector.js';
import type { BothWays, CaptureEvent, FindingEvent, StreamEvent } from './event-object.js';

/** What `check` knows of its captures: plain data, so that it can come from another thread. */

export interface CheckedFinding extends FindingEvent {
  /** Unique within the capture; survives unrelated changes of it. */
  readonly fingerprint: string;
  /** Name of the message that it is about. */
  readonly messageName: string | null;
  /** The annotated bytes of that message, where they were asked for, else empty. */
  readonly dump: readonly string[];
  /** How often the stream gave cause for it, where the finding stands for all. */
  readonly times: number;
  /** Line in the transcript that lies beside the capture. */
  readonly line: number | null;
  /** The file of a joined recording that holds its packet, and the packet's number in it. */
  readonly part: { readonly file: string; readonly packet: number } | null;
}

export interface CheckedStream extends StreamEvent {
  readonly skipped: BothWays<Readonly<Record<SkipReason, number>>>;
  /** Whether nothing that one of the sides sent is in the capture. */
  readonly oneSided: boolean;
}

/** A rule without its examples; `specUrl`: the address of the text that it rests on. */
export type RuleFacts = Pick<Rule, 'id' | 'severity' | 'party' | 'title' | 'meaning' | 'spec'> & {
  readonly specUrl: string | null;
};

/** How a committed transcript compares with the one made now. */
export interface GoldenResult {
  readonly path: string;
  readonly state: 'same' | 'different' | 'missing' | 'written';
  /** A unified diff where it is different, else empty. */
  readonly diff: string;
}

export interface FileReport {
  /** Its name as given or found. */
  readonly file: string;
  /** The files of the recording: more than one where several are joined, of which `file` is the first. */
  readonly parts: readonly string[];
  /** By the name that is shown: paths that are no text, with their own bytes (base/file-name). Empty where all are text. */
  readonly exact: Readonly<Record<string, string>>;
  /** `skipped`: was found in a folder and is no capture; `failed`: cannot be read as a capture. */
  readonly state: 'judged' | 'skipped' | 'failed';
  /** What was found instead, where it is not judged. */
  readonly problem: string | null;
  readonly capture: CaptureEvent | null;
  /** Only where a report or the gate looks at them one by one. */
  readonly streams: readonly CheckedStream[];
  readonly findings: readonly CheckedFinding[];
  /** The rules of the findings, by id. */
  readonly rules: Readonly<Record<string, RuleFacts>>;
  readonly summary: Summary;
  /** The transcript that lies beside the capture, if there is one. */
  readonly transcript: string | null;
  readonly golden: GoldenResult | null;
  /** How many findings each suppression silenced, by its number in the configuration. */
  readonly suppressed: Readonly<Record<number, number>>;
  /** How many findings were silenced in all. */
  readonly silenced: number;
  readonly internalErrors: number;
  /** What a page shows of it, where one was asked for. */
  readonly page: PagePart | null;
}

export interface GateResult {
  readonly status: 0 | 1 | 2;
  /** Why it did not pass, a line each; empty where it did. */
  readonly reasons: readonly string[];
}

export interface CheckReport {
  /** In the order of the inputs. */
  readonly files: readonly FileReport[];
  readonly summary: Summary;
  readonly failOn: Severity;
  readonly gate: GateResult;
  /** Findings that suppressions silenced. */
  readonly suppressed: number;
}

/** What a report for people calls a file. */
export function fileTitle({ file, parts }: FileReport): string {
  return parts.length > 1 ? `${file} and ${count(parts.length - 1, 'more file')}, joined` : file;
}

/** The rules of all findings of a report, by id. */
export function rulesOf(report: CheckReport): ReadonlyMap<string, RuleFacts> {
  return new Map(report.files.flatMap((f) => Object.entries(f.rules)));
}
