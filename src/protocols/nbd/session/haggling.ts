import { keepReply, tellCut, tellLost } from './haggling-limits.js';
import { OptionOrderChecks } from '../checks/option-order.js';
import { Agreement, takeInfo } from './agreement.js';
import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import type { Message } from '../../../contract/message.js';
import { confidenceThat } from '../../../contract/witness.js';
import { AnswerChecks } from '../checks/answers.js';
import { Answer, Asked, NO_REPLIES } from './asked.js';
import { checkGreeting, checkStyles } from '../checks/greeting.js';
import { InsideTlsChecks } from '../checks/inside-tls.js';
import { TlsModeChecks } from '../checks/tls.js';
import {
  INFO_BLOCK_SIZE,
  OPT_ABORT,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_INFO,
  OPT_SET_META_CONTEXT,
  OPT_STARTTLS,
  REP_ACK,
  REP_ERR_SHUTDOWN,
  REP_INFO,
  REP_META_CONTEXT,
} from '../constants.js';
import { checkExportInfo } from '../checks/exports.js';
import { NO_CONTEXTS, type Facts } from './facts.js';
import { CONTEXT_ID, OPTION_REPLY } from '../layout.js';
import { FEW_BYTES } from '../decoder/payload.js';
import { Option, OptionReply, type ClientFlags, type ExportInfo, type Greeting } from '../messages.js';
import { optionName } from '../names.js';
import { OptionChecks, swappedOption } from '../checks/options.js';
import { ReplyChecks } from '../checks/replies.js';
import { OPTION_REPLY_MISMATCH, OPTION_REPLY_UNSOLICITED } from '../rules/replies.js';

/**
 * A server may close the connection to a client that sends more options, or more bytes in them, than this: it is not blamed for that. These
 * are not limits of wirelint, which decodes and judges all options.
 */
const FLOOD_OPTIONS = 32;
const FLOOD_BYTES = 1 << 20;

/** Shared empty list; never added to. */
const NONE_WAITING: Asked[] = [];

/** The haggling phase: pairs options with their replies, keeps what is negotiated, and has everything judged. */
export class Haggling {
  readonly agreed: Agreement;
  private readonly facts: Facts;
  private readonly optionChecks: OptionChecks;
  private readonly replyChecks: ReplyChecks;
  private readonly answerChecks: AnswerChecks;
  private readonly tlsModes: TlsModeChecks;
  private insideTls_: InsideTlsChecks | null = null;
  /** Options without a final reply, oldest first; replies whose option was not seen yet. */
  private waiting = NONE_WAITING;
  private early = NO_REPLIES;
  private answer: Answer | null = null;
  /** NBD_OPT_EXPORT_NAME, which names the export and ends haggling. */
  nameAsked: Asked | null = null;
  /** NBD_OPT_ABORT, if it was sent, and whether it got a final reply. */
  abort: Option | null = null;
  abortAnswered = false;
  /** The latest NBD_OPT_GO, and the latest NBD_OPT_INFO. */
  goAsked: Asked | null = null;
  infoAsked: Asked | null = null;
  /** The reply that refused NBD_OPT_STARTTLS. */
  startTlsRefusal: OptionReply | null = null;
  shutdownReply: OptionReply | null = null;
  /** The option whose header was seen, and whose data are still to come. */
  private unfinished: Asked | null = null;
  /** The latest answered option, if it had data and was refused. */
  private refusedWithData: Asked | null = null;
  private options = 0;
  private optionBytes = 0;
  exportInfoSeen = false;
  /** The reply whose header was seen, and whose data are still to come. */
  arriving: OptionReply | null = null;

  constructor(facts: Facts) {
    this.facts = facts;
    this.agreed = new Agreement(facts);
    this.optionChecks = new OptionChecks(facts);
    this.replyChecks = new ReplyChecks(facts);
    this.answerChecks = new AnswerChecks(facts);
    this.tlsModes = new TlsModeChecks(facts);
  }

  /** Created on first use: most of thousands of sessions may be in clear. */
  get insideTls(): InsideTlsChecks {
    return (this.insideTls_ ??= new InsideTlsChecks(this.facts));
  }

