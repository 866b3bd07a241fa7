import * as E from '../encode.js';
import * as F from '../fronts.js';
import { MSG } from '../../ceph/message-types.js';
import { rule } from './rule.js';
import { atOsd, between, talk, type Said } from './sessions.js';

/** What OSDs and managers say about themselves. */

/** osd.1 as the client: it pings osd.0, works with it, and reports to a monitor and to a manager. */
const beats = () => between(4, 4, { gid: 1 });
const osds = () => between(4, 4, { gid: 1, lossy: false });
const reports = () => between(4, 1, { gid: 1 });
const manager = () => between(4, 16, { gid: 1 });
const opened: Said = ['client', MSG.MGR_OPEN, 1, E.str('1')];
const configured: Said = ['server', MSG.MGR_CONFIGURE, 1, E.u32(5)];

function ping(who: 'client' | 'server', op: number, p: { readonly stamp: number; readonly epoch?: number }): Said {
  const head = E.concat(F.FSID, E.u32(p.epoch ?? 20), E.u8(op), E.u32(p.stamp), E.u32(0));
  return [who, MSG.OSD_PING, 4, E.concat(head, E.u32(0))];
}
const boot = (osd: number) =>
  E.concat(
    F.zeros(18),
    F.envelope(5, 5, F.FSID, E.u32(osd), F.zeros(12 + 8 + 36 + 4 + 4 + 16)),
    ...[E.addrvec(), E.addrvec(), E.u32(20), E.addrvec(), E.vec([]), E.u64(0)],
  );
const alive = (epoch: number, want: number) => E.concat(E.u64(epoch), F.zeros(10), E.u32(want));
const lease = (until: number, bound: number) => {
  const times = [until, bound, 8].map((seconds) => E.concat(E.u32(seconds), E.u32(0)));
  return E.concat(E.u32(20), F.spg(2, 3), F.envelope(1, 1, ...times));
};
const backoff = (who: 'client' | 'server', op: number, id: number): Said => {
  const range = E.concat(F.hobject('a'), F.hobject('b'));
  return [who, MSG.OSD_BACKOFF, 1, E.concat(F.spg(2, 3), E.u32(20), E.u8(op), E.u64(id), range)];
};

export const OSD_PING_ORPHAN = rule('osd-ping-orphan', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'an OSD answers a heartbeat that was never sent',
  meaning:
    'A reply repeats the time stamp of its ping, by which the sender matches the two. The sender ignores a reply with any other time stamp; if no matching one arrives, it reports its peer to the monitors as failed although the peer answers.',
  spec: 'src/osd/OSD.cc, handle_osd_ping',
  breaks: [
    'a reply with time 9, which was not sent',
    () => talk(beats(), ping('client', 4, { stamp: 5 }), ping('server', 5, { stamp: 9 })),
  ],
  keeps: ['a reply with time 5', () => talk(beats(), ping('client', 4, { stamp: 5 }), ping('server', 5, { stamp: 5 }))],
});

export const OSD_PING_EPOCH_BACK = rule('osd-ping-epoch-back', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: "the map epoch in an OSD's heartbeats goes back",
  meaning:
    'Each heartbeat names the epoch of the newest OSD map that its sender has, which only increases. The peer decides by it which maps to send, and sends maps again if it goes back.',
  spec: 'src/osd/OSD.cc, heartbeat',
  breaks: [
    'epoch 20, then epoch 19',
    () => talk(beats(), ping('client', 4, { stamp: 5, epoch: 20 }), ping('client', 4, { stamp: 6, epoch: 19 })),
  ],
  keeps: [
    'epoch 20, then epoch 21',
    () => talk(beats(), ping('client', 4, { stamp: 5, epoch: 20 }), ping('client', 4, { stamp: 6, epoch: 21 })),
  ],
});

export const OSD_BOOT_OTHER = rule('osd-boot-other', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an OSD reports another OSD as up',
  meaning:
    "OSD_BOOT carries the superblock of the OSD that sends it, and with it the OSD's number. The monitor goes by the sender of the message, so it enters the data of the other OSD for the sender into the OSD map.",
  spec: 'src/osd/OSD.cc, _send_boot; src/mon/OSDMonitor.cc, prepare_boot',
  breaks: ['osd.1 sends the superblock of osd.7', () => talk(reports(), ['client', MSG.OSD_BOOT, 7, boot(7)])],
  keeps: ['osd.1 sends its own superblock', () => talk(reports(), ['client', MSG.OSD_BOOT, 7, boot(1)])],
});

export const OSD_ALIVE_WANT = rule('osd-alive-want', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'an OSD requests up_thru for an epoch that it does not have',
  meaning:
    "By OSD_ALIVE an OSD asks the monitors to set its up_thru to the epoch in which the current interval of a placement group began. That is the epoch of a map that the OSD has received, so it cannot be above the OSD's map epoch.",
  spec: 'src/osd/OSD.cc, send_alive',
  breaks: ['map epoch 20, requested is 25', () => talk(reports(), ['client', MSG.OSD_ALIVE, 1, alive(20, 25)])],
  keeps: ['map epoch 20, requested is 18', () => talk(reports(), ['client', MSG.OSD_ALIVE, 1, alive(20, 18)])],
});

