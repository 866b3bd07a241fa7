import { decode } from '../../../base/structure/decode.js';
import { list, placed, since, sized, type Placed } from '../../../base/structure/parts.js';
import type { ReadOptions } from '../../../base/structure/reader.js';
import { struct, versioned } from '../../../base/structure/struct.js';
import { i32, i64, string, u32, unused } from '../../../base/structure/type.js';
import { uuid } from '../structures/common.js';

/**
 * What sessions learn of an OSD_MAP, also where nothing is printed: epochs and the names of pools. The same bytes as osdMap in
 * osd-map.ts describes, read only so far; all that has a length is skipped.
 */

const skipped = versioned(Infinity, {});
const poolNames = list(struct({ pool: i64, name: string }), 'pool');
const pools = list(struct({ pool: i64, settings: skipped }), 'pool');
/** An epoch, and two times. */
const full = versioned(Infinity, {
  forClients: since(
    7,
    versioned(Infinity, { fsid: placed(uuid), epoch: placed(u32), times: unused(16), pools, poolNames }),
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
export interface MapNews {
  readonly fsid: string;
  /** By epoch, in the order of the message: full maps first. */
  readonly maps: readonly {
    readonly epoch: Placed<number>;
    /** Epoch and cluster as the map itself has them. */
    readonly inner: Placed<number>;
    readonly fsid: Placed<string>;
    readonly isFull: boolean;
    readonly names: readonly Pool[];
    readonly pools: readonly bigint[];
    readonly gone: readonly bigint[];
  }[];
  /** The newest epoch that the sender has; null where it does not say. */
  readonly newest: Placed<number> | null;
}

/** Places count from the front's first byte. Null where the front is not that of an OSD_MAP. */
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
    maps.push({ epoch, inner: m.epoch, fsid: m.fsid, isFull: true, names: m.poolNames, pools: known, gone: [] });
  }
  for (const { epoch, encoded } of value.incrementals) {
    const m = encoded.map.forClients;
    if (m === undefined) continue;
    const fresh = m.newPools.map((p) => p.pool);
    const { newPoolNames: names, oldPools: gone } = m;
    maps.push({ epoch, inner: m.epoch, fsid: m.fsid, isFull: false, names, pools: fresh, gone });
  }
  return { fsid: value.fsid, maps, newest: value.newest ?? null };
}
