import { CLIENT } from '../../../base/input.js';
import type { Answer, Asked } from '../session/asked.js';
import {
  FLAG_FIXED_NEWSTYLE,
  OPT_ABORT,
  OPT_EXTENDED_HEADERS,
  OPT_GO,
  OPT_INFO,
  OPT_STARTTLS,
  REP_ACK,
  REP_ERR_INVALID,
  REP_ERR_TLS_REQD,
  REP_INFO,
} from '../constants.js';
import { type Facts } from '../session/facts.js';
import { OPTION_REPLY } from '../layout.js';
import type { ExportInfo, OptionReply } from '../messages.js';
import { optionName, replyName } from '../names.js';
import { show } from './options.js';
import {
  STARTTLS_REFUSED,
  STARTTLS_REPLY_INVALID,
  TLS_MODE_INCONSISTENT,
  TLS_ONLY_EXPORT_IN_CLEAR,
  TLS_REQD_FOR_ABORT_OR_STARTTLS,
  TLS_REQD_WITH_INFO,
  TLS_REQD_WITHOUT_FIXED,
  TLS_REQUIRED_BUT_REFUSED,
} from '../rules/tls.js';

function isInfoOption(option: number): boolean {
  return option === OPT_INFO || option === OPT_GO;
}

/**
 * Judges by a server's replies in clear whether it keeps to one of the modes that the specification allows: FORCEDTLS, SELECTIVETLS, NOTLS.
 */
export class TlsModeChecks {
  private readonly facts: Facts;
  /** NBD_OPT_STARTTLS was acknowledged: what follows is inside TLS, where these rules do not apply. */
  private upgraded = false;
  /** The first reply that shows that TLS is forced for every option, and the first one that serves an option without it. */
  private forced: OptionReply | null = null;
  private served: OptionReply | null = null;
  private modeJudged = false;
  /** The first reply that requires TLS at all, and the one that refuses to start it. */
  private required: OptionReply | null = null;
  private refused: OptionReply | null = null;
  private refusalJudged = false;
  /** Exports (latin1) for which a reply required TLS, with that reply. */
  private tlsOnly: Map<string, OptionReply> | null = null;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** Judges a reply by the server's own bytes. `answer`: the replies to the same option so far, including this one. */
  reply(m: OptionReply, answer: Answer): void {
    if (this.upgraded) return;
    if (m.option === OPT_STARTTLS) this.startTls(m);
    if (m.type === REP_ERR_TLS_REQD) this.requires(m, answer);
    else if (m.option !== OPT_ABORT && m.option !== OPT_STARTTLS && m.option !== OPT_EXTENDED_HEADERS) {
      if (m.type === REP_ACK) this.served ??= m;
    }
    const { facts, forced, served, required, refused } = this;
    if (refused !== null && required !== null && !this.refusalJudged) {
      this.refusalJudged = true;
      facts.raise(TLS_REQUIRED_BUT_REFUSED, {
        message: m,
        related: [required, refused],
        text: `${replyName(refused.type)} to NBD_OPT_STARTTLS, although TLS is required for ${optionName(required.option)}`,
      });
    }
    if (forced !== null && served !== null && !this.modeJudged) {
      this.modeJudged = true;
      facts.raise(TLS_MODE_INCONSISTENT, {
        message: m,
        related: [forced, served],
        text: `TLS is required for ${optionName(forced.option)}, but ${optionName(served.option)} was served without`,
      });
    }
  }

  /** Judges an option with its final reply, which `reply` has judged before. */
  answered(asked: Asked, final: OptionReply): void {
    const { exportName } = asked;
    if (this.upgraded || exportName === null || !isInfoOption(asked.option.option)) return;
    if (final.type === REP_ERR_TLS_REQD) {
      this.tlsOnly ??= new Map();
      if (this.tlsOnly.size < this.facts.context.limits.listItems && !this.tlsOnly.has(exportName))
        this.tlsOnly.set(exportName, final);
    } else if (final.type === REP_ACK) {
      this.inClear(exportName, final, optionName(asked.option.option));
    }
  }

  /** Judges the answer to NBD_OPT_EXPORT_NAME. `exportName` (latin1): null if the option was not captured. */
  exportInfo(m: ExportInfo, exportName: string | null): void {
    if (this.upgraded || m.oldstyle) return;
    const { forced } = this;
    if (forced !== null) {
      if (this.modeJudged) return;
      this.modeJudged = true;
      this.facts.raise(TLS_MODE_INCONSISTENT, {
        message: m,
        related: [forced],
        text: `TLS is required for ${optionName(forced.option)}, but NBD_OPT_EXPORT_NAME was served without; a server that forces TLS has to close instead`,
      });
      return;
    }
    if (exportName !== null) this.inClear(exportName, m, 'NBD_OPT_EXPORT_NAME');
  }

  private inClear(exportName: string, m: OptionReply | ExportInfo, how: string): void {
    const refusal = this.tlsOnly?.get(exportName);
    if (refusal === undefined || this.modeJudged) return;
    this.tlsOnly!.delete(exportName);
    this.facts.raise(TLS_ONLY_EXPORT_IN_CLEAR, {
      message: m,
      related: [refusal],
      text: `${optionName(refusal.option)} says that export ${show(exportName)} requires TLS, and ${how} gives it in clear`,
    });
  }

  private startTls(m: OptionReply): void {
    const { facts } = this;
    if (!m.isFinal) {
      facts.raise(STARTTLS_REPLY_INVALID, {
        ...OPTION_REPLY.where(m, 'type'),
        text: `${m.name} in answer to NBD_OPT_STARTTLS`,
      });
    } else if (m.isError) {
      // NBD_REP_ERR_TLS_REQD does not count as a refusal of TLS: it makes no sense here, and is reported by its own rule
      if (m.type === REP_ERR_TLS_REQD) return;
      facts.raise(STARTTLS_REFUSED, { message: m, text: `${replyName(m.type)}: the session stays in clear` });
      if (m.type !== REP_ERR_INVALID) this.refused = m;
    } else {
      this.upgraded = true;
    }
  }

  private requires(m: OptionReply, answer: Answer): void {
    const { facts } = this;
    const { greeting, clientFlags } = facts;
    if (m.option === OPT_ABORT || m.option === OPT_STARTTLS) {
      facts.raise(TLS_REQD_FOR_ABORT_OR_STARTTLS, { message: m, text: `in answer to ${optionName(m.option)}` });
      return;
    }
    this.required ??= m;
    if (!isInfoOption(m.option)) this.forced ??= m;
    else if (this.forced !== null && answer.replies.some((r) => r.type === REP_INFO)) {
      facts.raise(TLS_REQD_WITH_INFO, {
        message: m,
        related: answer.replies.filter((r) => r !== m),
        text: 'information was given before',
      });
    }
    const offered = greeting === null || (greeting.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    const taken = clientFlags === null || (clientFlags.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    if (facts.witness.whole(CLIENT) && (!offered || !taken)) {
      facts.raise(TLS_REQD_WITHOUT_FIXED, {
        message: m,
        text: `the ${offered ? 'client' : 'server'} did not set FIXED_NEWSTYLE, so that TLS cannot be started`,
      });
    }
  }
}
