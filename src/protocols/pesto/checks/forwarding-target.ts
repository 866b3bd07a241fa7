import { formatAddress, isAny4, isLocalhost, isMulticast, isUnspecified, isV4 } from '../address.js';
import { DUAL_STACK_ANY, MAX_RULES, MAX_SOCKETS, PIF_SPLICE, SCAN, WEAK } from '../constants.js';
import { conflict, ruleSockets, ruleText, sameRule } from '../forward.js';
import { hasTarget } from '../layout.js';
import * as T from '../rules/forwarding-target.js';
import type { JudgedRule } from './judged-rule.js';

/** With at least so many ports, a rule that needs all of them is likely to find some in use. */
const WIDE = 1024;

/** Judges what a rule says about its target, and whether it fits the other rules of its table. */
export function checkTarget(judged: JudgedRule): void {
  checkTargetAddress(judged);
  checkNeighbours(judged);
  checkHabits(judged);
}

function checkTargetAddress(judged: JudgedRule): void {
  const { message: m } = judged;
  const { flags, layout, raw } = m;
  if (!hasTarget(layout)) return;
  const at = layout.at.taddr;
  const where = layout.where(m, 'taddr');
  if (isAny4(raw, at)) judged.notes(T.TARGET_ANY4, 'the target 0.0.0.0 means none', where);
  if (isUnspecified(raw, at)) return;
  const target = formatAddress(raw, at);
  if (isMulticast(raw, at)) judged.fails(T.TARGET_MULTICAST, `the target ${target} is not one host`, where);
  if (flags & DUAL_STACK_ANY) {
    judged.fails(T.TARGET_DUAL_STACK, `the target ${target} with DUAL_STACK_ANY`, where);
  } else if (isV4(raw, at) !== isV4(raw, layout.at.addr)) {
    judged.fails(T.TARGET_FAMILY, `from ${formatAddress(raw, layout.at.addr)} to ${target}`, where);
  }
  if (judged.table.id !== PIF_SPLICE) return;
  judged.notes(T.TARGET_ON_SPLICE, `the target ${target} has no effect here`, where);
}

function checkNeighbours(judged: JudgedRule): void {
  const { message: m, table, whole } = judged;
  const other = table.rules.find((r) => conflict(m, r));
  if (other !== undefined) {
    const which = `rule ${table.rules.indexOf(other) + 1}`;
    const text = sameRule(m, other) ? `identical to ${which}` : `conflicts with ${which}, ${ruleText(other)}`;
    judged.fails(T.CONFLICT, text, whole, [other]);
  }
  if (table.rules.length === MAX_RULES) {
    judged.fails(T.TABLE_FULL, `the table has ${MAX_RULES} rules already`, whole);
  }
  const sockets = table.sockets + ruleSockets(m);
  if (sockets <= MAX_SOCKETS || table.sockets > MAX_SOCKETS) return;
  const text = `${sockets} listening sockets up to here; a table has room for ${MAX_SOCKETS}`;
  judged.fails(T.TOO_MANY_SOCKETS, text, whole);
}

function checkHabits(judged: JudgedRule): void {
  const { message: m, table } = judged;
  const { flags, layout, raw } = m;
  const ports = ruleSockets(m);
  if (ports >= WIDE && (flags & (WEAK | SCAN)) === 0) {
    judged.notes(T.WIDE_STRICT, `${ports} ports, and neither WEAK nor SCAN`, layout.where(m, 'first', 'last'));
  }
  if (flags & WEAK && (flags & SCAN) === 0 && ports === 1) {
    judged.notes(T.WEAK_SINGLE, 'WEAK has no effect on a single port', layout.where(m, 'flags'));
  }
  if (table.id !== PIF_SPLICE || isLocalhost(raw, layout.at.addr)) return;
  const any = (flags & DUAL_STACK_ANY) !== 0 || isUnspecified(raw, layout.at.addr);
  if (!(any && m.ifname === 'lo')) judged.notes(T.SPLICE_FORM, 'it does not listen on loopback', judged.whole);
}
