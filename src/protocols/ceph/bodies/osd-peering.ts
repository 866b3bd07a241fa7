import { list, since } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, i32, i64, i8, u32, u8 } from '../../../base/structure/type.js';
import { eversion, hobject, pg, pgShard, spg, utime, uuid } from '../structures/common.js';
import {
  optionalLease,
  optionalLeaseAck,
  pastIntervals,
  pgHistory,
  pgInfo,
  pgLease,
  pgLeaseAck,
  pgLog,
  pgMissing,
  pgNotify,
  pgQuery,
  queryName,
} from '../structures/pg.js';

export { queryName };

/** How the OSDs of a placement group agree on its contents, and check them (src/messages/MOSDPG*.h, MOSDScrub*.h, M*Reserve.h). */

export const pgLogMessage = struct({
  ...{ epoch: u32, info: pgInfo, log: pgLog, missing: pgMissing, queryEpoch: u32, pastIntervals, to: i8, from: i8 },
  lease: optionalLease,
});
export const pgInfo2 = struct({
  ...{ pg: spg, epochSent: u32, minEpoch: u32, info: pgInfo, lease: optionalLease, leaseAck: optionalLeaseAck },
});
export const pgQuery2 = struct({ pg: spg, query: pgQuery });
export const pgNotify2 = struct({ pg: spg, notify: pgNotify });
export const pgLeaseMessage = struct({ epoch: u32, pg: spg, lease: pgLease });
export const pgLeaseAckMessage = struct({ epoch: u32, pg: spg, leaseAck: pgLeaseAck });

/** Several placement groups in one message, as Octopus and older releases send them. The version numbers are those of Octopus. */
const notifies = list(pgNotify, 'notify');
export const pgNotifyMany = struct({ epoch: u32, notifies });
export const pgInfoMany = struct({ epoch: u32, notifies });
export const pgQueryMany = struct({ epoch: u32, queries: list(struct({ pg: spg, query: pgQuery }), 'query') });
export const pgRemove = struct({ epoch: u32, pgs: list(spg, 'pg') });
export const pgTrim = struct({ epoch: u32, pg, trimTo: eversion, shard: i8 });
/** MOSDPGPCT (Squid): the version up to which all replicas have committed. */
export const pgCommittedTo = struct({ mapEpoch: u32, minEpoch: u32, pg: spg, committedTo: eversion });

/** MOSDPGCreate, MOSDScrub (both until Octopus). */
const creation = versioned(1, { created: u32, parent: pg, splitBits: i32 });
export const pgCreate = struct({
  epoch: u32,
  pgs: list(struct({ pg, creation }), 'pg'),
  stamps: since(3, list(struct({ pg, stamp: utime }), 'pg')),
});
export const scrub = struct({ fsid: uuid, pgs: list(pg, 'pg'), repair: bool, deep: since(2, bool) });

export const pgCreate2 = struct({
  epoch: u32,
  pgs: list(struct({ pg: spg, created: u32, stamp: utime })),
  extra: since(2, list(struct({ pg: spg, history: pgHistory, pastIntervals }))),
});

/** Steps of a reservation for backfill, recovery or scrub at another OSD. */
const BACKFILL: readonly string[] = ['request', 'grant', 'reject-toofull', 'release', 'revoke-toofull', 'revoke'];
const RECOVERY: readonly string[] = ['request', 'grant', 'release', 'revoke'];
const SCRUB: readonly string[] = ['request', 'grant', 'release', 'reject'];
const one = (names: readonly string[]) => (v: number) => names[v] ?? `type ${v}`;
export const backfillName = one(BACKFILL);
export const recoveryName = one(RECOVERY);
export const scrubName = one(SCRUB);

export const backfillReserve = struct({
  ...{ pg, queryEpoch: u32, reservation: u32.shown(backfillName), priority: u32, shard: i8 },
  primaryBytes: since(5, i64),
  shardBytes: since(5, i64),
});
export const recoveryReserve = struct({
  ...{ pg, queryEpoch: u32, reservation: u32.shown(recoveryName), shard: i8, priority: since(3, u32) },
});
export const scrubReserve = struct({
  ...{ pg: spg, mapEpoch: u32, reservation: i32.shown(scrubName), from: pgShard },
  reservationNonce: since(2, u32),
  waitForResources: since(3, bool),
});

export const scrub2 = struct({ fsid: uuid, epoch: u32, pgs: list(spg, 'pg'), repair: bool, deep: bool });
export const repScrub = struct({
  pg,
  scrubFrom: eversion,
  scrubTo: eversion,
  mapEpoch: u32,
  chunky: bool,
  start: hobject,
  end: hobject,
  deep: bool,
  shard: i8,
  seed: u32,
  minEpoch: since(7, u32),
  allowPreemption: since(8, bool),
  priority: since(9, i32),
  highPriority: since(9, bool),
});
export const repScrubMap = struct({ pg: spg, mapEpoch: u32, from: pgShard, preempted: since(2, bool) });
export const forceRecovery = struct({ fsid: uuid, pgs: list(spg, 'pg'), options: u8 });