  /** Has no state of its own, so a new one is made for each use. */
  private get orderChecks(): OptionOrderChecks {
    return new OptionOrderChecks(this.facts, this, this.agreed);
  }

  /** The option that waits for its answer, or null. */
  get outstanding(): Asked | null {
    return this.waiting[0] ?? null;
  }

  /** Whether the client sent so many options that the server may close the connection. */
  get flooded(): boolean {
    return this.options > FLOOD_OPTIONS || this.optionBytes > FLOOD_BYTES;
  }

  get started(): boolean {
    return this.options > 0 || this.facts.clientFlags !== null;
  }

  greeting(m: Greeting): void {
    const { facts } = this;
    facts.greeting = m;
    if (m.offset === 0) facts.witness.began(SERVER);
    facts.oldstyle = m.oldstyle;
    checkGreeting(facts, m);
    if (m.oldstyle) return;
    this.optionChecks.bothFlags();
  }

  clientFlags(m: ClientFlags): void {
    this.facts.clientFlags = m;
    this.facts.clientTold.flags = m.flags;
    checkStyles(this.facts);
    this.optionChecks.clientFlags(m);
    this.optionChecks.bothFlags();
  }

  /** An option's header was decoded, its data are still to come: the server may answer already. */
  begin(m: Option): void {
    this.unfinished = this.admit(m);
    if (m.option !== OPT_EXPORT_NAME) this.pair();
  }

  option(m: Option): void {
    const asked = this.unfinished?.option === m ? this.unfinished : this.admit(m);
    this.unfinished = null;
    const most = this.facts.context.limits.listItems;
    asked.parse(most);
    if (asked.items > most)
      this.facts.limits.hit(
        'listItems',
        `an option of more than ${most} items; the first ones are shown and judged`,
        'note',
        m,
      );
    tellCut(this.facts, m, 'option');
    this.optionChecks.option(asked);
    if (asked.final !== null) this.answered(asked, asked.final);
    else if (m.option !== OPT_EXPORT_NAME) this.pair();
    if (asked.final !== null) this.giveBack();
  }

  private admit(m: Option): Asked {
    const { facts } = this;
    this.options++;
    this.optionBytes += m.dataLength;
    const asked = new Asked(m, facts.structured || facts.extended);
    this.orderChecks.check(m, this.waiting[this.waiting.length - 1] ?? null);
    if (m.option === OPT_EXPORT_NAME) {
      this.nameAsked = asked;
      facts.clientTold.exportNameAsked = true;
      return asked;
    }
    if (m.option === OPT_ABORT) this.abort ??= m;
    else if (m.option === OPT_GO) this.goAsked = asked;
    else if (m.option === OPT_INFO) this.infoAsked = asked;
    if (this.waiting.length < facts.context.limits.haggling) this.waiting = withLast(this.waiting, asked);
    else tellLost(facts, CLIENT, m, 'options wait for their answers; later ones are not paired');
    return asked;
  }

  /** A reply's header was decoded. Its data are still to come, and may turn out to be invalid. */
  replyBegins(m: OptionReply): void {
    this.arriving = m;
  }

  reply(m: OptionReply): void {
    this.arriving = null;
    m.chunksAgreed = this.facts.structured || this.facts.extended;
    this.follow(m);
    this.replyChecks.served(m);
    if (this.early.length < this.facts.context.limits.haggling) this.early = withLast(this.early, m);
    else tellLost(this.facts, SERVER, m, 'replies wait for their options; later ones are not paired');
    this.pair();
    if (m.isFinal) this.giveBack();
  }

  exportInfo(m: ExportInfo): void {
    const { facts, nameAsked } = this;
    this.exportInfoSeen = true;
    this.tlsModes.exportInfo(m, nameAsked?.exportName ?? null);
    this.agreed.enter(m.sizeHi, m.sizeLo, m.flags);
    checkExportInfo(facts, m);
    if (nameAsked === null) return;
    m.answers(nameAsked.option);
    facts.exportName = nameAsked.exportName;
    facts.sizesRequested = false;
  }

  /** Messages of that side may be missing. */
  lost(side: Side): void {
    // later replies may belong to another answer to the same option
    if (side !== SERVER) return;
    this.answer = null;
  }

