import { changed, list, since, until, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, i32, i8, remainder, string, u32, u64, u8 } from '../../../base/structure/type.js';
import { resultText, SNAP_HEAD } from '../constants.js';
import { address } from '../structures/address.js';
import {
  entityNameT,
  eversion,
  hobject,
  intervals,
  locator,
  pg,
  pgShard,
  requestId,
  spg,
  trace,
  utime,
} from '../structures/common.js';
import { logEntriesBlob, optionalHitSetHistory, pgLogEntry, pgStat } from '../structures/pg.js';
import { objectStats } from '../structures/stats.js';

/**
 * Messages of a placement group's primary to its replicas: writes, and objects that they lack (src/messages/MOSDRepOp.h, MOSDPGPush.h,
 * ...).
 */

const result = i32.shown(resultText);
const flagsHex = u32.shown((v) => `0x${v.toString(16)}`);

/**
 * ObjectStore::Transaction (src/os/Transaction.h): its data (in the data segment since version 10), its operations, and indexes of objects.
 */
const transaction = versioned(10, { data: until(10, blob), operations: blob, indexes: remainder });

/** MOSDRepOp and MOSDRepOpReply from version 2 on: the replication of an operation. */
const replicated = struct({ mapEpoch: u32, minEpoch: u32, trace, requestId, pg: spg });
export const osdRepOp = replicated.and({
  object: hobject,
  acksWanted: u8,
  version: eversion,
  log: logEntriesBlob,
  pgStats: pgStat,
  trimTo: eversion,
  newTemp: hobject,
  discardTemp: hobject,
  from: pgShard,
  hitSets: optionalHitSetHistory,
  committedTo: eversion,
  transaction: since(4, transaction),
});
const ACKS: readonly (readonly [number, string])[] = [
  [1, 'ack'],
  [2, 'onnvram'],
  [4, 'ondisk'],
];
export const osdRepOpReply = replicated.and({
  ackType: u8.shown((v) =>
    ACKS.filter(([bit]) => (v & bit) !== 0)
      .map((a) => a[1])
      .join(' '),
  ),
  result,
  lastCompleteOnDisk: eversion,
  from: pgShard,
});

/** MOSDPGUpdateLogMissing and its reply: entries that a replica only has to add to its log. */
export const updateLogMissing = struct({
  ...{ mapEpoch: u32, pg: spg, from: i8, replicaTid: u64, entries: list(pgLogEntry, 'entry') },
  minEpoch: since(2, u32),
  trimTo: since(3, eversion),
  rollForwardTo: since(3, eversion),
});
export const updateLogMissingReply = struct({
  ...{ mapEpoch: u32, pg: spg, from: i8, replicaTid: u64 },
  minEpoch: since(2, u32),
  lastCompleteOnDisk: since(3, eversion),
});

/** watch_info_t. */
const watcher = versioned(4, { cookie: u64, timeoutSeconds: u32, address: since(4, address) });

/** object_info_t, from version 8 on. */
const objectInfo = versioned(18, { object: hobject, locator, category: string, version: eversion })
  .and({ priorVersion: eversion, lastRequestId: requestId, size: u64, mtime: utime })
  .and(['object'], {
    // the head has the request that locks it, a clone its snapshots
    lockedBy: whenBefore(requestId, isHead),
    snaps: whenBefore(list(u64, 'snap'), (before) => !isHead(before)),
  })
  .and({
    truncateSeq: u64,
    truncateSize: u64,
    lowFlags: u8,
    oldWatchers: list(struct({ name: entityNameT, watcher })),
    userVersion: eversion,
    usesTmap: since(9, bool),
    watchers: since(11, list(struct({ cookie: u64, name: entityNameT, watcher }))),
    flags: since(13, flagsHex),
    localMtime: since(14, utime),
    dataDigest: since(15, flagsHex),
    omapDigest: since(15, flagsHex),
    expectedObjectSize: since(16, u64),
    expectedWriteSize: since(16, u64),
    allocHintFlags: since(16, u32),
  })
  .and(['flags'], {
    manifest: whenBefore(since(17, versioned(Infinity, { form: u8, contents: remainder })), hasManifest),
  })
  .and({ shardVersions: since(18, list(struct({ shard: i8, version: eversion }))) });
/** object_info_t::FLAG_MANIFEST. */
const MANIFEST = 1 << 7;
function hasManifest(before: { readonly flags?: number | undefined }): boolean {
  return ((before.flags ?? 0) & MANIFEST) !== 0;
}
function isHead(before: { readonly object?: { readonly snap: bigint } }): boolean {
  return before.object?.snap === SNAP_HEAD;
}

/** SnapSet: the clones of an object. */
const snapSet = versioned(3, {
  seq: u64,
  headExists: bool,
  snaps: list(u64, 'snap'),
  clones: list(u64, 'clone'),
  cloneOverlap: list(struct({ clone: u64, intervals })),
  cloneSize: list(struct({ clone: u64, size: u64 })),
  cloneSnaps: since(3, list(struct({ clone: u64, snaps: list(u64, 'snap') }))),
});

