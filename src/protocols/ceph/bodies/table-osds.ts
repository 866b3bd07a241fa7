import { quote } from '../../../base/text.js';
import { entityName, resultText } from '../constants.js';
import { MSG } from '../message-types.js';
import { poolText } from '../ceph-message.js';
import { messageFlagNames } from '../osd-ops.js';
import { body, dotted, pgText, requestText, shown, unconfirmed, versionText, type Body } from './body.js';
import { operationsText } from './operation-text.js';
import { osdMap } from './osd-map.js';
import * as O from './osd-operations.js';
import * as P from './osd-peering.js';
import * as R from './osd-reports.js';
import * as W from './osd-replication.js';

/** Messages of and to OSDs, by type. */

type Maps = readonly ({ readonly epoch?: number | undefined } | undefined)[];
/** Such as `changes e5..e9`; empty if there are none. */
function epochs(what: string, maps: Maps = []): string {
  if (maps.length === 0) return '';
  const first = shown(maps[0]?.epoch);
  const last = shown(maps.at(-1)?.epoch);
  return first === last ? `${what} e${first}` : `${what} e${first}..e${last}`;
}

type Pgs = readonly ({ readonly pg?: Parameters<typeof pgText>[0] } | undefined)[];
/** The first four placement groups of a list. */
function pgs(list: Pgs = []): string {
  const more = list.length > 4 ? ` and ${list.length - 4} more` : '';
  return `${list
    .slice(0, 4)
    .map((p) => `pg ${pgText(p?.pg)}`)
    .join(' ')}${more}`;
}
const object = (o: { readonly object?: string | undefined } | undefined) => quote(shown(o?.object));

