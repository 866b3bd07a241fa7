import type { MapNews } from './bodies/map-news.js';
import { addressText, type Address } from './structures/address.js';

/** A daemon that a map names for one of its addresses. */
export interface Daemon {
  /** Such as `osd.4` or `mon.a`. */
  readonly entity: string;
  /** `osdmap`, `monmap`, `mgrmap`, `fsmap`, `mdsmap`. */
  readonly map: string;
  /** Epoch of the map. An OSD has had the address since that epoch; another daemon has it in that epoch, and since when is not known. */
  readonly epoch: number;
  /** The next epoch in which the OSD went down or came up elsewhere, as far as is known from maps; 0: none. */
  readonly until: number;
  /** The stream that the map came in. */
  readonly stream: number;
}

/** The daemons that a map other than the OSDs' names, with their addresses. */
export interface Roster {
  /** `monmap`, `mgrmap`, `fsmap`, `mdsmap`. */
  readonly map: string;
  readonly epoch: number;
  readonly daemons: readonly { readonly entity: string; readonly addresses: readonly Address[] }[];
}

/** Such as `osd.4 since osdmap e31, stream 2`. */
export function daemonText(daemon: Daemon): string {
  const { entity, map, epoch, until, stream } = daemon;
  const ended = until === 0 ? '' : ` until e${until}`;
  return `${entity} ${isSince(daemon) ? 'since' : 'in'} ${map} e${epoch}${ended}, stream ${stream}`;
}

/** An entity's own name; if a map names a different daemon for its address, this follows in parentheses. */
export function nameByMap(own: string, daemon: Daemon | undefined): string {
  return daemon === undefined || daemon.entity === own ? own : `${own} (${daemonText(daemon)})`;
}

/** Whether the daemon has had the address since `epoch` (an OSD), or only has it in that epoch. */
export function isSince({ map }: Daemon): boolean {
  return map === OSD_MAP;
}

const OSD_MAP = 'osdmap';

type Entry = Omit<Daemon, 'until'> & { readonly osd: number };

/**
 * Which daemon has which address, according to the maps of one cluster. The order in which the maps come does not matter. Bounded by
 * `limit` addresses and changes; more are not remembered.
 */
export class Directory {
  /** By address with its nonce, and by `ip:port` alone; null if several daemons have had it. */
  private readonly exact = new Map<string, Entry | null>();
  private readonly loose = new Map<string, Entry | null>();
  /** Epochs in which an OSD came up or went down. */
  private readonly changes = new Map<number, Set<number>>();
  private count = 0;
  private readonly limit: number;
  /** Whether the limit was reached. */
  full = false;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** The daemon that has that address, such as `v2:10.0.0.1:6800/55`. A daemon that restarts gets another nonce. */
  at(address: string): Daemon | undefined {
    return this.shown(this.exact.get(address));
  }

  /** The daemon at `ip:port`, unless maps have named several there. */
  behind(endpoint: string): Daemon | undefined {
    return this.shown(this.loose.get(endpoint));
  }

  private shown(entry: Entry | null | undefined): Daemon | undefined {
    if (entry === undefined || entry === null) return undefined;
    const { entity, map, epoch, stream, osd } = entry;
    let until = 0;
    for (const change of this.changes.get(osd) ?? [])
      if (change > epoch && (until === 0 || change < until)) until = change;
    return { entity, map, epoch, until, stream };
  }

  osds(news: MapNews, stream: number): void {
    for (const { up, down } of news.maps) {
      for (const { osd, epoch, addresses } of up) {
        if (epoch === 0) continue;
        this.change(osd, epoch);
        this.enter({ entity: `osd.${osd}`, map: OSD_MAP, epoch, stream, osd }, addresses);
      }
      for (const { osd, epoch } of down) if (epoch > 0) this.change(osd, epoch);
    }
  }

  daemons({ map, epoch, daemons }: Roster, stream: number): void {
    for (const { entity, addresses } of daemons) this.enter({ entity, map, epoch, stream, osd: -1 }, addresses);
  }

  private change(osd: number, epoch: number): void {
    let epochs = this.changes.get(osd);
    if (epochs?.has(epoch) === true || !this.hasRoom()) return;
    if (epochs === undefined) this.changes.set(osd, (epochs = new Set()));
    epochs.add(epoch);
    this.count++;
  }

  private hasRoom(): boolean {
    if (this.count < this.limit) return true;
    this.full = true;
    return false;
  }

  private enter(entry: Entry, addresses: readonly Address[]): void {
    for (const address of addresses) {
      // an address without host or with port 0 identifies nobody
      if (address.host === '' || address.host.endsWith(':0')) continue;
      const key = addressText(address);
      if (!this.exact.has(key)) {
        if (!this.hasRoom()) return;
        this.count++;
      }
      note(this.exact, key, entry);
      note(this.loose, address.host, entry);
    }
  }
}

/** Enters a daemon for an address. The result does not depend on the order of the entries. */
function note(table: Map<string, Entry | null>, key: string, entry: Entry): void {
  const known = table.get(key);
  if (known === null) return;
  if (known === undefined) table.set(key, entry);
  else if (known.entity !== entry.entity) table.set(key, null);
  // an OSD has the address since it last came up; for other daemons the earliest map counts
  else if (entry.osd >= 0 ? entry.epoch > known.epoch : entry.epoch < known.epoch) table.set(key, entry);
}
