import { ifLeft, list, since, sized, whenBefore } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { blob, bool, f32, f64, i16, i32, i8, string, u16, u32, u64, u8 } from '../../../base/structure/type.js';
import { address } from '../structures/address.js';
import { compatSet, entityInst, featureBits, paxos, settings, strings, utime, uuid } from '../structures/common.js';
import { dirfrag, metareqid, tableName } from './metadata-migration.js';
import { fsMap, fsMapUser, mdsMap, mdsStateName } from '../structures/mds-map.js';

/** Messages of metadata servers to monitors and to each other (src/messages/MMDS*.h, MFSMap.h, MLock.h, ...). */

export const mdsMapMessage = struct({
  ...{ fsid: uuid, epoch: u32, map: sized(struct({ map: ifLeft(mdsMap) })), filesystem: since(2, string) },
});
export const fsMapMessage = struct({ epoch: u32, map: fsMap });
export const fsMapUserMessage = struct({ epoch: u32, map: fsMapUser });

const BOOT = -4;
const healthMetric = versioned(1, { metric: u16, severity: u8, message: string, metadata: settings });
export const mdsBeacon = struct({
  paxos,
  fsid: uuid,
  gid: u64,
  state: i32.shown(mdsStateName),
  seq: u64,
  name: string,
  standbyForRank: i32,
  standbyForName: string,
  compat: compatSet,
  health: versioned(1, { metrics: list(healthMetric, 'metric') }),
})
  .and(['state'], { system: whenBefore(settings, (b: { readonly state: number }) => b.state === BOOT) })
  .and({
    features: featureBits,
    standbyForFilesystem: i32,
    standbyReplay: since(7, bool),
    filesystem: since(8, string),
  });

const latency = versioned(3, {
  ...{ latency: utime, updated: since(2, bool), mean: since(3, utime), squares: since(3, u64), count: since(3, u64) },
});
const two = versioned(1, { first: u64, second: u64, updated: bool });
const metrics = versioned(4, {
  updateType: u32,
  capHits: versioned(1, { hits: u64, misses: u64 }),
  reads: latency,
  writes: latency,
  metadata: latency,
  dentryLeases: since(2, two),
  openedFiles: since(3, two),
  pinnedInodes: since(3, two),
  openedInodes: since(3, two),
  readSizes: since(4, two),
  writeSizes: since(4, two),
});
export const mdsMetrics = struct({
  metrics: versioned(1, {
    ...{ seq: u64, rank: i32, clients: list(struct({ client: entityInst(address), metrics }), 'client') },
  }),
});

/** Names operations by number. Negative numbers are answers. */
function named(names: Readonly<Record<number, string>>) {
  return (op: number): string => names[op] ?? `op ${op}`;
}
export const scrubOpName = named({
  ...{ 1: 'queuedir', [-1]: 'queuedir_ack', 2: 'queueino', [-2]: 'queueino_ack', 3: 'abort', 4: 'pause', 5: 'resume' },
});
export const tableOpName = named({
  ...{ 1: 'query', [-2]: 'query_reply', 3: 'prepare', [-4]: 'agree', 5: 'commit', [-6]: 'ack', 7: 'rollback' },
  ...{ 8: 'server_update', [-9]: 'server_ready', 10: 'notify_ack', [-11]: 'notify_prep' },
});
export const lockActionName = named({
  ...{ [-1]: 'sync', [-2]: 'mix', [-3]: 'lock', [-4]: 'lockflushed', 1: 'syncack', 2: 'mixack', 3: 'lockack' },
  ...{ 7: 'reqscatter', 8: 'requnscatter', 9: 'nudge', 10: 'reqrdlock' },
});
export const peerOpName = named({
  ...{ 1: 'xlock', [-1]: 'xlock_ack', 2: 'unxlock', 3: 'authpin', [-3]: 'authpin_ack', 4: 'link_prep' },
  ...{ 5: 'unlink_prep', [-4]: 'link_prep_ack', 7: 'rename_prep', [-7]: 'rename_prep_ack', 8: 'wrlock' },
  ...{ [-8]: 'wrlock_ack', 9: 'unwrlock', 10: 'rmdir_prep', [-10]: 'rmdir_prep_ack', 11: 'drop_locks' },
  ...{ 12: 'rename_notify', [-12]: 'rename_notify_ack', 17: 'finish', [-18]: 'committed', 20: 'abort' },
});
const LOCKS: Readonly<Record<number, string>> = {
  ...{ 0x1: 'dn', 0x2: 'dversion', 0x10: 'iquiesce', 0x20: 'isnap', 0x40: 'ipolicy', 0x80: 'ifile', 0x100: 'inest' },
  ...{ 0x200: 'idft', 0x400: 'iauth', 0x800: 'ilink', 0x1000: 'ixattr', 0x2000: 'iflock', 0x4000: 'iversion' },
};
/** CEPH_LOCK_*. */
export function lockName(type: number): string {
  return LOCKS[type] ?? `lock ${type}`;
}
const lockType = u16.shown(lockName);

