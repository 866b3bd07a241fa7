import type { Annotation, Json } from '../../base/annotation.js';
import type { Names } from './ceph-message.js';
import { daemonText, isSince, type Daemon } from './directory.js';
import { MSG } from './message-types.js';

/** Messages that tell by themselves who has which address. */
const MAPS = new Set<number>([MSG.OSD_MAP, MSG.MON_MAP, MSG.MGR_MAP, MSG.FS_MAP, MSG.MDS_MAP]);

/**
 * Finds the daemons that have the addresses in one message, while its rows are made. This knowledge is not part of the message, since a map
 * has told it on another connection or earlier on this one. So it follows an address in texts for people, and is a separate field for
 * programs.
 */
export class Lookup {
  /** For `ReadOptions.named`; undefined if nothing is to be looked up. */
  readonly named: ((address: string) => string | undefined) | undefined;
  private readonly found = new Map<string, Daemon>();

  constructor(names: Names | null, type = 0) {
    if (names === null || MAPS.has(type)) return;
    this.named = (address) => {
      const daemon = names.daemon(address);
      if (daemon === undefined) return undefined;
      this.found.set(address, daemon);
      return daemonText(daemon);
    };
  }

  /** The field `learned`, if any daemon was found. */
  rows(): Annotation[] {
    if (this.found.size === 0) return [];
    const value = [...this.found].map(([address, daemon]) => ({ address, ...daemonJson(daemon) }));
    return [{ name: 'learned', at: 0, length: 0, value }];
  }
}

/** `since`: the epoch since which an OSD has had the address; `epoch`: one in which another daemon has it. */
export function daemonJson(daemon: Daemon): { readonly [key: string]: Json } {
  const { entity, map, epoch, until, stream } = daemon;
  return { entity, map, [isSince(daemon) ? 'since' : 'epoch']: epoch, ...(until === 0 ? {} : { until }), stream };
}
