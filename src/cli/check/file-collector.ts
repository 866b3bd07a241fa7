import { ruleSpecUrl } from '../../protocols/registry.js';
import { hexDump } from '../../report/hex-dump.js';
import type { Reporter, StreamRecord } from '../../engine/event.js';
import type { AnalysisOptions } from '../../engine/analysis-options.js';
import { countFinding } from '../../engine/stream-record.js';
import type { TlsEvent } from '../../tls/event.js';
import { emptySummary } from '../../engine/summary.js';
import { EventLines, LinesTo } from '../../report/event-lines.js';
import type { Analysis } from '../../engine/analysis.js';
import type { CaptureInfo } from '../../capture/packet.js';
import { effectiveSeverity } from '../../engine/findings.js';
import { transcriptPath } from './transcript-path.js';
import type { Job } from './job.js';
import type { PageCollector } from '../../report/page/collector.js';
import type { CheckedFinding, CheckedStream, FileReport, RuleFacts } from '../../report/check-report.js';
import type { Message } from '../../contract/message.js';
import { Fingerprints } from '../../report/fingerprint.js';
import { Silencer } from './suppressions.js';
import { MessageCounts, judgeExitStatus, judgeMessages, judgeSession, wantsSession } from './expectations.js';
import { CLIENT, SERVER, type Side } from '../../base/input.js';
import { EXPECTATION } from '../../base/capture-rules.js';
import { shownPath } from '../../base/file-name.js';
import { captureEvent, findingEvent, streamEvent } from '../../report/event-object.js';
import { inputParts, inputPaths } from '../../capture/source.js';
import type { Finding } from '../../engine/event.js';
/** Collects what the gate and the reports need to know about one file, and judges the expectations. */
export class FileCollector implements Reporter {
  analysis: Analysis | null = null;
  private readonly name: string;
  private readonly options: AnalysisOptions;
  private readonly job: Job;
  private readonly lines: EventLines | null;
  private readonly page: PageCollector | null;
  private readonly silencer: Silencer;
  private readonly fingerprints = new Fingerprints();
  /** Fingerprints computed by `suppresses`, which the engine calls before it reports the finding. */
  private readonly prints = new WeakMap<Finding, string>();
  private readonly counts: MessageCounts | null;
  private readonly findings: CheckedFinding[] = [];
  /** Index in `findings` of the findings of streams that are still open. */
  private readonly places = new WeakMap<Finding, number>();
  private readonly rules: Record<string, RuleFacts> = {};
  /**
   * `perRule`: number of findings in streams by rule, including those beyond the limit, which are only counted. `summaries`: one finding
   * for each rule that exceeds the limit.
   */
  private readonly perRule = new Map<string, number>();
  private readonly summaries: Finding[] = [];
  private readonly streams: CheckedStream[] = [];
  private info: CaptureInfo | null = null;
  /** The files of a joined recording, and the number of the first packet of each. */
  private readonly parts: { readonly path: string; readonly firstPacket: number }[] = [];
  private exitStatus: number | null = null;
  private seconds = 0;
  private nanos = 0;

  constructor(
    name: string,
    options: AnalysisOptions,
    job: Job,
    take: ((json: string) => void) | undefined,
    page: PageCollector | null,
  ) {
    this.page = page;
    this.name = name;
    this.options = options;
    this.job = job;
    this.lines = take === undefined ? null : new EventLines(new LinesTo(take));
    this.silencer = new Silencer(job.suppressions);
    this.counts = job.plan.expect.length > 0 ? new MessageCounts() : null;
  }

  suppresses(f: Finding): boolean {
    // a fingerprint costs as much as decoding a short session: findings that are only counted get none, unless a suppression names a
    // fingerprint
    const known = this.silencer.byFingerprint || f.stream === null || !this.isFull(f.rule.id);
    const fingerprint = known ? this.fingerprints.of(f) : '';
    if (known) this.prints.set(f, fingerprint);
    return this.silencer.silences({ rule: f.rule.id, stream: f.stream?.id ?? null, fingerprint });
  }

  capture(file: string, info: CaptureInfo): void {
    this.info = info;
    this.lines?.capture(file, info);
    this.page?.capture(file, info);
  }

  part(_file: string, path: string, firstPacket: number): void {
    this.parts.push({ path, firstPacket });
  }

  begin(file: string, seconds: number, nanos: number): void {
    this.page?.begin(file, seconds, nanos);
    this.seconds = seconds;
    this.nanos = nanos;
  }

  ended(_file: string, exitStatus: number): void {
    this.exitStatus = exitStatus;
  }

  open(stream: StreamRecord): void {
    this.page?.open(stream);
  }

  secured(stream: StreamRecord, side: Side, event: TlsEvent): void {
    this.page?.secured(stream, side, event);
  }

  message(stream: StreamRecord, m: Message): void {
    this.counts?.add(stream.protocol!.name, m.name);
    this.lines?.message(stream, m);
    this.page?.message(stream, m);
  }

  finding(f: Finding): void {
    this.lines?.finding(f);
    this.page?.finding(f);
    const { id, severity, party, title, meaning, spec } = f.rule;
    this.rules[id] ??= { id, severity, party, title, meaning, spec, specUrl: ruleSpecUrl(f.rule) };
    // findings about the file as a whole are few, and tell whether it is complete: they are always listed
    if (f.stream !== null && this.isTooMany(f)) return;
    this.list(f);
  }

  /** Whether the limit on listed findings of that rule is reached, so that further ones are only counted. */
  private isFull(rule: string): boolean {
    return (this.perRule.get(rule) ?? 0) >= this.options.limits.findingsPerFile;
  }

