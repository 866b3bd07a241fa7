import { list, since, until } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { i32, i64, string, u32, u64 } from '../../../base/structure/type.js';

/** What OSDs report about themselves and their objects (src/osd/osd_types.h and .cc). */

/** object_stat_sum_t, from version 14 on. */
const sum = versioned(20, {
  bytes: i64,
  objects: i64,
  objectClones: i64,
  objectCopies: i64,
  objectsMissingOnPrimary: i64,
  objectsDegraded: i64,
  objectsUnfound: i64,
  reads: i64,
  readKb: i64,
  writes: i64,
  writeKb: i64,
  scrubErrors: i64,
  objectsRecovered: i64,
  bytesRecovered: i64,
  keysRecovered: i64,
  shallowScrubErrors: i64,
  deepScrubErrors: i64,
  objectsDirty: i64,
  whiteouts: i64,
  objectsOmap: i64,
  objectsHitSetArchive: i64,
  objectsMisplaced: i64,
  bytesHitSetArchive: i64,
  flushes: i64,
  flushKb: i64,
  evictions: i64,
  evictionKb: i64,
  promotions: i64,
  flushModeHigh: i32,
  flushModeLow: i32,
  evictModeSome: i32,
  evictModeFull: i32,
  objectsPinned: i64,
  objectsMissing: i64,
  legacySnapsets: since(16, i64),
  largeOmapObjects: since(17, i64),
  objectsManifest: since(18, i64),
  omapBytes: since(19, i64),
  omapKeys: since(19, i64),
  objectsRepaired: since(20, i64),
});

/** object_stat_collection_t. */
export const objectStats = versioned(2, { sum, categories: list(struct({ name: string, sum }), 'category') });

/** store_statfs_t. */
export const storeStats = versioned(1, {
  total: u64,
  available: u64,
  internallyReserved: u64,
  allocated: i64,
  dataStored: i64,
  dataCompressed: i64,
  dataCompressedAllocated: i64,
  dataCompressedOriginal: i64,
  omapAllocated: i64,
  internalMetadata: i64,
});

/** pool_stat_t, from version 5 on. */
export const poolStats = versioned(7, {
  stats: objectStats,
  logSize: i64,
  ondiskLogSize: i64,
  up: since(6, i32),
  acting: since(6, i32),
  storeStats: since(7, storeStats),
  storeStatsCount: since(7, i32),
});

/** Averages over one, five and fifteen minutes. */
const three = struct({ minute1: u32, minutes5: u32, minutes15: u32 });
const ping = struct({ average: three, least: three, most: three, last: u32 });
const pings = struct({ osd: i32, lastUpdate: u32, back: ping, front: ping });

/** objectstore_perf_stat_t: in milliseconds before version 2, in nanoseconds since. */
const latency = versioned(2, {
  commitMs: until(2, u32),
  applyMs: until(2, u32),
  commitNs: since(2, u64),
  applyNs: since(2, u64),
});

/** osd_stat_t, from version 6 on. */
export const osdStats = versioned(14, {
  kb: i64,
  kbUsed: i64,
  kbAvailable: i64,
  snapTrimQueueLength: i32,
  snapsTrimming: i32,
  heartbeatPeers: list(i32, 'osd'),
  heartbeatOut: list(i32, 'osd'),
  queueAge: since(3, versioned(1, { histogram: list(i32, 'bucket') })),
  latency: since(4, latency),
  upFrom: since(6, u32),
  seq: since(6, u64),
  pgs: since(7, u32),
  kbUsedData: since(8, i64),
  kbUsedOmap: since(8, i64),
  kbUsedMeta: since(8, i64),
  storeStats: since(9, storeStats),
  alerts: since(10, list(struct({ osd: i32, alerts: list(struct({ alert: string, text: string })) }))),
  shardsRepaired: since(11, i64),
  osds: since(12, i32),
  perPoolOsds: since(12, i32),
  perPoolOmapOsds: since(13, i32),
  heartbeatPingTimes: since(14, list(pings, 'osd')),
});
