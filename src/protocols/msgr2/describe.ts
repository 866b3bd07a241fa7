import { aboutFront } from '../ceph/held-front.js';
import { hex, hexNumber } from '../../base/hex.js';
import { byteSize, quote } from '../../base/text.js';
import { duration } from '../../base/time.js';
import { compressedBy, heldFront } from './annotate.js';
import { addressText, type Address } from '../ceph/structures/address.js';
import { authModeName, type Credentials } from '../ceph/structures/cephx.js';
import {
  authBadMethod,
  authDone,
  authReplyMore,
  authRequest,
  authRequestMore,
  authSignature,
  clientIdent,
  compressionDone,
  compressionRequest,
  hello,
  isLossy,
  isSingleValue,
  serverIdent,
  sessionReconnect,
  sessionReset,
} from './control-frames.js';
import { algorithmName, bannerFeatureNames, modeName, TAG } from './constants.js';
import { entityName, methodName, resultText } from '../ceph/constants.js';
import type { Names } from '../ceph/ceph-message.js';
import { daemonText } from '../ceph/directory.js';
import { featureNames } from '../ceph/features.js';
import { Banner, ControlFrame, DataFrame, type Msgr2Message } from './message.js';
import { firstData } from './places.js';
import { messageTypeName } from '../ceph/message-types.js';

/** The text after a message's name on its transcript line. */
export function describe(message: Msgr2Message, verbose: boolean): string {
  if (message instanceof Banner) return describeBanner(message);
  if (message instanceof DataFrame) return describeMessage(message, verbose);
  if (message instanceof ControlFrame) return describeControl(message, verbose);
  return '';
}

function describeBanner(m: Banner): string {
  if (m.legacy) return 'messenger v1 ("ceph v027")';
  const names = (word: bigint) => bannerFeatureNames(word).join(' ') || 'none';
  const required = m.required === 0n ? '' : `  requires ${names(m.required)}`;
  return `features ${names(m.supported)}${required}`;
}

const list = (values: readonly number[], name: (n: number) => string) => values.map(name).join(' ') || 'none';
const addressTexts = (list: readonly Address[]) => list.map(addressText).join(' ');

function describeControl(m: ControlFrame, verbose: boolean): string {
  const about = m.readable || isSingleValue(m.tag) ? aboutControl(m, verbose) : byteSize(m.length);
  return `${about}${m.aborted ? '  aborted' : m.complete ? '' : '  cut'}`;
}

function aboutControl(m: ControlFrame, verbose: boolean): string {
  switch (m.tag) {
    case TAG.ACK:
      return `seq ${m.value}`;
    case TAG.KEEPALIVE2:
    case TAG.KEEPALIVE2_ACK:
      return `${m.valueLow}.${String(m.valueHigh).padStart(9, '0')}`;
    case TAG.SESSION_RETRY:
      return `connect_seq ${m.value}`;
    case TAG.SESSION_RETRY_GLOBAL:
      return `global_seq ${m.value}`;
    case TAG.SESSION_RECONNECT_OK:
      return `msg_seq ${m.value}`;
    case TAG.IDENT_MISSING_FEATURES:
      return featureNames(m.value).join(' ');
    case TAG.SESSION_RESET:
      return m.as(sessionReset)?.full === true ? 'full' : 'partial';
    default:
      return aboutLogin(m, verbose) ?? aboutIdent(m) ?? aboutCompression(m) ?? '';
  }
}

function aboutLogin(m: ControlFrame, verbose: boolean): string | null {
  const greeting = m.as(hello);
  if (greeting !== null) return `${entityName(greeting.entityType)}  sees ${addressText(greeting.peerAddress)}`;
  const request = m.as(authRequest);
  if (request !== null) {
    const { method, preferredModes, payload } = request;
    return `${methodName(method)}  modes ${list(preferredModes, modeName)}  ${aboutCredentials(payload)}`;
  }
  const refusal = m.as(authBadMethod);
  if (refusal !== null) {
    const allowed = `allowed ${list(refusal.allowedMethods, methodName)} (${list(refusal.allowedModes, modeName)})`;
    return `${methodName(refusal.method)}  ${resultText(refusal.result)}  ${allowed}`;
  }
  const challenge = m.as(authReplyMore);
  if (challenge !== null) return challenge.payload.serverChallenge === undefined ? 'sealed challenge' : 'challenge';
  const more = m.as(authRequestMore);
  if (more !== null) return aboutCredentials(more.payload);
  const done = m.as(authDone);
  if (done !== null) return `global_id ${done.globalId}  mode ${modeName(done.connectionMode)}`;
  const signature = m.as(authSignature)?.signature;
  if (signature === undefined) return null;
  if (signature.length === 0) return '?';
  return signature.every((byte) => byte === 0) ? 'none' : hex(signature).slice(0, verbose ? 64 : 16);
}

