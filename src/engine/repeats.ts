import type { Party, Rule, Severity } from '../base/rule.js';
import { withoutNumbers } from '../base/text.js';
import type { Finding, Repeated } from './event.js';

/** How many different wordings are kept besides the first one. */
const KEPT_WORDINGS = 6;
const LEVELS: readonly Severity[] = ['note', 'warning', 'error'];

/** Counts how often a note or warning applied. */
export class Recurrence {
  /** The finding that was raised; null while it waits for its message, or where it is suppressed. */
  finding: Finding | null = null;
  times = 1;
  lastPacket = 0;
  readonly others: string[] = [];
  private readonly wordings: string[];

  constructor(wording: string) {
    this.wordings = [wording];
  }

  again(text: string, packet: number): void {
    this.times++;
    this.lastPacket = packet;
    const wording = withoutNumbers(text);
    if (this.wordings.length > KEPT_WORDINGS || this.wordings.includes(wording)) return;
    this.wordings.push(wording);
    this.others.push(text);
  }
}

/**
 * The notes and warnings that one stream has already had. An error is reported each time. A note or warning is about a way of doing things,
 * which recurs throughout a stream: it is reported at its first place, and its count when the stream ends.
 */
export class Repeats {
  private readonly said = new Map<string, Recurrence>();

  /** Whether a finding of the rule is only counted after the first one: see Rule.again. `wanted`: its severity before configuration. */
  static counts(rule: Rule, wanted: Severity): boolean {
    return wanted !== 'error' && rule.again !== 'each';
  }

  /** The earlier finding that says the same, or null. For a rule about a habit, also one of a higher severity. */
  find(rule: Rule, severity: Severity, party: Party, text: string): Recurrence | null {
    const levels = rule.again === 'habit' ? LEVELS.slice(LEVELS.indexOf(severity)) : [severity];
    for (const level of levels) {
      const before = this.said.get(keyOf(rule, level, party, text));
      if (before !== undefined) return before;
    }
    return null;
  }

  /** Adds the first finding of its kind. */
  add(rule: Rule, severity: Severity, party: Party, text: string): Recurrence {
    const first = new Recurrence(withoutNumbers(text));
    this.said.set(keyOf(rule, severity, party, text), first);
    return first;
  }

  /** Those that applied more than once, in order of their first places. */
  counted(): Repeated[] {
    return [...this.said.values()].flatMap(({ finding, times, lastPacket, others }) =>
      times > 1 && finding !== null ? [{ finding, times, lastPacket, others }] : [],
    );
  }
}

function keyOf(rule: Rule, severity: Severity, party: Party, text: string): string {
  return `${rule.id} ${severity} ${party} ${rule.again === 'habit' ? '' : withoutNumbers(text)}`;
}
