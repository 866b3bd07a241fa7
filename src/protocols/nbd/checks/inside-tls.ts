import { otherSide, type Side } from '../../../base/input.js';
import type { Origin } from '../../../base/origin.js';
import { having, NEITHER } from '../../../base/pair.js';
import type { TlsEvent } from '../../../tls/event.js';
import { OPT_STARTTLS, REP_ERR_INVALID, REP_ERR_SHUTDOWN, REP_ERR_TLS_REQD } from '../constants.js';
import type { Facts } from '../session/facts.js';
import { OPTION_REPLY } from '../layout.js';
import type { OptionReply } from '../messages.js';
import { optionName } from '../names.js';
import { STARTTLS_REPEATED_NOT_INVALID, TLS_REQD_INSIDE_TLS, TLS_WITHOUT_CLOSE_NOTIFY } from '../rules/inside-tls.js';

/** Judges replies inside TLS that NBD_OPT_STARTTLS began, and how TLS ends. */
export class InsideTlsChecks {
  private readonly facts: Facts;
  /** By side: whether it sent close_notify, or a fatal alert, which also ends TLS. */
  private tookLeave = NEITHER;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** Judges a reply inside TLS, by the server's own bytes. */
  reply(m: OptionReply): void {
    const { facts } = this;
    if (m.type === REP_ERR_TLS_REQD) {
      facts.raise(TLS_REQD_INSIDE_TLS, {
        ...OPTION_REPLY.where(m, 'type'),
        text: `in answer to ${optionName(m.option)}, inside TLS`,
      });
    } else if (m.option === OPT_STARTTLS && m.type !== REP_ERR_INVALID && m.type !== REP_ERR_SHUTDOWN) {
      facts.raise(STARTTLS_REPEATED_NOT_INVALID, {
        ...OPTION_REPLY.where(m, 'type'),
        text: `${m.name} in answer to NBD_OPT_STARTTLS inside TLS`,
      });
    }
  }

  event(side: Side, event: TlsEvent): void {
    if (event.kind === 'alert' && (event.fatal || event.name === 'close_notify'))
      this.tookLeave = having(this.tookLeave, side, true);
  }

  /** `first` closed the connection, at `offset` of its stream, before the other side did. */
  closed(first: Side, offset: number, origin: Origin): void {
    const { facts, tookLeave } = this;
    const opened = facts.tlsOpened[first] && facts.tlsFrom[first] > 0 && !facts.witness.isSealed(first);
    if (!opened || !facts.witness.whole(first) || tookLeave[first] || tookLeave[otherSide(first)]) return;
    facts.raise(TLS_WITHOUT_CLOSE_NOTIFY, {
      side: first,
      offset,
      length: 0,
      origin,
      text: 'the connection is closed without the alert close_notify',
    });
  }
}