  /** The session is over: replies that still wait for their options answer none. */
  finish(): void {
    if (this.facts.witness.bothWhole) this.rejectEarly('likely');
  }

  /** Finds the option that each waiting reply answers: one option is outstanding at a time. */
  private pair(): void {
    const { facts } = this;
    while (this.early.length > 0) {
      const reply = this.early[0]!;
      let asked = this.waiting[0];
      if (asked === undefined) {
        const sure = facts.witness.bothWhole ? confidenceThat(facts.witness.sawAllBefore(reply)) : null;
        if (sure === null) return;
        this.rejectEarly(sure);
        return;
      }
      this.early = withoutFirst(this.early, NO_REPLIES);
      if (reply.option !== asked.option.option) {
        asked = this.mismatch(reply, asked);
        if (asked === undefined) continue;
      }
      reply.answers(asked.option);
      keepReply(facts, asked, reply);
      if (reply.isFinal) {
        this.waiting = withoutFirst(this.waiting, NONE_WAITING);
        this.end(asked, reply);
      }
    }
  }

  /** The option to which a reply belongs that names another one than the outstanding option; undefined: not known. */
  private mismatch(reply: OptionReply, asked: Asked): Asked | undefined {
    const { facts } = this;
    const at = this.waiting.findIndex((a) => a.option.option === reply.option);
    if (facts.witness.bothWhole) {
      facts.agreementInDoubt = true;
      // only once for all replies in one answer that name this option
      const before = asked.replies.some((r) => r.option === reply.option);
      if (!before)
        facts.raise(OPTION_REPLY_MISMATCH, {
          ...OPTION_REPLY.where(reply, 'option'),
          related: [asked.option],
          text: `the reply names ${optionName(reply.option)}; outstanding is ${optionName(asked.option.option)}${swappedOption(reply.option)}`,
        });
      // if a later option waits with that number, the server answers that one; otherwise the reply counts for the outstanding option
      if (at < 0) return asked;
    } else if (at < 0) return undefined;
    this.waiting.splice(0, at);
    return this.waiting[0];
  }

  /**
   * Whether a reply is known to answer no outstanding option. That is reported by its own rule; what the reply lacks is only a consequence.
   */
  private isUnasked(m: OptionReply): boolean {
    const { witness } = this.facts;
    if (this.waiting[0]?.option.option === m.option || !witness.bothWhole) return false;
    return confidenceThat(witness.sawAllBefore(m)) !== null;
  }

  private rejectEarly(confidence: 'certain' | 'likely'): void {
    for (const reply of this.early) {
      // information that comes after the acknowledgement was reported as missing from it
      const late = reply.type === REP_INFO && reply.option === this.replyChecks.lacking;
      if (reply.option === OPT_EXPORT_NAME || late) continue;
      this.facts.raise(OPTION_REPLY_UNSOLICITED, {
        message: reply,
        confidence,
        text: `${reply.name} for ${optionName(reply.option)}, but no option is outstanding`,
      });
    }
    this.early = NO_REPLIES;
  }

  /** `reply` is the final reply to `asked`. */
  private end(asked: Asked, reply: OptionReply): void {
    this.orderChecks.answered(asked, reply);
    if (asked.option === this.abort) this.abortAnswered = true;
    asked.final = reply;
    if (asked.parsed) this.answered(asked, reply);
  }

  /** Why a server may have failed at what came after an option that it refused, as the end of a sentence; or empty. */
  afterRefusal(): { readonly text: string; readonly related: readonly Message[] } {
    const asked = this.refusedWithData;
    if (asked === null) return { text: '', related: [] };
    const { option, final } = asked;
    const bytes = count(option.dataLength, 'byte');
    const text = `; ${optionName(option.option)} was refused with ${final!.name} just before: a server that does not read the ${bytes} of data of an option that it refuses takes them for the next option`;
    return { text, related: [option, final!] };
  }

