import { count, quote, wireText } from '../../../base/text.js';
import { confidenceThat } from '../../../contract/witness.js';
import type { Message } from '../../../contract/message.js';
import type { Asked } from '../session/asked.js';
import {
  FLAG_FIXED_NEWSTYLE,
  INFO_BLOCK_SIZE,
  OPT_ABORT,
  OPT_EXPORT_NAME,
  OPT_EXTENDED_HEADERS,
  OPT_GO,
  OPT_INFO,
  OPT_LIST,
  OPT_LIST_META_CONTEXT,
  OPT_PEEK_EXPORT,
  OPT_SET_META_CONTEXT,
  OPT_STARTTLS,
  OPT_STRUCTURED_REPLY,
} from '../constants.js';
import { swap32, swappedFit } from '../cookie.js';
import { field, type Facts } from '../session/facts.js';
import { NAME, OPTION } from '../layout.js';
import type { ClientFlags, Option } from '../messages.js';
import { handshakeFlags, optionName } from '../names.js';
import { hexNumber } from '../../../base/hex.js';
import {
  CLIENT_FIXED_FLAG_MISSING,
  CLIENT_FLAG_UNOFFERED,
  CLIENT_SPOKE_FIRST,
  CLIENT_UNKNOWN_FLAG,
} from '../rules/greeting.js';
import {
  ABORT_WITH_DATA,
  BLOCK_SIZE_NOT_REQUESTED,
  EXPORT_NAME_AFTER_EXTENDED,
  EXPORT_NAME_WITHOUT_GO,
  GO_DUPLICATE_INFO_REQUEST,
  GO_LENGTH_MISMATCH,
  GO_NAME_OVERRUNS,
  GO_UNKNOWN_INFO_REQUEST,
  INFO_THEN_DIFFERENT_GO,
  LIST_META_BEFORE_STRUCTURED,
  META_QUERY_NO_NAMESPACE,
  META_REQUEST_MALFORMED,
  OPTION_BYTE_SWAPPED,
  OPTION_DATA_FORBIDDEN,
  OPTION_NEEDS_FIXED,
  REPEATED_STATEFUL_OPTION,
  SET_META_BEFORE_STRUCTURED,
  STATEFUL_BEFORE_STARTTLS,
  STRUCTURED_AFTER_EXTENDED,
  UNKNOWN_OPTION,
  WITHDRAWN_OPTION,
} from '../rules/options.js';
import { STARTTLS_REPEATED } from '../rules/inside-tls.js';
import { STARTTLS_WITHOUT_FIXED } from '../rules/tls.js';
import { checkNamespace, checkString, namespaceOf } from './strings.js';

const DATA = OPTION.size;

/** Judges the client's flags and options by themselves, and by what the server had sent before. */
export class OptionChecks {
  private readonly facts: Facts;
  private fixedMissing = false;
  private goTried = false;
  /** NBD_OPT_EXPORT_NAME was sent. That anything follows it is reported by its own rule. */
  private named = false;
  /** Exports that NBD_OPT_INFO has asked about, and whether all of them are known. */
  private informed: Set<string> | null = null;
  private informedAll = true;
  private sent = 0;
  /** The first option that changes the session's state (structured replies, extended headers, metadata contexts). */
  private stateful: Option | null = null;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** Judges the client's flags by themselves. */
  clientFlags(m: ClientFlags): void {
    if ((m.flags & ~CLIENT_FLAGS_DEFINED) !== 0) {
      this.facts.raise(CLIENT_UNKNOWN_FLAG, {
        message: m,
        text: `client flags ${hexNumber(m.flags, 8)}; only bits 0 and 1 are defined${areTurnedRound(m.flags) ? `; byte-swapped they are ${hexNumber(swap32(m.flags), 8)}: integers are big-endian` : ''}`,
      });
    }
  }

