import { isPattern, pathMatcher } from '../../base/pattern.js';
import type { Severity } from '../../base/rule.js';
import { count, quote } from '../../base/text.js';
import { atLeast } from '../../engine/findings.js';
import type { CheckedStream, FileReport, GateResult } from '../../report/check-report.js';
import type { Summary } from '../../engine/event.js';
import type { Suppression } from '../config-file.js';
import { knownProtocol } from '../plan.js';
import { UsageError } from '../usage-error.js';
import { isExpired } from './suppressions.js';

/** What the gate requires of a run as a whole. */
export interface GateSettings {
  /** Minimum number of messages by protocol. */
  readonly require: ReadonlyMap<string, number>;
  readonly requireComplete: boolean;
  readonly maxWarnings: number | null;
  readonly allowEmpty: boolean;
  /** The lowest severity that fails the gate, which may differ from file to file. */
  readonly failOn: (file: string) => Severity;
}

/** The configuration's suppressions, and what is needed to find those that are stale. */
export interface SuppressionState {
  readonly all: readonly Suppression[];
  readonly today: string;
  /** Indexes of the suppressions that silenced something. */
  readonly used: ReadonlySet<number>;
  /** Paths of the judged files, relative to the configuration's folder. */
  readonly judged: readonly string[];
  /** Whether the configuration's folder contains that file. */
  readonly exists: (path: string) => boolean;
  /** Whether the run examined all streams and protocols: only then is a suppression that silenced nothing stale. */
  readonly complete: boolean;
}

/** What `--require PROTOCOL[=MIN]` and the configuration require; the command line takes precedence. */
export function requirements(
  texts: readonly string[],
  config: Readonly<Record<string, number>>,
): ReadonlyMap<string, number> {
  const all = new Map<string, number>();
  for (const [protocol, least] of Object.entries(config)) all.set(knownProtocol(protocol), least);
  for (const text of texts.flatMap((t) => t.split(','))) {
    const parts = /^([^=]+)(?:=(\d{1,15}))?$/.exec(text);
    if (parts === null) throw new UsageError(`--require ${text}: expected PROTOCOL or PROTOCOL=MIN_MESSAGES`);
    all.set(knownProtocol(parts[1]!), Number(parts[2] ?? 1));
  }
  return all;
}

/** Rules whose findings mean that a capture is not complete. */
const INCOMPLETE = new Set([
  'capture/truncated',
  'capture/malformed',
  'capture/dropped',
  'capture/limit',
  'capture/snaplen',
  'capture/unsupported-link',
]);

/** The most lines that one kind of reason takes. */
const MAX_OF_A_KIND = 10;

/** Decides whether the run passes, and gives the reasons if it does not. `problems`: inputs that cannot be read. */
export function decide(
  files: readonly FileReport[],
  summary: Summary,
  settings: GateSettings,
  suppressions: SuppressionState,
  problems: readonly string[],
): GateResult {
  const unreadable = [...problems, ...files.filter((f) => f.state === 'failed').map((f) => `${f.file}: ${f.problem}`)];
  const internal = files.reduce((n, f) => n + f.internalErrors, 0);
  const reasons = [
    ...severityReasons(files, summary, settings),
    ...requireReasons(summary, settings),
    ...(settings.requireComplete ? clipped(files.flatMap(completeReasons), 'more that is incomplete') : []),
    ...suppressionReasons(suppressions),
    ...clipped(files.flatMap(goldenReasons), 'more transcripts that differ'),
  ];
  const errors = [
    ...clipped(unreadable, 'more inputs that cannot be read'),
    ...(internal > 0 ? [`${count(internal, 'stream')} could not be decoded because of a bug in wirelint`] : []),
  ];
  return { status: errors.length > 0 ? 2 : reasons.length > 0 ? 1 : 0, reasons: [...errors, ...reasons] };
}

function clipped(reasons: readonly string[], more: string): readonly string[] {
  if (reasons.length <= MAX_OF_A_KIND) return reasons;
  return [...reasons.slice(0, MAX_OF_A_KIND), `${reasons.length - MAX_OF_A_KIND} ${more}`];
}

