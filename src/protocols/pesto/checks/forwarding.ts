import type { Output } from '../../../contract/protocol.js';
import { ruleSockets } from '../forward.js';
import type { RuleMessage } from '../messages.js';
import type { Table } from '../session/table.js';
import { checkListening } from './forwarding-listen.js';
import { checkTarget } from './forwarding-target.js';
import { JudgedRule } from './judged-rule.js';

/**
 * Judges a rule by the rules before it in its table, in the order of the server's checks, and adds it to the table. Returns the first check
 * of the server that it fails, in words; empty: none.
 */
export function judgeForwardingRule(output: Output, message: RuleMessage, table: Table): string {
  const judged = new JudgedRule(output, message, table);
  checkListening(judged);
  checkTarget(judged);
  table.rules.push(message);
  table.sockets += ruleSockets(message);
  return judged.failure;
}
