import { ifLeft, list, optional, since, sized, unusedBy, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, f32, f64, i16, i32, i64, string, u16, u32, u64, u8 } from '../../../base/structure/type.js';
import { entityName, methodName, resultText } from '../constants.js';
import { authSteps } from '../structures/cephx.js';
import { messageTypeName } from '../message-types.js';
import { address, addresses } from '../structures/address.js';
import { entityInst, entityNameT, featureBits, paxos, settings, strings, utime, uuid } from '../structures/common.js';
import { poolStats } from '../structures/stats.js';
import { monMap } from './mon-map.js';

/** Messages of monitors and their clients (src/messages/MMon*.h, MAuth.h, MCommand.h, MConfig.h, ...). */

const result = i32.shown(resultText);
const argument = list(string, 'argument');
const one = (names: readonly (string | undefined)[]) => (v: number) => names[v] ?? `op ${v}`;

/** MMonMap: the map, with its length before it. */
const monMapInBlob = sized(struct({ map: monMap }));
export const monMapMessage = struct({ monmap: monMapInBlob });
/** The same for a map that may be missing. */
const perhapsMonMap = sized(struct({ map: ifLeft(monMap) }));

export const monSubscribe = struct({
  what: list(struct({ name: string, start: u64, flags: u8.shown((v) => ((v & 1) !== 0 ? 'one-time' : '')) })),
  hostname: since(3, ifLeft(string)),
});
export const monSubscribeAck = struct({ interval: u32, fsid: uuid });

/** MAuth: one step of a login at a monitor over messenger v1. */
export const auth = struct({ paxos, protocol: u32.shown(methodName) }).and(['protocol'], {
  ...{ payload: sized(authSteps), monmapEpoch: ifLeft(u32) },
});

export const getVersion = struct({ handle: u64, what: string });
export const getVersionReply = struct({ handle: u64, newest: u64, oldest: since(2, u64) });
export const getOsdMap = struct({ paxos, fullFirst: u32, fullLast: u32, incrementalFirst: u32, incrementalLast: u32 });

export const command = struct({ fsid: uuid, command: argument });
export const commandReply = struct({ result, text: string });
export const monCommand = struct({ paxos, fsid: uuid, command: argument });
export const monCommandAck = struct({ paxos, result, text: string, command: argument });

export const config = struct({ options: list(struct({ name: string, value: string }), 'option') });
const namedEntity = struct({ type: u32.shown(entityName), id: string }).shown((e) => `${entityName(e.type)}.${e.id}`);
export const getConfig = struct({ name: namedEntity, host: string, deviceClass: string });
export const keyValueData = struct({
  ...{ version: u64, prefix: string, incremental: bool, data: list(struct({ key: string, value: optional(blob) })) },
});

/** An empty front. */
export const nothing = struct({});
/** A message to a Paxos service that has only one more field. */
export const globalId = struct({ paxos, oldMaxId: u64 });

// ---- quorum

const PAXOS_OPS = [undefined, 'collect', 'last', 'begin', 'accept', 'commit', 'lease', 'lease_ack'];
export const paxosOpName = one(PAXOS_OPS);
export const monPaxos = struct({
  epoch: u32,
  op: i32.shown(paxosOpName),
  firstCommitted: u64,
  lastCommitted: u64,
  proposalFrom: u64,
  proposal: u64,
  uncommittedProposal: u64,
  leaseStamp: utime,
  sentStamp: utime,
  latestVersion: u64,
  latestValue: blob,
  values: list(struct({ version: u64, value: blob }), 'value'),
  featureMap: since(4, blob),
});

export const electionOpName = one([undefined, 'propose', 'ack', 'nak', 'victory']);
const monFeatures = versioned(1, { bits: featureBits });
export const monElection = struct({
  fsid: uuid,
  op: i32.shown(electionOpName),
  epoch: u32,
  monmap: perhapsMonMap,
  quorum: list(i32, 'rank'),
  quorumFeatures: featureBits,
  unusedFirst: u64,
  unusedSecond: u64,
  sharing: blob,
  features: since(6, monFeatures),
  metadata: since(7, settings),
  release: since(8, u8),
  scoring: since(9, blob),
  strategy: since(9, u8),
});

export const probeOpName = one([undefined, 'probe', 'reply', 'slurp', 'slurp_latest', 'data', 'missing_features']);
export const monProbe = struct({
  fsid: uuid,
  op: i32.shown(probeOpName),
  name: string,
  quorum: list(i32, 'rank'),
  monmap: perhapsMonMap,
  hasEverJoined: bool,
  paxosFirst: u64,
  paxosLast: u64,
  requiredFeatures: since(6, featureBits),
  release: since(7, u8),
  leader: since(8, i32),
});

const SYNC_OPS = [undefined, 'get_cookie_full', 'get_cookie_recent', 'cookie', 'get_chunk', 'chunk', 'last_chunk'];
export const syncOpName = one([...SYNC_OPS, undefined, 'no_cookie']);
export const monSync = struct({
  ...{ op: u32.shown(syncOpName), cookie: u64, lastCommitted: u64, lastPrefix: string, lastKey: string, chunk: blob },
  replyTo: entityInst(address),
});
const scrubResult = versioned(1, {
  crcs: list(struct({ prefix: string, crc: u32 })),
  keys: list(struct({ prefix: string, keys: u64 })),
});
export const monScrub = struct({
  op: u8.shown(one([undefined, 'scrub', 'result'])),
  ...{ version: u64, result: scrubResult, keys: i32, prefix: string, key: string },
});
export const monJoin = struct({
  ...{ paxos, fsid: uuid, name: string, addresses, crushLocation: since(3, settings), forceLocation: since(3, bool) },
});
export const monPing = struct({
  ...{ op: u8.shown(one([undefined, 'ping', 'reply'])), stamp: utime, tracker: blob, paddingLength: u32 },
}).and(['paddingLength'], { padding: unusedBy('paddingLength') });

