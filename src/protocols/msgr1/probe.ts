import { BANNER_TEXT_V1, BANNER_TEXT_V2, PORT_V1 } from '../ceph/constants.js';
import type { ProbeInput, ProbeResult } from '../../contract/protocol.js';
import { MSG as TYPE } from '../ceph/message-types.js';
import { LateSearch } from '../ceph/late-search.js';
import { senderOf } from '../ceph/senders.js';
import { provenHeader } from './header.js';
import { ADDRESS_SIZE, BANNER, FOOTER, FOOTER_OLD, MSG } from './layout.js';

const search = new LateSearch({
  size: MSG.size,
  ports: [PORT_V1],
  stands: provenHeader,
  ends(_bytes, view, at) {
    const { frontLength, middleLength, dataLength } = MSG.at;
    const footer = [frontLength, middleLength, dataLength].reduce((n, part) => n + view.getUint32(at + part, true), at);
    return [FOOTER, FOOTER_OLD].map(({ size }) => footer + MSG.size + size);
  },
  roleOf,
});

/** What both versions of the messenger begin with. */
const COMMON = 'ceph v';

/** The most messages of one direction that are examined to find its role. */
const LOOKED_AT = 64;

type Begins = 'v1' | 'v2' | 'other' | 'more';

function beginning(bytes: Uint8Array): Begins {
  const starts = (text: string): boolean => {
    const n = Math.min(bytes.length, text.length);
    for (let i = 0; i < n; i++) if (bytes[i] !== text.charCodeAt(i)) return false;
    return true;
  };
  if (starts(BANNER_TEXT_V1)) return bytes.length < BANNER_TEXT_V1.length ? 'more' : 'v1';
  if (starts(BANNER_TEXT_V2)) return bytes.length < BANNER_TEXT_V2.length ? 'more' : 'v2';
  return starts(COMMON) && bytes.length < BANNER_TEXT_V2.length ? 'more' : 'other';
}

/**
 * Looks for the banner, with which both streams begin; in a connection that was joined late, for a message whose header has a right
 * checksum. If one side sends the banner of v2, the connection is not of this protocol.
 */
export function probe(input: ProbeInput): ProbeResult {
  const { bytes, ended, cut, connection } = input;
  const seen = [0, 1].map((end): Begins | 'nothing' | 'later' => {
    if (cut[end as 0 | 1]) return 'later';
    const own = bytes[end as 0 | 1];
    if (own.length > 0) {
      const begins = beginning(own);
      return begins === 'more' && ended[end as 0 | 1] ? 'other' : begins;
    }
    return ended[end as 0 | 1] ? 'nothing' : 'more';
  });
  if (seen.includes('v2')) return null;
  if (seen.includes('v1')) {
    // its peer may still turn out to speak v2
    return seen.includes('more') ? 'more' : { score: 1, by: 'magic', clientEnd: search.clientEnd(input) };
  }
  if (seen.includes('later') || connection.start === 'missed') return search.probe(input);
  return seen.includes('more') && !seen.includes('other') ? 'more' : null;
}

/** 1: sent by a client; 2: by a server; 0: cannot tell. */
function roleOf(bytes: Uint8Array): 0 | 1 | 2 {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const second = BANNER.size + ADDRESS_SIZE;
  // a server's second address begins with zeros, a client's feature word never does
  if (beginning(bytes) === 'v1' && bytes.length >= second + 4) return view.getUint32(second, true) === 0 ? 2 : 1;
  let at = search.find(bytes, 0);
  for (let n = 0; n < LOOKED_AT && at >= 0; n++) {
    const type = view.getUint16(at + MSG.at.type, true);
    const sender = type === TYPE.PING ? 0 : senderOf(type);
    if (sender !== 0) return sender;
    at = search.find(bytes, at + Math.min(MSG.size, FOOTER.size));
  }
  return 0;
}