  /** Judges the flags of both sides together, once both are known. */
  bothFlags(): void {
    const { greeting, clientFlags } = this.facts;
    if (greeting === null || clientFlags === null || greeting.oldstyle) return;
    const unoffered = clientFlags.flags & 3 & ~greeting.flags;
    if (unoffered !== 0) {
      this.facts.raise(CLIENT_FLAG_UNOFFERED, {
        message: clientFlags,
        related: [greeting],
        text: `the client sets ${handshakeFlags(unoffered).join(' ')}; the server offered ${hexNumber(greeting.flags, 4)}`,
      });
    }
    if (clientFlags.peerSeen >= 0 && clientFlags.peerSeen < greeting.endOffset) {
      this.facts.raise(CLIENT_SPOKE_FIRST, {
        message: clientFlags,
        related: [greeting],
        text: `the client's flags acknowledge ${clientFlags.peerSeen} of the ${greeting.length} bytes of the greeting`,
      });
    }
  }

  /** Judges an option. If its data are cut off, what the captured bytes make certain is judged. */
  option(asked: Asked): void {
    const m = asked.option;
    this.sent++;
    this.place(m);
    switch (m.option) {
      case OPT_EXPORT_NAME:
        checkString(this.facts, m, DATA, m.data, { at: 0, length: m.dataLength }, 'export name');
        this.exportName(asked);
        this.named = true;
        break;
      case OPT_ABORT:
        if (m.dataLength > 0) {
          this.facts.raise(ABORT_WITH_DATA, { ...dataOf(m), text: `${count(m.dataLength, 'byte')} of data` });
        }
        break;
      case OPT_INFO:
      case OPT_GO:
        this.infoRequest(asked);
        break;
      case OPT_LIST_META_CONTEXT:
      case OPT_SET_META_CONTEXT:
        this.metaRequest(asked);
        break;
      case OPT_LIST:
      case OPT_STARTTLS:
      case OPT_STRUCTURED_REPLY:
      case OPT_EXTENDED_HEADERS:
        this.bare(m);
        break;
      case OPT_PEEK_EXPORT:
        this.facts.raise(WITHDRAWN_OPTION, { message: m, text: 'option 4 was never defined' });
        break;
      default:
        this.unknown(m);
    }
  }

  private unknown(m: Option): void {
    const swapped = swappedOption(m.option);
    this.facts.raise(swapped === '' ? UNKNOWN_OPTION : OPTION_BYTE_SWAPPED, {
      ...OPTION.where(m, 'option'),
      text: `option ${m.option} with ${count(m.dataLength, 'byte')} of data${swapped}`,
    });
  }

  /** The transmission phase begins after `last`: judges what the client has left out. */
  entered(last: Option, asked: Asked): void {
    if (asked.info !== null && (!asked.info.exact || asked.info.types.includes(INFO_BLOCK_SIZE))) return;
    this.facts.raise(BLOCK_SIZE_NOT_REQUESTED, {
      message: last,
      text: `${optionName(last.option)} without a request for NBD_INFO_BLOCK_SIZE`,
    });
  }

  /** Haggling is over: the order of options is not judged any more, as a later one is out of place anyway. */
  over(): void {
    this.stateful = null;
  }