function severityReasons(files: readonly FileReport[], summary: Summary, settings: GateSettings): string[] {
  const reasons: string[] = [];
  const failing = { error: 0, warning: 0, note: 0 };
  for (const f of files) {
    const failOn = settings.failOn(f.file);
    for (const severity of ['error', 'warning', 'note'] as const)
      if (atLeast(severity, failOn)) failing[severity] += f.summary.findings[severity];
  }
  const parts = (['error', 'warning', 'note'] as const).filter((s) => failing[s] > 0).map((s) => count(failing[s], s));
  if (parts.length > 0) reasons.push(parts.join(', '));
  const warnings = summary.findings.warning;
  if (settings.maxWarnings !== null && warnings > settings.maxWarnings)
    reasons.push(`${count(warnings, 'warning')}, more than the ${settings.maxWarnings} allowed`);
  return reasons;
}

function requireReasons(summary: Summary, settings: GateSettings): string[] {
  const reasons: string[] = [];
  for (const [protocol, least] of settings.require) {
    const streams = summary.protocols[protocol] ?? 0;
    const messages = summary.messagesByProtocol[protocol] ?? 0;
    if (streams === 0) reasons.push(`no stream spoke ${protocol}`);
    else if (messages < least)
      reasons.push(`${count(messages, 'message')} of ${protocol}, fewer than the ${least} required`);
  }
  const known = Object.values(summary.protocols).reduce((a, b) => a + b, 0);
  if (known === 0 && !settings.allowEmpty)
    reasons.push(
      summary.files === 0
        ? 'no capture was found: the gate saw nothing'
        : 'no capture held a stream of a known protocol: the gate saw nothing',
    );
  return reasons;
}

function completeReasons(file: FileReport): string[] {
  const reasons: string[] = [];
  const flagged = new Set(file.findings.filter((f) => f.stream === null && INCOMPLETE.has(f.rule)).map((f) => f.rule));
  for (const rule of flagged) reasons.push(`${file.file}: incomplete (${rule})`);
  for (const s of file.streams) {
    if (s.protocol === null) continue;
    const words = incompleteWords(s);
    if (words.length > 0) reasons.push(`${file.file}: stream ${s.stream} is incomplete: ${words.join(', ')}`);
  }
  return reasons;
}

function incompleteWords(s: CheckedStream): string[] {
  const words: string[] = [];
  const both = (pick: (way: 'client-to-server' | 'server-to-client') => number): number =>
    pick('client-to-server') + pick('server-to-client');
  const missing = both((way) => s.missing[way]);
  const opaque = both((way) => s.skipped[way].opaque);
  const undecoded = both((way) => s.skipped[way].undecoded + s.skipped[way].resynchronised);
  if (missing > 0) words.push(`${count(missing, 'byte')} missing`);
  if (undecoded > 0) words.push(`${count(undecoded, 'byte')} undecoded`);
  if (opaque > 0) words.push(`${count(opaque, 'byte')} encrypted`);
  if (s.start === 'missed') words.push('joined late');
  if (s.oneSided) words.push('one direction only');
  return words;
}

function suppressionReasons(state: SuppressionState): string[] {
  const reasons: string[] = [];
  state.all.forEach((s, number) => {
    if (isExpired(s, state.today)) {
      reasons.push(`${suppressionWords(s, number)} expired on ${s.expires}`);
    } else if (state.complete && !state.used.has(number) && concerned(s, state)) {
      reasons.push(`${suppressionWords(s, number)} is stale: it no longer silences anything; remove it`);
    }
  });
  return reasons;
}

/** Whether the run can tell if a suppression is stale: a file that it applies to was judged, or no longer exists. */
function concerned(s: Suppression, state: SuppressionState): boolean {
  if (s.path === undefined) return state.judged.length > 0;
  const matches = pathMatcher(s.path);
  if (state.judged.some(matches)) return true;
  return !isPattern(s.path) && !state.exists(s.path);
}

function suppressionWords(s: Suppression, number: number): string {
  const what = [
    s.rule,
    s.path === undefined ? undefined : `path ${s.path}`,
    s.stream === undefined ? undefined : `stream ${s.stream}`,
    s.fingerprint === undefined ? undefined : `fingerprint ${s.fingerprint.slice(0, 8)}`,
  ].filter((w) => w !== undefined);
  return `suppression ${number + 1} (${what.join(', ')}; ${quote(s.reason, 60)})`;
}

function goldenReasons(file: FileReport): string[] {
  switch (file.golden?.state) {
    case 'different':
      return [`${file.golden.path} differs from the transcript of ${file.file}`];
    case 'missing':
      return [`${file.golden.path} is missing; --update-golden writes it`];
    default:
      return [];
  }
}
