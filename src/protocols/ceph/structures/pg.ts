import { list, optional, since, sized, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, f64, i32, i64, i8, u16, u32, u64, u8 } from '../../../base/structure/type.js';
import {
  eversion,
  hobject,
  intervals,
  featureBits,
  operationReturn,
  pg,
  pgShard,
  requestId,
  shardSet,
  timespan,
  utime,
} from './common.js';
import { objectStats } from './stats.js';

/** What OSDs store about a placement group (src/osd/osd_types.h and .cc). */

/** pg_history_t. It has a length only since version 4. */
export const pgHistory = versioned(
  10,
  {
    epochCreated: u32,
    lastEpochStarted: u32,
    lastEpochClean: since(3, u32),
    lastEpochSplit: u32,
    sameIntervalSince: u32,
    sameUpSince: u32,
    samePrimarySince: u32,
    lastScrub: since(2, eversion),
    lastScrubStamp: since(2, utime),
    lastDeepScrub: since(5, eversion),
    lastDeepScrubStamp: since(5, utime),
    lastCleanScrubStamp: since(6, utime),
    lastEpochMarkedFull: since(7, u32),
    lastIntervalStarted: since(8, u32),
    lastIntervalClean: since(8, u32),
    epochPoolCreated: since(9, u32),
    priorReadableUntil: since(10, timespan),
  },
  { compatFrom: 4, lengthFrom: 4 },
);

const osds = list(i32, 'osd');

/** pg_stat_t, from version 22 (Jewel) on. */
export const pgStat = versioned(30, {
  version: eversion,
  reportedSeq: u64,
  reportedEpoch: u32,
  state: u32.shown((v) => `0x${v.toString(16)}`),
  logStart: eversion,
  ondiskLogStart: eversion,
  created: u32,
  lastEpochClean: u32,
  parent: pg,
  parentSplitBits: u32,
  lastScrub: eversion,
  lastScrubStamp: utime,
  stats: objectStats,
  logSize: i64,
  ondiskLogSize: i64,
  up: osds,
  acting: osds,
  lastFresh: utime,
  lastChange: utime,
  lastActive: utime,
  lastClean: utime,
  lastUnstale: utime,
  mappingEpoch: u32,
  lastDeepScrub: eversion,
  lastDeepScrubStamp: utime,
  statsInvalid: bool,
  lastCleanScrubStamp: utime,
  lastBecameActive: utime,
  dirtyStatsInvalid: bool,
  upPrimary: i32,
  actingPrimary: i32,
  omapStatsInvalid: bool,
  hitsetStatsInvalid: bool,
  blockedBy: osds,
  lastUndegraded: utime,
  lastFullsized: utime,
  hitsetBytesStatsInvalid: bool,
  lastPeered: utime,
  lastBecamePeered: utime,
  pinStatsInvalid: bool,
  snapTrimQueueLength: since(23, u32),
  stateHigh: since(24, u32),
  purgedSnaps: since(24, intervals),
  manifestStatsInvalid: since(25, bool),
  availableNoMissing: since(26, list(pgShard, 'shard')),
  objectLocationCounts: since(26, list(struct({ shards: list(pgShard, 'shard'), count: i32 }))),
  lastScrubDuration: since(27, i32),
  scrubScheduledAt: since(27, utime),
  scrubDurationSeconds: since(27, i32),
  scrubSchedule: since(27, u16),
  scrubIsActive: since(27, bool),
  scrubIsDeep: since(27, bool),
  scrubIsPeriodic: since(27, bool),
  objectsScrubbed: since(27, i64),
  scrubDuration: since(28, f64),
  objectsTrimmed: since(28, i64),
  snapTrimDuration: since(28, f64),
  logDupsSize: since(29, i64),
  scrubOsdToRespond: since(30, u16),
  scrubReplica: since(30, u8),
  scrubToReserve: since(30, u8),
});

const hitSet = versioned(2, { begin: utime, end: utime, version: eversion, usingGmt: since(2, bool) });

/** pg_hit_set_history_t. */
export const hitSetHistory = versioned(1, {
  currentLastUpdate: eversion,
  unusedStamp: utime,
  unusedHitSet: hitSet,
  history: list(hitSet, 'hitSet'),
});

/** pg_info_t, from version 26 on. */
export const pgInfo = versioned(34, {
  pg,
  lastUpdate: eversion,
  lastComplete: eversion,
  logTail: eversion,
  oldLastBackfill: hobject,
  stats: pgStat,
  history: pgHistory,
  purgedSnaps: intervals,
  lastEpochStarted: u32,
  lastUserVersion: u64,
  hitSets: hitSetHistory,
  shard: i8,
  lastBackfill: hobject,
  lastBackfillBitwise: bool,
  lastIntervalStarted: since(32, u32),
  partialWrites: since(33, list(struct({ shard: i8, from: eversion, to: eversion }))),
  partialWritesEpoch: since(34, u32),
});