  /** Judges whether the flags of both sides allow this option. */
  private place(m: Option): void {
    const { greeting, clientFlags } = this.facts;
    if (m.option === OPT_EXPORT_NAME || greeting?.oldstyle || this.named) return;
    const fixedOffered = greeting === null || (greeting.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    if (!fixedOffered && m.option !== OPT_STARTTLS) {
      this.facts.raise(OPTION_NEEDS_FIXED, {
        message: m,
        related: [greeting],
        text: `${optionName(m.option)} to a server whose handshake flags are ${hexNumber(greeting.flags, 4)}`,
      });
    }
    const fixedTaken = clientFlags === null || (clientFlags.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    if (m.option === OPT_STARTTLS && (!fixedOffered || !fixedTaken)) {
      this.facts.raise(STARTTLS_WITHOUT_FIXED, {
        message: m,
        text: `the ${fixedOffered ? 'client' : 'server'} did not set FIXED_NEWSTYLE`,
      });
      this.fixedMissing = true;
    }
    // byte-swapped flags are reported by their own rule
    const turned = clientFlags !== null && areTurnedRound(clientFlags.flags);
    if (greeting !== null && fixedOffered && !fixedTaken && !turned && !this.fixedMissing) {
      this.fixedMissing = true;
      this.facts.raise(CLIENT_FIXED_FLAG_MISSING, {
        message: m,
        related: [greeting, clientFlags],
        text: `${optionName(m.option)}, but the client left FIXED_NEWSTYLE clear`,
      });
    }
  }

  private bare(m: Option): void {
    const { facts } = this;
    if (m.dataLength > 0) {
      facts.raise(OPTION_DATA_FORBIDDEN, {
        ...dataOf(m),
        text: `${optionName(m.option)} with ${count(m.dataLength, 'byte')} of data; it has none`,
      });
    }
    if (m.option === OPT_STARTTLS && facts.isBehindStartTls(m)) {
      facts.raise(STARTTLS_REPEATED, { message: m, text: 'the session is inside TLS, which NBD_OPT_STARTTLS began' });
    } else if (m.option === OPT_STARTTLS && this.stateful !== null) {
      facts.raise(STATEFUL_BEFORE_STARTTLS, {
        message: m,
        related: [this.stateful],
        text: `${optionName(this.stateful.option)} was sent before NBD_OPT_STARTTLS, which resets it`,
      });
    }
    if (m.option === OPT_STRUCTURED_REPLY || m.option === OPT_EXTENDED_HEADERS) {
      this.stateful ??= m;
      if (this.had(m, m.option === OPT_STRUCTURED_REPLY ? facts.structuredAck : facts.extendedAck)) {
        facts.raise(REPEATED_STATEFUL_OPTION, { message: m, text: `${optionName(m.option)} was already acknowledged` });
      } else if (m.option === OPT_STRUCTURED_REPLY && this.had(m, facts.extendedAck)) {
        facts.raise(STRUCTURED_AFTER_EXTENDED, { message: m, text: 'extended headers were already acknowledged' });
      }
    }
  }

  /** Whether the client had received that acknowledgement when it sent the option. */
  private had(m: Option, ack: Message | null): boolean {
    return ack !== null && this.facts.hadReceived(m, ack) !== null;
  }

  private exportName(asked: Asked): void {
    const { facts } = this;
    const m = asked.option;
    if (this.had(m, facts.extendedAck)) {
      facts.raise(EXPORT_NAME_AFTER_EXTENDED, { message: m, text: 'extended headers were acknowledged before' });
      this.goTried = true;
    }
    const fixedOffered = facts.greeting === null || (facts.greeting.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    const fixedTaken = facts.clientFlags !== null && (facts.clientFlags.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    if (fixedOffered && fixedTaken && !this.goTried && this.facts.witness.whole(m.side, m.offset)) {
      facts.raise(EXPORT_NAME_WITHOUT_GO, { message: m, text: 'NBD_OPT_GO was not tried before' });
    }
    if (!m.complete) return;
    this.compareNames(asked);
    this.entered(m, asked);
  }

  private infoRequest(asked: Asked): void {
    const { facts } = this;
    const m = asked.option;
    const info = asked.info!;
    if (m.option === OPT_GO) this.goTried = true;
    if (info.name === null) {
      if (m.dataLength < 6) {
        facts.raise(GO_LENGTH_MISMATCH, {
          ...dataOf(m),
          text: `${count(m.dataLength, 'byte')} of data; at least 6 are needed`,
        });
      } else if (info.nameLength >= 0) {
        facts.raise(GO_NAME_OVERRUNS, {
          ...NAME.where(m, 'nameLength', 'nameLength', DATA),
          text: `name length ${info.nameLength} in ${m.dataLength} bytes of data; at most ${m.dataLength - 6} fit${swappedFit(info.nameLength, m.dataLength - 6)}`,
        });
      }
      return;
    }
    if (info.count >= 0 && !info.exact) {
      facts.raise(GO_LENGTH_MISMATCH, {
        ...dataOf(m),
        text: `${m.dataLength} bytes of data; 6 + ${info.nameLength} + 2 x ${info.count} = ${6 + info.nameLength + 2 * info.count} expected`,
      });
      // one of the lengths is wrong, so it is not known where the name ends
      this.informedAll = false;
      return;
    }
    checkString(facts, m, DATA, m.data, info.name, 'export name');
    if (info.count < 0) return;
    const seen = new Set<number>();
    info.types.forEach((type, i) => {
      const at = field(m, DATA + 6 + info.nameLength + 2 * i, 2);
      if (seen.has(type))
        facts.raise(GO_DUPLICATE_INFO_REQUEST, { ...at, text: `information type ${type} is listed again` });
      else if (type > INFO_BLOCK_SIZE) {
        facts.raise(GO_UNKNOWN_INFO_REQUEST, { ...at, text: `information type ${type} is not defined` });
      }
      seen.add(type);
    });
    if (m.option === OPT_GO) this.compareNames(asked);
    else if (asked.exportName !== null) this.remember(asked.exportName, m);
  }

  private remember(name: string, m: Option): void {
    const { facts } = this;
    const most = facts.context.limits.listItems;
    this.informed ??= new Set();
    if (this.informed.size < most) {
      this.informed.add(name);
      return;
    }
    this.informedAll = false;
    facts.limits.hit('listItems', `more than ${most} exports asked about; later ones are not remembered`, 'note', m);
  }

  private compareNames(asked: Asked): void {
    if (!this.informedAll || this.informed === null || asked.exportName === null) return;
    if (this.informed.has(asked.exportName)) return;
    this.facts.raise(INFO_THEN_DIFFERENT_GO, {
      message: asked.option,
      text: `export ${show(asked.exportName)}, after NBD_OPT_INFO for ${[...this.informed].slice(0, 3).map(show).join(', ')}`,
    });
  }

  private metaRequest(asked: Asked): void {
    const { facts } = this;
    const m = asked.option;
    const meta = asked.meta!;
    const set = m.option === OPT_SET_META_CONTEXT;
    if (set) this.stateful ??= m;
    // what the server acknowledged is known only where all of its bytes are there
    const agreed = asked.chunksAgreed || facts.structured || facts.extended;
    if (!agreed && !facts.agreementInDoubt && confidenceThat(facts.witness.sawAllBefore(m)) !== null) {
      facts.raise(set ? SET_META_BEFORE_STRUCTURED : LIST_META_BEFORE_STRUCTURED, {
        message: m,
        text: 'neither structured replies nor extended headers have been acknowledged',
      });
    }
    if (meta.fault !== null) {
      facts.raise(META_REQUEST_MALFORMED, { ...dataOf(m), text: meta.fault });
      return;
    }
    if (meta.name !== null) checkString(facts, m, DATA, m.data, meta.name, 'export name');
    meta.queries.forEach((query, i) => {
      checkString(facts, m, DATA, m.data, query, 'query');
      const text = asked.queries[i]!;
      const space = namespaceOf(text);
      const at = DATA + query.at;
      if (space !== null) checkNamespace(facts, m, at, query.length, space);
      else if (query.at + query.length <= m.data.length) {
        facts.raise(META_QUERY_NO_NAMESPACE, {
          ...field(m, at, query.length),
          text: `query ${show(text)} has no namespace`,
        });
      }
    });
  }
}

/** The client flags that are defined. */
const CLIENT_FLAGS_DEFINED = 3;

/** Whether client flags are valid only with their bytes swapped. */
function areTurnedRound(flags: number): boolean {
  return (flags & ~CLIENT_FLAGS_DEFINED) !== 0 && (swap32(flags) & ~CLIENT_FLAGS_DEFINED) === 0;
}

/** If an option's number is a known one with its bytes swapped, says so as the end of a sentence; otherwise empty. */
export function swappedOption(option: number): string {
  const other = swap32(option);
  const known = other >= OPT_EXPORT_NAME && other <= OPT_EXTENDED_HEADERS;
  return known ? `; byte-swapped it is ${optionName(other)}: integers are big-endian` : '';
}

/** The data of an option, as the place of a finding. */
function dataOf(m: Option): { message: Option; offset: number; length: number } {
  return { message: m, offset: m.offset + DATA, length: m.complete ? m.dataLength : m.data.length };
}

/** Quotes a name that was kept as latin1, for output. */
export function show(raw: string): string {
  return quote(wireText(Buffer.from(raw, 'latin1')), 80);
}
