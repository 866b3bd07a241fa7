import { list, since } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, f64, i32, i64, u32, u64, u8 } from '../../../base/structure/type.js';
import { addresses } from '../structures/address.js';
import { compatSet, eversion, featureBits, intervals, paxos, pg, settings, utime, uuid } from '../structures/common.js';
import { pgStat } from '../structures/pg.js';
import { osdStats, poolStats } from '../structures/stats.js';

/** Messages of OSDs to monitors and managers about themselves (src/messages/MOSD*.h, MPGStats.h). */

/** OSDSuperblock, from version 5 on. */
const superblock = versioned(11, {
  clusterFsid: uuid,
  osd: i32,
  currentEpoch: u32,
  oldestMap: u32,
  newestMap: u32,
  weight: f64,
  compat: compatSet,
  cleanThru: u32,
  mounted: u32,
  osdFsid: uuid,
  lastMapMarkedFull: since(6, u32),
  poolsMarkedFull: since(7, list(struct({ pool: i64, epoch: u32 }))),
  purgedSnapsLast: since(9, u32),
  lastPurgedSnapsScrub: since(9, utime),
  trimLowerBound: since(10, u32),
  maps: since(11, list(struct({ start: u32, length: u32 }), 'interval')),
});

export const osdBoot = struct({
  paxos,
  superblock,
  heartbeatBackAddresses: addresses,
  clusterAddresses: addresses,
  bootEpoch: u32,
  heartbeatFrontAddresses: addresses,
  metadata: settings,
  features: featureBits,
});
export const osdAlive = struct({ paxos, want: u32 });
export const osdBeacon = struct({
  ...{ paxos, pgs: list(pg, 'pg'), minLastEpochClean: u32 },
  lastPurgedSnapsScrub: since(2, utime),
  reportInterval: since(3, u32),
});
export const osdFailure = struct({
  ...{ paxos, fsid: uuid, targetOsd: i32, targetAddresses: addresses, epoch: u32 },
  flags: u8.shown((v) => ['alive', 'failed', 'immediate', 'failed immediate'][v & 3]!),
  failedFor: i32,
});
export const osdFull = struct({ paxos, mapEpoch: u32, state: u32 });
export const osdMarkMeDown = struct({
  ...{ paxos, fsid: uuid, targetOsd: i32, targetAddresses: addresses, epoch: u32, requestAck: bool },
  downAndDead: since(4, bool),
});
export const osdMarkMeDead = struct({ paxos, fsid: uuid, targetOsd: i32, epoch: u32 });
export const osdPgTemp = struct({
  ...{ paxos, mapEpoch: u32, pgTemp: list(struct({ pg, osds: list(i32, 'osd') })), forced: since(2, bool) },
});
export const pgCreated = struct({ paxos, pg });
export const pgReadyToMerge = struct({
  ...{ paxos, pg, sourceVersion: eversion, targetVersion: eversion, lastEpochStarted: u32, lastEpochClean: u32 },
  ready: bool,
});

export const pgStats = struct({
  paxos,
  fsid: uuid,
  osdStats,
  pgStats: list(struct({ pg, stats: pgStat })),
  epoch: u32,
  unusedTime: utime,
  poolStats: since(2, list(struct({ pool: i64, osd: i32, stats: poolStats }))),
});
export const pgStatsAck = struct({ acks: list(struct({ pg, version: u64, epoch: u32 })) });

const purged = list(struct({ epoch: u32, pools: list(struct({ pool: i64, intervals })) }));
export const getPurgedSnaps = struct({ paxos, start: u32, last: u32 });
export const getPurgedSnapsReply = struct({ paxos, start: u32, last: u32, purged });
export const removeSnaps = struct({ paxos, snaps: list(struct({ pool: i32, snaps: list(u64, 'snap') })) });
