import { changed, ifLeft, list, since, sized } from '../../../base/structure/parts.js';
import { byteVersioned, struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, f32, i32, i64, string, u32, u64, u8, type Type } from '../../../base/structure/type.js';
import { address, addresses } from '../structures/address.js';
import { intervals, pg, settings, strings, utime, uuid } from '../structures/common.js';
import { crushMap } from '../structures/crush.js';
import { pool } from '../structures/pool.js';

/** The OSDs' map (src/osd/OSDMap.cc). */

const osds = list(i32, 'osd');
const profiles = list(struct({ name: string, settings }), 'profile');
const crush = sized(struct({ map: ifLeft(crushMap) }));

/** Lists by placement group, by OSD and by pool. `value`: the name of an entry's second field. */
const byPg = <T>(value: string, type: Type<T>) => list(struct({ pg, [value]: type }), 'entry');
export const byOsd = <T>(value: string, type: Type<T>) => list(struct({ osd: i32, [value]: type }), 'entry');
const byPool = <T>(value: string, type: Type<T>) => list(struct({ pool: i64, [value]: type }), 'entry');

const pools = byPool('settings', pool);
const poolNames = byPool('name', string);
const snaps = byPool('intervals', intervals);
const pgOsds = byPg('osds', osds);
const pgOsd = byPg('osd', i32);
const pgPairs = byPg('pairs', list(struct({ from: i32, to: i32 }), 'pair'));
const pgs = list(pg, 'pg');
/** The state of an OSD: one byte, and four since version 5. */
export const state = <B, A>(before: Type<B>, after: Type<A>) => changed(5, before, after);

/** The section of a full map that clients read. */
const fullForClients = versioned(10, {
  fsid: uuid,
  epoch: u32,
  created: utime,
  modified: utime,
  pools,
  poolNames,
  poolMax: i32,
  flags: u32,
  maxOsd: i32,
  osdState: state(list(u8, 'state'), list(u32, 'state')),
  osdWeight: list(u32, 'weight'),
  osdAddresses: list(addresses, 'addresses'),
  pgTemp: pgOsds,
  primaryTemp: pgOsd,
  primaryAffinity: since(2, list(u32, 'affinity')),
  crush,
  erasureCodeProfiles: since(3, profiles),
  pgUpmap: since(4, pgOsds),
  pgUpmapItems: since(4, pgPairs),
  crushVersion: since(6, i32),
  newRemovedSnaps: since(7, snaps),
  newPurgedSnaps: since(7, snaps),
  lastUpChange: since(9, utime),
  lastInChange: since(9, utime),
  pgUpmapPrimaries: since(10, pgOsd),
});

/** The section of an incremental map that clients read. */
const changesForClients = versioned(9, {
  fsid: uuid,
  epoch: u32,
  modified: utime,
  newPoolMax: i64,
  newFlags: i32,
  fullMap: blob,
  crush,
  newMaxOsd: i32,
  newPools: pools,
  newPoolNames: poolNames,
  oldPools: list(i64, 'pool'),
  newUpClient: byOsd('addresses', addresses),
  newState: state(byOsd('state', u8), byOsd('state', u32)),
  newWeight: byOsd('weight', u32),
  newPgTemp: pgOsds,
  newPrimaryTemp: pgOsd,
  newPrimaryAffinity: since(2, byOsd('affinity', u32)),
  newErasureCodeProfiles: since(3, profiles),
  oldErasureCodeProfiles: since(3, strings),
  newPgUpmap: since(4, pgOsds),
  oldPgUpmap: since(4, pgs),
  newPgUpmapItems: since(4, pgPairs),
  oldPgUpmapItems: since(4, pgs),
  newRemovedSnaps: since(6, snaps),
  newPurgedSnaps: since(6, snaps),
  newLastUpChange: since(8, utime),
  newLastInChange: since(8, utime),
  newPgUpmapPrimary: since(9, pgOsd),
  oldPgUpmapPrimary: since(9, pgs),
});

