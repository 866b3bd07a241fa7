import { byteSize, quote } from '../../base/text.js';
import { fieldsOf, type Json } from '../../contract/annotation.js';
import type { Message } from '../../contract/message.js';
import { annotate } from './annotate.js';
import { authModeName } from './cephx.js';
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
const big = (v: Json | undefined) => (typeof v === 'string' && /^\d+$/.test(v) ? BigInt(v) : 0n);
const list = (v: Json | undefined, name: (n: number) => string) =>
  (v as readonly number[]).map(name).join(' ') || 'none';
const cookie = (v: Json | undefined) => `0x${big(v).toString(16)}`;

function describeControl(m: ControlFrame, verbose: boolean): string {
  const tail = m.aborted ? '  aborted' : m.complete ? '' : '  cut';
  switch (m.tag) {
    case TAG.ACK:
      return `seq ${m.value}${tail}`;
    case TAG.KEEPALIVE2:
    case TAG.KEEPALIVE2_ACK:
      return `${m.valueLow}.${String(m.valueHigh).padStart(9, '0')}${tail}`;
    case TAG.SESSION_RETRY:
      return `connect_seq ${m.value}${tail}`;
    case TAG.SESSION_RETRY_GLOBAL:
      return `global_seq ${m.value}${tail}`;
    case TAG.SESSION_RECONNECT_OK:
      return `msg_seq ${m.value}${tail}`;
    case TAG.IDENT_MISSING_FEATURES:
      return `${featureNames(m.value).join(' ')}${tail}`;
  }
  const v = m.values;
  if (v === null) return `${byteSize(m.length)}${tail}`;
  return describeValues(m.tag, v, verbose) + tail;
}

function describeValues(tag: number, v: Fields, verbose: boolean): string {
  switch (tag) {
    case TAG.HELLO:
      return `${entityName(v['entityType'] as number)}  sees ${text(v['peerAddress'])}`;
    case TAG.AUTH_REQUEST: {
      const modes = list(v['preferredModes'], modeName);
      return `${methodName(v['method'] as number)}  modes ${modes}  ${authPayload(v['payload'] as Fields)}`;
    }
    case TAG.AUTH_BAD_METHOD: {
      const allowed = `allowed ${list(v['allowedMethods'], methodName)} (${list(v['allowedModes'], modeName)})`;
      return `${methodName(v['method'] as number)}  ${resultText(v['result'] as number)}  ${allowed}`;
    }
    case TAG.AUTH_REPLY_MORE:
      return 'serverChallenge' in (v['payload'] as Fields) ? 'challenge' : 'sealed challenge';
    case TAG.AUTH_REQUEST_MORE:
      return authPayload(v['payload'] as Fields);
    case TAG.AUTH_DONE:
      return `global_id ${text(v['globalId'])}  mode ${modeName(v['connectionMode'] as number)}`;
    case TAG.AUTH_SIGNATURE:
      return /^0*$/.test(text(v['signature'])) ? 'none' : text(v['signature']).slice(0, verbose ? 64 : 16);
    case TAG.CLIENT_IDENT:
      return `${addresses(v)}  to ${text(v['target'])}  ${ident(v)}`;
    case TAG.SERVER_IDENT:
      return `${addresses(v)}  ${ident(v)}`;
    case TAG.SESSION_RECONNECT: {
      const cookies = `cookies ${cookie(v['clientCookie'])} ${cookie(v['serverCookie'])}`;
      const seqs = `global_seq ${text(v['globalSeq'])}  connect_seq ${text(v['connectSeq'])}  msg_seq ${text(v['msgSeq'])}`;
      return `${cookies}  ${seqs}`;
    }
    case TAG.SESSION_RESET:
      return v['full'] === true ? 'full' : 'partial';
    case TAG.COMPRESSION_REQUEST:
      return `${v['wanted'] === true ? 'wanted' : 'not wanted'}  ${list(v['algorithms'], algorithmName)}`;
    case TAG.COMPRESSION_DONE:
      return v['enabled'] === true ? algorithmName(v['algorithm'] as number) : 'off';
    default:
      return '';
  }
}

function addresses(v: Fields): string {
  return (v['addresses'] as readonly Json[] | string | undefined)?.toString().replaceAll(',', ' ') ?? '?';
}

function ident(v: Fields): string {
  const lossy = (big(v['flags']) & 1n) !== 0n ? 'LOSSY' : `cookie ${cookie(v['cookie'])}`;
  return `gid ${text(v['gid'])}  global_seq ${text(v['globalSeq'])}  ${lossy}`;
}

function authPayload(p: Fields): string {
  const entity = p['entity'] as Fields | undefined;
  const name =
    entity === undefined ? '' : `${entityName(entity['type'] as number)}.${quote(text(entity['id'])).slice(1, -1)}`;
  if (name !== '') return `login ${name}`;
  if ('proof' in p) return 'proof';
  if ('service' in p) return `ticket for ${entityName(p['service'] as number)}  global_id ${text(p['globalId'])}`;
  return 'authMode' in p ? authModeName(p['authMode'] as number) : `${Object.keys(p).length === 0 ? 'empty' : ''}`;
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
