import { clipped, quote } from '../../../base/text.js';
import type { Partly } from '../../../base/structure/decode.js';
import { entityName, resultText } from '../constants.js';
import { servicesText, type AuthSteps } from '../structures/cephx.js';
import { MSG, messageTypeName } from '../message-types.js';
import { authReply } from '../structures/auth-reply.js';
import { body, shown, unconfirmed, word, type About, type Body } from './body.js';
import * as M from './monitors.js';
import { availabilityName, nvmeGatewayBeacon, nvmeGatewayMap } from './nvme-gateways.js';

/** Messages of monitors and their clients, by type. */

/** A command. If it is a JSON object it needs no quotes around it. */
const aboutCommand: About<{ readonly command: readonly string[] }> = ({ command = [] }) => {
  const text = command.join(' ');
  return text.startsWith('{') ? clipped(text) : quote(text);
};
const aboutReply: About<{ readonly result: number; readonly text: string }> = ({ result = 0, text }) =>
  `= ${resultText(result)}${text === '' ? '' : `  ${quote(shown(text))}`}`;
const named = (name: (op: number) => string, op: number | undefined) => (op === undefined ? '?' : name(op));
const ranks = (list: readonly (number | undefined)[] = []) => list.map(shown).join(',');

/** Summarises a step of a login in a few words. */
function aboutStep(step: Partly<AuthSteps> | undefined): string {
  if (step?.entity !== undefined) return `login ${entityName(step.entity.type ?? 0)}.${word(step.entity.id)}`;
  if (step?.proof !== undefined) return 'proof';
  return step?.services === undefined ? '' : `tickets for ${servicesText(step.services)}`;
}

