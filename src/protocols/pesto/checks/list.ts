import { hex, hexNumber } from '../../../base/hex.js';
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
  IFNAMSIZ,
  MAX_PIFS,
  MAX_RULES,
  NEWEST_VERSION,
  PIF_HOST,
  PIF_NAME_SIZE,
  PIF_NAMES,
  PIF_SPLICE,
  PIF_TAP,
} from '../constants.js';
import { HELLO } from '../layout.js';
import type { Hello, Pif, PifEnd } from '../messages.js';
import * as H from '../rules/hello.js';
import * as L from '../rules/list.js';
import type { Transaction } from '../session/transaction.js';

/**
 * Judges a hello; what a client would leave for is noted in the transaction. `oldBefore`: the stream holds several connections, and
 * that their server is old was said of an earlier one.
 */
export function judgeHello(output: Output, t: Transaction, m: Hello, oldBefore: boolean): void {
  if (!m.magicOk) {
    output.raise(H.BAD_MAGIC, { ...HELLO.where(m, 'magic'), text: badMagicText(m.magic) });
    t.refusal ||= 'the magic is wrong';
  }
  if (m.layout === 'cut') return;
  if (m.layout !== 'released') {
    const layout =
      m.layout === 'd1' ? 'magic and version only, no list' : 'no interface name size; the list has names only';
    output.raise(H.PRERELEASE_HELLO, { message: m, text: `${m.length} bytes with version ${m.version}: ${layout}` });
    t.refusal ||= 'the hello is of a development version';
    return;
  }
  const version = HELLO.where(m, 'version');
  if (m.version === 0) {
    const text = `version 0 is for experiments: what follows is decoded as version ${NEWEST_VERSION} by guess, and is not judged`;
    output.raise(H.EXPERIMENTAL_VERSION, { ...version, text });
    t.refusal ||= 'the version is experimental';
  } else if (m.version > NEWEST_VERSION) {
    const text = `version ${m.version} is newer than ${NEWEST_VERSION}: what follows is decoded as version ${NEWEST_VERSION} by guess, and is not judged`;
    output.raise(H.UNSUPPORTED_VERSION, { ...version, text });
    t.refusal ||= `version ${m.version} is not known`;
  } else if (m.version < NEWEST_VERSION && !oldBefore) {
    output.raise(H.VERSION_OBSOLETE, { ...version, text: 'version 1: rules have 40 bytes and no target address' });
  }
  if (m.pifNameSize !== PIF_NAME_SIZE) {
    const text = `pif names of ${m.pifNameSize} bytes instead of ${PIF_NAME_SIZE}`;
    output.raise(H.PIF_NAME_SIZE_WRONG, { ...HELLO.where(m, 'pifNameSize'), text });
    t.refusal ||= text;
  }
  if (m.ifnamsiz !== IFNAMSIZ) {
    const text = `interface names of ${m.ifnamsiz} bytes instead of ${IFNAMSIZ}`;
    output.raise(H.IFNAMSIZ_WRONG, { ...HELLO.where(m, 'ifnamsiz'), text });
    t.refusal ||= text;
  }
}

export function badMagicText(bytes: Uint8Array): string {
  return `the stream begins with ${hex(bytes)} instead of 626173696c3a7300 ("basil:s" and a NUL)`;
}

