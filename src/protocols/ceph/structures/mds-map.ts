import { ifLeft, list, since, sized, whenever } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, i32, i64, string, u16, u32, u64, u8, type Type } from '../../../base/structure/type.js';
import { addresses } from './address.js';
import { compatSet, featureBits, featureBitset, utime } from './common.js';

/** The state and rank of each metadata server (src/mds/MDSMap.cc, FSMap.cc). */

const STATES: Readonly<Record<number, string>> = {
  0: 'dne',
  [-1]: 'stopped',
  [-4]: 'boot',
  [-5]: 'standby',
  [-6]: 'creating',
  [-7]: 'starting',
  [-8]: 'standby-replay',
  [-9]: 'replayonce',
  [-10]: 'null',
  8: 'replay',
  9: 'resolve',
  10: 'reconnect',
  11: 'rejoin',
  12: 'clientreplay',
  13: 'active',
  14: 'stopping',
  15: 'damaged',
};

export function mdsStateName(state: number): string {
  return STATES[state] ?? `state ${state}`;
}

const ranks = list(i32, 'rank');

/** MDSMap::mds_info_t, from version 8 (Nautilus) on. */
const daemon = versioned(10, {
  gid: u64,
  name: string,
  rank: i32,
  incarnation: i32,
  state: i32.shown(mdsStateName),
  stateSeq: u64,
  addresses,
  laggySince: utime,
  standbyForRank: i32,
  standbyForName: string,
  exportTargets: since(2, ranks),
  features: since(5, featureBits),
  joinFilesystem: since(6, i32),
  standbyReplay: since(7, bool),
  flags: since(9, u64),
  compat: since(10, compatSet),
});

/** A field that exists since inner version `ev` of the map; that version is itself a field in the middle of the map. */
const later = <T>(version: number, type: Type<T>): Type<T | undefined> =>
  whenever(
    `since inner version ${version}`,
    type,
    (r) => ((r.before['innerVersion'] as number | undefined) ?? 0) >= version,
  );

/** MDSMap, from version 4 on, with inner version 5 and newer. */
export const mdsMap = versioned(5, {
  epoch: u32,
  flags: u32,
  lastFailure: u32,
  root: i32,
  sessionTimeout: u32,
  sessionAutoclose: u32,
  maxFileSize: u64,
  maxMds: i32,
  daemons: list(struct({ gid: u64, daemon }), 'daemon'),
  dataPools: list(i64, 'pool'),
  casPool: i64,
  innerVersion: u16,
}).and(['innerVersion'], {
  compat: compatSet,
  metadataPool: i64,
  created: utime,
  modified: utime,
  tableServer: i32,
  in: ranks,
  incarnations: list(struct({ rank: i32, incarnation: i32 })),
  up: list(struct({ rank: i32, gid: u64 })),
  failed: ranks,
  stopped: ranks,
  lastFailureOsdEpoch: later(4, u32),
  everAllowed: later(6, u8),
  explicitlyAllowed: later(6, u8),
  inlineData: later(7, bool),
  enabled: later(8, bool),
  filesystem: later(8, string),
  damaged: later(9, ranks),
  balancer: later(11, string),
  standbyCountWanted: later(12, i32),
  oldMaxMds: later(13, i32),
  minCompatClient: later(14, u8),
  requiredClientFeatures: later(16, featureBitset),
  balanceRankMask: later(17, string),
  maxXattrSize: later(18, u64),
  quiesceLeader: later(19, u64),
  quiesceMembers: later(19, list(u64, 'gid')),
});

const peer = versioned(1, {
  uuid: string,
  remote: versioned(1, { clientName: string, clusterName: string, filesystem: string }),
});
const filesystem = versioned(2, {
  id: i32,
  map: sized(struct({ map: ifLeft(mdsMap) })),
  mirror: since(2, versioned(1, { mirrored: bool, peers: list(peer, 'peer') })),
});

/** FSMap, from version 7 on. */
export const fsMap = versioned(8, {
  epoch: u32,
  nextFilesystem: u64,
  legacyFilesystem: i32,
  defaultCompat: compatSet,
  enableMultiple: bool,
  filesystems: list(filesystem, 'filesystem'),
  roles: list(struct({ gid: u64, filesystem: i32 })),
  standbys: list(struct({ gid: u64, daemon }), 'daemon'),
  standbyEpochs: list(struct({ gid: u64, epoch: u32 })),
  everEnabledMultiple: since(7, bool),
  btime: since(8, utime),
});

/** FSMapUser: filesystems by name, for clients. */
export const fsMapUser = versioned(1, {
  epoch: u32,
  legacyFilesystem: i32,
  filesystems: list(versioned(1, { id: i32, name: string }), 'filesystem'),
});
