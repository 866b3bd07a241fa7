import { aboutFront } from '../ceph/held-front.js';
import { entityName, methodName } from '../ceph/constants.js';
import { featureNames } from '../ceph/features.js';
import { messageTypeName } from '../ceph/message-types.js';
import { addressText } from '../ceph/structures/address.js';
import { heldFront } from './annotate.js';
import { CONNECT_LOSSY, TAG, tagName } from './constants.js';
import { MSG } from './layout.js';
import { Banner, Connect, ConnectReply, DataMessage, Sequence, type Control, type Msgr1Message } from './messages.js';

/** The text after a message's name on its transcript line. */
export function describe(m: Msgr1Message, verbose: boolean): string {
  const about = aboutMessage(m, verbose);
  return m.complete ? about : `${about}  cut`;
}

function aboutMessage(m: Msgr1Message, verbose: boolean): string {
  if (m instanceof DataMessage) return describeMessage(m, verbose);
  if (m instanceof Banner) {
    const [mine, peer] = m.addresses;
    const texts = [mine === undefined ? '' : addressText(mine), peer === undefined ? '' : `sees ${addressText(peer)}`];
    return ['messenger v1', ...texts.filter((text) => text !== '')].join('  ');
  }
  if (m instanceof Connect) return describeConnect(m);
  if (m instanceof ConnectReply) return describeReply(m);
  const value = (BigInt(m.high) << 32n) | BigInt(m.low);
  if (m instanceof Sequence) return `received ${value}`;
  return describeControl(m, value);
}

function describeControl(m: Control, value: bigint): string {
  if (m.tag === TAG.ACK) return `seq ${value}`;
  return m.length === 1 ? '' : `${m.low}.${String(m.high).padStart(9, '0')}`;
}

function numbers(m: Connect | ConnectReply): string[] {
  const lossy = (m.flags & CONNECT_LOSSY) === 0 ? [] : ['LOSSY'];
  return [`global_seq ${m.globalSeq}`, `connect_seq ${m.connectSeq}`, `protocol ${m.protocolVersion}`, ...lossy];
}

function describeConnect(m: Connect): string {
  const parts = [entityName(m.hostType), ...numbers(m)];
  if (m.authorizerLength > 0) parts.push(`${methodName(m.authorizerProtocol)} authorizer ${m.authorizerLength}`);
  return parts.join('  ');
}

function describeReply(m: ConnectReply): string {
  const parts = [tagName(m.tag), ...numbers(m)];
  if (m.tag === TAG.FEATURES) parts.push(featureNames(m.features).join(' '));
  if (m.authorizerLength > 0) parts.push(`authorizer ${m.authorizerLength}`);
  return parts.join('  ');
}

function describeMessage(m: DataMessage, verbose: boolean): string {
  const parts = [messageTypeName(m.type), `seq ${m.seq}`];
  if (m.tidLow !== 0 || m.tidHigh !== 0) parts.push(`tid ${m.tid}`);
  const about = m.head === null ? '' : aboutFront(m, heldFront(m), firstData(m));
  if (about !== '') parts.push(about);
  if (m.frontLength > 0 && (verbose || about === '')) parts.push(`front ${m.frontLength}`);
  if (m.middleLength > 0) parts.push(`middle ${m.middleLength}`);
  if (m.dataLength > 0) parts.push(`data ${m.dataLength}`);
  if (verbose) parts.push(`priority ${m.priority}`, `v${m.version}`, `from ${m.source}`);
  if (m.aborted) parts.push('aborted');
  return parts.join('  ');
}

/** The first bytes of the data; null: none are kept. */
function firstData(m: DataMessage): Uint8Array | null {
  if (m.head === null) return m.data;
  const at = m.partAt(3);
  const to = Math.min(at + m.dataLength, m.head.length, m.length - m.missing);
  return at < to && at >= MSG.size ? m.head.subarray(at, to) : m.data;
}
