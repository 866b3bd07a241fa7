import { hex } from '../../base/hex.js';
import { Shown } from '../../base/layout.js';
import { quote } from '../../base/text.js';
import type { Annotation } from '../../base/annotation.js';
import { formatAddress, isAny6, isUnspecified } from './address.js';
import { capNames, DUAL_STACK_ANY, flagNames, pifName } from './constants.js';
import { ruleText } from './forward.js';
import { HELLO, SECTION } from './layout.js';
import { stepNumber } from './draft.js';
import { Draft, Hello, Pif, RuleMessage, type PestoMessage } from './messages.js';

/** The field tree of a message. */
export function annotate(message: PestoMessage): Annotation[] {
  if (message instanceof Hello) return annotateHello(message);
  if (message instanceof Pif) return annotatePif(message);
  if (message instanceof RuleMessage) return annotateRule(message);
  if (message instanceof Draft) return annotateDraft(message);
  return [{ name: 'pif', at: 0, length: 1, value: 0, text: '0 PIF_NONE: no more tables' }];
}

function annotateHello(m: Hello): Annotation[] {
  // fields that were cut off, or that the layout lacks, are -1, and come after those that are there
  const known = [m.version, m.pifNameSize, m.ifnamsiz].findIndex((v) => v < 0);
  const present = known < 0 ? HELLO.size : HELLO.at.version + 4 * known;
  return HELLO.annotations(m, 0, present);
}

function annotateDraft(m: Draft): Annotation[] {
  const out: Annotation[] = [
    { name: 'bytes', at: 0, length: m.length, value: m.hex },
    { name: 'step', at: 0, length: 0, value: m.step === 'none' ? null : m.step, text: draftText(m) },
  ];
  if (m.step === 'status') out.push({ name: 'status', at: 0, length: 1, value: statusName(m) });
  return out;
}

/** The status byte of the simplified draft: 0 is success. */
function statusName(m: Draft): string {
  return m.raw[0] === 0 ? 'success' : 'error';
}

function draftText(m: Draft): string {
  if (m.step === 'none') return 'no step of the drafts';
  if (m.step === 'status') return `perhaps the status byte of the simplified draft: ${statusName(m)}`;
  return `perhaps step ${stepNumber(m.step)} of the first draft: ${m.step}`;
}

function annotatePif(m: Pif): Annotation[] {
  if (m.layout === null) return SECTION.annotations(m);
  return m.layout.annotations({ pif: m.pif, name: m.rawName, caps: m.caps, count: m.count });
}

function annotateRule(m: RuleMessage): Annotation[] {
  const { layout, raw } = m;
  const any = (m.flags & DUAL_STACK_ANY) !== 0 && isAny6(raw, layout.at.addr);
  const addr = formatAddress(raw, layout.at.addr);
  return layout.annotations({
    addr: new Shown(addr, any ? `* (${addr} with DUAL_STACK_ANY)` : addr),
    taddr: layout.at.taddr < 0 ? NO_TARGET : target(raw, layout.at.taddr),
    ifname: m.rawIfname,
    first: m.first,
    last: m.last,
    to: m.to,
    proto: m.proto,
    flags: m.flags,
  });
}

/** For rules of version 1, which have no such row. */
const NO_TARGET = new Shown(undefined);

function target(raw: Uint8Array, at: number): Shown {
  const text = formatAddress(raw, at);
  return new Shown(text, isUnspecified(raw, at) ? `none (${text})` : text);
}

/** The text after a message's name on a transcript line. */
export function describe(message: PestoMessage, verbose: boolean): string {
  if (message instanceof Hello) return describeHello(message, verbose);
  if (message instanceof Pif) return describePif(message);
  if (message instanceof RuleMessage) return describeRule(message, verbose);
  if (message instanceof Draft) return `${message.hex}  ${draftText(message)}`;
  return '';
}

function describeHello(m: Hello, verbose: boolean): string {
  const parts = m.version < 0 ? [] : [`version ${m.version}`];
  if (!m.magicOk) parts.unshift(`magic ${hex(m.magic)}`);
  if (m.layout === 'cut') parts.push(`cut after ${m.length - m.missing} of ${m.length} bytes`);
  else if (m.layout !== 'released') parts.push(`development layout of ${m.length} bytes`);
  if (m.pifNameSize >= 0 && (verbose || m.pifNameSize !== 128)) parts.push(`pif_name_size ${m.pifNameSize}`);
  if (m.ifnamsiz >= 0 && (verbose || m.ifnamsiz !== 16)) parts.push(`ifnamsiz ${m.ifnamsiz}`);
  return parts.join('  ');
}

function describePif(m: Pif): string {
  const known = pifName(m.pif);
  const name = m.layout === null ? known : m.pifName === known ? known : quote(m.pifName, 40);
  const parts = [`${m.pif} ${name}`];
  if (m.caps >= 0) parts.push(`caps ${capNames(m.caps).join(' ') || 'none'}`);
  if (m.count >= 0) parts.push(`count ${m.count}`);
  return parts.join('  ');
}

function describeRule(m: RuleMessage, verbose: boolean): string {
  const parts = [`${m.place + 1}/${m.of} ${pifName(m.pif)}`, ruleText(m)];
  if (verbose) parts.push(`flags ${flagNames(m.flags).join(' ') || 'none'}`, `${m.length} bytes`);
  return parts.join('  ');
}
