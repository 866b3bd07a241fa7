import { SERVER } from '../../../base/input.js';
import { confidenceThat } from '../../../contract/witness.js';
import { OPT_ABORT, OPT_STARTTLS, REP_ACK } from '../constants.js';
import type { Option, OptionReply } from '../messages.js';
import { optionName } from '../names.js';
import { DATA_AFTER_ABORT, OPTION_AFTER_EXPORT_NAME, OPTION_AFTER_GO, OPTION_PIPELINED } from '../rules/options.js';
import { CONTINUED_AFTER_SHUTDOWN_REPLY } from '../rules/replies.js';
import { CLIENT_PLAINTEXT_AFTER_STARTTLS, STARTTLS_PIPELINED_BYTES } from '../rules/tls.js';
import type { Agreement } from '../session/agreement.js';
import type { Asked } from '../session/asked.js';
import type { Facts } from '../session/facts.js';

/** The messages after which no option may follow, or only some; null until they are seen. */
export interface Turns {
  readonly abort: Option | null;
  readonly nameAsked: Asked | null;
  readonly shutdownReply: OptionReply | null;
  /** The reply whose header was seen, and whose data are still to come. */
  readonly arriving: OptionReply | null;
}

/** Judges when options are sent: after messages that end haggling, and while other options are unanswered. */
export class OptionOrderChecks {
  private readonly facts: Facts;
  private readonly seen: Turns;
  private readonly agreed: Agreement;

  constructor(facts: Facts, seen: Turns, agreed: Agreement) {
    this.facts = facts;
    this.seen = seen;
    this.agreed = agreed;
  }

  /** Judges whether this option may follow what came before it. `last`: the latest unanswered option. */
  check(m: Option, last: Asked | null): void {
    const { facts } = this;
    const received = (reply: OptionReply) => facts.hadReceived(m, reply);
    if (this.seen.abort !== null) {
      facts.raise(DATA_AFTER_ABORT, {
        message: m,
        related: [this.seen.abort],
        text: `${optionName(m.option)} after NBD_OPT_ABORT`,
      });
      return;
    }
    if (this.seen.nameAsked !== null) {
      facts.raise(OPTION_AFTER_EXPORT_NAME, {
        message: m,
        related: [this.seen.nameAsked.option],
        text: `${optionName(m.option)} after NBD_OPT_EXPORT_NAME`,
      });
      return;
    }
    const afterGo = this.agreed.goAck === null ? null : received(this.agreed.goAck);
    if (this.agreed.goAck !== null && afterGo !== null) {
      facts.raise(OPTION_AFTER_GO, {
        message: m,
        related: [this.agreed.goAck],
        confidence: afterGo,
        text: `${optionName(m.option)} after NBD_OPT_GO was acknowledged`,
      });
      return;
    }
    const afterTls = this.agreed.startTlsAck === null ? null : received(this.agreed.startTlsAck);
    if (this.agreed.startTlsAck !== null && !facts.isInTls(m) && afterTls !== null) {
      // from here on the server's messages in clear answer options in clear
      facts.saysInClear = false;
      facts.raise(CLIENT_PLAINTEXT_AFTER_STARTTLS, {
        message: m,
        related: [this.agreed.startTlsAck],
        confidence: afterTls,
        text: `${optionName(m.option)} in clear after NBD_OPT_STARTTLS was acknowledged`,
      });
      return;
    }
    if (this.seen.shutdownReply !== null && m.option !== OPT_ABORT) {
      const afterShutdown = received(this.seen.shutdownReply);
      if (afterShutdown !== null) {
        facts.raise(CONTINUED_AFTER_SHUTDOWN_REPLY, {
          message: m,
          related: [this.seen.shutdownReply],
          confidence: afterShutdown,
          text: `${optionName(m.option)} after NBD_REP_ERR_SHUTDOWN`,
        });
      }
    }
    if (last !== null) this.pipelined(m, last);
  }

  /** Judges whether the preceding option was still unanswered when this one was sent. */
  private pipelined(m: Option, last: Asked): void {
    // a server that breaks rules may leave the client without an answer that it could wait for
    if (!this.facts.witness.bothWhole || this.facts.breached[SERVER]) return;
    const sure = this.seen.arriving?.isFinal ? null : confidenceThat(this.facts.witness.sawAllBefore(m));
    if (sure === null) last.follower ??= m;
    else this.raisePipelined(last, m, sure);
  }

  private raisePipelined(last: Asked, m: Option, confidence: 'certain' | 'likely'): void {
    const tls = last.option.option === OPT_STARTTLS;
    this.facts.raise(tls ? STARTTLS_PIPELINED_BYTES : OPTION_PIPELINED, {
      message: m,
      related: [last.option],
      confidence,
      text: `${optionName(m.option)} was sent while ${optionName(last.option.option)} was unanswered`,
    });
  }

  /** The final reply to an option is known: judges whether the next option was sent before that reply had arrived. */
  answered(asked: Asked, reply: OptionReply): void {
    if (
      this.facts.witness.bothWhole &&
      asked.follower !== null &&
      asked.follower.peerSeen >= 0 &&
      !this.facts.breached[SERVER] &&
      !(reply.type === REP_ACK && reply.dataLength > 0) &&
      asked.follower.peerSeen < reply.endOffset
    ) {
      this.raisePipelined(asked, asked.follower, 'certain');
    }
  }
}
