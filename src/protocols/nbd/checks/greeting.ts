import type { Greeting } from '../messages.js';
import { IANA_PORT } from '../constants.js';
import { GREETING } from '../layout.js';
import { hexNumber } from '../../../base/hex.js';
import { CLIENT, type Side } from '../../../base/input.js';
import type { Facts } from '../session/facts.js';
import {
  NEWSTYLE_AFTER_OLDSTYLE,
  NEWSTYLE_ON_OTHER_PORT,
  OLDSTYLE_NOT_TAKEN,
  OLDSTYLE_ON_NEWSTYLE_PORT,
  OLDSTYLE_USED,
  UNKNOWN_HANDSHAKE_FLAG,
} from '../rules/greeting.js';

/** Judges whether the client rejected an oldstyle server. `first`: the side that ended the connection first, or null. */
export function checkOldstyleTaken(facts: Facts, first: Side | null): void {
  const { greeting, context } = facts;
  if (greeting === null || !facts.oldstyle || first !== CLIENT || context.present(CLIENT)) return;
  facts.raise(OLDSTYLE_NOT_TAKEN, {
    message: greeting,
    confidence: 'likely',
    text: 'the client closed without a request: one that speaks newstyle only cannot use this server (a check whether the port is open looks the same)',
  });
}

/** Judges whether the client's flags fit the greeting, once both are known. */
export function checkStyles(facts: Facts): void {
  const { greeting, clientFlags } = facts;
  if (greeting === null || clientFlags === null || !greeting.oldstyle) return;
  facts.raise(NEWSTYLE_AFTER_OLDSTYLE, {
    message: clientFlags,
    related: [greeting],
    text: 'flags of newstyle, although the greeting is that of oldstyle, which has none',
  });
}

/** Judges the server's greeting by itself, and together with the client's flags if these were decoded first. */
export function checkGreeting(facts: Facts, m: Greeting): void {
  checkStyles(facts);
  const port = facts.serverPort;
  if (m.oldstyle) {
    const at = GREETING.where(m, 'style');
    facts.raise(OLDSTYLE_USED, { ...at, text: 'the second magic is that of oldstyle' });
    if (port === IANA_PORT) facts.raise(OLDSTYLE_ON_NEWSTYLE_PORT, { ...at, text: `oldstyle on port ${IANA_PORT}` });
    return;
  }
  if (port !== 0 && port !== IANA_PORT) {
    facts.raise(NEWSTYLE_ON_OTHER_PORT, { message: m, text: `newstyle on port ${port}; ${IANA_PORT} is registered` });
  }
  if ((m.flags & ~3) !== 0) {
    facts.raise(UNKNOWN_HANDSHAKE_FLAG, {
      ...GREETING.where(m, 'flags'),
      text: `handshake flags ${hexNumber(m.flags, 4)}; only bits 0 and 1 are defined`,
    });
  }
}
