import { LIMIT } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import type { Severity } from '../base/rule.js';
import type { Message } from './message.js';
import type { Output } from './protocol.js';

/**
 * Tells of the limits that one session hits, each table once: what hits a limit once mostly does so with everything that follows.
 * A limit on what is only kept for printing, or for rules about repetitions, is worth a note; where pairing or the state of the
 * session suffers, it is a warning, and whoever calls this suspends the rules that need what was given up.
 */
export class LimitNotes {
  private readonly output: Output;
  private told: Set<string> | null = null;

  constructor(output: Output) {
    this.output = output;
  }

  /** `text` goes on after the limit's name, and is the same for everything that hits this table. */
  hit(limit: keyof Limits, text: string, severity: Severity, message: Message | null = null): void {
    this.told ??= new Set();
    if (this.told.has(text)) return;
    this.told.add(text);
    this.output.raise(LIMIT, { message, text: `${limit}: ${text}`, severity });
  }
}
