import { quote } from '../../../base/text.js';
import { decode, type Decoded, type Partly } from '../../../base/structure/decode.js';
import type { ReadOptions } from '../../../base/structure/reader.js';
import type { Type } from '../../../base/structure/type.js';
import { resultText } from '../constants.js';
import { MSG } from '../message-types.js';
import { messageFlagNames, opKind, opName } from '../osd-ops.js';
import { authReply } from '../structures/auth-reply.js';
import * as D from './daemons.js';
import * as M from './monitors.js';
import { osdMap } from './osd-map.js';
import * as O from './osd-operations.js';

/** What the front of one type of message holds. */
export interface Body {
  readonly type: number;
  /** Versions of the message that the description holds for; fronts of other versions are shown as bytes. */
  readonly from: number;
  readonly to: number;
  readonly form: Type<unknown>;
  /** Whether a front that ends inside a field is a finding: where live traffic and the source both confirm the description. */
  readonly strict: boolean;
  /** The front in a few words, as far as it could be read, for the types that people look at first. */
  readonly about: ((front: unknown) => string) | null;
}

type About<T> = (front: Partly<T>) => string;

/** A description that live traffic and the source both confirm. */
function body<T>(type: number, from: number, to: number, form: Type<T>, about: About<T> | null = null): Body {
  return { type, from, to, form, strict: true, about: about as Body['about'] };
}

/** The beginning of a front, or one that no traffic has confirmed yet. */
function beginning<T>(type: number, from: number, to: number, form: Type<T>, about: About<T> | null = null): Body {
  return { type, from, to, form, strict: false, about: about as Body['about'] };
}

const shown = (value: number | bigint | string | undefined): string => (value === undefined ? '?' : String(value));
const aboutCommand: About<{ readonly command: readonly string[] }> = ({ command = [] }) => quote(command.join(' '));
const aboutReply: About<{ readonly result: number; readonly text: string }> = ({ result = 0, text }) =>
  `= ${resultText(result)}  ${quote(shown(text))}`;

function operations(ops: readonly (Partly<O.Operation> | undefined)[]): string {
  return ops
    .map((o) => {
      const extent = opKind(o?.op ?? 0) === 'extent' ? ` ${shown(o?.offset)}~${shown(o?.length)}` : '';
      return `${opName(o?.op ?? 0)}${extent}`;
    })
    .join(', ');
}

function epochs(maps: readonly ({ readonly epoch?: number | undefined } | undefined)[] = []): string {
  if (maps.length === 0) return 'none';
  const first = shown(maps[0]?.epoch);
  const last = shown(maps.at(-1)?.epoch);
  return first === last ? first : `${first}..${last}`;
}

const BODIES: readonly Body[] = [
  body(MSG.MON_MAP, 1, 1, M.monMapMessage, ({ monmap }) => `epoch ${shown(monmap?.map?.epoch)}`),
  body(MSG.MON_SUBSCRIBE, 2, 3, M.monSubscribe, ({ what = [] }) =>
    what.map((w) => `${quote(shown(w?.name)).slice(1, -1)}@${shown(w?.start)}`).join(' '),
  ),
  body(MSG.MON_SUBSCRIBE_ACK, 1, 1, M.monSubscribeAck),
  body(MSG.AUTH, 1, 1, M.auth),
  body(MSG.AUTH_REPLY, 1, 1, authReply, ({ result = 0 }) => `= ${resultText(result)}`),
  body(MSG.MON_GET_VERSION, 1, 1, M.getVersion, ({ what }) => quote(shown(what))),
  body(MSG.MON_GET_VERSION_REPLY, 1, 2, M.getVersionReply),
  body(MSG.OSD_MAP, 1, 4, osdMap, (f) => `epochs ${epochs(f.incrementals)} / ${epochs(f.maps)}`),
  body(MSG.MON_COMMAND, 1, 1, M.monCommand, aboutCommand),
  body(MSG.MON_COMMAND_ACK, 1, 1, M.monCommandAck, aboutReply),
  body(MSG.COMMAND, 1, 1, M.command, aboutCommand),
  body(MSG.COMMAND_REPLY, 1, 1, M.commandReply, aboutReply),
  body(MSG.MGR_COMMAND, 1, 1, M.command, aboutCommand),
  body(MSG.MGR_COMMAND_REPLY, 1, 1, M.commandReply, aboutReply),
  body(MSG.CONFIG, 1, 1, M.config),
  body(
    MSG.OSD_PING,
    4,
    5,
    O.osdPing,
    ({ op, mapEpoch }) => `${(op === undefined ? undefined : O.pingName(op)) ?? shown(op)}  e${shown(mapEpoch)}`,
  ),
  body(MSG.OSD_OP, 8, 9, O.osdOp, ({ object, ops, opFlags = 0, osdmapEpoch }) =>
    ops === undefined
      ? ''
      : `${quote(shown(object))}  ${operations(ops)}  ${messageFlagNames(opFlags).join('+')}  e${shown(osdmapEpoch)}`,
  ),
  body(MSG.OSD_OPREPLY, 5, 8, O.osdOpReply, ({ object, ops = [], result }) =>
    result === undefined ? '' : `${quote(shown(object))}  ${operations(ops)}  = ${resultText(result)}`,
  ),
  body(MSG.OSD_REPOP, 2, 3, O.osdRepOp),
  body(MSG.OSD_REPOPREPLY, 2, 2, O.osdRepOpReply),
  body(
    MSG.WATCH_NOTIFY,
    1,
    3,
    O.watchNotify,
    ({ cookie, notifyId }) => `cookie ${shown(cookie)}  notify ${shown(notifyId)}`,
  ),
  beginning(MSG.OSD_BACKOFF, 1, 1, O.osdBackoff),
  beginning(MSG.CLIENT_SESSION, 1, 5, D.clientSession),
  beginning(MSG.CLIENT_REQUEST, 1, 4, D.clientRequest),
  beginning(MSG.CLIENT_REPLY, 1, 1, D.clientReply),
  beginning(MSG.PGSTATS, 1, 2, M.paxosAndFsid),
  beginning(MSG.LOG, 1, 1, M.paxosAndFsid),
  beginning(MSG.OSD_BOOT, 1, 7, M.paxosOnly),
  beginning(MSG.OSD_ALIVE, 1, 1, M.paxosOnly),
  beginning(MSG.OSD_BEACON, 1, 3, M.paxosOnly),
  beginning(MSG.MGR_OPEN, 1, 3, D.mgrOpen),
  beginning(MSG.MGR_CONFIGURE, 1, 4, D.mgrConfigure),
  beginning(MSG.MGR_MAP, 1, 1, D.mgrMap, ({ map }) => `epoch ${shown(map?.epoch)}`),
  beginning(MSG.MGR_BEACON, 1, 11, M.paxosOnly),
];

const BY_TYPE = new Map<number, Body>(BODIES.map((b) => [b.type, b]));

/** What the front of a message of that type and version holds; null where nothing describes it. */
export function bodyOf(type: number, version: number): Body | null {
  const found = BY_TYPE.get(type);
  return found !== undefined && version >= found.from && version <= found.to ? found : null;
}

/** The object that a front names, or empty. */
export function objectOf(type: number, version: number, front: Uint8Array, limits: ReadOptions['limits']): string {
  const form = bodyOf(type, version)?.form;
  if (form === undefined || front.length === 0) return '';
  const { partial }: Decoded<unknown> = decode(form, front, 0, front.length, { limits, version });
  const object = (partial as { readonly object?: unknown }).object;
  return typeof object === 'string' ? object : '';
}
