import { count } from '../../../base/text.js';
import type { Asked } from '../session/asked.js';
import { MetadataListings } from './metadata.js';
import {
  FLAG_FIXED_NEWSTYLE,
  INFO_BLOCK_SIZE,
  INFO_EXPORT,
  OPT_ABORT,
  OPT_EXTENDED_HEADERS,
  OPT_GO,
  OPT_INFO,
  OPT_LIST,
  OPT_LIST_META_CONTEXT,
  OPT_PEEK_EXPORT,
  OPT_SET_META_CONTEXT,
  OPT_STARTTLS,
  OPT_STRUCTURED_REPLY,
  REP_ACK,
  REP_ERR_BLOCK_SIZE_REQD,
  REP_ERR_EXT_HEADER_REQD,
  REP_ERR_INVALID,
  REP_ERR_SHUTDOWN,
  REP_ERR_TLS_REQD,
  REP_ERR_TOO_BIG,
  REP_ERR_UNSUP,
  REP_INFO,
  REP_META_CONTEXT,
} from '../constants.js';
import type { Facts } from '../session/facts.js';
import { INFO_BLOCK_SIZE_DATA, INFO_DATA, INFO_EXPORT_DATA } from '../layout.js';
import type { OptionReply } from '../messages.js';
import { infoName, optionName } from '../names.js';
import { show } from './options.js';
import { rawText, spanBytes } from '../option-data.js';
import { EXT_REQD_FOR_BASE } from '../rules/exports.js';
import {
  ABORT_NOT_ACKED,
  ACCEPTED_INVALID_DATA,
  BASE_UNKNOWN_LEAF_REJECTED,
  BASELINE_OPTION_UNSUP,
  BLOCK_SIZE_REQD_THOUGH_REQUESTED,
  INFO_GO_INCONSISTENT,
  LIST_META_TOO_BIG,
  META_CONTEXT_UNASKED,
  META_MALFORMED_ACCEPTED,
  SET_META_WILDCARD_SELECTED,
  SET_META_WITHOUT_STRUCTURED_ACCEPTED,
  UNKNOWN_OPTION_NOT_UNSUP,
} from '../rules/replies.js';
import { STATE_KEPT_ACROSS_STARTTLS } from '../rules/inside-tls.js';
import { namespaceOf } from './strings.js';

/** The context that every server offers that offers any. */
const BASE_ALLOCATION = 'base:allocation';

/** Judges complete answers together with their options. */
export class AnswerChecks {
  private readonly facts: Facts;
  /** The NBD_OPT_INFO that was acknowledged, if no other option was answered after it. */
  private lastInfo: Asked | null = null;
  /** Created for the first acknowledged listing or selection of metadata contexts. */
  private listings: MetadataListings | null = null;

  constructor(facts: Facts) {
    this.facts = facts;
  }

  /** `final` ends the answer to `asked`. */
  answered(asked: Asked, final: OptionReply): void {
    const { option } = asked.option;
    const related = [asked.option];
    const { facts } = this;
    const refused = final.type === REP_ERR_UNSUP || final.type === REP_ERR_TLS_REQD || final.type === REP_ERR_SHUTDOWN;
    switch (option) {
      case OPT_ABORT:
        // NBD_REP_ERR_TLS_REQD is reported by its own rule
        if (final.type !== REP_ACK && final.type !== REP_ERR_TLS_REQD)
          facts.raise(ABORT_NOT_ACKED, {
            message: final,
            related,
            text: `NBD_OPT_ABORT is answered with ${final.name}`,
          });
        break;
      case OPT_STARTTLS:
        if (final.type === REP_ACK) this.listings?.forget();
        break;
      case OPT_LIST:
      case OPT_STRUCTURED_REPLY:
      case OPT_EXTENDED_HEADERS:
        if (asked.option.dataLength > 0 && final.type !== REP_ERR_INVALID && !refused) {
          facts.raise(ACCEPTED_INVALID_DATA, {
            message: final,
            related,
            text: `${optionName(option)} with ${count(asked.option.dataLength, 'byte')} of data is answered with ${final.name}`,
          });
        }
        break;
      case OPT_INFO:
      case OPT_GO:
        this.info(asked, final);
        break;
      case OPT_LIST_META_CONTEXT:
      case OPT_SET_META_CONTEXT:
        this.meta(asked, final);
        break;
      default:
        if ((option === OPT_PEEK_EXPORT || option === 0 || option > OPT_EXTENDED_HEADERS) && !refused) {
          facts.raise(UNKNOWN_OPTION_NOT_UNSUP, {
            message: final,
            related,
            text: `option ${option} is answered with ${final.name}`,
          });
        }
    }
    // NBD_OPT_GO after extended headers has its own rule; the baseline of options that every server must have is one of fixed newstyle
    const fixed = facts.greeting === null || (facts.greeting.flags & FLAG_FIXED_NEWSTYLE) !== 0;
    const told = (option === OPT_GO && facts.extended) || !fixed;
    if (final.type === REP_ERR_UNSUP && !told && [OPT_ABORT, OPT_LIST, OPT_INFO, OPT_GO].includes(option)) {
      facts.raise(BASELINE_OPTION_UNSUP, {
        message: final,
        related,
        // servers older than NBD_OPT_GO are still in use, and clients can do without it
        severity: option === OPT_INFO || option === OPT_GO ? 'warning' : 'error',
        text: `${optionName(option)} is unsupported`,
      });
    }
    this.lastInfo = option === OPT_INFO && final.type === REP_ACK ? asked : null;
  }

