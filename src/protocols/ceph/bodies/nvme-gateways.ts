import { choose, ifLeft, items, list, since } from '../../../base/structure/parts.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { bool, i32, string, u32, u64 } from '../../../base/structure/type.js';
import { paxos } from '../structures/common.js';

/** NVMe over fabrics: gateways report to monitors, and receive their map (src/mon/NVMeofGwSerialize.h, src/messages/MNVMeofGw*.h). */

const AVAILABILITIES: readonly string[] = ['created', 'available', 'unavailable', 'deleting', 'deleted'];
export function availabilityName(availability: number): string {
  return AVAILABILITIES[availability] ?? `availability ${availability}`;
}
const availability = u32.shown(availabilityName);
const ACCESS: readonly string[] = ['optimized', 'inaccessible'];

const listener = versioned(1, { addressFamily: string, address: string, serviceId: string });
const namespace = versioned(1, { anaGroup: u32, nonce: string });
const subsystem = versioned(1, {
  nqn: string,
  listeners: list(listener, 'listener'),
  namespaces: list(namespace, 'namespace'),
});
const CHANGES: readonly string[] = ['added', 'changed', 'deleted'];
const change = u32.shown((v) => CHANGES[v] ?? `change ${v}`);
/** One change for each subsystem, without a count. */
const changes = versioned(1, { changes: choose('changes', (r) => items(r.left >> 2, change, 'change')) });

export const nvmeGatewayBeacon = struct({
  paxos,
  gateway: string,
  pool: string,
  group: string,
  subsystems: list(subsystem, 'subsystem'),
  availability,
  osdmapEpoch: u32,
  gatewayMapEpoch: u32,
  sequence: since(2, ifLeft(u64)),
  subsystemChanges: since(2, ifLeft(changes)),
});

/** ANA state: asymmetric access to groups of namespaces. */
const anaState = versioned(1, {
  groups: list(struct({ access: u32.shown((v) => ACCESS[v] ?? `access ${v}`), epoch: u32 }), 'group'),
});
const state = versioned(2, {
  groupId: u32,
  mapEpoch: u32,
  subsystems: versioned(2, { subsystems: list(struct({ nqn: string, anaState }), 'subsystem') }),
  availability,
  lastBeaconSequence: since(2, u64),
  outOfOrder: since(2, bool),
  mapFeatures: since(2, u64),
});
const gateways = versioned(1, { gateways: list(struct({ gateway: string, state }), 'gateway') });
export const nvmeGatewayMap = struct({
  structVersion: i32,
  epoch: u32,
  map: versioned(1, { groups: list(struct({ pool: string, group: string, gateways }), 'group') }),
});