const recoveryInfo = versioned(3, {
  object: hobject,
  version: eversion,
  size: u64,
  info: objectInfo,
  snapSet,
  copied: intervals,
  cloned: list(struct({ object: hobject, intervals })),
  objectExists: since(3, bool),
});
const recoveryProgress = versioned(1, {
  ...{ first: bool, dataComplete: bool, dataRecoveredTo: u64, omapRecoveredTo: string, omapComplete: bool },
});
const values = list(struct({ key: string, value: blob }), 'entry');

const push = versioned(1, {
  object: hobject,
  version: eversion,
  data: blob,
  dataIncluded: intervals,
  omapHeader: blob,
  omapEntries: values,
  attributes: values,
  recoveryInfo,
  progressAfter: recoveryProgress,
  progressBefore: recoveryProgress,
});
const pull = versioned(1, { object: hobject, recoveryInfo, recoveryProgress });

export const pgPush = struct({
  pg,
  mapEpoch: u32,
  pushes: list(push, 'push'),
  cost: u64,
  shard: i8,
  from: pgShard,
}).and({ minEpoch: since(3, u32), isRepair: since(4, bool) });
export const pgPull = struct({ pg, mapEpoch: u32, pulls: list(pull, 'pull'), cost: u64, shard: i8, from: pgShard }).and(
  { minEpoch: since(3, u32) },
);
export const pgPushReply = struct({
  ...{ pg, mapEpoch: u32, replies: list(versioned(1, { object: hobject }), 'reply'), cost: u64, shard: i8 },
  ...{ from: pgShard, minEpoch: since(3, u32) },
});

const objectVersions = list(struct({ object: hobject, version: eversion }));
export const pgRecoveryDelete = struct({
  ...{ from: pgShard, pg: spg, mapEpoch: u32, minEpoch: u32, cost: u64, objects: objectVersions },
});
export const pgRecoveryDeleteReply = struct({
  ...{ pg, mapEpoch: u32, minEpoch: u32, objects: objectVersions, shard: i8, from: pgShard },
});

const SCANS: readonly string[] = ['op 0', 'get digest', 'digest'];
export const pgScan = struct({
  op: u32.shown((v) => SCANS[v] ?? `op ${v}`),
  ...{ mapEpoch: u32, queryEpoch: u32, pg, begin: hobject, end: hobject, from: pgShard, shard: i8 },
});
const BACKFILLS: readonly string[] = ['op 0', 'op 1', 'progress', 'finish', 'finish-ack'];
export const pgBackfill = struct({
  op: u32.shown((v) => BACKFILLS[v] ?? `op ${v}`),
  ...{ mapEpoch: u32, queryEpoch: u32, pg, lastBackfill: hobject, oldStats: objectStats, stats: pgStat, shard: i8 },
});
export const pgBackfillRemove = struct({ pg: spg, mapEpoch: u32, objects: objectVersions });

/** Operations on shards of an erasure-coded object (src/osd/ECMsgTypes.cc). */
const subWrite = versioned(5, {
  from: pgShard,
  tid: u64,
  requestId,
  object: hobject,
  stats: pgStat,
  transaction,
  atVersion: eversion,
  trimTo: eversion,
  log: list(pgLogEntry, 'entry'),
  tempAdded: list(hobject, 'object'),
  tempRemoved: list(hobject, 'object'),
  hitSets: since(2, optionalHitSetHistory),
  rollForwardTo: since(3, eversion),
  backfillOrRecovery: since(4, bool),
});
const subWriteReply = versioned(1, { from: pgShard, tid: u64, lastComplete: eversion, committed: bool, applied: bool });
const subRead = versioned(3, {
  from: pgShard,
  tid: u64,
  toRead: list(struct({ object: hobject, extents: list(struct({ offset: u64, length: u64, flags: u32 }), 'extent') })),
  attributesToRead: list(hobject, 'object'),
  subchunks: since(3, list(struct({ object: hobject, chunks: list(struct({ first: i32, count: i32 }), 'chunk') }))),
});
const buffersInFront = list(struct({ object: hobject, extents: list(struct({ offset: u64, data: blob }), 'extent') }));
const buffersInData = list(struct({ object: hobject, extents: list(struct({ offset: u64, length: u32 }), 'extent') }));
const subReadReply = versioned(2, {
  from: pgShard,
  tid: u64,
  buffers: changed(2, buffersInFront, buffersInData),
  attributes: list(struct({ object: hobject, attributes: values })),
  errors: list(struct({ object: hobject, error: result })),
});
const traced = { minEpoch: since(2, u32), trace: since(2, trace) };
export const ecWrite = struct({ pg: spg, mapEpoch: u32, op: subWrite, ...traced });
export const ecWriteReply = struct({ pg: spg, mapEpoch: u32, op: subWriteReply, ...traced });
export const ecRead = struct({
  ...{ pg: spg, mapEpoch: u32, op: subRead, minEpoch: since(3, u32), trace: since(3, trace), cost: since(4, u64) },
});
export const ecReadReply = struct({ pg: spg, mapEpoch: u32, op: subReadReply, ...traced });
