import { hexNumber } from '../../../base/hex.js';
import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import type { Message } from '../../../contract/message.js';
import { confidenceThat } from '../../../contract/witness.js';
import { AnswerChecks } from '../checks/answers.js';
import { Answer, Asked } from './asked.js';
import { checkStyles } from '../checks/greeting.js';
import { InsideTlsChecks } from '../checks/inside-tls.js';
import { TlsModeChecks } from '../checks/tls.js';
import {
  EXPORT_PADDING_LENGTH,
  IANA_PORT,
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  OPT_ABORT,
  OPT_EXPORT_NAME,
  OPT_EXTENDED_HEADERS,
  OPT_GO,
  OPT_INFO,
  OPT_SET_META_CONTEXT,
  OPT_STARTTLS,
  OPT_STRUCTURED_REPLY,
  REP_ACK,
  REP_ERR_SHUTDOWN,
  REP_INFO,
  REP_META_CONTEXT,
} from '../constants.js';
import { checkExport } from '../checks/exports.js';
import { field, NO_CONTEXTS, type Facts } from './facts.js';
import { CONTEXT_ID, EXPORT_INFO, GREETING, INFO_DATA, OLDSTYLE_TAIL, OPTION_REPLY } from '../layout.js';
import { FEW_BYTES } from '../decoder/payload.js';
import { Option, OptionReply, type ClientFlags, type ExportInfo, type Greeting } from '../messages.js';
import { optionName } from '../names.js';
import { OptionChecks, swappedOption } from '../checks/options.js';
import { blockSizesIn, contextName, exportInfoIn, rawText } from '../option-data.js';
import { ReplyChecks } from '../checks/replies.js';
import {
  NEWSTYLE_ON_OTHER_PORT,
  OLDSTYLE_HANDSHAKE_FLAGS,
  OLDSTYLE_ON_NEWSTYLE_PORT,
  OLDSTYLE_RESERVED_NONZERO,
  OLDSTYLE_USED,
  UNKNOWN_HANDSHAKE_FLAG,
} from '../rules/greeting.js';
import { DATA_AFTER_ABORT, OPTION_AFTER_EXPORT_NAME, OPTION_AFTER_GO, OPTION_PIPELINED } from '../rules/options.js';
import {
  CONTINUED_AFTER_SHUTDOWN_REPLY,
  EXPORT_NAME_PADDING_NONZERO,
  OPTION_REPLY_MISMATCH,
  OPTION_REPLY_UNSOLICITED,
} from '../rules/replies.js';
import { CLIENT_PLAINTEXT_AFTER_STARTTLS, STARTTLS_PIPELINED_BYTES } from '../rules/tls.js';

/**
 * A server may hang up on a client that haggles without end. This bounds nothing of ours: all options are decoded and judged, and beyond it
 * only the server that closes is not blamed.
 */
const FLOOD_OPTIONS = 32;
const FLOOD_BYTES = 1 << 20;

/** The haggling phase: greeting, flags, options and their answers, what they settle, and whether they keep the rules. */
export class Haggling {
  private readonly facts: Facts;
  private readonly optionChecks: OptionChecks;
  private readonly replyChecks: ReplyChecks;
  private readonly answerChecks: AnswerChecks;
  private readonly tlsModes: TlsModeChecks;
  readonly insideTls: InsideTlsChecks;
  /** Options without a final reply, oldest first; replies whose option was not seen yet. */
  private readonly waiting: Asked[] = [];
  private readonly early: OptionReply[] = [];
  private answer: Answer | null = null;
  /** The option that names the export and ends haggling. */
  nameAsked: Asked | null = null;
  /** NBD_OPT_ABORT, where it was sent; whether it was acknowledged. */
  abort: Option | null = null;
  abortAnswered = false;
  /** The first acknowledgements of NBD_OPT_GO and NBD_OPT_STARTTLS; the reply that refused the latter. */
  goAck: OptionReply | null = null;
  /** The latest NBD_OPT_GO, and the latest NBD_OPT_INFO. */
  goAsked: Asked | null = null;
  infoAsked: Asked | null = null;
  startTlsAck: OptionReply | null = null;
  startTlsRefusal: OptionReply | null = null;
  private shutdownReply: OptionReply | null = null;
  private options = 0;
  private optionBytes = 0;
  exportInfoSeen = false;
  /** The reply whose header was seen, and whose data are still to come. */
  private arriving: OptionReply | null = null;
  /** Whether bytes of the server's answers are missing, or it gave answers that leave open what was agreed on. */
  partial = false;

