import { quote } from '../../../base/text.js';
import { resultText } from '../constants.js';
import { MSG } from '../message-types.js';
import { mdsStateName } from '../structures/mds-map.js';
import { body, shown, unconfirmed, word, type About, type Body } from './body.js';
import * as F from './file-systems.js';
import * as G from './metadata-migration.js';
import * as S from './metadata-servers.js';
import { nothing } from './monitors.js';
import { quiesceAck, quiesceListing } from './quiesce.js';

/** Messages of file system clients and metadata servers, by type. */

const named = (name: (op: number) => string, op: number | undefined) => (op === undefined ? '?' : name(op));
const hex = (ino: bigint | undefined) => (ino === undefined ? '?' : `0x${ino.toString(16)}`);
interface Path {
  readonly ino?: bigint | undefined;
  readonly path?: string | undefined;
}
/** Such as `#0x1/dir/file`, as Ceph writes paths. */
const path = (p: Path | undefined) =>
  `#${hex(p?.ino)}${p?.path === undefined || p.path === '' ? '' : `/${word(p.path)}`}`;

interface Directory {
  readonly dirfrag: { readonly ino: bigint; readonly frag: number };
}
/** Such as `0x10000000000.1*`, as Ceph writes a part of a directory. The bits of the part's name follow the point. */
function fragment(d: { readonly ino?: bigint | undefined; readonly frag?: number | undefined } | undefined): string {
  if (d?.frag === undefined) return hex(d?.ino);
  const bits = d.frag >>> 24;
  const value = d.frag & 0xffffff;
  const text = bits === 0 ? '' : value.toString(2).padStart(24, '0').slice(0, bits);
  return bits === 0 ? hex(d.ino) : `${hex(d.ino)}.${text}*`;
}
const aboutDirectory: About<Directory> = ({ dirfrag }) => fragment(dirfrag);
const aboutOutcome: About<Directory & { readonly success: boolean }> = ({ dirfrag, success }) =>
  `${fragment(dirfrag)}  ${success === undefined ? '?' : success ? 'success' : 'failure'}`;

