import { hex } from '../../../base/hex.js';
import { SERVER } from '../../../base/input.js';
import type { Output } from '../../../contract/protocol.js';
import { IFNAMSIZ, MAGIC, NEWEST_VERSION, PIF_NAME_SIZE } from '../constants.js';
import { HELLO } from '../layout.js';
import type { Hello } from '../messages.js';
import * as H from '../rules/hello.js';
import type { Transaction } from '../session/transaction.js';

/**
 * Judges a hello, and notes in the transaction why a client would close because of it. `oldBefore`: the stream has several connections, and
 * the server's old version was reported for an earlier one.
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

/** Reports a stream that begins with neither the magic nor the rest of a hello. */
export function judgeNoHello(output: Output, firstBytes: Uint8Array): void {
  output.raise(H.BAD_MAGIC, { side: SERVER, offset: 0, length: MAGIC.length, text: badMagicText(firstBytes) });
}

function badMagicText(bytes: Uint8Array): string {
  return `the stream begins with ${hex(bytes)} instead of 626173696c3a7300 ("basil:s" and a NUL)`;
}
