import type { Limits } from '../../base/limits.js';
import { quote } from '../../base/text.js';
import type { MapNews } from './bodies/map-news.js';
import type { Names } from './ceph-message.js';
import { Directory, type Daemon, type Roster } from './directory.js';

/** How much is remembered of a cluster. */
export interface ClusterLimits {
  readonly pools: number;
  readonly addresses: number;
}

/** Text of the finding that this limit was reached. */
export function addressesText({ daemonAddresses }: Readonly<Pick<Limits, 'daemonAddresses'>>): string {
  return `more than ${daemonAddresses} addresses and changes in the maps; later ones are not named`;
}

/** What is known from the maps in one file: pools and their names, and which daemon has which address. */
export class Cluster implements Names {
  private readonly names = new Map<string, string>();
  private readonly pools = new Set<string>();
  private readonly limit: number;
  private readonly directory: Directory;
  private fsid = '';
  /** Whether the file has maps of several clusters. Then a pool's number or an address identifies nothing. */
  private mixed = false;
  /** Epoch of which all pools are known, from a full map and all incremental maps since; 0: none. */
  epoch = 0;

  constructor({ pools, addresses }: ClusterLimits) {
    this.limit = pools;
    this.directory = new Directory(addresses);
  }

  pool(id: bigint): string | undefined {
    const name = this.mixed ? undefined : this.names.get(String(id));
    return name === undefined ? undefined : `pool ${quote(name).slice(1, -1)}`;
  }

  /** Whether the map of that epoch had no such pool; false if that is not known. */
  lacks(pool: number, epoch: number): boolean {
    return !this.mixed && this.epoch > 0 && epoch === this.epoch && !this.pools.has(String(pool));
  }

  daemon(address: string): Daemon | undefined {
    return this.mixed ? undefined : this.directory.at(address);
  }

  daemonBehind(endpoint: string): Daemon | undefined {
    return this.mixed ? undefined : this.directory.behind(endpoint);
  }

  /** Whether there were more addresses than are remembered. */
  get overflowed(): boolean {
    return this.directory.full;
  }

  /** Learns the daemons of a map other than the OSDs'. `stream`: the one that the map came in. */
  meet(roster: Roster, stream: number): void {
    this.directory.daemons(roster, stream);
  }

  learn(news: MapNews, stream: number): void {
    if (this.fsid === '') this.fsid = news.fsid;
    if (this.fsid !== news.fsid) this.mixed = true;
    this.directory.osds(news, stream);
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
        // incremental maps are missing
        this.epoch = 0;
      }
      for (const { pool, name } of map.names) {
        if (this.names.size < this.limit || this.names.has(String(pool))) this.names.set(String(pool), name);
      }
    }
  }

  private add(pool: bigint): void {
    if (this.pools.size < this.limit) this.pools.add(String(pool));
    // a pool that is not remembered would seem to be missing
    else this.epoch = 0;
  }
}
