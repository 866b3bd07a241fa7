import { flags, named, shown, text, u16, u32, u64 } from '../../base/field.js';
import { hexNumber } from '../../base/hex.js';
import { layout } from '../../base/layout.js';
import { BANNER_TEXT_V1, entityName, methodName } from '../ceph/constants.js';
import { ascii } from '../ceph/encode.js';
import { featureNames } from '../ceph/features.js';
import { messageTypeField } from '../ceph/message-type-field.js';
import { TAG_NAMES } from './constants.js';

/** The headers of the old messenger protocol (src/include/msgr.h, packed structures). All numbers are little endian. */

export const BANNER = layout('little', {
  banner: text(BANNER_TEXT_V1.length, { is: ascii(BANNER_TEXT_V1), text: () => 'messenger v1' }),
});
/** Size of an address after the banner, in the old form of fixed size: the sender's own, then (server only) that of its peer. */
export const ADDRESS_SIZE = 136;

const tag = named('u8', TAG_NAMES, 'TAG_');
const features = u64({ text: (word) => `${hexNumber(word, 16)} ${featureNames(word).join(' ')}` });
const connectFlags = flags('u8', ['LOSSY']);
const crc = u32({ hidden: true, text: (value) => hexNumber(value, 8) });

/** ceph_msg_connect; an authorizer follows. */
export const CONNECT = layout('little', {
  features,
  hostType: u32({ text: entityName }),
  globalSeq: u32(),
  connectSeq: u32(),
  protocolVersion: u32({ description: 'version of the messages between these kinds of daemons' }),
  authorizerProtocol: u32({ text: methodName }),
  authorizerLength: u32(),
  flags: connectFlags,
});

/** ceph_msg_connect_reply; an authorizer follows. */
export const CONNECT_REPLY = layout('little', {
  tag,
  features,
  globalSeq: u32(),
  connectSeq: u32(),
  protocolVersion: u32(),
  authorizerLength: u32(),
  flags: connectFlags,
});

/** The number of the last message that was received. It follows a reply with tag SEQ, and the client answers with its own. */
export const SEQ = layout('little', { seq: u64() });

/** CLOSE and KEEPALIVE are a tag alone. */
export const BARE = layout('little', { tag: { ...tag, json: null } });
export const ACK = layout('little', { tag: { ...tag, json: null }, seq: u64() });
/** KEEPALIVE2 and its answer: a time. */
export const KEEPALIVE = layout('little', { tag: { ...tag, json: null }, seconds: u32(), nanoseconds: u32() });

/** `osd.3`; `client.?` if it has no number yet. */
export function sourceText(type: number, high: number, low: number): string {
  const number = high >= 0x8000_0000 ? '?' : String((BigInt(high) << 32n) | BigInt(low));
  return `${entityName(type)}.${number}`;
}

const source = shown(9, 'entity name', (raw) => {
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return sourceText(raw[0]!, view.getUint32(5, true), view.getUint32(1, true));
});

/** Tag and ceph_msg_header. The crc is over all bytes between the tag and itself, with start value 0. */
export const MSG = layout('little', {
  tag: { ...tag, json: null },
  seq: u64(),
  tid: u64(),
  type: messageTypeField,
  priority: u16(),
  version: u16(),
  frontLength: u32(),
  middleLength: u32(),
  dataLength: u32(),
  dataOff: u16(),
  src: source,
  compatVersion: u16(),
  reserved: u16({ hidden: true, text: String }),
  headerCrc: crc,
});

/** ceph_msg_footer: checksums of the three parts, with start value 0. */
export const FOOTER = layout('little', {
  frontCrc: crc,
  middleCrc: crc,
  dataCrc: crc,
  signature: u64({ text: (value) => (value === 0n ? 'none' : hexNumber(value, 16)) }),
  footerFlags: flags('u8', ['COMPLETE', 'NOCRC', 'SIGNED']),
});
/** ceph_msg_footer_old, of a side that lacks the feature MSG_AUTH. */
export const FOOTER_OLD = FOOTER.without('signature');