export const OSD_BODIES: readonly Body[] = [
  body(MSG.OSD_MAP, 1, 4, osdMap, (f) => {
    const parts = [epochs('changes', f.incrementals), epochs('full map', f.maps)].filter((text) => text !== '');
    return parts.join('  ') || (f.maps === undefined ? '' : 'no map');
  }),
  body(
    MSG.OSD_PING,
    4,
    5,
    O.osdPing,
    ({ op, mapEpoch }) => `${(op === undefined ? undefined : O.pingName(op)) ?? shown(op)}  e${shown(mapEpoch)}`,
  ),
  body(MSG.OSD_OP, 8, 9, O.osdOp, (f, m) =>
    f.ops === undefined
      ? ''
      : `${poolText(m.names, f.pg?.pool)} ${pgText(f.pg)}  ${quote(shown(f.object))}  ${operationsText(f.ops, m)}  ${messageFlagNames(f.opFlags ?? 0).join('+')}  e${shown(f.osdmapEpoch)}`,
  ),
  body(MSG.OSD_OPREPLY, 5, 8, O.osdOpReply, (f, m) =>
    f.result === undefined
      ? ''
      : `${poolText(m.names, f.pg?.pool)} ${pgText(f.pg)}  ${quote(shown(f.object))}  ${operationsText(f.ops ?? [], m)}  = ${resultText(f.result)}`,
  ),
  body(
    MSG.OSD_REPOP,
    2,
    4,
    W.osdRepOp,
    (f) =>
      `${requestText(f.requestId, entityName)}  pg ${pgText(f.pg)}  ${object(f.object)}  v ${versionText(f.version)}  e${shown(f.mapEpoch)}`,
  ),
  body(
    MSG.OSD_REPOPREPLY,
    2,
    2,
    W.osdRepOpReply,
    (f) =>
      `${requestText(f.requestId, entityName)}  pg ${pgText(f.pg)}  from ${dotted(f.from)}  = ${resultText(f.result ?? 0)}`,
  ),
  body(
    MSG.WATCH_NOTIFY,
    1,
    3,
    O.watchNotify,
    ({ cookie, notifyId }) => `cookie ${shown(cookie)}  notify ${shown(notifyId)}`,
  ),
  body(
    MSG.OSD_BACKOFF,
    1,
    1,
    O.osdBackoff,
    (f) =>
      `${f.op === undefined ? '?' : O.backoffName(f.op)}  pg ${pgText(f.pg)}  id ${shown(f.id)}  e${shown(f.mapEpoch)}`,
  ),
  body(
    MSG.OSD_PG_UPDATE_LOG_MISSING,
    1,
    3,
    W.updateLogMissing,
    (f) => `pg ${pgText(f.pg)}  ${f.entries?.length ?? '?'} entries  e${shown(f.mapEpoch)}`,
  ),
  body(MSG.OSD_PG_UPDATE_LOG_MISSING_REPLY, 1, 3, W.updateLogMissingReply, (f) => `pg ${pgText(f.pg)}`),
  body(
    MSG.OSD_PG_PUSH,
    2,
    4,
    W.pgPush,
    (f) => `pg ${pgText(f.pg)}  ${f.pushes?.map((p) => object(p?.object)).join(' ') ?? ''}`,
  ),
  body(
    MSG.OSD_PG_PULL,
    2,
    3,
    W.pgPull,
    (f) => `pg ${pgText(f.pg)}  ${f.pulls?.map((p) => object(p?.object)).join(' ') ?? ''}`,
  ),
  body(MSG.OSD_PG_PUSH_REPLY, 2, 3, W.pgPushReply, (f) => `pg ${pgText(f.pg)}`),
  body(MSG.OSD_PG_RECOVERY_DELETE, 1, 2, W.pgRecoveryDelete, (f) => `pg ${pgText(f.pg)}`),
  body(MSG.OSD_PG_RECOVERY_DELETE_REPLY, 1, 2, W.pgRecoveryDeleteReply, (f) => `pg ${pgText(f.pg)}`),
  body(MSG.OSD_PG_SCAN, 2, 2, W.pgScan, (f) => `pg ${pgText(f.pg)}  e${shown(f.mapEpoch)}`),
  body(MSG.OSD_PG_BACKFILL, 3, 3, W.pgBackfill, (f) => `pg ${pgText(f.pg)}  e${shown(f.mapEpoch)}`),
  unconfirmed(MSG.OSD_PG_BACKFILL_REMOVE, 1, 1, W.pgBackfillRemove, (f) => `pg ${pgText(f.pg)}`),
  unconfirmed(
    MSG.OSD_EC_WRITE,
    1,
    2,
    W.ecWrite,
    (f) => `pg ${pgText(f.pg)}  ${object(f.op?.object)}  v ${versionText(f.op?.atVersion)}`,
  ),
  unconfirmed(MSG.OSD_EC_WRITE_REPLY, 1, 2, W.ecWriteReply, (f) => `pg ${pgText(f.pg)}  from ${dotted(f.op?.from)}`),
  unconfirmed(
    MSG.OSD_EC_READ,
    1,
    4,
    W.ecRead,
    (f) => `pg ${pgText(f.pg)}  ${f.op?.toRead?.map((r) => object(r?.object)).join(' ') ?? ''}`,
  ),
  unconfirmed(MSG.OSD_EC_READ_REPLY, 1, 2, W.ecReadReply, (f) => `pg ${pgText(f.pg)}  from ${dotted(f.op?.from)}`),
  body(
    MSG.OSD_PG_LOG,
    6,
    6,
    P.pgLogMessage,
    (f) =>
      `pg ${pgText(f.info?.pg)}  ${f.log?.entries?.length ?? '?'} entries up to ${versionText(f.log?.head)}  e${shown(f.epoch)}`,
  ),
  body(
    MSG.OSD_PG_INFO2,
    1,
    1,
    P.pgInfo2,
    (f) => `pg ${pgText(f.pg)}  last update ${versionText(f.info?.lastUpdate)}  e${shown(f.epochSent)}`,
  ),
  body(
    MSG.OSD_PG_QUERY2,
    1,
    1,
    P.pgQuery2,
    (f) =>
      `pg ${pgText(f.pg)}  ${f.query?.queryType === undefined ? '?' : P.queryName(f.query.queryType)}  e${shown(f.query?.epochSent)}`,
  ),
  body(
    MSG.OSD_PG_NOTIFY2,
    1,
    1,
    P.pgNotify2,
    (f) => `pg ${pgText(f.pg)}  last update ${versionText(f.notify?.info?.lastUpdate)}  e${shown(f.notify?.epochSent)}`,
  ),
  body(MSG.OSD_PG_LEASE, 1, 1, P.pgLeaseMessage, (f) => `pg ${pgText(f.pg)}  e${shown(f.epoch)}`),
  body(MSG.OSD_PG_LEASE_ACK, 1, 1, P.pgLeaseAckMessage, (f) => `pg ${pgText(f.pg)}  e${shown(f.epoch)}`),
  body(MSG.OSD_PG_NOTIFY, 7, 7, P.pgNotifyMany, (f) => pgs(f.notifies?.map((n) => ({ pg: n?.info?.pg })))),
  unconfirmed(MSG.OSD_PG_INFO, 6, 6, P.pgInfoMany, (f) => pgs(f.notifies?.map((n) => ({ pg: n?.info?.pg })))),
  unconfirmed(MSG.OSD_PG_QUERY, 4, 4, P.pgQueryMany, (f) => pgs(f.queries)),
  body(MSG.OSD_PG_REMOVE, 3, 3, P.pgRemove, (f) => pgs(f.pgs?.map((pg) => ({ pg })))),
  body(MSG.OSD_PG_TRIM, 2, 2, P.pgTrim, (f) => `pg ${pgText(f.pg)}  to ${versionText(f.trimTo)}`),
  unconfirmed(
    MSG.OSD_PG_PCT,
    1,
    1,
    P.pgCommittedTo,
    (f) => `pg ${pgText(f.pg)}  committed to ${versionText(f.committedTo)}`,
  ),
  unconfirmed(MSG.OSD_PG_CREATE, 2, 3, P.pgCreate, (f) => `${pgs(f.pgs)}  e${shown(f.epoch)}`),
  unconfirmed(MSG.OSD_SCRUB, 1, 2, P.scrub, (f) => pgs(f.pgs?.map((pg) => ({ pg })))),
  body(MSG.OSD_PG_CREATE2, 1, 2, P.pgCreate2, (f) => `${pgs(f.pgs)}  e${shown(f.epoch)}`),
  body(
    MSG.OSD_BACKFILL_RESERVE,
    3,
    5,
    P.backfillReserve,
    (f) => `pg ${pgText(f.pg)}  ${P.backfillName(f.reservation ?? -1)}`,
  ),
  body(
    MSG.OSD_RECOVERY_RESERVE,
    2,
    3,
    P.recoveryReserve,
    (f) => `pg ${pgText(f.pg)}  ${P.recoveryName(f.reservation ?? -1)}`,
  ),
  body(MSG.OSD_SCRUB_RESERVE, 1, 3, P.scrubReserve, (f) => `pg ${pgText(f.pg)}  ${P.scrubName(f.reservation ?? -1)}`),
  body(
    MSG.OSD_SCRUB2,
    1,
    1,
    P.scrub2,
    (f) =>
      `${pgs(f.pgs?.map((pg) => ({ pg })))}${f.deep === true ? '  deep' : ''}${f.repair === true ? '  repair' : ''}`,
  ),
  body(MSG.OSD_REP_SCRUB, 6, 9, P.repScrub, (f) => `pg ${pgText(f.pg)}${f.deep === true ? '  deep' : ''}`),
  body(MSG.OSD_REP_SCRUBMAP, 1, 2, P.repScrubMap, (f) => `pg ${pgText(f.pg)}  from ${dotted(f.from)}`),
  unconfirmed(MSG.OSD_FORCE_RECOVERY, 2, 2, P.forceRecovery, (f) => pgs(f.pgs?.map((pg) => ({ pg })))),
  body(MSG.OSD_BOOT, 7, 7, R.osdBoot, (f) => `osd.${shown(f.superblock?.osd)}  e${shown(f.bootEpoch)}`),
  body(MSG.OSD_ALIVE, 1, 1, R.osdAlive, ({ want }) => `want e${shown(want)}`),
  body(
    MSG.OSD_BEACON,
    1,
    3,
    R.osdBeacon,
    ({ pgs: list = [], paxos }) => `${list.length} pgs  e${shown(paxos?.version)}`,
  ),
  body(
    MSG.OSD_FAILURE,
    4,
    4,
    R.osdFailure,
    (f) =>
      `osd.${shown(f.targetOsd)} ${(f.flags ?? 0) & 1 ? `failed for ${shown(f.failedFor)} s` : 'is alive'}  e${shown(f.epoch)}`,
  ),
  unconfirmed(MSG.OSD_FULL, 1, 1, R.osdFull, (f) => `state ${shown(f.state)}  e${shown(f.mapEpoch)}`),
  body(MSG.OSD_MARK_ME_DOWN, 3, 4, R.osdMarkMeDown, (f) => `osd.${shown(f.targetOsd)}  e${shown(f.epoch)}`),
  body(MSG.OSD_MARK_ME_DEAD, 1, 1, R.osdMarkMeDead, (f) => `osd.${shown(f.targetOsd)}  e${shown(f.epoch)}`),
  body(MSG.OSD_PGTEMP, 1, 2, R.osdPgTemp, (f) => `${pgs(f.pgTemp)}  e${shown(f.mapEpoch)}`),
  body(MSG.OSD_PG_CREATED, 1, 1, R.pgCreated, (f) => `pg ${pgText(f.pg)}`),
  body(MSG.OSD_PG_READY_TO_MERGE, 1, 1, R.pgReadyToMerge, (f) => `pg ${pgText(f.pg)}`),
  body(MSG.PGSTATS, 1, 2, R.pgStats, (f) => `${f.pgStats?.length ?? '?'} pgs  e${shown(f.epoch)}`),
  unconfirmed(MSG.PGSTATSACK, 1, 1, R.pgStatsAck, (f) => pgs(f.acks)),
  unconfirmed(MSG.MON_GET_PURGED_SNAPS, 1, 1, R.getPurgedSnaps, (f) => `e${shown(f.start)}..${shown(f.last)}`),
  unconfirmed(
    MSG.MON_GET_PURGED_SNAPS_REPLY,
    1,
    1,
    R.getPurgedSnapsReply,
    (f) => `e${shown(f.start)}..${shown(f.last)}`,
  ),
  body(MSG.REMOVE_SNAPS, 1, 1, R.removeSnaps),
];
