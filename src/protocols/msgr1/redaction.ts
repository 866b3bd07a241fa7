import { BANNER_TEXT_V1 } from '../ceph/constants.js';
import { crc32c } from '../../base/crc32c.js';
import type { Message } from '../../contract/message.js';
import type { Redaction } from '../../contract/redaction.js';
import { CEPH_REDACTION } from '../ceph/redaction.js';
import { headerCrc } from './header.js';
import { FOOTER, FOOTER_OLD, MSG } from './layout.js';
import { DataMessage } from './messages.js';

/** What `wirelint redact` keeps of messenger v1. */
export const REDACTION: Redaction = {
  ...CEPH_REDACTION,
  magics: ['banner'],
  // type and number of the sender, by which a header is recognised
  kept: [...CEPH_REDACTION.kept, 'src'],
  words: [BANNER_TEXT_V1, ...CEPH_REDACTION.words],
  seal,
};

/** Computes the checksums of the header and of the parts anew. */
function seal(m: Message, original: Uint8Array, redacted: Uint8Array): void {
  if (!(m instanceof DataMessage) || original.length < MSG.size) return;
  const was = view(original);
  const is = view(redacted);
  const renew = (at: number, before: number, now: number): void => {
    const stored = was.getUint32(at, true);
    // 0 means that the checksum is left out; a wrong one must not become right by accident
    const wrong = stored === 0 || stored !== now ? stored : ~stored >>> 0;
    is.setUint32(at, stored === before ? now : wrong, true);
  };
  renew(MSG.at.headerCrc, headerCrc(original, 0), headerCrc(redacted, 0));
  if (original.length < m.length) return;
  const footer = m.footerSize === FOOTER.size ? FOOTER : FOOTER_OLD;
  for (const [part, field] of [
    [1, 'frontCrc'],
    [2, 'middleCrc'],
    [3, 'dataCrc'],
  ] as const) {
    const from = m.partAt(part);
    const to = from + m.plainLength(part);
    renew(m.partAt(4) + footer.at[field], crc32c(0, original, from, to), crc32c(0, redacted, from, to));
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
