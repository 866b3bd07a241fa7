import type { Party, Rule, Severity } from '../base/rule.js';
import { withoutNumbers } from '../base/text.js';
import type { Finding, Repeated } from './event.js';

/** Different wordings that are kept beside the first one. */
const KEPT_WORDINGS = 6;
const LEVELS: readonly Severity[] = ['note', 'warning', 'error'];

/** One thing that is found, and found again. */
export class Recurrence {
  /** As it was raised; null where it was not: it waits for its message, or is suppressed. */
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
 * What one stream has said already (contract: what a clean session says). Errors are evidence one by one. A note or warning is about a
 * way of doing things, which a stream shows again and again: it is told at once, at its first place, and its count when the stream ends.
 */
export class Repeats {
  private readonly said = new Map<string, Recurrence>();

  /** Whether what the rule finds is counted where it was found before: see Rule.again. `wanted`: its severity before configuration. */
  static counts(rule: Rule, wanted: Severity): boolean {
    return wanted !== 'error' && rule.again !== 'each';
  }

  /** What was found like this before, or null. A habit that was told of as a warning is not told of once more as a note. */
  find(rule: Rule, severity: Severity, party: Party, text: string): Recurrence | null {
    const levels = rule.again === 'habit' ? LEVELS.slice(LEVELS.indexOf(severity)) : [severity];
    for (const level of levels) {
      const before = this.said.get(keyOf(rule, level, party, text));
      if (before !== undefined) return before;
    }
    return null;
  }

  /** The first one of its kind. */
  add(rule: Rule, severity: Severity, party: Party, text: string): Recurrence {
    const first = new Recurrence(withoutNumbers(text));
    this.said.set(keyOf(rule, severity, party, text), first);
    return first;
  }

  /** Those that came again, in the order of their first places. */
  counted(): Repeated[] {
    return [...this.said.values()].flatMap(({ finding, times, lastPacket, others }) =>
      times > 1 && finding !== null ? [{ finding, times, lastPacket, others }] : [],
    );
  }
}

function keyOf(rule: Rule, severity: Severity, party: Party, text: string): string {
  return `${rule.id} ${severity} ${party} ${rule.again === 'habit' ? '' : withoutNumbers(text)}`;
}
