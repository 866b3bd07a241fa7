import { quote } from '../../base/text.js';
import type { MapNews } from './bodies/map-news.js';
import type { Names } from './ceph-message.js';

/** What the OSDs' maps in one file have taught: pools and their names. Bounded by `limit` pools; more are not named. */
export class Cluster implements Names {
  private readonly names = new Map<string, string>();
  private readonly pools = new Set<string>();
  private readonly limit: number;
  private fsid = '';
  /** Whether maps of several clusters are in the file: then a number of a pool names none. */
  private mixed = false;
  /** Epoch up to which all pools are known: a full map, and every change since; 0: none. */
  epoch = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  pool(id: bigint): string | undefined {
    const name = this.mixed ? undefined : this.names.get(String(id));
    return name === undefined ? undefined : `pool ${quote(name).slice(1, -1)}`;
  }

  /** Whether there was no such pool in the map of that epoch; false where that is not known. */
  lacks(pool: number, epoch: number): boolean {
    return !this.mixed && this.epoch > 0 && epoch === this.epoch && !this.pools.has(String(pool));
  }

  learn(news: MapNews): void {
    if (this.fsid === '') this.fsid = news.fsid;
    if (this.fsid !== news.fsid) this.mixed = true;
    for (const map of news.maps) {
      if (map.isFull && map.inner.value > this.epoch) {
        this.pools.clear();
        this.epoch = map.inner.value;
        for (const pool of map.pools) this.add(pool);
      } else if (!map.isFull && map.inner.value === this.epoch + 1) {
        this.epoch = map.inner.value;
        for (const pool of map.pools) this.add(pool);
        for (const pool of map.gone) this.pools.delete(String(pool));
      } else if (map.inner.value > this.epoch) {
        // changes are missing
        this.epoch = 0;
      }
      for (const { pool, name } of map.names) {
        if (this.names.size < this.limit || this.names.has(String(pool))) this.names.set(String(pool), name);
      }
    }
  }

  private add(pool: bigint): void {
    if (this.pools.size < this.limit) this.pools.add(String(pool));
    // what is not remembered may be there
    else this.epoch = 0;
  }
}
