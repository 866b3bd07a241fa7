import { hex, hexNumber } from '../../../base/hex.js';
import { CLIENT } from '../../../base/input.js';
import type { Rule } from '../../../base/rule.js';
import { quote } from '../../../base/text.js';
import type { Output } from '../../../contract/protocol.js';
import { formatAddress, isAny4, isAny6, isLocalhost, isMulticast, isUnspecified, isV4 } from '../address.js';
import {
  CAP_IFNAME,
  CAP_IPV4,
  CAP_IPV6,
  CAP_SCAN,
  CAP_TCP,
  CAP_UDP,
  DUAL_STACK_ANY,
  FLAGS_KNOWN,
  MAX_RULES,
  MAX_SOCKETS,
  PIF_SPLICE,
  protoName,
  SCAN,
  TCP,
  UDP,
  WEAK,
} from '../constants.js';
import { conflict, ruleSockets, ruleText, sameRule } from '../forward.js';
import type { RuleMessage } from '../messages.js';
import * as F from '../rules/forwarding-listen.js';
import * as T from '../rules/forwarding-target.js';
import type { Table } from '../session/table.js';

/** Ports of one rule from which a strict one is unlikely to find all of them free. */
const WIDE = 1024;

/** Judges one rule against the rules before it in its table, in the order of the server's checks, and adds it to the table. */
export class RuleJudge {
  private readonly output: Output;
  private readonly rule: RuleMessage;
  private readonly table: Table;
  private readonly where: string;
  /** The first check of the server that it fails, in words. */
  failure = '';

  constructor(output: Output, rule: RuleMessage, table: Table) {
    this.output = output;
    this.rule = rule;
    this.table = table;
    this.where = `rule ${rule.place + 1} of ${table.label}, ${ruleText(rule)}`;
  }

  judge(): void {
    this.ifname();
    this.ports();
    this.flagsAndFamilies();
    this.protocol();
    this.target();
    this.neighbours();
    this.habits();
    this.table.rules.push(this.rule);
    this.table.sockets += ruleSockets(this.rule);
  }

  /** A check of the server. */
  private fails(rule: Rule, text: string, at: number, length: number, related: readonly RuleMessage[] = []): void {
    if (this.rule.side === CLIENT && this.failure === '') this.failure = text;
    this.say(rule, text, at, length, related, this.rule.side === CLIENT ? 'error' : 'warning');
  }

  /** Something that the server does not check. */
  private notes(rule: Rule, text: string, at: number, length: number): void {
    this.say(rule, text, at, length, [], rule.severity);
  }

  private say(
    rule: Rule,
    text: string,
    at: number,
    length: number,
    related: readonly RuleMessage[],
    severity: Rule['severity'],
  ): void {
    const m = this.rule;
    this.output.raise(rule, {
      message: m,
      offset: m.offset + at,
      length,
      severity,
      related,
      text: `${this.where}: ${text}`,
    });
  }

  private get caps(): number {
    return this.table.caps;
  }

  private ifname(): void {
    const { rawIfname: raw, layout } = this.rule;
    const end = raw.indexOf(0);
    if (raw[raw.length - 1] !== 0) {
      this.fails(
        F.IFNAME_UNTERMINATED,
        `the interface name fills its ${raw.length} bytes`,
        layout.at.ifname,
        raw.length,
      );
      return;
    }
    const dirty = raw.findIndex((b, i) => i > end && b !== 0);
    if (dirty >= 0) {
      const text = `${hex(raw, dirty)} behind the interface name`;
      this.notes(F.IFNAME_PADDING, text, layout.at.ifname + dirty, raw.length - dirty);
    }
    if (end === 0) return;
    const name = this.rule.ifname;
    const odd = raw.subarray(0, end).some((b) => b <= 0x20 || b === 0x2f || b === 0x7f);
    if (odd || name === '.' || name === '..') {
      this.notes(F.IFNAME_INVALID, `no interface is called ${quote(name)}`, layout.at.ifname, end);
    } else if (this.caps >= 0 && (this.caps & CAP_IFNAME) === 0) {
      this.notes(F.IFNAME_NOT_CAPABLE, 'the server lacks IFNAME', layout.at.ifname, end);
    }
  }

  private ports(): void {
    const { first, last, to, layout } = this.rule;
    if (first > last) this.fails(F.RANGE_INVERTED, `first ${first} is above last ${last}`, layout.at.first, 4);
    if (first === 0) this.fails(F.PORT_ZERO, 'first is 0', layout.at.first, 2);
    if (to === 0) this.fails(F.TARGET_ZERO, 'to is 0', layout.at.to, 2);
    else if (first <= last && to + last - first > 0xffff) {
      this.fails(F.TARGET_OVERFLOW, `the last target would be port ${to + last - first}`, layout.at.to, 2);
    }
  }