/** Judges an entry of the list; the tables before it stand in the transaction. */
export function judgeEntry(output: Output, t: Transaction, m: Pif): void {
  const who = `pif ${m.pif} ${quote(m.pifName, 32)}`;
  const raise = (rule: Parameters<Output['raise']>[0], text: string, at = 0, length = m.length): void => {
    output.raise(rule, { message: m, offset: m.offset + at, length, text });
  };
  const fatal = (rule: Parameters<Output['raise']>[0], text: string, at = 0, length = m.length): void => {
    raise(rule, text, at, length);
    t.refusal ||= text;
  };
  const { rawName, layout } = m;
  const nameAt = layout!.at.name;
  const before = t.list;
  if (before.length === MAX_PIFS)
    fatal(L.PIF_TOO_MANY, `${who} is table ${before.length + 1}; clients have room for ${MAX_PIFS}`);
  const sameId = before.find((x) => x.id === m.pif);
  if (sameId !== undefined) {
    fatal(L.PIF_DUPLICATE_ID, `${who} has the id of the table at byte ${sameId.pif!.offset}`, 0, 1);
  } else if (before.length > 0 && m.pif < before[before.length - 1]!.id) {
    raise(L.PIF_ORDER, `${who} comes after pif ${before[before.length - 1]!.id}`, 0, 1);
  }
  if (m.pif === PIF_TAP || m.pif > PIF_SPLICE)
    raise(L.PIF_UNEXPECTED, `${who}: no shipped server has such a table`, 0, 1);
  const terminator = rawName.indexOf(0);
  if (rawName[rawName.length - 1] !== 0) {
    const tail = hex(rawName, Math.max(0, rawName.length - 8));
    fatal(
      L.PIF_NAME_UNTERMINATED,
      `the name of pif ${m.pif} fills its field: it ends in ${tail}`,
      nameAt,
      rawName.length,
    );
  } else if (terminator === 0) {
    raise(L.PIF_NAME_EMPTY, `pif ${m.pif} has no name`, nameAt, rawName.length);
  } else {
    const sameName = before.find((x) => x.name === m.pifName);
    const known = PIF_NAMES[m.pif];
    if (sameName !== undefined) {
      fatal(L.PIF_DUPLICATE_NAME, `${who} has the name of pif ${sameName.id}`, nameAt, terminator);
    } else if (known !== undefined && m.pifName !== known) {
      raise(L.PIF_NAME_MISMATCH, `${who} should be called ${known}`, nameAt, terminator);
    }
  }
  if (terminator >= 0) {
    const dirty = rawName.findIndex((b, i) => i > terminator && b !== 0);
    if (dirty >= 0 && rawName[rawName.length - 1] === 0) {
      const bytes = hex(rawName, dirty, Math.min(rawName.length, dirty + 16));
      raise(L.PIF_NAME_PADDING, `${who}: ${bytes} behind the name`, nameAt + dirty, rawName.length - dirty);
    }
  }
  if (m.caps < 0) return;
  judgeCaps(raise, t, m, who);
  if (m.count > MAX_RULES) {
    fatal(L.RULE_COUNT_TOO_BIG, `${who} announces ${m.count} rules; a table holds ${MAX_RULES}`, layout!.at.count, 4);
  }
}

function judgeCaps(
  raise: (rule: Parameters<Output['raise']>[0], text: string, at: number, length: number) => void,
  t: Transaction,
  m: Pif,
  who: string,
): void {
  const at = m.layout!.at.caps;
  const { caps } = m;
  const unknown = (caps & ~CAPS_KNOWN) >>> 0;
  if (unknown !== 0)
    raise(L.CAPS_UNKNOWN, `${who}: bits ${hexNumber(unknown)} of ${hexNumber(caps)} have no meaning`, at, 4);
  const first = t.list[0];
  if (first !== undefined && first.caps !== caps) {
    raise(L.CAPS_DIFFER, `${who} has ${hexNumber(caps)}, pif ${first.id} has ${hexNumber(first.caps)}`, at, 4);
    return;
  }
  if (first !== undefined) return;
  if ((caps & (CAP_IPV4 | CAP_IPV6)) === 0)
    raise(L.CAPS_NO_FAMILY, `${who} has ${capNames(caps).join(' ') || 'none'}`, at, 4);
  if ((caps & (CAP_TCP | CAP_UDP)) === 0)
    raise(L.CAPS_NO_PROTOCOL, `${who} has ${capNames(caps).join(' ') || 'none'}`, at, 4);
}

/** Judges the complete list. */
export function judgeListEnd(output: Output, t: Transaction, m: PifEnd): void {
  if (t.hello?.layout === 'd2') return;
  if (t.list.length === 0) {
    output.raise(L.PIF_LIST_EMPTY, { message: m, text: 'the hello is followed by the end of the list' });
    return;
  }
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