  constructor(facts: Facts) {
    this.facts = facts;
    this.optionChecks = new OptionChecks(facts);
    this.replyChecks = new ReplyChecks(facts);
    this.answerChecks = new AnswerChecks(facts);
    this.tlsModes = new TlsModeChecks(facts);
    this.insideTls = new InsideTlsChecks(facts);
  }

  /** The option that waits for its answer, or null. */
  get outstanding(): Asked | null {
    return this.waiting[0] ?? null;
  }

  /** Whether a reply has begun whose data are still to come. */
  get replyIsArriving(): boolean {
    return this.arriving !== null;
  }

  /** Whether the client sent so many options that a server may hang up. */
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
    this.tellOfCut(m, 'option');
    this.optionChecks.option(asked);
    if (asked.final !== null) this.answered(asked, asked.final);
    else if (m.option !== OPT_EXPORT_NAME) this.pair();
    if (asked.final !== null) this.giveBack();
  }

  private unfinished: Asked | null = null;

  private admit(m: Option): Asked {
    const { facts } = this;
    this.options++;
    this.optionBytes += m.dataLength;
    const asked = new Asked(m, facts.structured || facts.extended);
    this.order(m);
    if (m.option === OPT_EXPORT_NAME) {
      this.nameAsked = asked;
      facts.clientTold.exportNameAsked = true;
      return asked;
    }
    if (m.option === OPT_ABORT) this.abort ??= m;
    else if (m.option === OPT_GO) this.goAsked = asked;
    else if (m.option === OPT_INFO) this.infoAsked = asked;
    if (this.waiting.length < facts.context.limits.haggling) this.waiting.push(asked);
    else this.lose(CLIENT, m, 'options wait for their answers; later ones are not paired');
    return asked;
  }

  /** The header of a reply is there; whether its data are what they should be shows later. */
  replyBegins(m: OptionReply): void {
    this.arriving = m;
  }

  reply(m: OptionReply): void {
    this.arriving = null;
    m.chunksAgreed = this.facts.structured || this.facts.extended;
    this.follow(m);
    this.replyChecks.served(m);
    if (this.early.length < this.facts.context.limits.haggling) this.early.push(m);
    else this.lose(SERVER, m, 'replies wait for their options; later ones are not paired');
    this.pair();
    if (m.isFinal) this.giveBack();
  }

  exportInfo(m: ExportInfo): void {
    const { facts, nameAsked } = this;
    this.exportInfoSeen = true;
    this.tlsModes.exportInfo(m, nameAsked?.exportName ?? null);
    this.enter(m.sizeHi, m.sizeLo, m.flags);
    const flagsAt = (m.oldstyle ? OLDSTYLE_TAIL : EXPORT_INFO).at.flags;
    checkExport(facts, m, 0, m.sizeHi, m.sizeLo, flagsAt, m.flags);
    if (m.handshakeFlags !== 0) {
      facts.raise(OLDSTYLE_HANDSHAKE_FLAGS, {
        ...OLDSTYLE_TAIL.where(m, 'handshakeFlags'),
        text: `flags ${hexNumber(m.handshakeFlags, 4)} at offset 24 of the greeting`,
      });
    }
    if (m.nonzeroAt >= 0) {
      facts.raise(m.oldstyle ? OLDSTYLE_RESERVED_NONZERO : EXPORT_NAME_PADDING_NONZERO, {
        ...field(m, flagsAt + 2 + m.nonzeroAt, 1),
        text: `byte ${m.nonzeroAt} of the ${EXPORT_PADDING_LENGTH} reserved ones is ${hexNumber(m.nonzero, 2)}`,
      });
    }
    if (nameAsked === null) return;
    m.answers(nameAsked.option);
    facts.exportName = nameAsked.exportName;
    facts.sizesRequested = false;
  }

  /** Messages of that side may be missing. */
  lost(side: Side): void {
    // what follows may belong to another answer to the same option
    if (side !== SERVER) return;
    this.answer = null;
  }

  /** The session is over: replies that nothing asked for are known to be that now. */
  finish(): void {
    if (this.facts.witness.bothWhole) this.rejectEarly('likely');
  }

  /** Whether this option may follow what came before it. */
  private order(m: Option): void {
    const { facts } = this;
    const received = (reply: OptionReply) => confidenceThat(facts.witness.hadReceived(m, reply));
    if (this.abort !== null) {
      facts.raise(DATA_AFTER_ABORT, {
        message: m,
        related: [this.abort],
        text: `${optionName(m.option)} after NBD_OPT_ABORT`,
      });
      return;
    }
    if (this.nameAsked !== null) {
      facts.raise(OPTION_AFTER_EXPORT_NAME, {
        message: m,
        related: [this.nameAsked.option],
        text: `${optionName(m.option)} after NBD_OPT_EXPORT_NAME`,
      });
      return;
    }
    const afterGo = this.goAck === null ? null : received(this.goAck);
    if (this.goAck !== null && afterGo !== null) {
      facts.raise(OPTION_AFTER_GO, {
        message: m,
        related: [this.goAck],
        confidence: afterGo,
        text: `${optionName(m.option)} after NBD_OPT_GO was acknowledged`,
      });
      return;
    }
    const afterTls = this.startTlsAck === null ? null : received(this.startTlsAck);
    if (this.startTlsAck !== null && !facts.isInTls(m) && afterTls !== null) {
      facts.raise(CLIENT_PLAINTEXT_AFTER_STARTTLS, {
        message: m,
        related: [this.startTlsAck],
        confidence: afterTls,
        text: `${optionName(m.option)} in clear after NBD_OPT_STARTTLS was acknowledged`,
      });
      return;
    }
    if (this.shutdownReply !== null && m.option !== OPT_ABORT) {
      const afterShutdown = received(this.shutdownReply);
      if (afterShutdown !== null) {
        facts.raise(CONTINUED_AFTER_SHUTDOWN_REPLY, {
          message: m,
          related: [this.shutdownReply],
          confidence: afterShutdown,
          text: `${optionName(m.option)} after NBD_REP_ERR_SHUTDOWN`,
        });
      }
    }
    this.pipelined(m);
  }

  /** Whether the option in front was still unanswered when this one was sent. */
  private pipelined(m: Option): void {
    const last = this.waiting[this.waiting.length - 1];
    // a server that breaks the rules leaves a client without an answer that it could wait for
    if (last === undefined || !this.facts.witness.bothWhole || this.facts.breached[SERVER]) return;
    const sure = this.arriving?.isFinal ? null : confidenceThat(this.facts.witness.sawAllBefore(m));
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
      this.early.shift();
      if (reply.option !== asked.option.option) {
        asked = this.mismatch(reply, asked);
        if (asked === undefined) continue;
      }
      reply.answers(asked.option);
      this.keep(asked, reply);
      if (reply.isFinal) {
        this.waiting.shift();
        this.settle(asked, reply);
      }
    }
  }

  /** The option that a reply with another number belongs to, after all. */
  private mismatch(reply: OptionReply, asked: Asked): Asked | undefined {
    const { facts } = this;
    if (facts.witness.bothWhole) {
      this.partial = true;
      // once for all replies that name it in one answer
      const before = asked.replies.some((r) => r.option === reply.option);
      if (!before)
        facts.raise(OPTION_REPLY_MISMATCH, {
          ...OPTION_REPLY.where(reply, 'option'),
          related: [asked.option],
          text: `the reply names ${optionName(reply.option)}; outstanding is ${optionName(asked.option.option)}${swappedOption(reply.option)}`,
        });
      return asked;
    }
    const at = this.waiting.findIndex((a) => a.option.option === reply.option);
    if (at < 0) return undefined;
    this.waiting.splice(0, at);
    return this.waiting[0];
  }

  private rejectEarly(confidence: 'certain' | 'likely'): void {
    for (const reply of this.early) {
      if (reply.option === OPT_EXPORT_NAME) continue;
      this.facts.raise(OPTION_REPLY_UNSOLICITED, {
        message: reply,
        confidence,
        text: `${reply.name} for ${optionName(reply.option)}, but no option is outstanding`,
      });
    }
    this.early.length = 0;
  }

  /** The final reply to an option, where both are known. */
  private settle(asked: Asked, reply: OptionReply): void {
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
    if (asked.option === this.abort) this.abortAnswered = true;
    asked.final = reply;
    if (asked.parsed) this.answered(asked, reply);
  }

  /** The option that was refused last although it had data, with nothing answered since. */
  private refusedWithData: Asked | null = null;

  /** Why a server may have choked on what came after an option that it refused, as the end of a sentence; or nothing. */
  afterRefusal(): { readonly text: string; readonly related: readonly Message[] } {
    const asked = this.refusedWithData;
    if (asked === null) return { text: '', related: [] };
    const { option, final } = asked;
    const bytes = count(option.dataLength, 'byte');
    const text = `; ${optionName(option.option)} was refused with ${final!.name} just before: a server that leaves the ${bytes} of data of an option unread which it refuses takes them for the next option`;
    return { text, related: [option, final!] };
  }

  /** Option and answer are both complete. */
  private answered(asked: Asked, reply: OptionReply): void {
    const { facts } = this;
    this.refusedWithData = reply.isError && asked.option.dataLength > 0 ? asked : null;
    if (facts.witness.bothWhole && asked.parsed && !asked.overflowed && asked.replies.every((r) => r.complete))
      this.answerChecks.answered(asked, reply);
    else this.answerChecks.unread();
    if (asked.parsed) this.tlsModes.answered(asked, reply);
    if (reply.type !== REP_ACK) return;
    if (asked.option.option === OPT_GO) {
      facts.exportName = asked.exportName;
      facts.sizesRequested = asked.info?.types.includes(INFO_BLOCK_SIZE) ?? null;
      this.optionChecks.entered(asked.option, asked);
    } else if (asked.option.option === OPT_SET_META_CONTEXT) {
      facts.metaExport = asked.exportName;
    }
  }

  /** What the server's own bytes settle. */
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
    this.keep(answer, m);
    if (m.type === REP_INFO) takeInfo(answer, m);
    this.replyChecks.reply(m, answer);
    if (m.complete) this.tlsModes.reply(m, answer);
    this.insideTls.reply(m);
    if (!m.complete || (!m.isError && m.type > REP_META_CONTEXT)) this.partial = true;
    if (m.type === REP_META_CONTEXT && m.data.length >= CONTEXT_ID.size) this.takeContext(m, answer);
    if (!m.isFinal) return;
    this.answer = null;
    if (m.type === REP_ACK) this.acknowledged(m, answer);
    else if (m.type === REP_ERR_SHUTDOWN) this.shutdownReply ??= m;
    if (m.isError && m.option === OPT_STARTTLS && !facts.isInTls(m)) this.startTlsRefusal = m;
  }

  /** `m`: an option, or a reply to one, of which not all may be kept. */
  private tellOfCut(m: Option | OptionReply, what: string): void {
    const { limits, context } = this.facts;
    const most = context.limits.hagglingBytes;
    if (m.data.crowded) {
      const text = `options and replies of all sessions together hold more than ${context.limits.heldBytes} bytes; more of them are judged by their first ones`;
      limits.hit('heldBytes', text, 'note', m);
      return;
    }
    if (m.complete && m.dataLength > most)
      limits.hit('hagglingBytes', `more than ${most} bytes of one ${what}; it is judged by the first ones`, 'note', m);
  }

  /** Gives back what is not kept any more of `limits.heldBytes`: an answer is complete. */
  private giveBack(): void {
    const { heldBytes } = this.facts.context;
    if (heldBytes.taken <= FEW_BYTES) return;
    let kept = 0;
    for (const m of new Set(this.kept())) kept += m.data.bytes.length;
    heldBytes.give(heldBytes.taken - kept);
  }

  /** The options and replies that something here still refers to; some may come twice. */
  private kept(): (Option | OptionReply)[] {
    const { facts, early, arriving, abort, goAck, startTlsAck, startTlsRefusal, shutdownReply } = this;
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

  /** Replies beyond the limits do not count for what an answer as a whole says. */
  private keep(answer: Asked | Answer, m: OptionReply): void {
    const { facts } = this;
    const { haggling, hagglingReplyBytes } = facts.context.limits;
    this.tellOfCut(m, 'reply');
    answer.replyBytes += m.data.length;
    if (answer.replies.length < haggling && answer.replyBytes <= hagglingReplyBytes) {
      answer.replies.push(m);
      return;
    }
    answer.overflowed = true;
    const [limit, what] =
      answer.replyBytes > hagglingReplyBytes
        ? (['hagglingReplyBytes', `more than ${hagglingReplyBytes} bytes of`] as const)
        : (['haggling', `more than ${haggling}`] as const);
    facts.limits.hit(limit, `${what} replies to one option; an answer is judged by the first ones`, 'note', m);
  }

  private takeContext(m: OptionReply, answer: Answer): void {
    const { facts } = this;
    if ((answer.contexts?.size ?? 0) < facts.context.limits.haggling) {
      (answer.contexts ??= new Map()).set(m.data.u32(CONTEXT_ID.at.contextId), contextName(m));
    } else {
      facts.contextsKnown = false;
    }
  }

  /** Too much waits: what follows cannot be paired, and nothing that needs all of that side's messages is judged any more. */
  private lose(side: Side, message: Message, what: string): void {
    const { facts } = this;
    facts.witness.lose(side, message.offset);
    facts.limits.hit('haggling', `more than ${facts.context.limits.haggling} ${what}`, 'warning', message);
  }

  private acknowledged(m: OptionReply, answer: Answer): void {
    const { facts } = this;
    switch (m.option) {
      case OPT_STRUCTURED_REPLY:
        facts.structured = true;
        facts.structuredAck = m;
        break;
      case OPT_EXTENDED_HEADERS:
        facts.extended = true;
        facts.extendedAck = m;
        break;
      case OPT_SET_META_CONTEXT:
        facts.contexts = answer.contexts ?? NO_CONTEXTS;
        break;
      case OPT_STARTTLS:
        this.startTlsAck = m;
        facts.tls = true;
        facts.beforeTls = {
          structuredAck: facts.structuredAck,
          extendedAck: facts.extendedAck,
          contexts: facts.contexts,
        };
        facts.structured = false;
        facts.extended = false;
        facts.structuredAck = null;
        facts.extendedAck = null;
        facts.contexts = NO_CONTEXTS;
        break;
      case OPT_GO:
        this.goAck ??= m;
        if (answer.flags >= 0) this.enter(answer.sizeHi, answer.sizeLo, answer.flags);
        facts.serverTransmits = true;
        facts.blockSizes = answer.blockSizes;
        facts.canonicalName = answer.name;
        facts.description = answer.description;
        break;
    }
  }

  private enter(sizeHi: number, sizeLo: number, flags: number): void {
    const { facts } = this;
    facts.serverTransmits = true;
    facts.sizeHi = sizeHi;
    facts.sizeLo = sizeLo;
    facts.size = sizeHi * 4294967296 + sizeLo;
    facts.flags = flags;
    facts.negotiationSeen = facts.witness.whole(SERVER) && !this.partial;
    if (!facts.negotiationSeen) facts.contextsKnown = false;
  }
}

function takeInfo(answer: Answer, m: OptionReply): void {
  const { data } = m;
  if (data.length < INFO_DATA.size) return;
  const type = data.u16(INFO_DATA.at.info);
  if (type === INFO_EXPORT) {
    const info = exportInfoIn(data);
    if (info === null) return;
    answer.sizeHi = info.sizeHi;
    answer.sizeLo = info.sizeLo;
    answer.flags = info.flags;
  } else if (type === INFO_BLOCK_SIZE) {
    answer.blockSizes = blockSizesIn(data) ?? answer.blockSizes;
  } else if (type === INFO_NAME) {
    answer.name = rawText(data, { at: INFO_DATA.size, length: m.dataLength - INFO_DATA.size });
  } else if (type === INFO_DESCRIPTION) {
    answer.description = rawText(data, { at: INFO_DATA.size, length: m.dataLength - INFO_DATA.size });
  }
}
