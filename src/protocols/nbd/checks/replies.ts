import { hexNumber } from '../../../base/hex.js';
import { SERVER } from '../../../base/input.js';
import { count } from '../../../base/text.js';
import type { Answer } from '../session/asked.js';
import {
  FLAG_FIXED_NEWSTYLE,
  INFO_BLOCK_SIZE,
  INFO_DESCRIPTION,
  INFO_EXPORT,
  INFO_NAME,
  OPT_EXPORT_NAME,
  OPT_GO,
  OPT_INFO,
  OPT_LIST,
  OPT_LIST_META_CONTEXT,
  OPT_SET_META_CONTEXT,
  OPT_STARTTLS,
  REP_ACK,
  REP_ERR_BLOCK_SIZE_REQD,
  REP_ERR_EXT_HEADER_REQD,
  REP_ERROR_BIT,
  REP_ERR_UNKNOWN,
  REP_ERR_UNSUP,
  REP_INFO,
  REP_META_CONTEXT,
  REP_SERVER,
} from '../constants.js';
import { swap32, swappedFit, swappedName, swappedTo } from '../cookie.js';
import { swappedOption } from './options.js';
import { checkBlockSizes, checkExport, checkGoFlags, checkSizesTogether } from './exports.js';
import { field, type Facts } from '../session/facts.js';
import { CONTEXT_ID, INFO_BLOCK_SIZE_DATA, INFO_DATA, INFO_EXPORT_DATA, NAME, OPTION_REPLY } from '../layout.js';
import type { Prefix } from '../decoder/payload.js';
import type { OptionReply } from '../messages.js';
import { infoName, optionName, replyName } from '../names.js';
import { show } from './options.js';
import { exportInfoIn, parseServerEntry, rawText, type Span } from '../option-data.js';
import { EXT_REQD_AFTER_EXTENDED, EXT_REQD_LIMITS_INTEROP, GO_UNSUP_AFTER_EXTENDED } from '../rules/exports.js';
import { FIXED_FLAG_MISSING, SERVER_KEPT_BAD_CLIENT } from '../rules/greeting.js';
import {
  ACK_WITH_DATA,
  BLOCK_SIZE_REQD_MISPLACED,
  BLOCK_SIZE_REQD_WITHOUT_INFO,
  INFO_BEFORE_UNKNOWN,
  INFO_BLOCK_SIZE_BAD_LENGTH,
  INFO_EXPORT_BAD_LENGTH,
  INFO_EXPORT_MISSING,
  INFO_REPEATED,
  INFO_UNKNOWN_TYPE,
  LIST_DUPLICATE_EXPORT,
  LIST_META_ID_NONZERO,
  META_CONTEXT_BAD_NAME,
  META_ID_DUPLICATE,
  OPTION_REPLY_TOO_SHORT,
  REPLY_TO_EXPORT_NAME,
  REPLY_TYPE_FOR_OPTION,
  SERVER_NAME_OVERRUNS,
  UNKNOWN_REPLY_ERROR,
  UNKNOWN_REPLY_TYPE,
} from '../rules/replies.js';
import { checkNamespace, checkString, namespaceOf } from './strings.js';

const DATA = OPTION_REPLY.size;
const LAST_KNOWN_ERROR = REP_ERR_EXT_HEADER_REQD;

function isInfoOption(option: number): boolean {
  return option === OPT_INFO || option === OPT_GO;
}

function isMetaOption(option: number): boolean {
  return option === OPT_LIST_META_CONTEXT || option === OPT_SET_META_CONTEXT;
}

/** Judges option replies by the server's own bytes: one by one, and together with the earlier replies of the same answer. */
export class ReplyChecks {
  private readonly facts: Facts;
  private fixedMissing = false;
  private keptBad = false;
  /** The option that was acknowledged last without NBD_INFO_EXPORT; -1: none. */
  lacking = -1;
  constructor(facts: Facts) {
    this.facts = facts;
  }

  /**
   * Judges a reply; if it is cut off, only what is certain. `answer`: the replies to the same option so far, including this one. `unasked`:
   * whether the reply is known to answer no option.
   */
  reply(m: OptionReply, answer: Answer, unasked: boolean): void {
    this.header(m, unasked);
    if (!m.isError) this.content(m, answer);
    else if (m.dataLength > 0) {
      checkString(this.facts, m, DATA, m.data, { at: 0, length: m.dataLength }, 'message');
    }
    if (m.isFinal) this.final(m, answer, unasked);
  }