export const MONITOR_BODIES: readonly Body[] = [
  body(MSG.PING, 1, 1, M.nothing),
  body(MSG.MON_MAP, 1, 1, M.monMapMessage, ({ monmap }) => {
    const { monitors, monAddresses } = monmap?.map ?? {};
    const names = (monitors?.map((m) => m?.rankName) ?? monAddresses?.map((m) => m?.name))?.map(word).join(' ') ?? '?';
    return `epoch ${shown(monmap?.map?.epoch)}  mons ${names}`;
  }),
  body(MSG.MON_GET_MAP, 1, 1, M.nothing),
  unconfirmed(MSG.MON_GET_OSDMAP, 1, 1, M.getOsdMap),
  body(MSG.MON_SUBSCRIBE, 2, 3, M.monSubscribe, ({ what = [] }) =>
    what.map((w) => `${word(w?.name)}@${shown(w?.start)}`).join(' '),
  ),
  body(MSG.MON_SUBSCRIBE_ACK, 1, 1, M.monSubscribeAck),
  body(MSG.AUTH, 1, 1, M.auth, ({ payload }) => aboutStep(payload)),
  body(MSG.AUTH_REPLY, 1, 1, authReply, ({ result = 0 }) => `= ${resultText(result)}`),
  body(MSG.MON_GET_VERSION, 1, 1, M.getVersion, ({ what }) => quote(shown(what))),
  body(MSG.MON_GET_VERSION_REPLY, 1, 2, M.getVersionReply, (f) => `${shown(f.oldest)}..${shown(f.newest)}`),
  body(MSG.MON_COMMAND, 1, 1, M.monCommand, aboutCommand),
  body(MSG.MON_COMMAND_ACK, 1, 1, M.monCommandAck, aboutReply),
  body(MSG.COMMAND, 1, 1, M.command, aboutCommand),
  body(MSG.COMMAND_REPLY, 1, 1, M.commandReply, aboutReply),
  body(MSG.MGR_COMMAND, 1, 1, M.command, aboutCommand),
  body(MSG.MGR_COMMAND_REPLY, 1, 1, M.commandReply, aboutReply),
  body(MSG.CONFIG, 1, 1, M.config, ({ options = [] }) => `${options.length} options`),
  unconfirmed(MSG.GET_CONFIG, 1, 1, M.getConfig, ({ name, host }) => `${word(name?.id)} on ${word(host)}`),
  body(MSG.KV_DATA, 1, 1, M.keyValueData, ({ prefix, version }) => `${word(prefix)} version ${shown(version)}`),
  body(MSG.LOG, 1, 1, M.log, ({ entries = [] }) => {
    const first = entries[0];
    const more = entries.length > 1 ? `  and ${entries.length - 1} more` : '';
    return first === undefined
      ? ''
      : `${word(first.channel)} ${first.level === undefined ? '?' : M.logLevelName(first.level)} ${quote(shown(first.text))}${more}`;
  }),
  body(
    MSG.LOGACK,
    1,
    1,
    M.logAck,
    ({ last, channel }) => `${channel === '' ? '' : `${word(channel)} `}up to ${shown(last)}`,
  ),
  body(
    MSG.POOLOP,
    2,
    4,
    M.poolOp,
    ({ op, pool, name }) =>
      `${named(M.poolOpName, op)}  pool ${shown(pool)}${name === undefined || name === '' ? '' : ` ${quote(name)}`}`,
  ),
  body(MSG.POOLOP_REPLY, 1, 1, M.poolOpReply, ({ result = 0, epoch }) => `= ${resultText(result)}  e${shown(epoch)}`),
  body(MSG.STATFS, 1, 2, M.statfs),
  body(
    MSG.STATFS_REPLY,
    1,
    1,
    M.statfsReply,
    (f) => `${shown(f.kbUsed)} of ${shown(f.kb)} KiB used, ${shown(f.objects)} objects`,
  ),
  body(MSG.GETPOOLSTATS, 1, 1, M.getPoolStats, ({ pools = [] }) => pools.map(word).join(' ')),
  body(MSG.GETPOOLSTATSREPLY, 1, 2, M.getPoolStatsReply, ({ pools = [] }) => pools.map((p) => word(p?.name)).join(' ')),
  body(MSG.MON_GLOBAL_ID, 1, 1, M.globalId),
  body(
    MSG.MON_PAXOS,
    3,
    4,
    M.monPaxos,
    (f) =>
      `${named(M.paxosOpName, f.op)}  committed ${shown(f.firstCommitted)}..${shown(f.lastCommitted)}  pn ${shown(f.proposal)}  e${shown(f.epoch)}`,
  ),
  body(
    MSG.MON_ELECTION,
    5,
    9,
    M.monElection,
    (f) =>
      `${named(M.electionOpName, f.op)}  e${shown(f.epoch)}${(f.quorum?.length ?? 0) > 0 ? `  quorum ${ranks(f.quorum)}` : ''}`,
  ),
  body(
    MSG.MON_PROBE,
    5,
    8,
    M.monProbe,
    (f) =>
      `${named(M.probeOpName, f.op)}  mon.${word(f.name)}  paxos ${shown(f.paxosFirst)}..${shown(f.paxosLast)}${(f.quorum?.length ?? 0) > 0 ? `  quorum ${ranks(f.quorum)}` : ''}`,
  ),
  body(
    MSG.MON_SYNC,
    2,
    2,
    M.monSync,
    ({ op, lastCommitted }) => `${named(M.syncOpName, op)}  committed ${shown(lastCommitted)}`,
  ),
  body(MSG.MON_SCRUB, 2, 2, M.monScrub, ({ version }) => `version ${shown(version)}`),
  unconfirmed(MSG.MON_JOIN, 2, 3, M.monJoin, ({ name }) => `mon.${word(name)}`),
  body(MSG.MON_PING, 1, 1, M.monPing),
  unconfirmed(MSG.MON_HEALTH_CHECKS, 1, 1, M.monHealthChecks, aboutHealth),
  unconfirmed(MSG.MON_USED_PENDING_KEYS, 1, 1, M.usedPendingKeys),
  body(MSG.TIMECHECK2, 1, 1, M.timeCheck2, ({ epoch, round }) => `e${shown(epoch)} round ${shown(round)}`),
  unconfirmed(MSG.TIMECHECK, 1, 1, M.timeCheck2),
  unconfirmed(MSG.MON_HEALTH, 1, 1, M.monHealth, ({ epoch, round }) => `e${shown(epoch)} round ${shown(round)}`),
  unconfirmed(MSG.MNVMEOF_GW_MAP, 1, 1, nvmeGatewayMap, ({ epoch }) => `epoch ${shown(epoch)}`),
  unconfirmed(
    MSG.MNVMEOF_GW_BEACON,
    1,
    2,
    nvmeGatewayBeacon,
    (f) => `${word(f.gateway)}  ${named(availabilityName, f.availability)}`,
  ),
  body(
    MSG.FORWARD,
    4,
    4,
    M.forward,
    ({ message, entity }) =>
      `${message?.type === undefined ? '?' : messageTypeName(message.type)} of ${word(entity?.id)}`,
  ),
  body(
    MSG.ROUTE,
    3,
    3,
    M.route,
    ({ message, tid }) =>
      `${message?.type === undefined ? 'nothing' : messageTypeName(message.type)} for tid ${shown(tid)}`,
  ),
  body(MSG.MON_MGR_REPORT, 1, 3, M.monMgrReport, aboutHealth),
  body(MSG.MGR_DIGEST, 1, 1, M.mgrDigest),
  body(MSG.SERVICE_MAP, 1, 1, M.serviceMapMessage, ({ map }) => `epoch ${shown(map?.epoch)}`),
  unconfirmed(MSG.NOP, 1, 1, M.nothing),
];

function aboutHealth({
  health,
}: {
  readonly health?:
    { readonly checks?: readonly ({ readonly code?: string | undefined } | undefined)[] | undefined } | undefined;
}): string {
  const codes = health?.checks?.map((c) => word(c?.code)) ?? [];
  return codes.length === 0 ? 'healthy' : codes.join(' ');
}
