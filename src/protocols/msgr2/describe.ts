import { hex, hexNumber } from '../../base/hex.js';
import { byteSize, quote } from '../../base/text.js';
import { fieldsOf, type Json } from '../../contract/annotation.js';
import type { Message } from '../../contract/message.js';
import { annotate } from './annotate.js';
import { addressText, type Address } from './structures/address.js';
import { authModeName, type Credentials } from './structures/cephx.js';
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
import { algorithmName, entityName, methodName, modeName, resultText, TAG } from './constants.js';
import { bannerFeatureNames, featureNames } from './features.js';
import { Banner, ControlFrame, DataFrame } from './message.js';
import { MSG, messageTypeName } from './message-types.js';
import { messageFlagNames, opKind, opName } from './osd-ops.js';

type Fields = Readonly<Record<string, Json>>;

/** What stands behind a message's name on its transcript line. */
export function describe(message: Message, verbose: boolean): string {
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

const text = (v: Json | undefined) => (v === undefined || v === null ? '?' : String(v));
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

function aboutIdent(m: ControlFrame): string | null {
  const client = m.as(clientIdent);
  const ident = client ?? m.as(serverIdent);
  if (ident !== null) {
    const to = client === null ? '' : `  to ${addressText(client.target)}`;
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
  const about = m.head === null ? '' : aboutFront(m);
  if (about !== '') parts.push(about);
  const sizes = [m.length1, m.length2, m.length3];
  const names = ['front', 'middle', 'data'];
  sizes.forEach((n, i) => {
    if (n > 0 && (i > 0 || verbose || about === '')) parts.push(`${names[i]} ${n}`);
  });
  if (verbose) parts.push(`ack ${m.ackSeq}`, `priority ${m.priority}`, `v${m.version}`);
  if (m.source !== '' && verbose) parts.push(`from ${m.source}`);
  if (m.aborted) parts.push('aborted');
  if (m.compressed) parts.push('compressed');
  if (!m.complete) parts.push('cut');
  return parts.join('  ');
}

/** The front in a few words, for the types that people look at first. */
function aboutFront(m: DataFrame): string {
  const front = fieldsOf(annotate(m))['front'];
  if (front === undefined || front === null || typeof front !== 'object') return '';
  const f = front as Fields;
  switch (m.type) {
    case MSG.OSD_OP:
      return f['ops'] === undefined
        ? ''
        : `${quote(text(f['object']))}  ${operations(f)}  ${flags(f)}  e${text(f['osdmapEpoch'])}`;
    case MSG.OSD_OPREPLY:
      return f['result'] === undefined
        ? ''
        : `${quote(text(f['object']))}  ${operations(f)}  = ${resultText(f['result'] as number)}`;
    case MSG.MON_COMMAND:
    case MSG.COMMAND:
    case MSG.MGR_COMMAND:
      return quote(((f['command'] as readonly Json[] | undefined) ?? []).map(text).join(' '));
    case MSG.MON_COMMAND_ACK:
    case MSG.COMMAND_REPLY:
    case MSG.MGR_COMMAND_REPLY:
      return `= ${resultText((f['result'] as number | undefined) ?? 0)}  ${quote(text(f['text']))}`;
    case MSG.MON_SUBSCRIBE:
      return ((f['what'] as readonly Fields[] | undefined) ?? [])
        .map((w) => `${quote(text(w['name'])).slice(1, -1)}@${text(w['start'])}`)
        .join(' ');
    case MSG.MON_MAP:
      return `epoch ${text(((f['monmap'] as Fields | undefined)?.['map'] as Fields | undefined)?.['epoch'])}`;
    case MSG.OSD_MAP:
      return `epochs ${epochs(f['incrementals'])} / ${epochs(f['maps'])}`;
    case MSG.OSD_PING:
      return `${['heartbeat', 'start_heartbeat', 'you_died', 'stop_heartbeat', 'ping', 'ping_reply'][f['op'] as number] ?? text(f['op'])}  e${text(f['mapEpoch'])}`;
    case MSG.WATCH_NOTIFY:
      return `cookie ${text(f['cookie'])}  notify ${text(f['notifyId'])}`;
    case MSG.AUTH_REPLY:
      return `= ${resultText((f['result'] as number | undefined) ?? 0)}`;
    case MSG.MON_GET_VERSION:
      return quote(text(f['what']));
    case MSG.MGR_MAP:
      return `epoch ${text((f['map'] as Fields | undefined)?.['epoch'])}`;
    default:
      return '';
  }
}

function epochs(maps: Json | undefined): string {
  const numbers = ((maps as readonly Fields[] | undefined) ?? []).map((e) => e['epoch'] as number);
  if (numbers.length === 0) return 'none';
  const first = numbers[0]!;
  const last = numbers.at(-1)!;
  return first === last ? String(first) : `${first}..${last}`;
}

function flags(f: Fields): string {
  return messageFlagNames(f['opFlags'] as number).join('+');
}

function operations(f: Fields): string {
  return ((f['ops'] as readonly Fields[] | undefined) ?? [])
    .map((o) => {
      const op = o['op'] as number;
      const extent = opKind(op) === 'extent' ? ` ${text(o['offset'])}~${text(o['length'])}` : '';
      return `${opName(op)}${extent}`;
    })
    .join(', ');
}
