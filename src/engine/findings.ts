import { LIMIT } from '../base/capture-rules.js';
import { CLIENT, SERVER, type Side } from '../base/input.js';
import type { Limits } from '../base/limits.js';
import type { Origin } from '../base/origin.js';
import type { Confidence, Party, Rule, Severity } from '../base/rule.js';
import { count } from '../base/text.js';
import type { Message } from '../contract/message.js';
import type { Evidence } from '../contract/protocol.js';
import type { End } from '../stream/byte-stream.js';
import type { Finding, StreamRecord } from './event.js';
import { Repeats, type Recurrence } from './repeats.js';
import { countFinding } from './stream-record.js';

export type RuleLevel = Severity | 'off';
export type RuleLevels = ReadonlyMap<string, RuleLevel>;

const RANK: Record<Severity, number> = { note: 0, warning: 1, error: 2 };

/** Whether `a` is at or above `b`. */
export function atLeast(a: Severity, b: Severity): boolean {
  return RANK[a] >= RANK[b];
}

/** The severity that a finding is reported with, or null where it is not reported. */
export function effectiveSeverity(
  rule: Rule,
  wanted: Severity | undefined,
  confidence: Confidence,
  levels: RuleLevels,
): Severity | null {
  const level = levels.get(rule.id);
  if (level !== undefined) return level === 'off' ? null : level;
  if (rule.off) return null;
  const severity = wanted !== undefined && RANK[wanted] < RANK[rule.severity] ? wanted : rule.severity;
  return severity === 'error' && confidence !== 'certain' ? 'warning' : severity;
}

/** The packet and time at which something was found: used for findings that are about no message. */
export type When = Pick<Origin, 'packet' | 'seconds' | 'nanos'>;

/** Stream offsets of bytes of one end whose captured copies differ. */
interface Contested {
  readonly end: End;
  readonly from: number;
  readonly to: number;
}

/** A finding that waits for its message to be reported. */
interface Held {
  readonly finding: Finding;
  /** Counts later findings that say the same; null: each of them is raised. */
  readonly repeated: Recurrence | null;
}

/** Shared and never added to. */
const NONE: Held[] = [];

/** The findings of one stream: held until the message that they are about was reported, and limited in number per rule. */
export class StreamFindings {
  private readonly record: StreamRecord;
  private readonly levels: RuleLevels;
  private readonly limits: Readonly<Limits>;
  private readonly emit: (finding: Finding) => void;
  private readonly suppress: ((finding: Finding) => boolean) | undefined;
  /** Made with the first finding: most streams have none. */
  private counts: Map<Rule, number> | null = null;
  private held: Held[] = NONE;
  private repeats: Repeats | null = null;
  private contested: Contested[] | null = null;
  private contestedTold = false;

  constructor(
    record: StreamRecord,
    levels: RuleLevels,
    limits: Readonly<Limits>,
    emit: (finding: Finding) => void,
    suppress?: (finding: Finding) => boolean,
  ) {
    this.record = record;
    this.levels = levels;
    this.limits = limits;
    this.emit = emit;
    this.suppress = suppress;
  }

  /** Whether there was any so far. */
  get hasAny(): boolean {
    return this.counts !== null;
  }

  /** Captured copies of these bytes differ: findings about them are not certain. */
  contest(end: End, offset: number, length: number, now: When): void {
    this.contested ??= [];
    const most = this.limits.contestedRanges;
    const last = this.contested.findLast((c) => c.end === end);
    if (last?.to === Infinity && last.from <= offset) return;
    const many = this.contested.length >= most;
    this.contested.push({ end, from: offset, to: many ? Infinity : offset + length });
    if (!many) return;
    this.contested.shift();
    if (this.contestedTold) return;
    this.contestedTold = true;
    const text = `contestedRanges: copies differ in more than ${most} places of this stream; nothing from here on is certain`;
    const side: Side = end === this.record.clientEnd ? CLIENT : SERVER;
    this.raise(LIMIT, { side, offset, length, text }, now);
  }