  private flagsAndFamilies(): void {
    const { flags, layout, raw } = this.rule;
    const unknown = flags & ~FLAGS_KNOWN;
    if (unknown !== 0) this.fails(F.UNKNOWN_FLAGS, `flags ${hexNumber(unknown)} have no meaning`, layout.at.flags, 1);
    const { caps } = this;
    if (flags & DUAL_STACK_ANY) {
      if (!isAny6(raw, layout.at.addr)) {
        const text = `DUAL_STACK_ANY with the address ${formatAddress(raw, layout.at.addr)}`;
        this.fails(F.DUAL_STACK_ADDRESS, text, layout.at.addr, 16);
      }
      if (caps >= 0 && (caps & CAP_IPV4 && caps & CAP_IPV6) === 0) {
        const lacks = caps & CAP_IPV4 ? 'IPV6' : 'IPV4';
        this.fails(F.DUAL_STACK_NOT_CAPABLE, `DUAL_STACK_ANY, and the server lacks ${lacks}`, layout.at.flags, 1);
      }
    } else if (caps >= 0) {
      const v4 = isV4(raw, layout.at.addr);
      if ((caps & (v4 ? CAP_IPV4 : CAP_IPV6)) === 0) {
        this.fails(F.FAMILY_NOT_CAPABLE, `the server lacks ${v4 ? 'IPV4' : 'IPV6'}`, layout.at.addr, 16);
      }
    }
    if (flags & SCAN && caps >= 0 && (caps & CAP_SCAN) === 0) {
      this.notes(F.SCAN_NOT_CAPABLE, 'the server lacks SCAN', layout.at.flags, 1);
    }
  }

  private protocol(): void {
    const { proto, layout } = this.rule;
    if (proto !== TCP && proto !== UDP) {
      this.fails(F.PROTO_UNSUPPORTED, `protocol ${proto} is neither TCP nor UDP`, layout.at.proto, 1);
    } else if (this.caps >= 0 && (this.caps & (proto === TCP ? CAP_TCP : CAP_UDP)) === 0) {
      this.fails(F.PROTO_NOT_CAPABLE, `the server lacks ${protoName(proto)}`, layout.at.proto, 1);
    }
  }

  private target(): void {
    const { raw, layout, flags } = this.rule;
    const at = layout.at.taddr;
    if (at < 0) return;
    if (isAny4(raw, at)) this.notes(T.TARGET_ANY4, 'the target 0.0.0.0 means none', at, 16);
    if (isUnspecified(raw, at)) return;
    const target = formatAddress(raw, at);
    if (isMulticast(raw, at)) this.fails(T.TARGET_MULTICAST, `the target ${target} is not one host`, at, 16);
    if (flags & DUAL_STACK_ANY) {
      this.fails(T.TARGET_DUAL_STACK, `the target ${target} with DUAL_STACK_ANY`, at, 16);
    } else if (isV4(raw, at) !== isV4(raw, layout.at.addr)) {
      this.fails(T.TARGET_FAMILY, `from ${formatAddress(raw, layout.at.addr)} to ${target}`, at, 16);
    }
    if (this.table.id === PIF_SPLICE) this.notes(T.TARGET_ON_SPLICE, `the target ${target} has no effect here`, at, 16);
  }

  private neighbours(): void {
    const { table, rule } = this;
    const other = table.rules.find((r) => conflict(rule, r));
    if (other !== undefined) {
      const text = sameRule(rule, other)
        ? `identical to rule ${table.rules.indexOf(other) + 1}`
        : `conflicts with rule ${table.rules.indexOf(other) + 1}, ${ruleText(other)}`;
      this.fails(T.CONFLICT, text, 0, rule.length, [other]);
    }
    if (table.rules.length === MAX_RULES) {
      this.fails(T.TABLE_FULL, `the table has ${MAX_RULES} rules already`, 0, rule.length);
    }
    const sockets = table.sockets + ruleSockets(rule);
    if (sockets > MAX_SOCKETS && table.sockets <= MAX_SOCKETS) {
      this.fails(
        T.TOO_MANY_SOCKETS,
        `${sockets} listening sockets up to here; a table has room for ${MAX_SOCKETS}`,
        0,
        rule.length,
      );
    }
  }

  private habits(): void {
    const { rule, table } = this;
    const { flags, layout, raw } = rule;
    const ports = ruleSockets(rule);
    if (ports >= WIDE && (flags & (WEAK | SCAN)) === 0) {
      this.notes(T.WIDE_STRICT, `${ports} ports, and neither WEAK nor SCAN`, layout.at.first, 4);
    }
    if (flags & WEAK && (flags & SCAN) === 0 && ports === 1) {
      this.notes(T.WEAK_SINGLE, 'WEAK has no effect on a single port', layout.at.flags, 1);
    }
    if (table.id !== PIF_SPLICE || isLocalhost(raw, layout.at.addr)) return;
    const any = (flags & DUAL_STACK_ANY) !== 0 || isUnspecified(raw, layout.at.addr);
    if (!(any && rule.ifname === 'lo')) this.notes(T.SPLICE_FORM, 'it does not listen on loopback', 0, rule.length);
  }
}
