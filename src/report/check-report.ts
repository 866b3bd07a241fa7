import type { Rule, Severity } from '../base/rule.js';
import { count } from '../base/text.js';
import type { SkipReason } from '../contract/protocol.js';
import type { Summary } from '../engine/event.js';
import type { PagePart } from './page/collector.js';
import type { BothWays, CaptureEvent, FindingEvent, StreamEvent } from './event-object.js';

/** What `check` knows of its captures: plain data, so that it can be passed between threads. */

export interface CheckedFinding extends FindingEvent {
  /** Unique within the capture. It stays the same when the capture changes in unrelated ways. */
  readonly fingerprint: string;
  /** Name of the message that it is about, or null. */
  readonly messageName: string | null;
  /** A hex dump of that message with annotations, if it was asked for; else empty. */
  readonly dump: readonly string[];
  /** How often it occurred in its stream; the finding stands for all occurrences. */
  readonly times: number;
  /** Its line in the transcript beside the capture, or null. */
  readonly line: number | null;
  /** For a recording in several files: the file that has its packet, and the packet's number in it. Else null. */
  readonly part: { readonly file: string; readonly packet: number } | null;
}

export interface CheckedStream extends StreamEvent {
  readonly skipped: BothWays<Readonly<Record<SkipReason, number>>>;
  /** Whether the capture has nothing of what one of the sides sent. */
  readonly oneSided: boolean;
}

/** A rule without its examples. `specUrl`: the URL of the specification's text that it is based on. */
export type RuleFacts = Pick<Rule, 'id' | 'severity' | 'party' | 'title' | 'meaning' | 'spec'> & {
  readonly specUrl: string | null;
};

/** The result of comparing a committed transcript with the present one. */
export interface GoldenResult {
  readonly path: string;
  readonly state: 'same' | 'different' | 'missing' | 'written';
  /** A unified diff if they differ, else empty. */
  readonly diff: string;
}

export interface FileReport {
  /** Its name as given, or as found. */
  readonly file: string;
  /** The files of the recording. If there are several, `file` is the first. */
  readonly parts: readonly string[];
  /** Paths that cannot be shown as they are (see base/file-name), by the text that is shown instead. */
  readonly exact: Readonly<Record<string, string>>;
  /** `skipped`: it was found in a folder and is no capture; `failed`: it could not be read as a capture. */
  readonly state: 'judged' | 'skipped' | 'failed';
  /** Why it is not judged, or null. */
  readonly problem: string | null;
  readonly capture: CaptureEvent | null;
  /** Only if a report or the gate needs them. */
  readonly streams: readonly CheckedStream[];
  readonly findings: readonly CheckedFinding[];
  /** The rules of the findings, by id. */
  readonly rules: Readonly<Record<string, RuleFacts>>;
  readonly summary: Summary;
  /** The transcript beside the capture, if there is one. */
  readonly transcript: string | null;
  readonly golden: GoldenResult | null;
  /** How many findings each suppression silenced, by the index of the suppression in the configuration. */
  readonly suppressed: Readonly<Record<number, number>>;
  /** How many findings were silenced in total. */
  readonly silenced: number;
  readonly internalErrors: number;
  /** Its part of a page, if one was asked for. */
  readonly page: PagePart | null;
}

export interface GateResult {
  readonly status: 0 | 1 | 2;
  /** Why it did not pass, one line for each reason; empty if it passed. */
  readonly reasons: readonly string[];
}

export interface CheckReport {
  /** In the order of the inputs. */
  readonly files: readonly FileReport[];
  readonly summary: Summary;
  readonly failOn: Severity;
  readonly gate: GateResult;
  /** How many findings suppressions silenced. */
  readonly suppressed: number;
}

/** The name of a file in reports for people. */
export function fileTitle({ file, parts }: FileReport): string {
  return parts.length > 1 ? `${file} and ${count(parts.length - 1, 'more file')}, joined` : file;
}

/** The rules of all findings of a report, by id. */
export function rulesOf(report: CheckReport): ReadonlyMap<string, RuleFacts> {
  return new Map(report.files.flatMap((f) => Object.entries(f.rules)));
}
