import { CLIENT, SERVER } from '../../base/input.js';
import { nanosBetween } from '../../base/time.js';
import {
  FLAG_NO_ZEROES,
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  OPT_EXPORT_NAME,
  OPT_EXTENDED_HEADERS,
  OPT_GO,
  OPT_INFO,
  OPT_LIST_META_CONTEXT,
  OPT_SET_META_CONTEXT,
  OPT_STARTTLS,
  OPT_STRUCTURED_REPLY,
  REP_ACK,
  REP_INFO,
  REP_META_CONTEXT,
} from './constants.js';
import type { BlockSizes, Facts } from './facts.js';
import { NOT_ASKED, NOT_YET, UNKNOWN } from './hints.js';
import type { ClientFlags, ExportInfo, Greeting, Option, OptionReply } from './messages.js';
import {
  parseInfoRequest,
  parseMetaRequest,
  spanBytes,
  type InfoRequest,
  type MetaRequest,
  type Span,
} from './option-data.js';
import type { Prefix } from './payload.js';

/** Options that wait for their answer, and replies that wait for their option: more means that somebody floods. */
const MAX_WAITING = 1024;

/** An option, what it asks for, and what answered it so far. */
export class Asked {
  readonly option: Option;
  readonly info: InfoRequest | null;
  readonly meta: MetaRequest | null;
  /** The export that it names, as the bytes are (latin1), or null. */
  readonly exportName: string | null;
  readonly replies: OptionReply[] = [];
  /** The option that was still unanswered when this one was sent, where that is yet to be judged. */
  behind: Asked | null = null;

  constructor(option: Option, maxItems: number) {
    this.option = option;
    const number = option.option;
    this.info = number === OPT_INFO || number === OPT_GO ? parseInfoRequest(option, maxItems) : null;
    const meta = number === OPT_LIST_META_CONTEXT || number === OPT_SET_META_CONTEXT;
    this.meta = meta ? parseMetaRequest(option, maxItems) : null;
    const span: Span | null =
      number === OPT_EXPORT_NAME ? { at: 0, length: option.dataLength } : (this.info?.name ?? this.meta?.name ?? null);
    this.exportName = span === null ? null : rawText(option.data, span);
  }
}

/** Bytes as a string of code units 0..255: for comparing names as bytes. */
export function rawText(data: Prefix, span: Span): string {
  return Buffer.from(spanBytes(data, span)).toString('latin1');
}

/** An answer as the server alone shows it: replies that echo one option, up to the final one. */
export class Answer {
  readonly option: number;
  readonly replies: OptionReply[] = [];
  sizeHi = 0;
  sizeLo = 0;
  flags = -1;
  blockSizes: BlockSizes | null = null;
  name: string | null = null;
  description: string | null = null;
  readonly contexts = new Map<number, string>();

  constructor(option: number) {
    this.option = option;
  }
}

/** The haggling phase: greeting, flags, options and their answers, and what they settle. */
export class Haggling {
  private readonly facts: Facts;
  /** Options without a final reply, oldest first; replies whose option was not seen yet. */
  readonly asked: Asked[] = [];
  private readonly early: OptionReply[] = [];
  private answer: Answer | null = null;
  private nameAsked: Asked | null = null;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  greeting(m: Greeting): void {
    this.facts.greeting = m;
    this.facts.oldstyle = m.oldstyle;
    this.facts.negotiationSeen = this.facts.isWhole(SERVER);
  }

  clientFlags(m: ClientFlags): void {
    this.facts.clientFlags = m;
  }

  option(m: Option): void {
    const asked = new Asked(m, this.facts.context.limits.listItems);
    if (m.option === OPT_EXPORT_NAME) this.nameAsked = asked;
    else if (this.asked.length < MAX_WAITING) this.asked.push(asked);
    this.pair();
  }

  reply(m: OptionReply): void {
    this.follow(m);
    if (this.early.length < MAX_WAITING) this.early.push(m);
    this.pair();
  }

  exportInfo(m: ExportInfo): void {
    const { facts } = this;
    this.enter(m.sizeHi, m.sizeLo, m.flags);
    facts.blockSizes = null;
    if (this.nameAsked !== null) {
      m.inReplyTo = this.nameAsked.option.index;
      m.latency = nanosBetween(this.nameAsked.option.seconds, this.nameAsked.option.nanos, m.seconds, m.nanos);
      facts.exportName = this.nameAsked.exportName;
      facts.sizesRequested = false;
    }
  }

