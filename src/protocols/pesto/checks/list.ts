import { hex, hexNumber } from '../../../base/hex.js';
import { within, type Span } from '../../../base/layout.js';
import type { Rule } from '../../../base/rule.js';
import { quote } from '../../../base/text.js';
import type { Output } from '../../../contract/protocol.js';
import {
  CAP_IPV4,
  CAP_IPV6,
  CAP_SCAN,
  CAP_TCP,
  CAP_UDP,
  capNames,
  CAPS_KNOWN,
  MAX_PIFS,
  MAX_RULES,
  PIF_HOST,
  PIF_NAMES,
  isStrange,
  PIF_SPLICE,
} from '../constants.js';
import { isFullPif, type PifLayout } from '../layout.js';
import type { Pif, PifEnd } from '../messages.js';
import * as L from '../rules/list.js';
import type { Transaction } from '../session/transaction.js';

/** Judges an entry of the list; the earlier tables are in the transaction. */
export function judgeEntry(output: Output, t: Transaction, m: Pif, layout: PifLayout): void {
  new EntryCheck(output, t, m, layout).judge();
}

class EntryCheck {
  private readonly output: Output;
  private readonly t: Transaction;
  private readonly m: Pif;
  private readonly layout: PifLayout;
  /** `pif 3 "SPLICE"` */
  private readonly who: string;

  constructor(output: Output, t: Transaction, m: Pif, layout: PifLayout) {
    this.output = output;
    this.t = t;
    this.m = m;
    this.layout = layout;
    this.who = `pif ${m.pif} ${quote(m.pifName, 32)}`;
  }

  judge(): void {
    const { layout, m, t } = this;
    if (t.list.length === MAX_PIFS) {
      const text = `${this.who} is table ${t.list.length + 1}; clients have room for ${MAX_PIFS}`;
      this.fatal(L.PIF_TOO_MANY, text, { message: m, offset: m.offset, length: m.length });
    }
    this.id();
    this.name();
    if (!isFullPif(layout)) return;
    this.caps(layout.where(m, 'caps'));
    if (m.count > MAX_RULES) {
      const text = `${this.who} announces ${m.count} rules; a table holds ${MAX_RULES}`;
      this.fatal(L.RULE_COUNT_TOO_BIG, text, layout.where(m, 'count'));
    }
  }

  private raise(rule: Rule, text: string, where: Span<Pif>): void {
    this.output.raise(rule, { ...where, text });
  }

  /** Reports an error because of which a client closes. */
  private fatal(rule: Rule, text: string, where: Span<Pif>): void {
    this.raise(rule, text, where);
    this.t.refusal ||= text;
  }

  private id(): void {
    const { layout, m, who } = this;
    const where = layout.where(m, 'pif');
    const { list } = this.t;
    const sameId = list.find((x) => x.id === m.pif);
    const last = list[list.length - 1];
    if (sameId !== undefined) {
      this.fatal(L.PIF_DUPLICATE_ID, `${who} has the id of the table at byte ${sameId.pif!.offset}`, where);
    } else if (last !== undefined && m.pif < last.id && !isStrange(last.id)) {
      this.raise(L.PIF_ORDER, `${who} comes after pif ${last.id}`, where);
    }
    // servers have only three tables, and one more is reported by its own rule
    if (list.length < MAX_PIFS && isStrange(m.pif))
      this.raise(L.PIF_UNEXPECTED, `${who}: no shipped server has such a table`, where);
  }

  private name(): void {
    const { layout, m, who } = this;
    const { rawName } = m;
    const where = layout.where(m, 'name');
    const end = rawName.indexOf(0);
    if (rawName[rawName.length - 1] !== 0) {
      const tail = hex(rawName, Math.max(0, rawName.length - 8));
      this.fatal(L.PIF_NAME_UNTERMINATED, `the name of pif ${m.pif} fills its field: it ends in ${tail}`, where);
      return;
    }
    if (end === 0) this.raise(L.PIF_NAME_EMPTY, `pif ${m.pif} has no name`, where);
    else this.knownName(within(where, 0, end));
    const dirty = rawName.findIndex((b, i) => i > end && b !== 0);
    if (dirty < 0) return;
    const bytes = hex(rawName, dirty, Math.min(rawName.length, dirty + 16));
    this.raise(L.PIF_NAME_PADDING, `${who}: ${bytes} behind the name`, within(where, dirty));
  }

  private knownName(where: Span<Pif>): void {
    const { m, who } = this;
    const { list } = this.t;
    // the name of a table with a duplicate id is not judged, as the id was reported
    if (list.some((x) => x.id === m.pif)) return;
    const sameName = list.find((x) => x.name === m.pifName);
    const known = PIF_NAMES[m.pif];
    if (sameName !== undefined) {
      this.fatal(L.PIF_DUPLICATE_NAME, `${who} has the name of pif ${sameName.id}`, where);
    } else if (known !== undefined && m.pifName !== known && !isStrange(m.pif)) {
      this.raise(L.PIF_NAME_MISMATCH, `${who} should be called ${known}`, where);
    }
  }

  private caps(where: Span<Pif>): void {
    const { who } = this;
    const { caps } = this.m;
    const first = this.t.list[0];
    if (first?.caps === caps) return;
    const unknown = (caps & ~CAPS_KNOWN) >>> 0;
    if (unknown !== 0) {
      this.raise(L.CAPS_UNKNOWN, `${who}: bits ${hexNumber(unknown)} of ${hexNumber(caps)} have no meaning`, where);
      return;
    }
    if (first !== undefined) {
      // the undefined bits of the first table were reported
      if ((first.caps & ~CAPS_KNOWN) !== 0) return;
      const text = `${who} has ${hexNumber(caps)}, pif ${first.id} has ${hexNumber(first.caps)}`;
      this.raise(L.CAPS_DIFFER, text, where);
      return;
    }
    const text = `${who} has ${capNames(caps).join(' ') || 'none'}`;
    if ((caps & (CAP_IPV4 | CAP_IPV6)) === 0) this.raise(L.CAPS_NO_FAMILY, text, where);
    if ((caps & (CAP_TCP | CAP_UDP)) === 0) this.raise(L.CAPS_NO_PROTOCOL, text, where);
  }
}

/** Judges the complete list. */
export function judgeListEnd(output: Output, t: Transaction, m: PifEnd): void {
  if (t.hello?.layout === 'd2') return;
  if (t.list.length === 0) {
    output.raise(L.PIF_LIST_EMPTY, { message: m, text: 'the hello is followed by the end of the list' });
    return;
  }
  if (t.hasStrangeTable) return;
  if (t.listed(PIF_HOST) === undefined) {
    output.raise(L.PIF_HOST_MISSING, {
      message: m,
      text: `the list has ${t.list.map((x) => `pif ${x.id}`).join(', ')}`,
    });
  }
  const scan = t.list.find((x) => (x.caps & CAP_SCAN) !== 0);
  const splice = t.listed(PIF_SPLICE);
  if (scan !== undefined && splice === undefined) {
    output.raise(L.CAPS_SCAN_MODE, { message: scan.pif, text: 'SCAN is set, and no SPLICE table is listed' });
  } else if (splice !== undefined && (splice.caps & CAP_SCAN) === 0) {
    output.raise(L.CAPS_SCAN_MODE, { message: splice.pif, text: 'a SPLICE table is listed, and SCAN is not set' });
  }
}
