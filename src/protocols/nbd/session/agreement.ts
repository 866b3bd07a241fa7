import { SERVER } from '../../../base/input.js';
import {
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  OPT_EXTENDED_HEADERS,
  OPT_GO,
  OPT_SET_META_CONTEXT,
  OPT_STARTTLS,
  OPT_STRUCTURED_REPLY,
} from '../constants.js';
import { CONTEXT_ID, INFO_DATA } from '../layout.js';
import type { OptionReply } from '../messages.js';
import { blockSizesIn, contextName, exportInfoIn, rawText } from '../option-data.js';
import type { Answer } from './asked.js';
import { NO_CONTEXTS, type Facts } from './facts.js';

/** What was negotiated, as the server's own bytes show it. */
export class Agreement {
  /** The first acknowledgement of NBD_OPT_GO, and the latest one of NBD_OPT_STARTTLS. */
  goAck: OptionReply | null = null;
  startTlsAck: OptionReply | null = null;
  private readonly facts: Facts;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** A metadata context is selected, or listed. */
  context(m: OptionReply, answer: Answer): void {
    const { facts } = this;
    if ((answer.contexts?.size ?? 0) < facts.context.limits.haggling) {
      (answer.contexts ??= new Map()).set(m.data.u32(CONTEXT_ID.at.contextId), contextName(m));
    } else {
      facts.contextsKnown = false;
    }
  }

  /** An option was acknowledged. */
  acknowledged(m: OptionReply, answer: Answer): void {
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

  /** The server has sent the export's size and flags: its transmission phase begins. */
  enter(sizeHi: number, sizeLo: number, flags: number): void {
    const { facts } = this;
    facts.serverTransmits = true;
    facts.sizeHi = sizeHi;
    facts.sizeLo = sizeLo;
    facts.size = sizeHi * 4294967296 + sizeLo;
    facts.flags = flags;
    facts.negotiationSeen = facts.witness.whole(SERVER) && !facts.agreementInDoubt;
    if (!facts.negotiationSeen) facts.contextsKnown = false;
  }
}

/** Takes the information in an NBD_REP_INFO over into `answer`. */
export function takeInfo(answer: Answer, m: OptionReply): void {
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
