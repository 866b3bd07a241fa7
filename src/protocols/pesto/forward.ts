import { quote } from '../../base/text.js';
import { formatAddress, isUnspecified, isV4, sameAddress } from './address.js';
import { DUAL_STACK_ANY, protoName, SCAN, WEAK } from './constants.js';
import type { RuleMessage } from './messages.js';

/** The meaning of forwarding rules: how they are written, and when two of them conflict. */

/** `8080-8090`, or `8080` if both ends are the same. */
function portRange(first: number, last: number): string {
  return first === last ? `${first}` : `${first}-${last}`;
}

/** The listening address as the tools write it: `*` for both families. */
function listenAddress(rule: RuleMessage): string {
  return rule.flags & DUAL_STACK_ANY ? '*' : formatAddress(rule.raw, rule.layout.at.addr);
}

/** The target address; empty: none. */
export function targetAddress(rule: RuleMessage): string {
  const at = rule.layout.at.taddr;
  return at < 0 || isUnspecified(rule.raw, at) ? '' : formatAddress(rule.raw, at);
}

/** The rule as pesto and passt print it: `TCP [*]:8080-8090 => 10.0.2.15:80-90 (best effort)`. */
export function ruleText(rule: RuleMessage): string {
  const name = rule.ifname;
  const device = name === '' ? '' : `%${/^[\w.:@-]+$/.test(name) ? name : quote(name)}`;
  const target = targetAddress(rule);
  const last = rule.first === rule.last ? rule.to : (rule.to + rule.last - rule.first) & 0xffff;
  const weak = rule.flags & WEAK ? ' (best effort)' : '';
  const scan = rule.flags & SCAN ? ' (auto-scan)' : '';
  const listen = `[${listenAddress(rule)}]${device}:${portRange(rule.first, rule.last)}`;
  const to = `${target === '' ? '' : `${target}:`}${portRange(rule.to, last)}`;
  return `${protoName(rule.proto)} ${listen} => ${to}${weak}${scan}`;
}

/** Number of listening sockets that the rule needs. */
export function ruleSockets(rule: RuleMessage): number {
  return rule.last >= rule.first ? rule.last - rule.first + 1 : 0;
}

/** Whether all bytes of two rules are the same. */
export function sameRule(a: RuleMessage, b: RuleMessage): boolean {
  if (a.raw.length !== b.raw.length) return false;
  for (let i = 0; i < a.raw.length; i++) if (a.raw[i] !== b.raw[i]) return false;
  return true;
}

/** A string that is the same for rules with the same bytes. */
export function ruleKey(rule: RuleMessage): string {
  return Buffer.from(rule.raw.buffer, rule.raw.byteOffset, rule.raw.length).toString('latin1');
}

/** Whether both listening addresses receive the same packets. Interface and target are not considered. */
function addressesMeet(a: RuleMessage, b: RuleMessage): boolean {
  if ((a.flags | b.flags) & DUAL_STACK_ANY) return true;
  const { addr } = a.layout.at;
  if (isUnspecified(a.raw, addr) || isUnspecified(b.raw, b.layout.at.addr)) {
    return isV4(a.raw, addr) === isV4(b.raw, b.layout.at.addr);
  }
  return sameAddress(a.raw, addr, b.raw, b.layout.at.addr);
}

/** Whether a server refuses to hold both rules in one table. */
export function conflict(a: RuleMessage, b: RuleMessage): boolean {
  if (a.proto !== b.proto || a.first > a.last || b.first > b.last) return false;
  return a.first <= b.last && b.first <= a.last && addressesMeet(a, b);
}
