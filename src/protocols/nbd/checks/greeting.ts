import { CLIENT, type Side } from '../../../base/input.js';
import type { Facts } from '../session/facts.js';
import { NEWSTYLE_AFTER_OLDSTYLE, OLDSTYLE_NOT_TAKEN } from '../rules/greeting.js';

/** Whether a client turned away from a server of oldstyle. `first`: the side that ended the connection first, or null. */
export function checkOldstyleTaken(facts: Facts, first: Side | null): void {
  const { greeting, context } = facts;
  if (greeting === null || !facts.oldstyle || first !== CLIENT || context.present(CLIENT)) return;
  facts.raise(OLDSTYLE_NOT_TAKEN, {
    message: greeting,
    confidence: 'likely',
    text: 'the client closed without a request: one that speaks newstyle only cannot use this server (a check whether the port is open looks the same)',
  });
}

/** Whether the client's first words fit the greeting; called when both are known. */
export function checkStyles(facts: Facts): void {
  const { greeting, clientFlags } = facts;
  if (greeting === null || clientFlags === null || !greeting.oldstyle) return;
  facts.raise(NEWSTYLE_AFTER_OLDSTYLE, {
    message: clientFlags,
    related: [greeting],
    text: 'flags of newstyle, although the greeting is that of oldstyle, which has none',
  });
}
