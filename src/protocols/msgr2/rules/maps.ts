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
  title: 'OSD_MAP skips an epoch',
  meaning:
    'An OSD_MAP holds every map from its first epoch to its last, either in full or as an incremental. An OSD that misses an epoch in between aborts; a client asks for the maps again.',
  spec: 'src/osd/OSD.cc, handle_osd_map; src/osdc/Objecter.cc, handle_osd_map',
  breaks: ['incrementals to epochs 21 and 23', () => maps({ changes: [21, 23] })],
  keeps: ['incrementals to epochs 21, 22 and 23', () => maps({ changes: [21, 22, 23] })],
});

export const OSD_MAP_INNER_EPOCH = rule('osd-map-inner-epoch', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a map in OSD_MAP has another epoch than announced',
  meaning:
    'Each map is listed under its epoch, and also contains it. An OSD asserts that an incremental leads to the next epoch, and aborts otherwise.',
  spec: 'src/osd/OSDMap.cc, apply_incremental',
  breaks: ['listed as epoch 21, the map itself says 22', () => maps({ changes: [21], inner: 22 })],
  keeps: ['both are 21', () => maps({ changes: [21] })],
});

export const OSD_MAP_FSID = rule('osd-map-fsid', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a map in OSD_MAP belongs to another cluster',
  meaning:
    'Both the message and each map in it carry the fsid of the cluster. A daemon drops a message of another cluster, and refuses to apply an incremental of another cluster.',
  spec: 'src/osd/OSD.cc, handle_osd_map; src/osd/OSDMap.cc, apply_incremental',
  breaks: ['a map with another fsid than the message', () => maps({ fsid: 0x78 })],
  keeps: ['both have the same fsid', () => maps({})],
});

export const OSD_MAP_NEWEST = rule('osd-map-newest', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'OSD_MAP holds a map that is newer than its newest epoch',
  meaning:
    'OSD_MAP says which epochs its sender has, from the oldest to the newest. It cannot hold a map that is newer than that. A receiver that relies on the newest epoch stops asking for maps too early.',
  spec: 'src/messages/MOSDMap.h; src/osd/OSD.cc, build_incremental_map_msg',
  breaks: ['a map of epoch 20, the newest epoch is 19', () => maps({ newest: 19 })],
  keeps: ['the newest epoch is 20', () => maps({})],
});

export const MAP_EPOCH_BACK = rule('map-epoch-back', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a map is older than the one before',
  meaning:
    'A monitor sends the monitor map, the manager map, the service map and the file system maps in the order of their epochs. A receiver ignores a map that is older than the one it has.',
  spec: 'src/mon/MonClient.cc, handle_monmap; src/mon/MgrMonitor.cc, check_sub',
  breaks: [
    'monitor map of epoch 4, then of epoch 3',
    () => talk(open(), ['server', MSG.MON_MAP, 1, monMap(4)], ['server', MSG.MON_MAP, 1, monMap(3)]),
  ],
  keeps: [
    'monitor map of epoch 3, then of epoch 4',
    () => talk(open(), ['server', MSG.MON_MAP, 1, monMap(3)], ['server', MSG.MON_MAP, 1, monMap(4)]),
  ],
});

export const MAP_RULES = [OSD_MAP_GAP, OSD_MAP_INNER_EPOCH, OSD_MAP_FSID, OSD_MAP_NEWEST, MAP_EPOCH_BACK];