export const PG_LEASE_BOUND = rule('pg-lease-bound', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a placement group is readable beyond the upper bound of its lease',
  meaning:
    'The primary of a placement group tells its replicas until when the group may be read (readable_until), and how far this time may be extended at most (its upper bound). The first cannot be later than the second: a new primary waits only for the upper bound, and the old OSDs would still serve reads that miss its writes.',
  spec: 'src/osd/PeeringState.cc, recalc_readable_until',
  breaks: ['readable until 9, upper bound 5', () => talk(osds(), ['client', MSG.OSD_PG_LEASE, 1, lease(9, 5)])],
  keeps: ['readable until 3, upper bound 5', () => talk(osds(), ['client', MSG.OSD_PG_LEASE, 1, lease(3, 5)])],
});

export const BACKOFF_DIRECTION = rule('backoff-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'OSD_BACKOFF comes from the wrong side',
  meaning:
    'The OSD blocks (BLOCK) and unblocks (UNBLOCK) a range of objects; the client acknowledges a block (ACK_BLOCK). Neither side acts on what only it may send, so the request has no effect.',
  spec: 'src/osdc/Objecter.cc, handle_osd_backoff; src/osd/PrimaryLogPG.cc, handle_backoff',
  breaks: ['a client sends BLOCK', () => talk(atOsd(), backoff('client', 1, 1))],
  keeps: ['an OSD sends BLOCK', () => talk(atOsd(), backoff('server', 1, 1))],
});

export const BACKOFF_ACK_ORPHAN = rule('backoff-ack-orphan', {
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'a client acknowledges a backoff that was never sent',
  meaning:
    'ACK_BLOCK repeats the id of a BLOCK. The OSD ignores an id that it does not know, and keeps waiting for the acknowledgement of its own.',
  spec: 'src/osd/Session.cc, ack_backoff',
  breaks: [
    'BLOCK with id 1, ACK_BLOCK with id 2',
    () => talk(atOsd(), backoff('server', 1, 1), backoff('client', 2, 2)),
  ],
  keeps: ['ACK_BLOCK with id 1', () => talk(atOsd(), backoff('server', 1, 1), backoff('client', 2, 1))],
});

export const BACKOFF_UNBLOCK_ORPHAN = rule('backoff-unblock-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'an OSD lifts a backoff that was never set',
  meaning:
    'UNBLOCK repeats the id of a BLOCK on the same session. The client ignores an id that it does not know, and does not resume the operations that its own backoff holds up.',
  spec: 'src/osdc/Objecter.cc, handle_osd_backoff',
  breaks: ['BLOCK with id 1, UNBLOCK with id 2', () => talk(atOsd(), backoff('server', 1, 1), backoff('server', 3, 2))],
  keeps: ['UNBLOCK with id 1', () => talk(atOsd(), backoff('server', 1, 1), backoff('server', 3, 1))],
});

export const MGR_REPORT_UNOPENED = rule('mgr-report-unopened', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a daemon sends a report before MGR_OPEN',
  meaning:
    'A daemon introduces itself to the manager by MGR_OPEN before its first MGR_REPORT. A manager that receives a report of a daemon that it does not know closes the connection.',
  spec: 'src/mgr/DaemonServer.cc, handle_report',
  breaks: ['MGR_REPORT first', () => talk(manager(), ['client', MSG.MGR_REPORT, 10])],
  keeps: ['MGR_OPEN, then MGR_REPORT', () => talk(manager(), opened, ['client', MSG.MGR_REPORT, 10])],
});

export const MGR_CONFIGURE_UNOPENED = rule('mgr-configure-unopened', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a manager configures a daemon before MGR_OPEN',
  meaning:
    'A manager answers MGR_OPEN with MGR_CONFIGURE, and sends it again when the configuration changes, but only to daemons whose MGR_OPEN it has received.',
  spec: 'src/mgr/DaemonServer.cc, handle_open',
  breaks: ['MGR_CONFIGURE first', () => talk(manager(), configured, opened)],
  keeps: ['MGR_OPEN first', () => talk(manager(), opened, configured)],
});

export const DAEMON_RULES = [
  OSD_PING_ORPHAN,
  OSD_PING_EPOCH_BACK,
  OSD_BOOT_OTHER,
  OSD_ALIVE_WANT,
  PG_LEASE_BOUND,
  BACKOFF_DIRECTION,
  BACKOFF_ACK_ORPHAN,
  BACKOFF_UNBLOCK_ORPHAN,
  MGR_REPORT_UNOPENED,
  MGR_CONFIGURE_UNOPENED,
];
