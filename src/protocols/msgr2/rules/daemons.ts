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
  title: 'a heartbeat is answered that was not sent',
  meaning:
    'An answer repeats the time of its ping, by which the sender finds it. One with another time counts for nothing, and the peer is reported as failed although it answers.',
  spec: 'src/osd/OSD.cc, handle_osd_ping',
  breaks: [
    'the time 9 was not sent',
    () => talk(beats(), ping('client', 4, { stamp: 5 }), ping('server', 5, { stamp: 9 })),
  ],
  keeps: ['the time 5', () => talk(beats(), ping('client', 4, { stamp: 5 }), ping('server', 5, { stamp: 5 }))],
});

export const OSD_PING_EPOCH_BACK = rule('osd-ping-epoch-back', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'an OSD pings by an older map than before',
  meaning:
    'Heartbeats name the newest map that their sender has, which only gets newer. The peer sends what is missing by it.',
  spec: 'src/osd/OSD.cc, heartbeat',
  breaks: [
    'epoch 20, then 19',
    () => talk(beats(), ping('client', 4, { stamp: 5, epoch: 20 }), ping('client', 4, { stamp: 6, epoch: 19 })),
  ],
  keeps: [
    '20, then 21',
    () => talk(beats(), ping('client', 4, { stamp: 5, epoch: 20 }), ping('client', 4, { stamp: 6, epoch: 21 })),
  ],
});

export const OSD_BOOT_OTHER = rule('osd-boot-other', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an OSD reports that another one is up',
  meaning:
    "OSD_BOOT has the superblock of the OSD that sends it, and so its number. The monitor goes by who sent it, and puts the other one's data into the map.",
  spec: 'src/osd/OSD.cc, _send_boot; src/mon/OSDMonitor.cc, prepare_boot',
  breaks: ['osd.1 with the superblock of osd.7', () => talk(reports(), ['client', MSG.OSD_BOOT, 7, boot(7)])],
  keeps: ['with its own', () => talk(reports(), ['client', MSG.OSD_BOOT, 7, boot(1)])],
});

export const OSD_ALIVE_WANT = rule('osd-alive-want', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'an OSD wants to be up through an epoch that it does not have',
  meaning:
    "OSD_ALIVE asks for up_thru of an epoch in which a placement group's interval began: one of the maps that the OSD has seen.",
  spec: 'src/osd/OSD.cc, send_alive',
  breaks: ['the map of 20, and it wants 25', () => talk(reports(), ['client', MSG.OSD_ALIVE, 1, alive(20, 25)])],
  keeps: ['it wants 18', () => talk(reports(), ['client', MSG.OSD_ALIVE, 1, alive(20, 18)])],
});

export const PG_LEASE_BOUND = rule('pg-lease-bound', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a placement group is readable longer than its lease goes',
  meaning:
    'A primary tells until when its placement group may be read, and up to when that may be extended at most. The first cannot be behind the second: replicas would serve reads that a new primary knows nothing of.',
  spec: 'src/osd/PeeringState.cc, recalc_readable_until',
  breaks: ['until 9, at most 5', () => talk(osds(), ['client', MSG.OSD_PG_LEASE, 1, lease(9, 5)])],
  keeps: ['until 3, at most 5', () => talk(osds(), ['client', MSG.OSD_PG_LEASE, 1, lease(3, 5)])],
});

export const BACKOFF_DIRECTION = rule('backoff-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a request to wait from the wrong side',
  meaning:
    'An OSD blocks and unblocks a range of objects; its client acknowledges a block. Neither does what the other one says.',
  spec: 'src/osdc/Objecter.cc, handle_osd_backoff; src/osd/PrimaryLogPG.cc, handle_backoff',
  breaks: ['a client blocks', () => talk(atOsd(), backoff('client', 1, 1))],
  keeps: ['an OSD blocks', () => talk(atOsd(), backoff('server', 1, 1))],
});

export const BACKOFF_ACK_ORPHAN = rule('backoff-ack-orphan', {
  severity: 'warning',
  party: 'client',
  needs: 'both',
  title: 'a block is acknowledged that was never sent',
  meaning:
    'ACK_BLOCK repeats the id of a BLOCK. The OSD looks for it and ignores one that it does not know, and waits for the right one.',
  spec: 'src/osd/Session.cc, ack_backoff',
  breaks: ['1 was blocked, 2 is acknowledged', () => talk(atOsd(), backoff('server', 1, 1), backoff('client', 2, 2))],
  keeps: ['1 is acknowledged', () => talk(atOsd(), backoff('server', 1, 1), backoff('client', 2, 1))],
});

export const BACKOFF_UNBLOCK_ORPHAN = rule('backoff-unblock-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'server',
  title: 'a block is lifted that was never set',
  meaning:
    'UNBLOCK repeats the id of a BLOCK on the same session. The client drops one that it does not know, and goes on waiting for its own.',
  spec: 'src/osdc/Objecter.cc, handle_osd_backoff',
  breaks: ['1 was blocked, 2 is lifted', () => talk(atOsd(), backoff('server', 1, 1), backoff('server', 3, 2))],
  keeps: ['1 is lifted', () => talk(atOsd(), backoff('server', 1, 1), backoff('server', 3, 1))],
});

export const MGR_REPORT_UNOPENED = rule('mgr-report-unopened', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a report to a manager that was not greeted',
  meaning:
    'MGR_OPEN names the daemon before its first report. A manager that gets a report of a daemon that it does not know closes the connection.',
  spec: 'src/mgr/DaemonServer.cc, handle_report',
  breaks: ['a report at once', () => talk(manager(), ['client', MSG.MGR_REPORT, 10])],
  keeps: ['MGR_OPEN, then a report', () => talk(manager(), opened, ['client', MSG.MGR_REPORT, 10])],
});

export const MGR_CONFIGURE_UNOPENED = rule('mgr-configure-unopened', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a manager configures a daemon that has not greeted it',
  meaning:
    'A manager answers MGR_OPEN with MGR_CONFIGURE, and sends it again when it changes, to those whose MGR_OPEN it has.',
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