function aboutCredentials(c: Credentials): string {
  if (c.entity !== undefined) return `login ${entityName(c.entity.type)}.${quote(c.entity.id).slice(1, -1)}`;
  if (c.proof !== undefined) return 'proof';
  if (c.service !== undefined) return `ticket for ${entityName(c.service)}  global_id ${c.globalId}`;
  return c.authMode === undefined ? 'empty' : authModeName(c.authMode);
}

/** An address, followed by the daemon that has it, if a map has named one. */
function withDaemon(names: Names | null, address: string): string {
  const daemon = names?.daemon(address);
  return daemon === undefined ? address : `${address} (${daemonText(daemon)})`;
}

function aboutIdent(m: ControlFrame): string | null {
  const client = m.as(clientIdent);
  const ident = client ?? m.as(serverIdent);
  if (ident !== null) {
    const to = client === null ? '' : `  to ${withDaemon(m.names, addressText(client.target))}`;
    const lossy = isLossy(ident) ? 'LOSSY' : `cookie ${hexNumber(ident.cookie)}`;
    return `${addressTexts(ident.addresses)}${to}  gid ${ident.gid}  global_seq ${ident.globalSeq}  ${lossy}`;
  }
  const r = m.as(sessionReconnect);
  if (r === null) return null;
  const cookies = `cookies ${hexNumber(r.clientCookie)} ${hexNumber(r.serverCookie)}`;
  return `${cookies}  global_seq ${r.globalSeq}  connect_seq ${r.connectSeq}  msg_seq ${r.msgSeq}`;
}

function aboutCompression(m: ControlFrame): string | null {
  const request = m.as(compressionRequest);
  if (request !== null)
    return `${request.wanted ? 'wanted' : 'not wanted'}  ${list(request.algorithms, algorithmName)}`;
  const done = m.as(compressionDone);
  if (done === null) return null;
  return done.enabled ? algorithmName(done.algorithm) : 'off';
}

function describeMessage(m: DataFrame, verbose: boolean): string {
  if (!m.headed) return `${byteSize(m.length)}  header unreadable`;
  const parts = [messageTypeName(m.type), `seq ${m.seq}`];
  if (m.tidLow !== 0 || m.tidHigh !== 0) parts.push(`tid ${m.tid}`);
  const about = m.head === null ? '' : aboutFront(m, heldFront(m), firstData(m));
  if (about !== '') parts.push(about);
  const sizes = [m.plainLength(1), m.plainLength(2), m.plainLength(3)];
  const names = ['front', 'middle', 'data'];
  sizes.forEach((n, i) => {
    if (n > 0 && (i > 0 || verbose || about === '')) parts.push(`${names[i]} ${n}`);
  });
  if (verbose) parts.push(`ack ${m.ackSeq}`, `priority ${m.priority}`, `v${m.version}`);
  if (m.source !== '' && verbose) parts.push(`from ${m.source}`);
  if (m.aborted) parts.push('aborted');
  if (m.compressed) parts.push(m.algorithm === 0 ? 'compressed' : `compressed by ${compressedBy(m)}`);
  if (!m.complete) parts.push('cut');
  return parts.join('  ');
}

/** How the time of an operation was spent, for the line below its reply; empty if that is not known. */
export function below(message: Msgr2Message): string {
  if (!(message instanceof DataFrame) || message.way === null) return '';
  const { primary, nanos, waitedNanos, replicas } = message.way;
  const parts = [`waited ${duration(waitedNanos)}`, ...replicas.map((r) => `${r.osd} ${duration(r.nanos)}`)];
  return `primary ${primary} ${duration(nanos)}: ${parts.join(', ')}`;
}
