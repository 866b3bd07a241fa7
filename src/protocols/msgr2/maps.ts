import type { EntityWalker } from './entity-walker.js';

/** The monitors' and the OSDs' maps (src/mon/MonMap.cc, src/osd/OSDMap.cc), as far as lengths, counts and versions have to fit. */

function feature(w: EntityWalker, name: string): void {
  w.versioned(name, () => void w.u64('bits'));
}

/** mon_info_t. */
function monInfo(w: EntityWalker): void {
  w.str('rankName');
  w.versioned('monitor', (version) => {
    w.str('name');
    w.addresses('addresses');
    if (version >= 2) w.u16('priority');
    if (version >= 4) w.u16('weight');
    if (version >= 5) strings(w, 'crushLocation');
    if (version >= 6) w.utime('timeAdded');
  });
}

/** map<string, string>. */
function strings(w: EntityWalker, name: string): void {
  w.vector(name, 8, () =>
    w.together('entry', () => {
      w.str('key');
      w.str('value');
    }),
  );
}

/** MonMap from Nautilus (version 6) on; older ones name the monitors in another form, and are left as bytes. */
export function monMap(w: EntityWalker): void {
  w.versioned('map', (version) => {
    w.uuid('fsid');
    w.u32('epoch');
    if (version < 6) return;
    w.utime('lastChanged');
    w.utime('created');
    feature(w, 'persistentFeatures');
    feature(w, 'optionalFeatures');
    w.vector('monitors', 10, () => w.together('item', () => monInfo(w)));
    w.vector('ranks', 4, () => w.str('name'));
    if (version >= 7) w.u8('minMonRelease');
    if (version < 8) return;
    w.vector('removedRanks', 4, () => w.u32('rank'));
    w.u8('strategy');
    w.vector('disallowedLeaders', 4, () => w.str('name'));
    if (version < 9) return;
    w.bool('stretchMode');
    w.str('tiebreaker');
    w.vector('stretchMarkedDown', 4, () => w.str('name'));
  });
}

/** pg_t. */
function group(w: EntityWalker, name: string): void {
  w.together(name, () => {
    w.u8('structVersion');
    w.u64('pool');
    w.u32('seed');
    w.s32('preferred');
  });
}

/** map<pg_t, ...>; `least`: bytes of the shortest value. */
function byGroup(w: EntityWalker, name: string, least: number, value: () => void): void {
  w.vector(name, 17 + least, () =>
    w.together('entry', () => {
      group(w, 'pg');
      value();
    }),
  );
}

function osds(w: EntityWalker): void {
  w.vector('osds', 4, () => w.s32('osd'));
}

function osdPairs(w: EntityWalker): void {
  w.vector('pairs', 8, () =>
    w.together('pair', () => {
      w.s32('from');
      w.s32('to');
    }),
  );
}

/** map<s32, ...>. */
function byOsd(w: EntityWalker, name: string, least: number, value: () => void): void {
  w.vector(name, 4 + least, () =>
    w.together('entry', () => {
      w.s32('osd');
      value();
    }),
  );
}

/** map<s64, ...>. */
function byPool(w: EntityWalker, name: string, least: number, value: () => void): void {
  w.vector(name, 8 + least, () =>
    w.together('entry', () => {
      w.s64('pool');
      value();
    }),
  );
}

/** pg_pool_t: its inside is left as bytes. */
function pool(w: EntityWalker): void {
  w.versioned('settings', () => undefined);
}

function intervals(w: EntityWalker): void {
  w.vector('intervals', 16, () =>
    w.together('interval', () => {
      w.u64('start');
      w.u64('length');
    }),
  );
}

function profiles(w: EntityWalker, name: string): void {
  w.vector(name, 8, () =>
    w.together('profile', () => {
      w.str('name');
      strings(w, 'settings');
    }),
  );
}