export const mdsPing = struct({ seq: u64 });
const failedInodes = list(struct({ errorCode: i32, inos: list(u64, 'ino') }), 'error');
export const mdsScrubStats = struct({
  ...{ epoch: u32, tags: strings, update: bool, aborting: bool },
  uninlineFailed: since(2, list(struct({ tag: string, errors: failedInodes }), 'tag')),
  paths: since(2, list(struct({ ino: u64, path: string }), 'path')),
  counters: since(2, list(struct({ tag: string, started: u64, passed: u64, failed: u64, skipped: u64 }), 'counter')),
});
const fragments = list(u32, 'fragment');
export const mdsScrub = struct({
  op: i32.shown(scrubOpName),
  ino: u64,
  fragments,
  tag: string,
  origin: u64,
  flags: u32,
});
export const mdsOffloadTargets = struct({ paxos, gid: u64, targets: list(i32, 'rank') });
export const mdsTableRequest = struct({
  table: u16.shown(tableName),
  op: i16.shown(tableOpName),
  reqid: u64,
  payload: blob,
});
export const mdsSnapUpdate = struct({ ino: u64, op: i16, payload: blob });

const objectInfo = versioned(2, { ino: u64, dirfrag, name: string, snap: u64 });
export const mdsLock = struct({
  ...{ asker: i32, action: i32.shown(lockActionName), reqid: metareqid, lockType, object: objectInfo, payload: blob },
});
/** filepath. */
export const filepath = struct({ structVersion: u8, ino: u64, path: string });
export const mdsPeerRequest = struct({
  reqid: metareqid,
  attempt: u32,
  op: i16.shown(peerOpName),
  flags: u16,
  lockType,
  object: objectInfo,
  authPins: list(objectInfo, 'object'),
  source: filepath,
  destination: filepath,
  witnesses: list(i32, 'rank'),
  stamp: utime,
  inodeExport: blob,
  inodeExportVersion: u64,
  sourceAuth: i32,
  stray: blob,
  sourceSnap: blob,
  destinationSnap: blob,
  alternateName: ifLeft(string),
});

const perDirectory = versioned(2, { loads: loads(5) });
function loads(n: number) {
  const counter = versioned(5, { value: f64, slope: ifLeft(f64) });
  return struct(Object.fromEntries(Array.from({ length: n }, (_, i) => [`load${i}`, counter])));
}
export const mdsHeartbeat = struct({
  load: versioned(2, { auth: perDirectory, all: perDirectory, requestRate: f64, hitRate: f64, queue: f64, cpu: f64 }),
  beat: i32,
  imports: list(struct({ rank: i32, load: f32 })),
});

export const mdsFindIno = struct({ tid: u64, ino: u64 });
export const mdsFindInoReply = struct({ tid: u64, path: filepath });
const ancestors = list(versioned(2, { dirIno: u64, name: string, version: u64 }), 'ancestor');
export const mdsOpenIno = struct({ ino: u64, ancestors });
export const mdsOpenInoReply = struct({ ino: u64, ancestors, hint: i32, error: i32 });
export const mdsDiscover = struct({
  ...{ baseIno: u64, baseFrag: u32, snap: u64, want: filepath, wantBaseDir: bool, pathLocked: bool },
});
export const mdsGatherCaps = struct({ ino: u64 });
export const mdsInodeFileCaps = struct({ ino: u64, caps: u32 });
export const mdsDentryLink = struct({ subtree: dirfrag, dirfrag, name: string, isPrimary: bool, payload: blob });
export const mdsDentryUnlink = struct({ dirfrag, name: string, stray: blob });
export const mdsDirUpdate = struct({
  ...{ from: i32, dirfrag, replication: i32, discover: i32, replicatedBy: list(i32, 'rank'), path: filepath },
});
export const mdsFragmentNotify = struct({ dirfrag, bits: i8, payload: blob, ackWanted: since(2, bool) });
export const mdsFragmentNotifyAck = struct({ dirfrag, bits: i8 });
export const mdsResolveAck = struct({
  commits: list(struct({ reqid: metareqid, payload: blob })),
  aborts: list(metareqid, 'request'),
});
export const mdsExportDiscover = struct({ from: i32, dirfrag, path: filepath });
