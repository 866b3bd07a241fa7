import { LIMIT } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import type { Severity } from '../base/rule.js';
import type { Message } from './message.js';
import type { Output } from './protocol.js';

/**
 * Reports the limits that a session hits, once for each table: a table that is full once mostly stays so. A note, where the table is only
 * used for printing, or for rules about repetitions. A warning, where pairing or the session's state suffers; then the caller also suspends
 * the rules that need what was given up.
 */
export class LimitNotes {
  private readonly output: Output;
  private told: Set<string> | null = null;

  constructor(output: Output) {
    this.output = output;
  }

  /** `text` follows the limit's name. It identifies the table: each text is reported once. */
  hit(limit: keyof Limits, text: string, severity: Severity, message: Message | null = null): void {
    this.told ??= new Set();
    if (this.told.has(text)) return;
    this.told.add(text);
    this.output.raise(LIMIT, { message, text: `${limit}: ${text}`, severity });
  }
}
