import { list, since, until } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, i32, string, u16, u32, u64, u8 } from '../../../base/structure/type.js';
import { address, addresses } from '../structures/address.js';
import { utime, uuid } from '../structures/common.js';

/** mon_info_t (src/mon/MonMap.cc), up to version 6. */
const monInfo = versioned(6, {
  name: string,
  addresses,
  priority: since(2, u16),
  weight: since(4, u16),
  crushLocation: since(5, list(struct({ key: string, value: string }), 'entry')),
  timeAdded: since(6, utime),
});

/** mon_feature_t. */
const features = versioned(1, { bits: u64 });
const names = list(string, 'name');
const CIPHERS: readonly string[] = ['none', 'aes', 'aes256k'];
const cipher = i32.shown((v) => CIPHERS[v] ?? `cipher ${v}`);

/** MonMap from version 2 on. Before Nautilus (version 6) monitors had one address each, and no list of ranks. */
export const monMap = versioned(10, {
  fsid: uuid,
  epoch: u32,
  monAddresses: until(6, list(struct({ name: string, address }), 'monitor')),
  lastChanged: utime,
  created: utime,
  persistentFeatures: since(4, features),
  optionalFeatures: since(4, features),
  monitors: since(5, list(struct({ rankName: string, monitor: monInfo }))),
  ranks: since(6, names),
  minMonRelease: since(7, u8),
  removedRanks: since(8, list(u32, 'rank')),
  strategy: since(8, u8),
  disallowedLeaders: since(8, names),
  stretchMode: since(9, bool),
  tiebreaker: since(9, string),
  stretchMarkedDown: since(9, names),
  authEpoch: since(10, u32),
  serviceCipher: since(10, cipher),
  allowedCiphers: since(10, list(cipher, 'cipher')),
  preferredCipher: since(10, cipher),
});