/** OSDMap: a wrapper around what clients read and what only OSDs do. */
export function osdMapFull(w: EntityWalker): void {
  w.versioned('map', (wrapper) => {
    if (wrapper < 7) return;
    w.versioned('forClients', (version) => {
      w.uuid('fsid');
      w.u32('epoch');
      w.utime('created');
      w.utime('modified');
      byPool(w, 'pools', 6, () => pool(w));
      byPool(w, 'poolNames', 4, () => void w.str('name'));
      w.s32('poolMax');
      w.u32('flags');
      w.s32('maxOsd');
      w.vector('osdState', version >= 5 ? 4 : 1, () => void (version >= 5 ? w.u32('state') : w.u8('state')));
      w.vector('osdWeight', 4, () => w.u32('weight'));
      w.vector('osdAddresses', 8, () => w.addresses('addresses'));
      byGroup(w, 'pgTemp', 4, () => osds(w));
      byGroup(w, 'primaryTemp', 4, () => void w.s32('osd'));
      if (version >= 2) w.vector('primaryAffinity', 4, () => w.u32('affinity'));
      w.blob('crush');
      if (version >= 3) profiles(w, 'erasureCodeProfiles');
      if (version >= 4) {
        byGroup(w, 'pgUpmap', 4, () => osds(w));
        byGroup(w, 'pgUpmapItems', 4, () => osdPairs(w));
      }
      if (version >= 6) w.s32('crushVersion');
      if (version >= 7) {
        byPool(w, 'newRemovedSnaps', 4, () => intervals(w));
        byPool(w, 'newPurgedSnaps', 4, () => intervals(w));
      }
      if (version >= 9) {
        w.utime('lastUpChange');
        w.utime('lastInChange');
      }
      if (version >= 10) byGroup(w, 'pgUpmapPrimaries', 4, () => void w.s32('osd'));
    });
    w.versioned('forOsds', () => undefined);
    if (wrapper >= 8) w.u32('crc');
  });
}

/** OSDMap::Incremental. */
export function osdMapIncremental(w: EntityWalker): void {
  w.versioned('incremental', (wrapper) => {
    if (wrapper < 7) return;
    w.versioned('forClients', (version) => {
      w.uuid('fsid');
      w.u32('epoch');
      w.utime('modified');
      w.s64('newPoolMax');
      w.s32('newFlags');
      w.blob('fullMap');
      w.blob('crush');
      w.s32('newMaxOsd');
      byPool(w, 'newPools', 6, () => pool(w));
      byPool(w, 'newPoolNames', 4, () => void w.str('name'));
      w.vector('oldPools', 8, () => w.s64('pool'));
      byOsd(w, 'newUpClient', 8, () => void w.addresses('addresses'));
      byOsd(w, 'newState', version >= 5 ? 4 : 1, () => void (version >= 5 ? w.u32('state') : w.u8('state')));
      byOsd(w, 'newWeight', 4, () => void w.u32('weight'));
      byGroup(w, 'newPgTemp', 4, () => osds(w));
      byGroup(w, 'newPrimaryTemp', 4, () => void w.s32('osd'));
      if (version >= 2) byOsd(w, 'newPrimaryAffinity', 4, () => void w.u32('affinity'));
      if (version >= 3) {
        profiles(w, 'newErasureCodeProfiles');
        w.vector('oldErasureCodeProfiles', 4, () => w.str('name'));
      }
      if (version >= 4) {
        byGroup(w, 'newPgUpmap', 4, () => osds(w));
        w.vector('oldPgUpmap', 17, () => group(w, 'pg'));
        byGroup(w, 'newPgUpmapItems', 4, () => osdPairs(w));
        w.vector('oldPgUpmapItems', 17, () => group(w, 'pg'));
      }
      if (version >= 6) {
        byPool(w, 'newRemovedSnaps', 4, () => intervals(w));
        byPool(w, 'newPurgedSnaps', 4, () => intervals(w));
      }
      if (version >= 8) {
        w.utime('newLastUpChange');
        w.utime('newLastInChange');
      }
      if (version >= 9) {
        byGroup(w, 'newPgUpmapPrimary', 4, () => void w.s32('osd'));
        w.vector('oldPgUpmapPrimary', 17, () => group(w, 'pg'));
      }
    });
    w.versioned('forOsds', () => undefined);
    if (wrapper >= 8) {
      w.u32('incrementalCrc');
      w.u32('fullCrc');
    }
  });
}