  /** An answer cannot be judged, as bytes of it are missing. An NBD_OPT_INFO before it no longer counts as the latest option. */
  unread(): void {
    this.lastInfo = null;
  }

  private info(asked: Asked, final: OptionReply): void {
    const { facts } = this;
    const types = asked.info?.types ?? [];
    if (final.type === REP_ERR_BLOCK_SIZE_REQD && types.includes(INFO_BLOCK_SIZE)) {
      facts.raise(BLOCK_SIZE_REQD_THOUGH_REQUESTED, {
        message: final,
        related: [asked.option],
        text: 'the client listed NBD_INFO_BLOCK_SIZE',
      });
    }
    const before = this.lastInfo;
    if (before === null || asked.option.option !== OPT_GO || !sameData(before, asked)) return;
    if (before.overflowed || asked.overflowed) return;
    // an answer without NBD_INFO_EXPORT, or with information of a wrong length, is reported by its own rule
    if (!isSound(before) || (final.type === REP_ACK && !isSound(asked))) return;
    const difference =
      final.type === REP_ACK ? differentInfo(before, asked) : `NBD_OPT_GO is answered with ${final.name}`;
    // a server that is shutting down may refuse what it has answered before
    if (difference === null || final.type === REP_ERR_SHUTDOWN) return;
    facts.raise(INFO_GO_INCONSISTENT, {
      message: final,
      related: [before.option, ...before.replies, asked.option],
      text: difference,
    });
  }

  private meta(asked: Asked, final: OptionReply): void {
    const { facts } = this;
    const set = asked.option.option === OPT_SET_META_CONTEXT;
    const related = [asked.option];
    const meta = asked.meta!;
    const contexts = asked.replies.filter((r) => r.type === REP_META_CONTEXT && r.data.length >= 4);
    if (meta.fault !== null && asked.option.dataKept) {
      if (
        final.type !== REP_ERR_INVALID &&
        final.type !== REP_ERR_TLS_REQD &&
        final.type !== REP_ERR_UNSUP &&
        final.type !== REP_ERR_SHUTDOWN
      ) {
        facts.raise(META_MALFORMED_ACCEPTED, {
          message: final,
          related,
          text: `${meta.fault}, answered with ${final.name}`,
        });
      }
      return;
    }
    if (set && final.type === REP_ACK && !final.chunksAgreed && facts.witness.bothWhole && !facts.agreementInDoubt) {
      const kept = facts.isInTls(final) ? (facts.beforeTls.extendedAck ?? facts.beforeTls.structuredAck) : null;
      if (kept === null)
        facts.raise(SET_META_WITHOUT_STRUCTURED_ACCEPTED, {
          message: final,
          related,
          text: 'neither structured replies nor extended headers have been acknowledged',
        });
      else
        facts.raise(STATE_KEPT_ACROSS_STARTTLS, {
          message: final,
          related: [...related, kept],
          text: 'metadata contexts are selected, although structured replies were agreed on only in clear',
        });
    }
    if (final.type === REP_ERR_TOO_BIG && !set && meta.count === 0) {
      facts.raise(LIST_META_TOO_BIG, { message: final, related, text: 'zero queries are too big' });
    }
    const spaces = asked.queries.map(namespaceOf);
    const wellFormed = asked.queries.length > 0 && asked.queries.length === meta.count && !spaces.includes(null);
    if (final.type === REP_ERR_EXT_HEADER_REQD && wellFormed && spaces.every((s) => s === 'base')) {
      facts.raise(EXT_REQD_FOR_BASE, { message: final, related, text: `queries ${asked.queries.map(show).join(' ')}` });
    }
    if (final.type === REP_ERR_INVALID && wellFormed && final.chunksAgreed) this.rejected(asked, final, spaces);
    if (final.type === REP_ACK && meta.count === asked.queries.length) {
      if (set) this.selected(asked, final, contexts, spaces);
      this.listings ??= new MetadataListings(facts);
      this.listings.answered(asked, final, contexts);
    }
  }

