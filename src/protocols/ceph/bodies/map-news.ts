import { decode } from '../../../base/structure/decode.js';
import { list, placed, since, sized, type Placed } from '../../../base/structure/parts.js';
import type { ReadOptions } from '../../../base/structure/reader.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { i32, i64, string, u32, u8, unused, type Type, type ValueOf } from '../../../base/structure/type.js';
import { addresses, type Address } from '../structures/address.js';
import { uuid } from '../structures/common.js';
import { addressList, byOsd, osdExtra, osdInfo, state, until } from './osd-map.js';

/**
 * What sessions learn from an OSD_MAP, also if nothing is printed: epochs, the names of pools, and the addresses of OSDs. Describes the
 * same bytes as osdMap in osd-map.ts, but reads only these fields; other structures with a length are skipped.
 */

const skipped = versioned(Infinity, {});
const poolNames = list(struct({ pool: i64, name: string }), 'pool');
const pools = list(struct({ pool: i64, settings: skipped }), 'pool');
const addressLists = list(addresses, 'addresses');
const upWithAddresses = list(struct({ osd: i32, addresses }));
const changed = <T>(bits: Type<T>) => list(struct({ osd: i32, bits }));
/** A full map. */
const full = versioned(Infinity, {
  forClients: since(
    7,
    versioned(Infinity, {
      ...{ fsid: placed(uuid), epoch: placed(u32), times: unused(16), pools, poolNames, poolMaxAndFlags: unused(8) },
      ...{ maxOsd: i32, osdState: state(list(u8), list(u32)), weights: list(u32), osdAddresses: addressLists },
    }),
  ),
  forOsds: since(
    7,
    versioned(Infinity, {
      ...{
        heartbeatBackAddresses: addressLists,
        info: list(osdInfo),
        blocklist: until,
        clusterAddresses: addressLists,
      },
      ...{ clusterSnapshotEpoch: u32, clusterSnapshot: string, osdFsids: list(uuid), extra: list(osdExtra) },
      heartbeatFrontAddresses: addressLists,
    }),
  ),
});
const blob = sized(struct({}));
const changes = versioned(Infinity, {
  forClients: since(
    7,
    versioned(Infinity, {
      ...{
        fsid: placed(uuid),
        epoch: placed(u32),
        time: unused(8),
        newPoolMax: i64,
        newFlags: i32,
        fullMap: blob,
        crush: blob,
      },
      ...{ newMaxOsd: i32, newPools: pools, newPoolNames: poolNames, oldPools: list(i64, 'pool') },
      ...{ newUpClient: upWithAddresses, newState: state(changed(u8), changed(u32)) },
    }),
  ),
  forOsds: since(
    7,
    versioned(Infinity, {
      ...{ newHeartbeatBackUp: upWithAddresses, newUpThru: byOsd('epoch', u32) },
      ...{ newLastCleanInterval: list(unused(12)), newLost: byOsd('epoch', u32) },
      ...{ newBlocklist: until, oldBlocklist: addressList, newUpCluster: upWithAddresses, clusterSnapshot: string },
      ...{ newOsdFsids: byOsd('fsid', uuid), newExtra: byOsd('extra', osdExtra), newHeartbeatFrontUp: upWithAddresses },
    }),
  ),
});

const news = struct({
  fsid: uuid,
  incrementals: list(struct({ epoch: placed(u32), encoded: sized(struct({ map: changes })) }), 'map'),
  maps: list(struct({ epoch: placed(u32), encoded: sized(struct({ map: full })) }), 'map'),
  oldest: since(2, u32),
  newest: since(2, placed(u32)),
});

interface Pool {
  readonly pool: bigint;
  readonly name: string;
}
interface OsdUp {
  readonly osd: number;
  readonly epoch: number;
  readonly addresses: readonly Address[];
}

/** State bits of an OSD (src/include/rados.h). */
const EXISTS = 1;
const UP = 2;

