import { CLIENT } from '../../../base/input.js';
import type { Span } from '../../../base/layout.js';
import type { Rule } from '../../../base/rule.js';
import type { Output } from '../../../contract/protocol.js';
import { ruleText } from '../forward.js';
import type { RuleMessage } from '../messages.js';
import type { Table } from '../session/table.js';

/** A forwarding rule that is being judged, with the table that it is to be added to. */
export class JudgedRule {
  readonly message: RuleMessage;
  readonly table: Table;
  /** The first check of the server that it fails, in words. */
  failure = '';
  private readonly output: Output;
  private readonly which: string;

  constructor(output: Output, message: RuleMessage, table: Table) {
    this.output = output;
    this.message = message;
    this.table = table;
    this.which = `rule ${message.place + 1} of ${table.label}, ${ruleText(message)}`;
  }

  /** All of its bytes, as the place of a finding. */
  get whole(): Span<RuleMessage> {
    return { message: this.message, offset: this.message.offset, length: this.message.length };
  }

  /** Reports a failed check of the server. An update with this rule is refused; a list may contain it, as clients accept it. */
  fails(rule: Rule, text: string, where: Span<RuleMessage>, related: readonly RuleMessage[] = []): void {
    const sent = this.message.side === CLIENT;
    if (sent && this.failure === '') this.failure = text;
    const severity = sent ? 'error' : 'warning';
    this.output.raise(rule, { ...where, severity, related, text: `${this.which}: ${text}` });
  }

  /** Reports something that the server does not check. */
  notes(rule: Rule, text: string, where: Span<RuleMessage>): void {
    this.output.raise(rule, { ...where, severity: rule.severity, related: [], text: `${this.which}: ${text}` });
  }
}
