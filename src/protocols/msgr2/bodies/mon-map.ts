import { list, map, since, sized } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, string, u16, u32, u64, u8 } from '../../../base/structure/type.js';
import { addresses } from '../structures/address.js';
import { utime, uuid } from '../structures/common.js';

/** mon_info_t (src/mon/MonMap.cc), versions 3 to 6. */
const monInfo = versioned(6, {
  name: string,
  publicAddresses: addresses,
  priority: u16,
  weight: since(4, u16),
  crushLocation: since(5, map(string, string)),
  timeAdded: since(6, utime),
});

/** mon_feature_t. */
const features = versioned(1, { bits: u64 });

/** MonMap (src/mon/MonMap.cc), versions 6 to 9; older ones listed plain addresses. */
export const monMap = versioned(9, {
  fsid: uuid,
  epoch: u32,
  lastChanged: utime,
  created: utime,
  persistentFeatures: features,
  optionalFeatures: features,
  monitors: map(string, monInfo),
  ranks: list(string),
  minimumRelease: since(7, u8),
  removedRanks: since(8, list(u32)),
  strategy: since(9, u8),
  disallowedLeaders: since(9, list(string)),
  stretchMode: since(9, bool),
  tiebreaker: since(9, string),
  stretchDown: since(9, list(string)),
});

/** MMonMap (src/messages/MMonMap.h): the map in a blob. */
export const monMapMessage = struct({ monmap: sized(monMap) });
