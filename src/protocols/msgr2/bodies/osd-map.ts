import { changed, ifLeft, list, since, sized } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, i32, i64, string, u32, u64, u8, type Type } from '../../../base/structure/type.js';
import { addresses } from '../structures/address.js';
import { pg, utime, uuid } from '../structures/common.js';

/** The OSDs' map (src/osd/OSDMap.cc), as far as lengths, counts and versions have to fit. */

/** Structures whose inside is left as bytes, of whatever version. */
const closed = versioned(Infinity, {});

const osds = list(i32, 'osd');
const intervals = list(struct({ start: u64, length: u64 }), 'interval');
const settings = list(struct({ key: string, value: string }), 'entry');
const profiles = list(struct({ name: string, settings }), 'profile');
const strings = list(string, 'name');

/** Maps by placement group, OSD and pool: `value` is what an entry's second part is called. */
const byPg = <T>(value: string, type: Type<T>) => list(struct({ pg, [value]: type }), 'entry');
const byOsd = <T>(value: string, type: Type<T>) => list(struct({ osd: i32, [value]: type }), 'entry');
const byPool = <T>(value: string, type: Type<T>) => list(struct({ pool: i64, [value]: type }), 'entry');

const pools = byPool('settings', closed);
const poolNames = byPool('name', string);
const snaps = byPool('intervals', intervals);
const pgOsds = byPg('osds', osds);
const pgOsd = byPg('osd', i32);
const pgPairs = byPg('pairs', list(struct({ from: i32, to: i32 }), 'pair'));
const pgs = list(pg, 'pg');
/** An OSD's state is a byte, and four since version 5. */
const state = <B, A>(before: Type<B>, after: Type<A>) => changed(5, before, after);

/** What clients read of a full map. */
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
  crush: blob,
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

/** What clients read of the changes from one epoch to the next. */
const changesForClients = versioned(9, {
  fsid: uuid,
  epoch: u32,
  modified: utime,
  newPoolMax: i64,
  newFlags: i32,
  fullMap: blob,
  crush: blob,
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

/** A wrapper around what clients read and what only OSDs do; versions before 7 had none. */
const full = versioned(8, {
  forClients: since(7, fullForClients),
  forOsds: since(7, closed),
  crc: since(8, u32),
});
const incremental = versioned(8, {
  forClients: since(7, changesForClients),
  forOsds: since(7, closed),
  incrementalCrc: since(8, u32),
  fullCrc: since(8, u32),
});

/** MOSDMap (src/messages/MOSDMap.h): maps and changes by epoch, each in a blob. */
export const osdMap = struct({
  fsid: uuid,
  incrementals: list(struct({ epoch: u32, encoded: sized(struct({ incremental: ifLeft(incremental) })) }), 'map'),
  maps: list(struct({ epoch: u32, encoded: sized(struct({ map: ifLeft(full) })) }), 'map'),
  oldest: since(2, u32),
  newest: since(2, u32),
});