  /** Judges whether the server serves a client whose flags it must refuse. */
  served(m: OptionReply): void {
    const { clientFlags, greeting } = this.facts;
    if (clientFlags === null || greeting === null || this.keptBad) return;
    const bad = (clientFlags.flags & ~3) !== 0 || (clientFlags.flags & 3 & ~greeting.flags) !== 0;
    if (!bad || this.facts.hadReceived(m, clientFlags) === null) return;
    this.keptBad = true;
    this.facts.raise(SERVER_KEPT_BAD_CLIENT, {
      message: m,
      related: [clientFlags],
      text: `an answer to a client that set the flags ${hexNumber(clientFlags.flags, 8)}`,
    });
  }

  private header(m: OptionReply, unasked: boolean): void {
    const { facts } = this;
    const { greeting } = facts;
    const isFixed = greeting === null || (greeting.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    // a reply to NBD_OPT_EXPORT_NAME is wrong with any flags, and is reported by its own rule
    if (!isFixed && m.option !== OPT_EXPORT_NAME && !this.fixedMissing) {
      this.fixedMissing = true;
      facts.raise(FIXED_FLAG_MISSING, {
        message: m,
        related: [greeting],
        text: `handshake flags ${hexNumber(greeting.flags, 4)}, yet an option is answered`,
      });
    }
    const at = OPTION_REPLY.where(m, 'type');
    if (m.option === OPT_EXPORT_NAME) {
      facts.raise(REPLY_TO_EXPORT_NAME, {
        ...OPTION_REPLY.where(m, 'option'),
        text: `${m.name} with the number of NBD_OPT_EXPORT_NAME`,
      });
    }
    if (m.isError) {
      if (m.type === REP_ERROR_BIT || m.type > LAST_KNOWN_ERROR) {
        facts.raise(UNKNOWN_REPLY_ERROR, { ...at, text: `error ${hexNumber(m.type, 8)}` });
      }
      return;
    }
    if (!isKnownReply(m.type)) {
      const hint = swappedName(swap32(m.type), isKnownReply, replyName);
      facts.raise(UNKNOWN_REPLY_TYPE, { ...at, text: `reply type ${m.type}${hint}` });
      return;
    }
    if (m.type === REP_ACK) {
      if (m.dataLength > 0) {
        facts.raise(ACK_WITH_DATA, {
          ...field(m, DATA, m.complete ? m.dataLength : m.data.length),
          text: `NBD_REP_ACK with ${count(m.dataLength, 'byte')} of data`,
        });
      }
      return;
    }
    const fits = fitsOption(m);
    // a byte-swapped option number is reported by its own rule, and so is a reply to NBD_OPT_STARTTLS that is not final
    if (
      !fits &&
      !unasked &&
      m.option !== OPT_EXPORT_NAME &&
      m.option !== OPT_STARTTLS &&
      swappedOption(m.option) === ''
    ) {
      facts.raise(REPLY_TYPE_FOR_OPTION, { ...at, text: `${m.name} in answer to ${optionName(m.option)}` });
    }
    const least = m.type === REP_INFO ? 2 : 4;
    if (m.dataLength < least) {
      facts.raise(OPTION_REPLY_TOO_SHORT, {
        ...OPTION_REPLY.where(m, 'length'),
        text: `${m.name} with ${count(m.dataLength, 'byte')} of data; at least ${least} are needed`,
      });
    }
  }

  private content(m: OptionReply, answer: Answer): void {
    // the wrong type was reported; its data cannot be judged as that type
    if (!fitsOption(m) && hasOwnReplies(m.option)) return;
    if (m.type === REP_SERVER) this.server(m, answer);
    else if (m.type === REP_INFO && m.data.length >= 2) this.info(m, answer);
    else if (m.type === REP_META_CONTEXT && m.data.length >= 4) this.context(m, answer);
  }

  private server(m: OptionReply, answer: Answer): void {
    const { facts } = this;
    const entry = parseServerEntry(m);
    if (entry === null) return;
    if (entry.name === null) {
      facts.raise(SERVER_NAME_OVERRUNS, {
        ...NAME.where(m, 'nameLength', 'nameLength', DATA),
        text: `name length ${entry.nameLength} in ${m.dataLength} bytes of data; at most ${m.dataLength - 4} fit${swappedFit(entry.nameLength, m.dataLength - 4)}`,
      });
      return;
    }
    checkString(facts, m, DATA, m.data, entry.name, 'export name');
    if (entry.description !== null) checkString(facts, m, DATA, m.data, entry.description, 'description');
    if (!m.dataKept) return;
    const name = rawText(m.data, entry.name);
    answer.exports ??= new Set();
    if (answer.exports.has(name)) {
      facts.raise(LIST_DUPLICATE_EXPORT, { message: m, text: `export ${show(name)} is listed again` });
    } else if (answer.exports.size < facts.context.limits.listItems) {
      answer.exports.add(name);
    } else {
      const most = facts.context.limits.listItems;
      facts.limits.hit(
        'listItems',
        `more than ${most} exports in one listing; later ones may be repetitions`,
        'note',
        m,
      );
    }
  }

  private info(m: OptionReply, answer: Answer): void {
    const { facts } = this;
    const { data } = m;
    const type = data.u16(INFO_DATA.at.info);
    answer.infos ??= new Map();
    const before = answer.infos.get(type);
    if (before !== undefined) {
      const how = !m.complete ? '' : sameInfo(before, data) ? ', with the same value' : ', with another value';
      facts.raise(INFO_REPEATED, { message: m, text: `${infoName(type)} is given again${how}` });
    } else if (!m.complete) {
      // its value was not captured completely
    } else if (answer.infos.size < facts.context.limits.listItems) {
      answer.infos.set(type, data);
    } else {
      const most = facts.context.limits.listItems;
      facts.limits.hit(
        'listItems',
        `more than ${most} kinds of information in one answer; later ones may be repetitions`,
        'note',
        m,
      );
    }
    switch (type) {
      case INFO_EXPORT:
        if (m.dataLength !== INFO_EXPORT_DATA.size) {
          facts.raise(INFO_EXPORT_BAD_LENGTH, {
            ...OPTION_REPLY.where(m, 'length'),
            text: `${m.dataLength} bytes of data; ${INFO_EXPORT_DATA.size} expected${swappedTo(m.dataLength, INFO_EXPORT_DATA.size)}`,
          });
          break;
        }
        this.export(m);
        break;
      case INFO_BLOCK_SIZE:
        if (m.dataLength !== INFO_BLOCK_SIZE_DATA.size) {
          facts.raise(INFO_BLOCK_SIZE_BAD_LENGTH, {
            ...OPTION_REPLY.where(m, 'length'),
            text: `${m.dataLength} bytes of data; ${INFO_BLOCK_SIZE_DATA.size} expected${swappedTo(m.dataLength, INFO_BLOCK_SIZE_DATA.size)}`,
          });
        } else if (answer.blockSizes !== null) {
          checkBlockSizes(facts, m, DATA, answer.blockSizes);
        }
        break;
      case INFO_NAME:
      case INFO_DESCRIPTION: {
        const span: Span = { at: INFO_DATA.size, length: m.dataLength - INFO_DATA.size };
        checkString(facts, m, DATA, data, span, type === INFO_NAME ? 'export name' : 'description');
        break;
      }
      default:
        facts.raise(INFO_UNKNOWN_TYPE, {
          ...INFO_DATA.where(m, 'info', 'info', DATA),
          text: `information type ${type}`,
        });
    }
  }

  private export(m: OptionReply): void {
    const { facts } = this;
    const info = exportInfoIn(m.data);
    if (info === null) return;
    const { at } = INFO_EXPORT_DATA;
    checkExport(facts, m, DATA + at.exportSize, info.sizeHi, info.sizeLo, DATA + at.flags, info.flags);
    if (m.option === OPT_GO) checkGoFlags(facts, m, info.flags);
  }

  private context(m: OptionReply, answer: Answer): void {
    const { facts } = this;
    const id = m.data.u32(CONTEXT_ID.at.contextId);
    const span = { at: CONTEXT_ID.size, length: m.dataLength - CONTEXT_ID.size };
    const name = rawText(m.data, span);
    checkString(facts, m, DATA, m.data, span, 'context name');
    const space = namespaceOf(name);
    if (space !== null) {
      checkNamespace(facts, m, DATA + span.at, span.length, space);
    } else if (m.complete) {
      facts.raise(META_CONTEXT_BAD_NAME, {
        ...field(m, DATA + span.at, span.length),
        text: `context ${show(name)} has no namespace`,
      });
    }
    if (m.option === OPT_LIST_META_CONTEXT && id !== 0) {
      facts.raise(LIST_META_ID_NONZERO, {
        ...CONTEXT_ID.where(m, 'contextId', 'contextId', DATA),
        text: `id ${id} in a listing`,
      });
    } else if (m.option === OPT_SET_META_CONTEXT) {
      const other = answer.contexts?.get(id);
      if (other !== undefined) {
        facts.raise(META_ID_DUPLICATE, {
          ...CONTEXT_ID.where(m, 'contextId', 'contextId', DATA),
          text: `id ${id} already names ${show(other)}`,
        });
      }
    }
  }

  private final(m: OptionReply, answer: Answer, unasked: boolean): void {
    const { facts } = this;
    const infos = answer.replies.filter((r) => r.type === REP_INFO);
    // nothing counts as missing from an answer whose beginning may not have been captured
    const whole =
      facts.witness.whole(SERVER) &&
      !unasked &&
      !answer.overflowed &&
      !facts.agreementInDoubt &&
      answer.replies.every((r) => r.complete && (r.isError || (isKnownReply(r.type) && fitsOption(r))));
    if (m.type === REP_ACK && isInfoOption(m.option)) {
      if (
        whole &&
        !infos.some((r) => r.data.length >= INFO_DATA.size && r.data.u16(INFO_DATA.at.info) === INFO_EXPORT)
      ) {
        this.lacking = m.option;
        facts.raise(INFO_EXPORT_MISSING, {
          message: m,
          text: `${optionName(m.option)} is acknowledged without NBD_INFO_EXPORT`,
        });
      }
      if (answer.flags >= 0 && answer.blockSizes !== null) {
        checkSizesTogether(facts, m, answer.sizeHi, answer.sizeLo, answer.blockSizes);
      }
    }
    if (m.type === REP_ERR_UNKNOWN && infos.length > 0) {
      facts.raise(INFO_BEFORE_UNKNOWN, {
        message: m,
        related: infos,
        text: `after ${count(infos.length, 'NBD_REP_INFO', 'NBD_REP_INFO')}`,
      });
    }
    if (m.type === REP_ERR_BLOCK_SIZE_REQD) {
      if (!isInfoOption(m.option)) {
        facts.raise(BLOCK_SIZE_REQD_MISPLACED, { message: m, text: `in answer to ${optionName(m.option)}` });
      } else if (whole && answer.blockSizes === null) {
        facts.raise(BLOCK_SIZE_REQD_WITHOUT_INFO, { message: m, text: 'no NBD_INFO_BLOCK_SIZE before it' });
      }
    }
    if (m.type === REP_ERR_EXT_HEADER_REQD) {
      if (facts.extended && (isInfoOption(m.option) || isMetaOption(m.option))) {
        facts.raise(EXT_REQD_AFTER_EXTENDED, { message: m, text: `in answer to ${optionName(m.option)}` });
      } else if (m.option === OPT_GO)
        facts.raise(EXT_REQD_LIMITS_INTEROP, { message: m, text: 'NBD_OPT_GO is refused' });
    }
    if (m.type === REP_ERR_UNSUP && m.option === OPT_GO && facts.extended) {
      facts.raise(GO_UNSUP_AFTER_EXTENDED, { message: m, text: 'extended headers were acknowledged before' });
    }
  }
}

/** Whether a reply that is neither an acknowledgement nor an error has a type that belongs to its option. */
function fitsOption(m: OptionReply): boolean {
  switch (m.type) {
    case REP_SERVER:
      return m.option === OPT_LIST;
    case REP_INFO:
      return isInfoOption(m.option);
    case REP_META_CONTEXT:
      return isMetaOption(m.option);
    default:
      return true;
  }
}

/** Whether an option has its own type of reply. */
function hasOwnReplies(option: number): boolean {
  return option === OPT_LIST || isInfoOption(option) || isMetaOption(option);
}

/** Whether a reply type is defined, including errors. */
function isKnownReply(type: number): boolean {
  return (type > 0 && type <= REP_META_CONTEXT) || (type > REP_ERROR_BIT && type <= LAST_KNOWN_ERROR);
}

/** Whether two pieces of information of the same type are equal. */
function sameInfo(a: Prefix, b: Prefix): boolean {
  return Buffer.compare(a.bytes.subarray(0, a.length), b.bytes.subarray(0, b.length)) === 0;
}