  /** Counts this finding, and returns whether it is only counted and not listed. */
  private isTooMany(f: Finding): boolean {
    const full = this.isFull(f.rule.id);
    const n = (this.perRule.get(f.rule.id) ?? 0) + 1;
    this.perRule.set(f.rule.id, n);
    if (n === this.options.limits.findingsPerFile + 1)
      this.summaries.push({ ...f, stream: null, message: null, related: [], offset: 0, length: 0 });
    return full;
  }

  /** Lists, for each rule beyond the limit, how many findings were only counted. */
  private listSummaries(): void {
    for (const f of this.summaries) {
      const n = this.perRule.get(f.rule.id)!;
      const more = n - this.options.limits.findingsPerFile;
      const summary = { ...f, text: `and ${more} more like these (${n} findings in all, limit findingsPerFile)` };
      this.prints.set(summary, this.fingerprints.of(summary));
      this.list(summary);
    }
  }

  private list(f: Finding): void {
    this.places.set(f, this.findings.length);
    this.findings.push({
      ...findingEvent(f),
      times: 1,
      fingerprint: this.prints.get(f)!,
      messageName: f.message?.name ?? null,
      dump: this.job.hex ? dumpOf(f) : [],
      line: null,
      part: this.partOf(f.packet),
    });
  }

  private partOf(packet: number): CheckedFinding['part'] {
    const part = packet === 0 ? undefined : this.parts.findLast((p) => p.firstPacket <= packet);
    return part === undefined ? null : { file: part.path, packet: packet - part.firstPacket + 1 };
  }

  /** At the end of a stream it is known how often its findings were repeated; this is added to the text of each listed one. */
  private listTimes(s: StreamRecord): void {
    for (const { finding, times, others } of s.repeated) {
      const at = this.places.get(finding);
      if (at === undefined) continue;
      const f = this.findings[at]!;
      const also = others.length > 0 ? `; also: ${others.join('; ')}` : '';
      this.findings[at] = { ...f, times, text: `${f.text}; ${times} times in this stream${also}` };
    }
  }

  stream(s: StreamRecord): void {
    this.judgeStream(s);
    this.page?.stream(s);
  }

  private judgeStream(s: StreamRecord): void {
    this.listTimes(s);
    if (!this.job.streams && this.lines === null && this.job.plan.expect.length === 0) return;
    const event = streamEvent(s);
    if (s.protocol !== null) {
      for (const e of this.job.plan.expect) {
        const text = judgeSession(e, s.protocol.name, event.session);
        if (text !== null) this.expectation(text, s);
      }
    }
    this.lines?.stream(s);
    if (!this.job.streams) return;
    this.streams.push({
      ...event,
      findings: { ...s.findings },
      skipped: { 'client-to-server': { ...s.skipped[CLIENT] }, 'server-to-client': { ...s.skipped[SERVER] } },
      oneSided: !(s.connection.heard[0] && s.connection.heard[1]),
    });
  }

  endOfFile(file: string, packets: number): void {
    this.page?.endOfFile(file, packets);
    this.listSummaries();
    // a file that turned out not to be a capture cannot be held to expectations
    if (this.info === null) return;
    for (const e of this.job.plan.expect) {
      const text =
        judgeMessages(e, this.counts!) ??
        wantsSession(e, this.analysis!.summary.protocols) ??
        judgeExitStatus(e, this.exitStatus);
      if (text !== null) this.expectation(text, null);
    }
  }

  /** The caller makes the summary, since it covers all files. */
  summary(): void {}

  report(state: FileReport['state'], problem: string | null): FileReport {
    return {
      file: this.name,
      parts: inputParts(this.job.input),
      exact: exactPaths(inputPaths(this.job.input)),
      state,
      problem,
      capture: this.info === null ? null : captureEvent(this.name, this.info),
      streams: this.streams,
      findings: this.findings,
      rules: this.rules,
      summary: state === 'judged' ? this.analysis!.summary : emptySummary(),
      transcript: null,
      golden: null,
      suppressed: this.silencer.used,
      silenced: this.silencer.silenced,
      internalErrors: 0,
      page: state === 'judged' ? (this.page?.result() ?? null) : null,
    };
  }

  private expectation(text: string, stream: StreamRecord | null): void {
    const severity = effectiveSeverity(EXPECTATION, undefined, 'certain', this.options.levels);
    if (severity === null) return;
    const finding: Finding = {
      file: this.name,
      stream,
      rule: EXPECTATION,
      severity,
      party: EXPECTATION.party,
      confidence: 'certain',
      side: null,
      message: null,
      related: [],
      offset: 0,
      length: 0,
      packet: stream?.firstPacket ?? 0,
      seconds: stream?.firstSeconds ?? this.seconds,
      nanos: stream?.firstNanos ?? this.nanos,
      text,
    };
    if (this.suppresses(finding)) return;
    if (stream !== null) countFinding(stream, severity);
    this.analysis!.summary.findings[severity]++;
    this.finding(finding);
  }
}

/** Paths that cannot be shown as they are (and those of the transcripts beside them), by the text that is shown instead. */
function exactPaths(paths: readonly string[]): Record<string, string> {
  const exact = paths.filter((path) => shownPath(path) !== path).flatMap((path) => [path, transcriptPath(path)]);
  return Object.fromEntries(exact.map((path) => [shownPath(path), path]));
}

/** A hex dump with annotations of the message that a finding is about. */
function dumpOf({ stream, message }: Finding): string[] {
  if (message === null || message.head === null || stream === null || stream.protocol === null) return [];
  return hexDump(message.head, message.length, stream.protocol.annotate(message), { all: false });
}