  private rejected(asked: Asked, final: OptionReply, spaces: readonly (string | null)[]): void {
    const known = ['base', 'qemu', 'nbd-server'];
    const odd = asked.queries.filter(
      (q, i) => (spaces[i] === 'base' && q !== BASE_ALLOCATION && q !== 'base:') || !known.includes(spaces[i]!),
    );
    if (odd.length === 0) return;
    this.facts.raise(BASE_UNKNOWN_LEAF_REJECTED, {
      message: final,
      related: [asked.option],
      text: `${odd.map(show).join(' ')} should be ignored, not refused`,
    });
  }

  private selected(
    asked: Asked,
    final: OptionReply,
    contexts: readonly OptionReply[],
    spaces: readonly (string | null)[],
  ): void {
    const related = [asked.option];
    /** Namespaces from which contexts are asked for by name, and not only by the wildcard that stands for all of them. */
    const named = new Set(spaces.filter((space, i) => space !== null && asked.queries[i] !== `${space}:`));
    const asSet = new Set(spaces);
    for (const m of contexts) {
      const name = rawText(m.data, { at: 4, length: m.dataLength - 4 });
      const space = namespaceOf(name);
      if (asked.queries.length === 0) {
        this.facts.raise(META_CONTEXT_UNASKED, {
          message: m,
          related,
          text: `context ${show(name)}, but there were no queries`,
        });
      } else if (space !== null && !asSet.has(space)) {
        this.facts.raise(META_CONTEXT_UNASKED, {
          message: m,
          related,
          severity: 'warning',
          text: `context ${show(name)}, but no query names its namespace`,
        });
      } else if (space !== null && !named.has(space)) {
        this.facts.raise(SET_META_WILDCARD_SELECTED, {
          message: m,
          related: [asked.option, final],
          severity: space === 'base' ? 'error' : 'warning',
          text: `the query ${show(`${space}:`)} selected ${show(name)}`,
        });
      }
    }
  }
}

function sameData(a: Asked, b: Asked): boolean {
  if (a.option.dataLength !== b.option.dataLength || !a.option.dataKept || !b.option.dataKept) return false;
  const span = { at: 0, length: a.option.dataLength };
  return Buffer.compare(spanBytes(a.option.data, span), spanBytes(b.option.data, span)) === 0;
}

/** Whether an answer contains NBD_INFO_EXPORT, and its information has the right lengths. */
function isSound({ replies }: Asked): boolean {
  const infos = replies.filter((r) => r.type === REP_INFO && r.data.length >= INFO_DATA.size);
  const is = (type: number) => infos.filter((r) => r.data.u16(INFO_DATA.at.info) === type);
  const exports = is(INFO_EXPORT);
  return (
    exports.length > 0 &&
    exports.every((r) => r.dataLength === INFO_EXPORT_DATA.size) &&
    is(INFO_BLOCK_SIZE).every((r) => r.dataLength === INFO_BLOCK_SIZE_DATA.size)
  );
}

/** How the two answers differ, in words, or null. */
function differentInfo(info: Asked, go: Asked): string | null {
  const read = (asked: Asked): string[] =>
    asked.replies
      .filter((r) => r.type === REP_INFO)
      .map((r) => rawText(r.data, { at: 0, length: r.data.length }))
      .sort();
  const a = read(info);
  const b = read(go);
  if (a.length !== b.length)
    return `NBD_OPT_INFO gave ${count(a.length, 'item')} of information, NBD_OPT_GO ${b.length}`;
  const i = a.findIndex((x, k) => x !== b[k]);
  if (i < 0) return null;
  const [was, is] = [a[i]!, b[i]!].map((text) => Buffer.from(text, 'latin1'));
  const type = was!.length < 2 ? null : was!.readUInt16BE(0);
  const name = type === null ? 'an item of information' : infoName(type);
  if (type !== INFO_EXPORT || was!.length !== INFO_EXPORT_DATA.size || is!.length !== INFO_EXPORT_DATA.size)
    return `${name} differs between NBD_OPT_INFO and NBD_OPT_GO`;
  const said = (bytes: Buffer): readonly [string, string] => [
    `a size of ${bytes.readBigUInt64BE(INFO_EXPORT_DATA.at.exportSize)} bytes`,
    `transmission flags 0x${bytes.toString('hex', INFO_EXPORT_DATA.at.flags)}`,
  ];
  const [before, now] = [said(was!), said(is!)];
  const words = (of: readonly [string, string]): string => of.filter((_, k) => before[k] !== now[k]).join(' and ');
  return `${name}: NBD_OPT_INFO gave ${words(before)}, NBD_OPT_GO ${words(now)}`;
}
