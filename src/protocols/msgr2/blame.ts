import type { Rule } from '../../base/rule.js';
import type { Evidence, Output } from '../../contract/protocol.js';
import { Frame } from './message.js';

/** Marks the frame of a finding as `blamed` if the finding is an error. */
export function markBlamed(rule: Rule, { message, severity }: Evidence): void {
  if (message instanceof Frame && (severity ?? rule.severity) === 'error') message.blamed = true;
}

/** The same output, except that every error also marks its frame (see markBlamed). */
export function marking(output: Output): Output {
  return {
    begin: (message) => output.begin(message),
    message: (message) => output.message(message),
    skip: (side, offset, length, reason) => output.skip(side, offset, length, reason),
    wants: (rule) => output.wants(rule),
    raise: (rule, evidence) => {
      markBlamed(rule, evidence);
      output.raise(rule, evidence);
    },
  };
}