  /** Option and answer are both complete. */
  private answered(asked: Asked, reply: OptionReply): void {
    const { facts } = this;
    this.refusedWithData = reply.isError && asked.option.dataLength > 0 ? asked : null;
    const { replies } = asked;
    // a reply that names another option may not belong to this one
    const own = replies.every((r) => r.complete && r.option === asked.option.option);
    if (facts.witness.bothWhole && asked.parsed && !asked.overflowed && own) this.answerChecks.answered(asked, reply);
    else this.answerChecks.unread();
    if (asked.parsed) this.tlsModes.answered(asked, reply);
    // the replies have been judged; those to NBD_OPT_INFO are still to be compared with those to NBD_OPT_GO
    if (asked.option.option !== OPT_INFO) asked.replies = NO_REPLIES;
    if (reply.type !== REP_ACK) return;
    if (asked.option.option === OPT_GO) {
      facts.exportName = asked.exportName;
      facts.sizesRequested = asked.info?.types.includes(INFO_BLOCK_SIZE) ?? null;
      this.optionChecks.entered(asked.option, asked);
      asked.forget(facts.details);
      this.optionChecks.over();
    } else if (asked.option.option === OPT_SET_META_CONTEXT) {
      facts.metaExport = asked.exportName;
    }
  }

  /** Follows what is negotiated, by the server's own bytes. */
  private follow(m: OptionReply): void {
    const { facts } = this;
    if (this.answer?.option !== m.option) {
      this.answer = new Answer(m.option);
      if (m.option === OPT_SET_META_CONTEXT) {
        // every new selection, also one that fails, replaces the one before
        facts.contexts = NO_CONTEXTS;
        facts.contextsKnown = facts.witness.whole(SERVER);
      }
    }
    const { answer } = this;
    keepReply(facts, answer, m);
    if (m.type === REP_INFO) takeInfo(answer, m);
    const unasked = this.isUnasked(m);
    this.replyChecks.reply(m, answer, unasked);
    if (m.complete) this.tlsModes.reply(m, answer);
    if (facts.isBehindStartTls(m)) this.insideTls.reply(m);
    if (!m.complete || (!m.isError && m.type > REP_META_CONTEXT)) facts.agreementInDoubt = true;
    if (m.type === REP_META_CONTEXT && m.data.length >= CONTEXT_ID.size) this.agreed.context(m, answer);
    if (!m.isFinal) return;
    this.answer = null;
    // an acknowledgement that answers no option negotiates nothing
    if (m.type === REP_ACK && !unasked) this.agreed.acknowledged(m, answer);
    else if (m.type === REP_ERR_SHUTDOWN) this.shutdownReply ??= m;
    if (m.isError && m.option === OPT_STARTTLS && !facts.isInTls(m)) this.startTlsRefusal = m;
  }

  /** An answer is complete: gives back the part of `limits.heldBytes` that is not needed any more. */
  private giveBack(): void {
    const { heldBytes } = this.facts.context;
    if (heldBytes.taken <= FEW_BYTES) return;
    let kept = 0;
    for (const m of new Set(this.kept())) kept += m.data.bytes.length;
    heldBytes.give(heldBytes.taken - kept);
  }

  /** The options and replies that something here still refers to; some may come twice. */
  private kept(): (Option | OptionReply)[] {
    const { facts, early, arriving, abort, startTlsRefusal, shutdownReply } = this;
    const { goAck, startTlsAck } = this.agreed;
    const asked = [
      ...this.waiting,
      this.unfinished,
      this.nameAsked,
      this.goAsked,
      this.infoAsked,
      this.refusedWithData,
    ];
    const acks = [facts.structuredAck, facts.extendedAck, facts.beforeTls.structuredAck, facts.beforeTls.extendedAck];
    return [
      ...asked.flatMap((a) => (a === null ? [] : [a.option, a.follower, a.final, ...a.replies])),
      ...[...early, ...(this.answer?.replies ?? []), ...acks],
      ...[arriving, abort, goAck, startTlsAck, startTlsRefusal, shutdownReply],
    ].filter((m) => m instanceof Option || m instanceof OptionReply);
  }
}

// thousands of sessions are past haggling: they share the empty lists

function withLast<T>(list: T[], last: T): T[] {
  if (list.length === 0) return [last];
  list.push(last);
  return list;
}

function withoutFirst<T>(list: T[], none: T[]): T[] {
  if (list.length === 1) return none;
  list.shift();
  return list;
}