  /** Padding bytes of the answer to NBD_OPT_EXPORT_NAME (see NbdHints). */
  exportPadding(peerSeen: number): number {
    const { facts } = this;
    if (this.nameAsked !== null && facts.clientFlags !== null) {
      const both = (facts.greeting?.flags ?? 0) & facts.clientFlags.flags & FLAG_NO_ZEROES;
      return both !== 0 ? 0 : 124;
    }
    if (!facts.heard(CLIENT)) return UNKNOWN;
    const decoded = peerSeen >= 0 ? facts.context.decodedUpTo(CLIENT) >= peerSeen : facts.context.connection.ordered;
    if (!decoded) return NOT_YET;
    return facts.isWhole(CLIENT) ? NOT_ASKED : UNKNOWN;
  }

  /** Finds the option that each waiting reply answers: one option is outstanding at a time. */
  private pair(): void {
    while (this.early.length > 0) {
      const reply = this.early[0]!;
      const asked = this.asked[0];
      if (asked === undefined) return;
      this.early.shift();
      reply.inReplyTo = asked.option.index;
      reply.latency = nanosBetween(asked.option.seconds, asked.option.nanos, reply.seconds, reply.nanos);
      if (asked.replies.length < MAX_WAITING) asked.replies.push(reply);
      if (reply.isFinal) {
        this.asked.shift();
        this.settle(asked, reply);
      }
    }
  }

  /** The final reply to an option, where both are known. */
  private settle(asked: Asked, reply: OptionReply): void {
    if (reply.type !== REP_ACK) return;
    if (asked.option.option === OPT_GO) {
      this.facts.exportName = asked.exportName;
      this.facts.sizesRequested = asked.info?.types.includes(INFO_BLOCK_SIZE) ?? null;
    } else if (asked.option.option === OPT_SET_META_CONTEXT) {
      this.facts.metaExport = asked.exportName;
    }
  }

  /** What the server's own bytes settle. */
  private follow(m: OptionReply): void {
    if (this.answer?.option !== m.option) this.answer = new Answer(m.option);
    const { answer, facts } = this;
    if (m.option === OPT_SET_META_CONTEXT && answer.replies.length === 0) {
      facts.contexts = new Map();
      facts.contextsKnown = facts.isWhole(SERVER);
    }
    if (answer.replies.length < MAX_WAITING) answer.replies.push(m);
    if (m.type === REP_INFO) this.info(answer, m);
    else if (m.type === REP_META_CONTEXT && m.data.length >= 4 && answer.contexts.size < MAX_WAITING) {
      answer.contexts.set(m.data.u32(0), rawText(m.data, { at: 4, length: m.dataLength - 4 }));
    }
    if (!m.isFinal) return;
    this.answer = null;
    if (m.type !== REP_ACK) return;
    switch (m.option) {
      case OPT_STRUCTURED_REPLY:
        facts.structured = true;
        break;
      case OPT_EXTENDED_HEADERS:
        facts.extended = true;
        break;
      case OPT_SET_META_CONTEXT:
        facts.contexts = answer.contexts;
        break;
      case OPT_STARTTLS:
        facts.structured = false;
        facts.extended = false;
        facts.contexts = new Map();
        break;
      case OPT_GO:
        if (answer.flags >= 0) this.enter(answer.sizeHi, answer.sizeLo, answer.flags);
        facts.transmission = true;
        facts.blockSizes = answer.blockSizes;
        facts.canonicalName = answer.name;
        facts.description = answer.description;
        break;
    }
  }

  private info(answer: Answer, m: OptionReply): void {
    const { data } = m;
    if (data.length < 2) return;
    const type = data.u16(0);
    if (type === INFO_EXPORT && data.length >= 12) {
      answer.sizeHi = data.u32(2);
      answer.sizeLo = data.u32(6);
      answer.flags = data.u16(10);
    } else if (type === INFO_BLOCK_SIZE && data.length >= 14) {
      answer.blockSizes = { minimum: data.u32(2), preferred: data.u32(6), maximum: data.u32(10) };
    } else if (type === INFO_NAME) {
      answer.name = rawText(data, { at: 2, length: m.dataLength - 2 });
    } else if (type === INFO_DESCRIPTION) {
      answer.description = rawText(data, { at: 2, length: m.dataLength - 2 });
    }
  }

  private enter(sizeHi: number, sizeLo: number, flags: number): void {
    const { facts } = this;
    facts.transmission = true;
    facts.sizeHi = sizeHi;
    facts.sizeLo = sizeLo;
    facts.size = sizeHi * 4294967296 + sizeLo;
    facts.flags = flags;
  }
}
