import { hex, hexNumber } from '../../../base/hex.js';
import { SERVER } from '../../../base/input.js';
import { within } from '../../../base/layout.js';
import { quote } from '../../../base/text.js';
import { formatAddress, isAny6, isV4 } from '../address.js';
import {
  CAP_IFNAME,
  CAP_IPV4,
  CAP_IPV6,
  CAP_SCAN,
  CAP_TCP,
  CAP_UDP,
  DUAL_STACK_ANY,
  FLAGS_KNOWN,
  protoName,
  SCAN,
  TCP,
  UDP,
} from '../constants.js';
import * as F from '../rules/forwarding-listen.js';
import type { JudgedRule } from './judged-rule.js';

/** Judges what a rule says about the listening side. */
export function checkListening(judged: JudgedRule): void {
  checkIfname(judged);
  checkPorts(judged);
  checkFlags(judged);
  checkFamily(judged);
  checkScan(judged);
  checkProtocol(judged);
}

function checkIfname(judged: JudgedRule): void {
  const { message: m, table } = judged;
  const { rawIfname: raw } = m;
  const where = m.layout.where(m, 'ifname');
  const end = raw.indexOf(0);
  if (raw[raw.length - 1] !== 0) {
    judged.fails(F.IFNAME_UNTERMINATED, `the interface name fills its ${raw.length} bytes`, where);
    return;
  }
  const dirty = raw.findIndex((b, i) => i > end && b !== 0);
  if (dirty >= 0) judged.notes(F.IFNAME_PADDING, `${hex(raw, dirty)} behind the interface name`, within(where, dirty));
  if (end === 0) return;
  const name = m.ifname;
  const odd = raw.subarray(0, end).some((b) => b <= 0x20 || b === 0x2f || b === 0x7f);
  if (odd || name === '.' || name === '..') {
    judged.notes(F.IFNAME_INVALID, `no interface is called ${quote(name)}`, within(where, 0, end));
  } else if (table.lacks(CAP_IFNAME)) {
    judged.notes(F.IFNAME_NOT_CAPABLE, 'the server lacks IFNAME', within(where, 0, end));
  }
}

function checkPorts(judged: JudgedRule): void {
  const { message: m } = judged;
  const { first, last, to, layout } = m;
  if (first > last)
    judged.fails(F.RANGE_INVERTED, `first ${first} is above last ${last}`, layout.where(m, 'first', 'last'));
  if (first === 0) judged.fails(F.PORT_ZERO, 'first is 0', layout.where(m, 'first'));
  if (to === 0) judged.fails(F.TARGET_ZERO, 'to is 0', layout.where(m, 'to'));
  else if (first <= last && to + last - first > 0xffff) {
    judged.fails(F.TARGET_OVERFLOW, `the last target would be port ${to + last - first}`, layout.where(m, 'to'));
  }
}

function checkFlags(judged: JudgedRule): void {
  const { message: m } = judged;
  const unknown = m.flags & ~FLAGS_KNOWN;
  if (unknown === 0) return;
  judged.fails(F.UNKNOWN_FLAGS, `flags ${hexNumber(unknown)} have no meaning`, m.layout.where(m, 'flags'));
}

function checkFamily(judged: JudgedRule): void {
  const { message: m, table } = judged;
  const { layout, raw } = m;
  const { addr } = layout.at;
  // a server without any address family is reported at its table
  const incapable = m.side === SERVER && table.lacks(CAP_IPV4) && table.lacks(CAP_IPV6);
  if ((m.flags & DUAL_STACK_ANY) === 0) {
    if (incapable) return;
    const [cap, name] = isV4(raw, addr) ? ([CAP_IPV4, 'IPV4'] as const) : ([CAP_IPV6, 'IPV6'] as const);
    if (table.lacks(cap)) judged.fails(F.FAMILY_NOT_CAPABLE, `the server lacks ${name}`, layout.where(m, 'addr'));
    return;
  }
  if (!isAny6(raw, addr)) {
    const text = `DUAL_STACK_ANY with the address ${formatAddress(raw, addr)}`;
    judged.fails(F.DUAL_STACK_ADDRESS, text, layout.where(m, 'addr'));
  }
  const lacked = table.lacks(CAP_IPV4) ? 'IPV4' : table.lacks(CAP_IPV6) ? 'IPV6' : null;
  if (lacked === null || incapable) return;
  judged.fails(F.DUAL_STACK_NOT_CAPABLE, `DUAL_STACK_ANY, and the server lacks ${lacked}`, layout.where(m, 'flags'));
}

function checkScan(judged: JudgedRule): void {
  const { message: m, table } = judged;
  if ((m.flags & SCAN) === 0 || !table.lacks(CAP_SCAN)) return;
  judged.notes(F.SCAN_NOT_CAPABLE, 'the server lacks SCAN', m.layout.where(m, 'flags'));
}

function checkProtocol(judged: JudgedRule): void {
  const { message: m, table } = judged;
  const where = m.layout.where(m, 'proto');
  if (m.proto !== TCP && m.proto !== UDP) {
    judged.fails(F.PROTO_UNSUPPORTED, `protocol ${m.proto} is neither TCP nor UDP`, where);
  } else if (table.lacks(m.proto === TCP ? CAP_TCP : CAP_UDP)) {
    judged.fails(F.PROTO_NOT_CAPABLE, `the server lacks ${protoName(m.proto)}`, where);
  }
}