const seconds = list(struct({ rank: i32, seconds: f64 }));
export const timeCheck2 = struct({
  op: i32.shown(one([undefined, 'ping', 'pong', 'report'])),
  ...{ epoch: u64, round: u64, stamp: utime, skews: seconds, latencies: seconds },
});

// ---- messages in messages

/**
 * A whole message inside another (ceph_msg_header, ceph_msg_footer_old, and the parts between them): monitors forward clients' requests in
 * this form.
 */
const message = struct({
  seq: u64,
  tid: u64,
  type: u16.named(messageTypeName),
  priority: u16,
  version: u16,
  frontLength: u32,
  middleLength: u32,
  dataLength: u32,
  dataOff: u16,
  source: entityNameT,
  compatVersion: u16,
  reserved: u16,
  headerCrc: u32,
  frontCrc: u32,
  middleCrc: u32,
  dataCrc: u32,
  footerFlags: u8,
  front: blob,
  middle: blob,
  data: blob,
});
export const forward = struct({
  tid: u64,
  clientType: u8.shown(entityName),
  clientAddresses: addresses,
  clientSocketAddress: address,
  clientCaps: versioned(4, { text: string }),
  message,
  features: featureBits,
  entity: namedEntity,
});
export const route = struct({ tid: u64, destination: entityInst(address), hasMessage: bool })
  .and(['hasMessage'], { message: whenBefore(message, (b: { readonly hasMessage: boolean }) => b.hasMessage) })
  .and({ sendOsdmapFirst: u32 });

// ---- pools, space

const POOL_OPS: Readonly<Record<number, string>> = {
  1: 'create',
  2: 'delete',
  3: 'auid change',
  17: 'create snap',
  18: 'delete snap',
  33: 'create unmanaged snap',
  34: 'delete unmanaged snap',
};
export function poolOpName(op: number): string {
  return POOL_OPS[op] ?? `op ${op}`;
}
export const poolOp = struct({
  ...{ paxos, fsid: uuid, pool: u32, op: u32.shown(poolOpName), unusedAuid: u64, snapId: u64, name: string },
  padding: since(3, u8),
  crushRule: since(4, i16),
});
export const poolOpReply = struct({ paxos, fsid: uuid, result, epoch: u32 }).and({
  response: optional(blob),
});

export const statfs = struct({ paxos, fsid: uuid, dataPool: since(2, optional(i64)) });
export const statfsReply = struct({
  ...{ fsid: uuid, version: u64, kb: u64, kbUsed: u64, kbAvailable: u64, objects: u64 },
});
export const getPoolStats = struct({ paxos, fsid: uuid, pools: strings });
export const getPoolStatsReply = struct({
  ...{ paxos, fsid: uuid, pools: list(struct({ name: string, stats: poolStats })), perPool: since(2, bool) },
});

// ---- log

const LEVELS: readonly string[] = ['debug', 'info', 'sec', 'warn', 'error'];
export function logLevelName(level: number): string {
  return LEVELS[level] ?? `level ${level}`;
}
/** LogEntry, from version 5 (Nautilus) on. */
const logEntry = versioned(5, {
  ...{ name: namedEntity, rank: entityNameT, addresses, stamp: utime, seq: u64, level: u16.shown(logLevelName) },
  ...{ text: string, channel: string },
});
export const log = struct({ paxos, fsid: uuid, entries: list(logEntry, 'entry') });
export const logAck = struct({ fsid: uuid, last: u64, channel: ifLeft(string) });

// ---- health

const health = versioned(2, {
  ...{ severity: u8, summary: string, detail: strings, count: since(2, i64) },
});
/** health_check_map_t. */
export const healthChecks = versioned(1, { checks: list(struct({ code: string, check: health }), 'check') });
/** MMonHealth, until Luminous, in which managers report health instead: how full a monitor's disk is. */
const storeSizes = versioned(1, { total: u64, sst: u64, log: u64, misc: u64, lastUpdate: utime });
const dataStats = versioned(3, {
  ...{ bytes: u64, bytesUsed: u64, bytesAvailable: u64, availablePercent: i32, lastUpdate: utime },
  store: since(2, storeSizes),
});
export const monHealth = struct({ epoch: u32, round: u64, serviceType: i32, serviceOp: i32, dataStats });
export const monHealthChecks = struct({ paxos, health: healthChecks });

/** ServiceMap. */
const service = versioned(1, {
  daemons: list(
    struct({
      name: string,
      daemon: versioned(2, {
        ...{
          gid: u64,
          address,
          startEpoch: u32,
          startStamp: utime,
          metadata: settings,
          taskStatus: since(2, settings),
        },
      }),
    }),
    'daemon',
  ),
  summary: string,
});
export const serviceMap = versioned(1, {
  ...{ epoch: u32, modified: utime, services: list(struct({ name: string, service }), 'service') },
});
export const serviceMapMessage = struct({ map: serviceMap });

const progress = versioned(2, { message: string, progress: f32, addToSummary: since(2, bool) });
export const monMgrReport = struct({
  paxos,
  health: healthChecks,
  services: sized(struct({ map: ifLeft(serviceMap) })),
  progress: since(2, list(struct({ id: string, event: progress }), 'event')),
  gid: since(3, u64),
});
export const mgrDigest = struct({ monStatus: blob, health: blob });

/** MMonUsedPendingKeys: the entities that have begun to use the key that is to replace theirs. */
const key = struct({ type: u16, created: utime, secret: blob });
export const usedPendingKeys = struct({ paxos, keys: list(struct({ entity: namedEntity, key })) });