/** pg_lease_t and pg_lease_ack_t: until when a placement group may be read. */
export const pgLease = versioned(1, { readableUntil: timespan, readableUntilUpperBound: timespan, interval: timespan });
export const pgLeaseAck = versioned(1, { readableUntilUpperBound: timespan });

/** PastIntervals: 0 nothing, 2 pi_compact_rep. */
export const pastIntervals = versioned(1, { form: u8 }).and(['form'], {
  compact: whenBefore(
    versioned(1, {
      first: u32,
      last: u32,
      participants: list(pgShard, 'shard'),
      intervals: list(versioned(1, { first: u32, last: u32, acting: list(pgShard, 'shard') }), 'interval'),
    }),
    (before: { readonly form: number }) => before.form === 2,
  ),
});

const LOG_OPS: readonly (string | undefined)[] = [
  ...[undefined, 'modify', 'clone', 'delete', undefined, 'lost-revert', 'lost-delete', 'lost-mark', 'promote'],
  ...['clean', 'error'],
];
const ERROR = 10;
const LOST_REVERT = 5;

export function logOpName(op: number): string {
  return LOG_OPS[op] ?? `op ${op}`;
}

/** ObjectCleanRegions: the parts of an object that a write left unchanged. */
const cleanRegions = versioned(1, { cleanOffsets: intervals, cleanOmap: bool, newObject: bool });

interface Entry {
  readonly op: number;
}

/** pg_log_entry_t, from version 4 on. */
export const pgLogEntry = versioned(
  15,
  { op: u32.shown(logOpName), object: hobject, version: eversion, priorVersion: eversion, requestId, mtime: utime },
  { compatFrom: 4, lengthFrom: 4 },
)
  .and(['op'], { revertedPriorVersion: whenBefore(since(6, eversion), (e: Entry) => e.op === LOST_REVERT) })
  .and({
    snaps: since(7, blob),
    userVersion: since(8, u64),
    rollback: since(9, versioned(2, { canLocalRollback: bool, rollbackInfoCompleted: bool, encoded: blob })),
    extraRequestIds: since(10, list(struct({ requestId, userVersion: u64 }))),
  })
  .and(['op', 'extraRequestIds'], {
    errorCode: whenBefore(since(11, i32), (e: Entry) => e.op === ERROR),
    extraReturnCodes: whenBefore(
      since(12, list(struct({ index: u32, code: i32 }))),
      (e: { readonly extraRequestIds?: readonly unknown[] }) => (e.extraRequestIds?.length ?? 0) > 0,
    ),
    cleanRegions: since(13, cleanRegions),
    returnCode: whenBefore(since(14, i32), (e: Entry) => e.op !== ERROR),
    opReturns: since(14, list(operationReturn, 'return')),
    writtenShards: since(15, shardSet),
    unusedShards: since(15, shardSet),
  });

/** pg_log_dup_t: an operation that is older than the log. */
const pgLogDuplicate = versioned(2, {
  ...{ requestId, version: eversion, userVersion: u64, returnCode: i32 },
  opReturns: since(2, list(operationReturn, 'return')),
});

/** pg_log_t, from version 3 on. Only on disk do entries have checksums. */
export const pgLog = versioned(
  7,
  {
    head: eversion,
    tail: eversion,
    entries: list(pgLogEntry, 'entry'),
    canRollbackTo: since(5, eversion),
    rollbackInfoTrimmedTo: since(6, eversion),
    duplicates: since(7, list(pgLogDuplicate, 'duplicate')),
  },
  { compatFrom: 3, lengthFrom: 3 },
);

/**
 * pg_missing_item as Octopus and newer write it. Its first two versions belong to no object, which distinguishes it from older encodings.
 */
const missingItem = struct({
  ...{ zero: eversion, mark: eversion, need: eversion, have: eversion, flags: u8, cleanRegions },
});

export const pgMissing = versioned(
  5,
  { missing: list(struct({ object: hobject, item: missingItem })), mayIncludeDeletes: since(4, bool) },
  { compatFrom: 2, lengthFrom: 2 },
);

/** The entries of a log with a length before them, as replicas receive them. */
export const logEntriesBlob = sized(struct({ entries: list(pgLogEntry, 'entry') }));

/** pg_notify_t, pg_query_t. */
export const pgNotify = versioned(4, {
  ...{ queryEpoch: u32, epochSent: u32, info: pgInfo, to: i8, from: i8 },
  pastIntervals: since(3, pastIntervals),
  features: since(4, featureBits),
});
const QUERIES: readonly string[] = ['info', 'log', 'type 2', 'type 3', 'missing', 'full log'];
export function queryName(type: number): string {
  return QUERIES[type] ?? `type ${type}`;
}
export const pgQuery = versioned(3, {
  queryType: i32.shown(queryName),
  ...{ since: eversion, history: pgHistory, epochSent: u32, to: i8, from: i8 },
});

export const optionalLease = optional(pgLease);
export const optionalLeaseAck = optional(pgLeaseAck);
export const optionalHitSetHistory = optional(hitSetHistory);