/** osd_info_t: a version byte and six epochs. */
export const osdInfo = byteVersioned(1, {
  ...{ lastCleanBegin: u32, lastCleanEnd: u32, upFrom: u32, upThru: u32, downAt: u32, lostAt: u32 },
});
/** osd_xinfo_t. */
export const osdExtra = versioned(4, {
  downStamp: utime,
  laggyProbability: u32,
  laggyInterval: u32,
  features: since(2, u64),
  oldWeight: since(3, u32),
  lastPurgedSnapsScrub: since(4, utime),
  deadEpoch: since(4, u32),
});
const release = u8;
export const until = list(struct({ address, until: utime }));
export const addressList = list(address, 'address');
const flagsById = list(struct({ id: i32, flags: u32 }));

/** The section of a full map that only OSDs read. */
const fullForOsds = versioned(12, {
  heartbeatBackAddresses: list(addresses, 'addresses'),
  info: list(osdInfo, 'info'),
  blocklist: until,
  clusterAddresses: list(addresses, 'addresses'),
  clusterSnapshotEpoch: u32,
  clusterSnapshot: string,
  osdFsids: list(uuid, 'fsid'),
  extra: list(osdExtra, 'extra'),
  heartbeatFrontAddresses: list(addresses, 'addresses'),
  nearfullRatio: since(2, f32),
  fullRatio: since(2, f32),
  backfillfullRatio: since(3, f32),
  requireMinCompatClient: since(5, release),
  requireOsdRelease: since(5, release),
  removedSnapsQueue: since(6, snaps),
  crushNodeFlags: since(8, flagsById),
  deviceClassFlags: since(9, flagsById),
  stretchMode: since(10, bool),
  stretchBucketCount: since(10, u32),
  degradedStretchMode: since(10, u32),
  recoveringStretchMode: since(10, u32),
  stretchModeBucket: since(10, i32),
  rangeBlocklist: since(11, until),
  allowCrimson: since(12, bool),
});

/** The section of an incremental map that only OSDs read. */
const changesForOsds = versioned(12, {
  newHeartbeatBackUp: byOsd('addresses', addresses),
  newUpThru: byOsd('epoch', u32),
  newLastCleanInterval: list(struct({ osd: i32, begin: u32, end: u32 })),
  newLost: byOsd('epoch', u32),
  newBlocklist: until,
  oldBlocklist: addressList,
  newUpCluster: byOsd('addresses', addresses),
  clusterSnapshot: string,
  newOsdFsids: byOsd('fsid', uuid),
  newExtra: byOsd('extra', osdExtra),
  newHeartbeatFrontUp: byOsd('addresses', addresses),
  encodeFeatures: since(2, u64),
  newNearfullRatio: since(3, f32),
  newFullRatio: since(3, f32),
  newBackfillfullRatio: since(4, f32),
  newRequireMinCompatClient: since(6, release),
  newRequireOsdRelease: since(6, release),
  newCrushNodeFlags: since(8, flagsById),
  newDeviceClassFlags: since(9, flagsById),
  changeStretchMode: since(10, bool),
  newStretchBucketCount: since(10, u32),
  newDegradedStretchMode: since(10, u32),
  newRecoveringStretchMode: since(10, u32),
  newStretchModeBucket: since(10, i32),
  stretchMode: since(10, bool),
  newRangeBlocklist: since(11, until),
  oldRangeBlocklist: since(11, addressList),
  mutateAllowCrimson: since(12, u8),
});

/** The envelope around the section for clients and the section for OSDs. Versions before 7 had no such envelope. */
const full = versioned(8, {
  forClients: since(7, fullForClients),
  forOsds: since(7, fullForOsds),
  crc: since(8, u32),
});
const incremental = versioned(8, {
  forClients: since(7, changesForClients),
  forOsds: since(7, changesForOsds),
  incrementalCrc: since(8, u32),
  fullCrc: since(8, u32),
});

/** MOSDMap (src/messages/MOSDMap.h): incremental and full maps by epoch, each with its length before it. */
export const osdMap = struct({
  fsid: uuid,
  incrementals: list(struct({ epoch: u32, encoded: sized(struct({ incremental: ifLeft(incremental) })) }), 'map'),
  maps: list(struct({ epoch: u32, encoded: sized(struct({ map: ifLeft(full) })) }), 'map'),
  oldest: since(2, u32),
  newest: since(2, u32),
  gapRemovedSnaps: since(4, snaps),
});
