import * as E from '../encode.js';
import * as F from '../fronts.js';
import { MSG } from '../../ceph/message-types.js';
import { script } from '../script.js';
import { rule } from './rule.js';
import { atOsd, talk } from './sessions.js';

const open = () => script().open();
const maps = (parts: F.OsdMapParts) => talk(atOsd(), ['server', MSG.OSD_MAP, 3, F.osdMap(parts)]);
/** A MonMap of version 3 without monitors: fsid, epoch, no addresses, two times. */
const monMap = (epoch: number) => E.blob(F.envelope(3, 3, F.FSID, E.u32(epoch), E.u32(0), new Uint8Array(16)));

export const OSD_MAP_GAP = rule('osd-map-gap', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the maps of an OSD_MAP leave out an epoch',
  meaning:
    'A message has all maps from its first epoch to its last, in full or as changes. An OSD that misses one in between aborts; a client asks again.',
  spec: 'src/osd/OSD.cc, handle_osd_map; src/osdc/Objecter.cc, handle_osd_map',
  breaks: ['the changes to 21 and to 23', () => maps({ changes: [21, 23] })],
  keeps: ['to 21, 22 and 23', () => maps({ changes: [21, 22, 23] })],
});

export const OSD_MAP_INNER_EPOCH = rule('osd-map-inner-epoch', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a map of another epoch than it is announced as',
  meaning:
    'Each map stands under its epoch, and has it inside, too. An OSD asserts that the changes that it applies lead to the next epoch.',
  spec: 'src/osd/OSDMap.cc, apply_incremental',
  breaks: ['announced as 21, inside it is 22', () => maps({ changes: [21], inner: 22 })],
  keeps: ['21 and 21', () => maps({ changes: [21] })],
});

export const OSD_MAP_FSID = rule('osd-map-fsid', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a map of another cluster',
  meaning:
    'Message and maps name the cluster. A daemon drops a message of another one, and refuses changes of another one.',
  spec: 'src/osd/OSD.cc, handle_osd_map; src/osd/OSDMap.cc, apply_incremental',
  breaks: ['another fsid inside', () => maps({ fsid: 0x78 })],
  keeps: ['the same fsid', () => maps({})],
});

export const OSD_MAP_NEWEST = rule('osd-map-newest', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a map that is newer than the newest',
  meaning:
    'A message says which epochs its sender has. What is newer than the newest of them cannot be in it; a receiver that trusts the bounds stops asking too early.',
  spec: 'src/messages/MOSDMap.h; src/osd/OSD.cc, build_incremental_map_msg',
  breaks: ['epoch 20 and the newest is 19', () => maps({ newest: 19 })],
  keeps: ['the newest is 20', () => maps({})],
});

export const MAP_EPOCH_BACK = rule('map-epoch-back', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a map that is older than the one before',
  meaning:
    'Monitors send the maps of monitors, managers, services and file systems as they get newer, each epoch once. A receiver ignores an older one.',
  spec: 'src/mon/MonClient.cc, handle_monmap; src/mon/MgrMonitor.cc, check_sub',
  breaks: [
    "the monitors' map of epoch 4, then of 3",
    () => talk(open(), ['server', MSG.MON_MAP, 1, monMap(4)], ['server', MSG.MON_MAP, 1, monMap(3)]),
  ],
  keeps: [
    'of 3, then of 4',
    () => talk(open(), ['server', MSG.MON_MAP, 1, monMap(3)], ['server', MSG.MON_MAP, 1, monMap(4)]),
  ],
});

export const MAP_RULES = [OSD_MAP_GAP, OSD_MAP_INNER_EPOCH, OSD_MAP_FSID, OSD_MAP_NEWEST, MAP_EPOCH_BACK];
