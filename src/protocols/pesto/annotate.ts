import { hex, hexNumber } from '../../base/hex.js';
import { quote, wireText } from '../../base/text.js';
import type { Annotation } from '../../contract/annotation.js';
import type { Message } from '../../contract/message.js';
import { formatAddress, isAny6, isUnspecified } from './address.js';
import { capNames, DUAL_STACK_ANY, flagNames, pifName, protoName } from './constants.js';
import { ruleText } from './forward.js';
import { HELLO, SECTION } from './layout.js';
import { stepNumber } from './draft.js';
import { Draft, Hello, Pif, RuleMessage, untilNul } from './message.js';

/** The field tree of a message. */
export function annotate(message: Message): Annotation[] {
  if (message instanceof Hello) return annotateHello(message);
  if (message instanceof Pif) return annotatePif(message);
  if (message instanceof RuleMessage) return annotateRule(message);
  if (message instanceof Draft) return annotateDraft(message);
  return [{ name: 'pif', at: 0, length: 1, value: 0, text: '0 PIF_NONE: no more tables' }];
}

function annotateHello(m: Hello): Annotation[] {
  const magic: Annotation = { name: 'magic', at: HELLO.magic, length: 8, text: quote(wireText(m.magic)) };
  const out: Annotation[] = [m.magicOk ? magic : { ...magic, value: hex(m.magic) }];
  if (m.version >= 0) out.push({ name: 'version', at: HELLO.version, length: 4, value: m.version });
  if (m.pifNameSize >= 0) out.push({ name: 'pifNameSize', at: HELLO.pifNameSize, length: 4, value: m.pifNameSize });
  if (m.ifnamsiz >= 0) out.push({ name: 'ifnamsiz', at: HELLO.ifnamsiz, length: 4, value: m.ifnamsiz });
  return out;
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

function bits(value: number, names: readonly string[]): string {
  return `${hexNumber(value)}${names.length > 0 ? ` ${names.join(' ')}` : ''}`;
}

function annotatePif(m: Pif): Annotation[] {
  const id: Annotation = { name: 'pif', at: SECTION.pif, length: 1, value: m.pif, text: `${m.pif} ${pifName(m.pif)}` };
  const { layout } = m;
  if (layout === null) return [id, { name: 'count', at: SECTION.count, length: 4, value: m.count }];
  const name: Annotation = {
    name: 'name',
    at: layout.name,
    length: layout.nameSize,
    value: m.pifName,
    text: quote(m.pifName),
  };
  if (layout.caps < 0) return [id, name];
  const caps = capNames(m.caps);
  return [
    id,
    name,
    { name: 'caps', at: layout.caps, length: 4, value: caps, text: bits(m.caps, caps) },
    { name: 'count', at: layout.count, length: 4, value: m.count },
  ];
}

function annotateRule(m: RuleMessage): Annotation[] {
  const { layout, raw } = m;
  const any = (m.flags & DUAL_STACK_ANY) !== 0 && isAny6(raw, layout.addr);
  const addr = formatAddress(raw, layout.addr);
  const flags = flagNames(m.flags);
  const out: Annotation[] = [
    {
      name: 'addr',
      at: layout.addr,
      length: 16,
      value: addr,
      text: any ? `* (${addr} with DUAL_STACK_ANY)` : addr,
    },
  ];
  if (layout.taddr >= 0) {
    const taddr = formatAddress(raw, layout.taddr);
    const none = isUnspecified(raw, layout.taddr);
    out.push({ name: 'taddr', at: layout.taddr, length: 16, value: taddr, text: none ? `none (${taddr})` : taddr });
  }
  const ifname = untilNul(m.rawIfname);
  out.push(
    { name: 'ifname', at: layout.ifname, length: layout.ifnameSize, value: ifname, text: quote(ifname) },
    { name: 'first', at: layout.first, length: 2, value: m.first },
    { name: 'last', at: layout.last, length: 2, value: m.last },
    { name: 'to', at: layout.to, length: 2, value: m.to },
    { name: 'proto', at: layout.proto, length: 1, value: protoName(m.proto), text: `${m.proto} ${protoName(m.proto)}` },
    { name: 'flags', at: layout.flags, length: 1, value: flags, text: bits(m.flags, flags) },
  );
  return out;
}

/** What stands behind the name on a transcript line. */
export function describe(message: Message, verbose: boolean): string {
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