  raise(rule: Rule, evidence: Evidence, now: When): void {
    const message = evidence.message ?? null;
    let confidence = evidence.confidence ?? 'certain';
    if (confidence === 'certain' && message !== null && message.inferred) confidence = 'likely';
    if (confidence === 'certain' && this.contested !== null && this.isContested(evidence)) confidence = 'likely';
    const severity = effectiveSeverity(rule, evidence.severity, confidence, this.levels);
    if (severity === null) return;
    const side = evidence.side ?? message?.side ?? null;
    const at = evidence.origin ?? message ?? now;
    const party = this.blamed(rule, evidence.party, side);
    const counted = Repeats.counts(rule, evidence.severity ?? rule.severity);
    const before = counted ? (this.repeats?.find(rule, severity, party, evidence.text) ?? null) : null;
    if (before !== null) {
      before.again(evidence.text, at.packet);
      return;
    }
    this.counts ??= new Map<Rule, number>();
    const n = (this.counts.get(rule) ?? 0) + 1;
    this.counts.set(rule, n);
    if (n > this.limits.findingsPerRule) {
      countFinding(this.record, severity);
      return;
    }
    const repeated = counted ? (this.repeats ??= new Repeats()).add(rule, severity, party, evidence.text) : null;
    if (this.held === NONE) this.held = [];
    const finding: Finding = {
      file: this.record.file,
      stream: this.record,
      rule,
      severity,
      party,
      confidence,
      side,
      message,
      related: evidence.related ?? [],
      offset: evidence.offset ?? message?.offset ?? 0,
      length: evidence.length ?? message?.length ?? 0,
      packet: at.packet,
      seconds: at.seconds,
      nanos: at.nanos,
      text: evidence.text,
    };
    this.held.push({ finding, repeated });
  }

  /** For a rule that either side can break: blames the side whose bytes show it, unless the check names another. */
  private blamed(rule: Rule, party: Party | undefined, side: Side | null): Party {
    if (rule.party !== 'either') return rule.party;
    if (party !== undefined) return party;
    if (side === null || !this.record.rolesKnown) return 'either';
    return side === CLIENT ? 'client' : 'server';
  }

  private isContested({ message, related, side, offset, length }: Evidence): boolean {
    const rests = (of: Side | undefined, from: number, to: number): boolean => {
      if (of === undefined) return false;
      const end = of === CLIENT ? this.record.clientEnd : 1 - this.record.clientEnd;
      return this.contested!.some((c) => c.end === end && c.from < to && c.to > from);
    };
    const onMessage = (m: Message): boolean => rests(m.side, m.offset, m.offset + m.length);
    if (message !== undefined && message !== null && onMessage(message)) return true;
    if (related?.some(onMessage)) return true;
    return offset !== undefined && rests(side ?? message?.side, offset, offset + Math.max(length ?? 0, 1));
  }

  /** Reports the held findings whose messages have been reported by now; `all`: the others as well. */
  flush(all = false): void {
    if (this.held.length === 0) return;
    const now = this.held;
    this.held = NONE;
    for (const held of now) {
      const { message } = held.finding;
      if (!all && message !== null && message.index === 0) {
        if (this.held === NONE) this.held = [];
        this.held.push(held);
        continue;
      }
      const finding = this.within(held.finding);
      if (this.suppress?.(finding)) continue;
      if (held.repeated !== null) held.repeated.finding = finding;
      countFinding(this.record, finding.severity);
      this.emit(finding);
    }
  }

  /** The finding with its bytes cut off at the end of the stream: a length on the wire may announce more than was ever sent. */
  private within(f: Finding): Finding {
    if (f.side === null) return f;
    const end = this.record.bytes[f.side] + this.record.missing[f.side];
    return f.offset + f.length <= end ? f : { ...f, length: Math.max(0, end - f.offset) };
  }

  /** Reports how many findings were only counted. */
  close(now: When): void {
    this.flush(true);
    if (this.repeats !== null) this.record.repeated = this.repeats.counted();
    if (this.counts === null) return;
    for (const [rule, n] of [...this.counts]) {
      const more = n - this.limits.findingsPerRule;
      if (more <= 0) continue;
      this.raise(
        LIMIT,
        { text: `findingsPerRule: and ${more} more of ${rule.id} (${count(n, 'finding')} in all)` },
        now,
      );
    }
    this.flush(true);
  }
}
