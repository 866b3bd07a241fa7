import { decode } from '../../base/structure/decode.js';
import type { ReadOptions } from '../../base/structure/reader.js';
import { struct, versioned } from '../../base/structure/struct.js';
import { bool, string, u32, u64 } from '../../base/structure/type.js';
import { word } from './bodies/body.js';
import { fsMapMessage, mdsMapMessage } from './bodies/metadata-servers.js';
import { monMapMessage } from './bodies/monitors.js';
import type { Roster } from './directory.js';
import { MSG } from './message-types.js';
import { addresses, type Address } from './structures/address.js';

/** MgrMap up to the name of the active manager. */
const managers = struct({
  map: versioned(Infinity, { epoch: u32, addresses, gid: u64, available: bool, name: string }),
});

/** Reads the daemons and addresses in a map; null if a message of that type names none, or does not decode. */
export function readRoster(
  type: number,
  version: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  limits: ReadOptions['limits'],
): Roster | null {
  const options = { limits, version };
  switch (type) {
    case MSG.MON_MAP: {
      const map = decode(monMapMessage, bytes, start, end, options).value?.monmap.map;
      if (map === undefined) return null;
      const { epoch } = map;
      const old = map.monAddresses?.map((m) => ({ name: m.name, addresses: [m.address] })) ?? [];
      const all = [...old, ...(map.monitors?.map((m) => m.monitor) ?? [])];
      return { map: 'monmap', epoch, daemons: all.map((m) => named('mon', m)) };
    }
    case MSG.MGR_MAP: {
      const map = decode(managers, bytes, start, end, options).value?.map;
      if (map === undefined) return null;
      return { map: 'mgrmap', epoch: map.epoch, daemons: map.name === '' ? [] : [named('mgr', map)] };
    }
    case MSG.FS_MAP: {
      const map = decode(fsMapMessage, bytes, start, end, options).value?.map;
      if (map === undefined) return null;
      const all = [...map.filesystems.flatMap((f) => f.map.map?.daemons ?? []), ...map.standbys];
      return { map: 'fsmap', epoch: map.epoch, daemons: all.map((d) => named('mds', d.daemon)) };
    }
    case MSG.MDS_MAP: {
      const map = decode(mdsMapMessage, bytes, start, end, options).value?.map.map;
      if (map === undefined) return null;
      return { map: 'mdsmap', epoch: map.epoch, daemons: map.daemons.map((d) => named('mds', d.daemon)) };
    }
    default:
      return null;
  }
}

function named(kind: string, { name, addresses }: { readonly name: string; readonly addresses: readonly Address[] }) {
  return { entity: `${kind}.${word(name)}`, addresses };
}