export const FILE_SYSTEM_BODIES: readonly Body[] = [
  body(
    MSG.MDS_MAP,
    1,
    2,
    S.mdsMapMessage,
    (f) => `epoch ${shown(f.epoch)}  ${word(f.map?.map?.filesystem)}  up ${f.map?.map?.up?.length ?? '?'}`,
  ),
  body(MSG.FS_MAP, 1, 1, S.fsMapMessage, ({ epoch }) => `epoch ${shown(epoch)}`),
  body(MSG.FS_MAP_USER, 1, 1, S.fsMapUserMessage, ({ epoch }) => `epoch ${shown(epoch)}`),
  body(
    MSG.MDS_BEACON,
    6,
    8,
    S.mdsBeacon,
    (f) => `mds.${word(f.name)}  ${named(mdsStateName, f.state)}  seq ${shown(f.seq)}`,
  ),
  body(MSG.CLIENT_SESSION, 1, 7, F.clientSession, (f) => `${named(F.sessionOpName, f.op)}  seq ${shown(f.sessionSeq)}`),
  body(
    MSG.CLIENT_REQUEST,
    1,
    6,
    F.clientRequest,
    (f) =>
      `${named(F.mdsOpName, f.op)} ${path(f.path)}${(f.path2?.ino ?? 0n) === 0n && (f.path2?.path ?? '') === '' ? '' : ` ${path(f.path2)}`}`,
  ),
  body(
    MSG.CLIENT_REPLY,
    1,
    1,
    F.clientReply,
    (f) => `${named(F.mdsOpName, f.op)}  = ${resultText(f.result ?? 0)}${f.safe === 1 ? '  safe' : '  unsafe'}`,
  ),
  body(
    MSG.CLIENT_CAPS,
    1,
    13,
    F.clientCaps,
    (f) =>
      `${named(F.capOpName, f.op)} ${hex(f.ino)}  ${f.caps === undefined ? '?' : F.capsText(f.caps)}  seq ${shown(f.seq)}`,
  ),
  body(MSG.CLIENT_CAPRELEASE, 1, 2, F.clientCapRelease, ({ caps = [] }) => `${caps.length} caps`),
  body(
    MSG.CLIENT_LEASE,
    1,
    1,
    F.clientLease,
    (f) => `${named(F.leaseActionName, f.action)} ${hex(f.ino)} ${quote(shown(f.name))}`,
  ),
  body(MSG.CLIENT_SNAP, 1, 1, F.clientSnap, ({ op }) => named(F.snapOpName, op)),
  body(MSG.CLIENT_QUOTA, 1, 1, F.clientQuota, ({ ino }) => hex(ino)),
  body(MSG.CLIENT_RECONNECT, 1, 5, nothing),
  body(MSG.CLIENT_REQUEST_FORWARD, 1, 1, F.clientRequestForward, ({ toMds }) => `to mds.${shown(toMds)}`),
  unconfirmed(MSG.CLIENT_RECLAIM, 1, 1, F.clientReclaim),
  unconfirmed(MSG.CLIENT_RECLAIM_REPLY, 1, 1, F.clientReclaimReply, ({ result = 0 }) => `= ${resultText(result)}`),
  body(MSG.CLIENT_METRICS, 1, 1, F.clientMetrics, ({ metrics = [] }) => `${metrics.length} metrics`),
  body(
    MSG.MDS_METRICS,
    1,
    1,
    S.mdsMetrics,
    ({ metrics }) => `mds rank ${shown(metrics?.rank)}  ${metrics?.clients?.length ?? '?'} clients`,
  ),
  body(MSG.MDS_PING, 1, 1, S.mdsPing, ({ seq }) => `seq ${shown(seq)}`),
  body(MSG.MDS_SCRUB, 1, 1, S.mdsScrub, (f) => `${named(S.scrubOpName, f.op)} ${hex(f.ino)}`),
  body(MSG.MDS_SCRUB_STATS, 1, 2, S.mdsScrubStats, ({ epoch }) => `epoch ${shown(epoch)}`),
  body(MSG.MDS_OFFLOAD_TARGETS, 1, 1, S.mdsOffloadTargets, ({ targets = [] }) =>
    targets.map((t) => `mds.${shown(t)}`).join(' '),
  ),
  body(
    MSG.MDS_TABLE_REQUEST,
    1,
    1,
    S.mdsTableRequest,
    (f) => `${named(G.tableName, f.table)} ${named(S.tableOpName, f.op)}`,
  ),
  body(MSG.MDS_SNAPUPDATE, 1, 1, S.mdsSnapUpdate, ({ ino }) => hex(ino)),
  body(
    MSG.MDS_LOCK,
    1,
    1,
    S.mdsLock,
    (f) => `${named(S.lockActionName, f.action)} ${named(S.lockName, f.lockType)}  ${hex(f.object?.ino)}`,
  ),
  body(
    MSG.MDS_PEER_REQUEST,
    1,
    1,
    S.mdsPeerRequest,
    (f) => `${named(S.peerOpName, f.op)}  ${shown(f.reqid?.name?.number)}:${shown(f.reqid?.tid)}`,
  ),
  unconfirmed(MSG.MDS_HEARTBEAT, 1, 1, S.mdsHeartbeat, ({ beat }) => `beat ${shown(beat)}`),
  unconfirmed(MSG.MDS_FINDINO, 1, 1, S.mdsFindIno, ({ ino }) => hex(ino)),
  unconfirmed(MSG.MDS_FINDINOREPLY, 1, 1, S.mdsFindInoReply, (f) => path(f.path)),
  unconfirmed(MSG.MDS_OPENINO, 1, 1, S.mdsOpenIno, ({ ino }) => hex(ino)),
  unconfirmed(MSG.MDS_OPENINOREPLY, 1, 1, S.mdsOpenInoReply, ({ ino }) => hex(ino)),
  body(MSG.MDS_DISCOVER, 1, 1, S.mdsDiscover, (f) => `${hex(f.baseIno)} wants ${path(f.want)}`),
  body(MSG.MDS_GATHERCAPS, 1, 1, S.mdsGatherCaps, ({ ino }) => hex(ino)),
  body(MSG.MDS_INODEFILECAPS, 1, 1, S.mdsInodeFileCaps, ({ ino }) => hex(ino)),
  body(MSG.MDS_DENTRYLINK, 1, 1, S.mdsDentryLink, (f) => `${fragment(f.dirfrag)} ${quote(shown(f.name))}`),
  unconfirmed(MSG.MDS_DENTRYUNLINK, 1, 1, S.mdsDentryUnlink, (f) => `${fragment(f.dirfrag)} ${quote(shown(f.name))}`),
  unconfirmed(MSG.MDS_DIRUPDATE, 1, 1, S.mdsDirUpdate, aboutDirectory),
  body(MSG.MDS_FRAGMENTNOTIFY, 1, 2, S.mdsFragmentNotify, aboutDirectory),
  unconfirmed(MSG.MDS_FRAGMENTNOTIFYACK, 1, 1, S.mdsFragmentNotifyAck, aboutDirectory),
  unconfirmed(MSG.MDS_RESOLVEACK, 1, 1, S.mdsResolveAck),
  body(MSG.MDS_DISCOVERREPLY, 1, 2, G.discoverReply, ({ baseIno }) => hex(baseIno)),
  body(MSG.MDS_CACHEEXPIRE, 1, 1, G.cacheExpire, ({ from }) => `from mds.${shown(from)}`),
  body(MSG.MDS_RESOLVE, 1, 1, G.resolve, ({ subtrees }) => `${subtrees?.length ?? '?'} subtrees`),
  body(MSG.MDS_CACHEREJOIN, 1, 2, G.cacheRejoin, ({ op }) => named(G.rejoinName, op)),
  body(MSG.MDS_EXPORTDIRDISCOVER, 1, 1, S.mdsExportDiscover, aboutDirectory),
  body(MSG.MDS_EXPORTDIRDISCOVERACK, 1, 1, G.exportDiscoverAck, aboutOutcome),
  unconfirmed(MSG.MDS_EXPORTDIRCANCEL, 1, 1, G.exportCancel, aboutDirectory),
  body(MSG.MDS_EXPORTDIRPREP, 1, 1, G.exportPrep, aboutDirectory),
  body(MSG.MDS_EXPORTDIRPREPACK, 1, 1, G.exportPrepAck, aboutOutcome),
  body(MSG.MDS_EXPORTDIR, 1, 1, G.exportDir, aboutDirectory),
  body(MSG.MDS_EXPORTDIRACK, 1, 1, G.exportDirAck, aboutDirectory),
  unconfirmed(
    MSG.MDS_EXPORTDIRNOTIFY,
    1,
    1,
    G.exportNotify,
    (f) => `${fragment(f.dirfrag)}  mds.${shown(f.oldAuthority?.first)} -> mds.${shown(f.newAuthority?.first)}`,
  ),
  unconfirmed(MSG.MDS_EXPORTDIRNOTIFYACK, 1, 1, G.exportNotifyAck, aboutDirectory),
  body(MSG.MDS_EXPORTDIRFINISH, 1, 1, G.exportFinish, aboutDirectory),
  body(MSG.MDS_EXPORTCAPS, 1, 2, G.exportCaps, ({ ino }) => hex(ino)),
  unconfirmed(MSG.MDS_EXPORTCAPSACK, 1, 1, G.exportCapsAck, ({ ino }) => hex(ino)),
  body(MSG.MDS_QUIESCE_DB_LISTING, 1, 1, quiesceListing, ({ listing }) => `${listing?.db?.sets?.length ?? '?'} sets`),
  body(MSG.MDS_QUIESCE_DB_ACK, 1, 1, quiesceAck, ({ ack }) => `${ack?.map?.roots?.length ?? '?'} roots`),
];