export interface MapNews {
  readonly fsid: string;
  /** Full maps first, then incremental maps, each in the order of the message. */
  readonly maps: readonly {
    readonly epoch: Placed<number>;
    /** Epoch and cluster id inside the map itself. */
    readonly inner: Placed<number>;
    readonly fsid: Placed<string>;
    readonly isFull: boolean;
    readonly names: readonly Pool[];
    readonly pools: readonly bigint[];
    readonly gone: readonly bigint[];
    /** OSDs, with the epoch since which they have been up; 0: not known. */
    readonly up: readonly OsdUp[];
    /** OSDs, with the epoch since which they have been down. */
    readonly down: readonly { readonly osd: number; readonly epoch: number }[];
  }[];
  /** The newest epoch that the sender has; null if it does not say. */
  readonly newest: Placed<number> | null;
}

/** Reads an OSD_MAP; null if it does not decode. Offsets count from the front's first byte. */
export function readMapNews(
  version: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ReadOptions['limits'],
): MapNews | null {
  const { value } = decode(news, bytes.subarray(start, end), 0, end - start, { limits, version });
  if (value === null) return null;
  const maps: MapNews['maps'][number][] = [];
  for (const { epoch, encoded } of value.maps) {
    const m = encoded.map.forClients;
    if (m === undefined) continue;
    const known = m.pools.map((p) => p.pool);
    const here = { epoch, inner: m.epoch, fsid: m.fsid, isFull: true };
    maps.push({ ...here, names: m.poolNames, pools: known, gone: [], ...osdsOf(encoded.map) });
  }
  for (const { epoch, encoded } of value.incrementals) {
    const m = encoded.map.forClients;
    if (m === undefined) continue;
    const fresh = m.newPools.map((p) => p.pool);
    const { newPoolNames: names, oldPools: gone } = m;
    const here = { epoch, inner: m.epoch, fsid: m.fsid, isFull: false };
    maps.push({ ...here, names, pools: fresh, gone, ...changesOf(encoded.map) });
  }
  return { fsid: value.fsid, maps, newest: value.newest ?? null };
}

type OsdNews = Pick<MapNews['maps'][number], 'up' | 'down'>;

/** A full map lists the addresses of all OSDs, including those that are down, and since when they have been up or down. */
function osdsOf({ forClients, forOsds }: ValueOf<typeof full>): OsdNews {
  const up: OsdUp[] = [];
  const down: { osd: number; epoch: number }[] = [];
  if (forClients === undefined || forOsds === undefined) return { up, down };
  const { info, heartbeatBackAddresses: back, clusterAddresses: cluster, heartbeatFrontAddresses: front } = forOsds;
  for (const [osd, bits] of forClients.osdState.entries()) {
    const times = info[osd];
    if ((bits & EXISTS) === 0 || times === undefined) continue;
    const addresses = [forClients.osdAddresses, cluster, back, front].flatMap((all) => all[osd] ?? []);
    up.push({ osd, epoch: times.upFrom, addresses });
    if ((bits & UP) === 0) down.push({ osd, epoch: times.downAt });
  }
  return { up, down };
}

function changesOf({ forClients, forOsds }: ValueOf<typeof changes>): OsdNews {
  const epoch = forClients?.epoch.value ?? 0;
  const kinds = [
    forClients?.newUpClient,
    forOsds?.newUpCluster,
    forOsds?.newHeartbeatBackUp,
    forOsds?.newHeartbeatFrontUp,
  ];
  const up = kinds.flatMap((entries) => entries ?? []).map(({ osd, addresses }) => ({ osd, epoch, addresses }));
  // `bits` are the state bits that change; 0 stands for UP
  const gone = forClients?.newState.filter(({ bits }) => bits === 0 || (bits & UP) !== 0) ?? [];
  return { up, down: gone.map(({ osd }) => ({ osd, epoch })) };
}
