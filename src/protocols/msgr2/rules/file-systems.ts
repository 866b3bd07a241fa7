import * as E from '../encode.js';
import * as F from '../fronts.js';
import { MSG } from '../../ceph/message-types.js';
import { rule } from './rule.js';
import { between, talk, type Said } from './sessions.js';

/** Messages of file system clients, monitors and metadata servers. */

type Who = 'client' | 'server';
const GETATTR = 0x101;
/** A client at a metadata server, before CLIENT_SESSION opens its session; and a metadata server at a monitor. */
const mount = () => between(8, 2, { lossy: false });
const alive = () => between(2, 1);

const sessionFront = (op: number, seq: number) => E.concat(E.u32(op), E.u64(seq), F.zeros(8 + 4 + 4));
/** Messages after CLIENT_SESSION has opened the session. */
const inSession = (...said: readonly Said[]) => talk(mount(), session('server', 1, 0), ...said);
const session = (who: Who, op: number, seq: number): Said => [who, MSG.CLIENT_SESSION, 1, sessionFront(op, seq)];

/** filepath: u8 version, u64 inode, path. */
const path = E.concat(E.u8(1), E.u64(1), E.str(''));
function request(tid: number, { oldest = tid }: { readonly oldest?: number } = {}): Said {
  const head = E.concat(E.u64(oldest), E.u32(5), E.u32(0), F.zeros(4), E.u32(GETATTR), F.zeros(8 + 8));
  return ['client', MSG.CLIENT_REQUEST, 2, E.concat(head, F.zeros(48), path, path, F.zeros(8)), tid];
}
function reply(tid: number, { op = GETATTR, safe = 1 } = {}): Said {
  const head = E.concat(E.u32(op), E.u32(0), E.u32(5), E.u8(safe), E.u8(0), E.u8(0));
  return ['server', MSG.CLIENT_REPLY, 1, E.concat(head, E.u32(0), E.u32(0), E.u32(0)), tid];
}
function caps(who: Who, op: number, { seq = 1, dirty = 0, tid = 0 } = {}): Said {
  const numbers = E.concat(E.u64(0x100), E.u64(1), E.u64(7), E.u32(seq), E.u32(0), E.u32(0), E.u32(0), E.u32(dirty));
  const rest = F.zeros(4 + 8 + 4 * 6 + 8 + 84);
  return [who, MSG.CLIENT_CAPS, 1, E.concat(E.u32(op), numbers, rest), tid];
}
const lease = (action: number): Said => [
  ...(['client', MSG.CLIENT_LEASE, 1] as const),
  E.concat(E.u8(action), F.zeros(2 + 8 + 8 + 8 + 4 + 4), E.str('name')),
];
function beacon(who: Who, seq: number, gid = 4100): Said {
  const STANDBY = -5;
  const head = E.concat(F.zeros(18), F.FSID, E.u64(gid), E.u32(STANDBY >>> 0), E.u64(seq), E.str('a'));
  const compat = F.zeros(36);
  const rest = E.concat(E.u32(0), E.str(''), compat, F.envelope(1, 1, E.vec([])), F.zeros(8 + 4 + 1));
  return [who, MSG.MDS_BEACON, 7, E.concat(head, rest)];
}

export const MDS_SESSION_DIRECTION = rule('mds-session-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a word about a session that only the other side says',
  meaning:
    'Clients ask to open, close and renew a session; the metadata server opens, closes, renews, and recalls. Neither does anything with what only it says itself.',
  spec: 'src/mds/Server.cc, handle_client_session; src/client/Client.cc, handle_client_session',
  breaks: ['a client says "open"', () => talk(mount(), session('client', 1, 0))],
  keeps: ['a client says "request_open"', () => talk(mount(), session('client', 0, 0))],
});

export const MDS_REQUEST_UNOPENED = rule('mds-request-unopened', {
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a request without a session',
  meaning:
    'A client asks for a session and waits until it is open. The metadata server drops requests of clients that have none.',
  spec: 'src/mds/Server.cc, handle_client_request',
  breaks: ['a request at once', () => talk(mount(), request(1))],
  keeps: ['the session is open', () => inSession(request(1))],
});

export const MDS_REQUEST_OLDEST = rule('mds-request-oldest', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a request that is older than the oldest one',
  meaning:
    'Each request names the oldest one that still waits for its reply: itself or one before it. The metadata server forgets all that it has completed below that number, and so would do this one again if it came again.',
  spec: 'src/mds/Server.cc, trim_completed_request_list',
  breaks: ['tid 3, and the oldest is 5', () => inSession(request(3, { oldest: 5 }))],
  keeps: ['the oldest is 3', () => inSession(request(3, { oldest: 3 }))],
});

export const MDS_REPLY_OP = rule('mds-reply-op', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply to another operation than was asked for',
  meaning:
    'A reply repeats the operation. A client reads by it what stands behind: the listing of a directory, or a new inode.',
  spec: 'src/messages/MClientReply.h, constructor; src/client/Client.cc, insert_trace',
  breaks: ['getattr is answered as lookup', () => inSession(request(1), reply(1, { op: 0x100 }))],
  keeps: ['as getattr', () => inSession(request(1), reply(1))],
});

export const MDS_REPLY_ORPHAN = rule('mds-reply-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a reply to a request that was never made',
  meaning: 'CLIENT_REPLY repeats the tid of its CLIENT_REQUEST. The client drops one that it does not know.',
  spec: 'src/client/Client.cc, handle_client_reply',
  breaks: ['a reply to tid 9', () => inSession(request(1), reply(9))],
  keeps: ['to tid 1', () => inSession(request(1), reply(1))],
});

export const MDS_REPLY_TWICE = rule('mds-reply-twice', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a second reply of the same kind',
  meaning:
    'A request has one reply; or an unsafe one at once and a safe one when it is in the journal. What comes behind the safe one, or is unsafe again, answers nothing.',
  spec: 'src/mds/Server.cc, early_reply; src/client/Client.cc, handle_client_reply',
  breaks: ['two safe ones', () => inSession(request(1), reply(1), reply(1))],
  keeps: ['an unsafe one, and a safe one', () => inSession(request(1), reply(1, { safe: 0 }), reply(1))],
});

export const MDS_RENEWCAPS_ORPHAN = rule('mds-renewcaps-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'capabilities are renewed that no one asked for',
  meaning:
    'renewcaps repeats the number of its request_renewcaps. The client takes the time of that as the beginning of the new lease.',
  spec: 'src/mds/Server.cc, handle_client_session',
  breaks: ['asked was 3, renewed is 4', () => inSession(session('client', 4, 3), session('server', 5, 4))],
  keeps: ['renewed is 3', () => inSession(session('client', 4, 3), session('server', 5, 3))],
});

export const MDS_CAPS_DIRECTION = rule('mds-caps-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a word about capabilities that only the other side says',
  meaning: 'The metadata server grants and revokes, the client updates, flushes and releases.',
  spec: 'src/include/ceph_fs.h, CEPH_CAP_OP_*; src/mds/Locker.cc, handle_client_caps',
  breaks: ['a client grants', () => inSession(caps('client', 0))],
  keeps: ['a client updates', () => inSession(caps('client', 5))],
});

export const MDS_CAPS_SEQ_BACK = rule('mds-caps-seq-back', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'a capability goes back to an earlier state',
  meaning:
    'Each grant and revocation of a capability has the next number, by which the client says what it has seen. With a lower one it gives back what it was granted since.',
  spec: 'src/mds/Locker.cc, issue_caps; src/mds/Capability.h, issue',
  breaks: ['seq 5, then 4', () => inSession(caps('server', 0, { seq: 5 }), caps('server', 0, { seq: 4 }))],
  keeps: ['5, then 6', () => inSession(caps('server', 0, { seq: 5 }), caps('server', 0, { seq: 6 }))],
});

export const MDS_FLUSH_ACK_ORPHAN = rule('mds-flush-ack-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a flush is acknowledged that was never made',
  meaning: 'An acknowledgement repeats the tid of the flush. The client forgets what it flushed under that number.',
  spec: 'src/mds/Locker.cc, handle_client_caps; src/client/Client.cc, handle_cap_flush_ack',
  breaks: [
    'flushed was tid 1, acknowledged is 2',
    () => inSession(caps('client', 5, { dirty: 1, tid: 1 }), caps('server', 8, { tid: 2 })),
  ],
  keeps: ['acknowledged is 1', () => inSession(caps('client', 5, { dirty: 1, tid: 1 }), caps('server', 8, { tid: 1 }))],
});

export const MDS_LEASE_DIRECTION = rule('mds-lease-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a word about a lease that only the other side says',
  meaning: 'The metadata server revokes the lease of a name, the client releases it or acknowledges; both renew.',
  spec: 'src/include/ceph_fs.h, CEPH_MDS_LEASE_*; src/mds/Locker.cc, handle_client_lease',
  breaks: ['a client revokes', () => inSession(lease(1))],
  keeps: ['a client releases', () => inSession(lease(2))],
});

export const MDS_BEACON_SEQ_BACK = rule('mds-beacon-seq-back', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a beacon with the number of an earlier one',
  meaning:
    'A metadata server numbers its beacons, and takes the time of each by its number. A monitor tells late ones by it.',
  spec: 'src/mds/Beacon.cc, _send; src/mon/MDSMonitor.cc, preprocess_beacon',
  breaks: ['4, then 4', () => talk(alive(), beacon('client', 4), beacon('client', 4))],
  keeps: ['4, then 5', () => talk(alive(), beacon('client', 4), beacon('client', 5))],
});

export const MDS_BEACON_GID = rule('mds-beacon-gid', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a metadata server changes its number',
  meaning:
    'The global id names one run of a metadata server; a monitor keeps its state under it. Another one on the same connection is another server.',
  spec: 'src/mds/Beacon.cc, _send; src/mon/MDSMonitor.cc, preprocess_beacon',
  breaks: ['gid 4100, then 4101', () => talk(alive(), beacon('client', 4), beacon('client', 5, 4101))],
  keeps: ['4100 twice', () => talk(alive(), beacon('client', 4), beacon('client', 5))],
});

export const MDS_BEACON_ORPHAN = rule('mds-beacon-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a beacon is answered that was not sent',
  meaning:
    "A monitor's answer repeats the number of the beacon. A metadata server that gets none that it knows holds itself for cut off.",
  spec: 'src/mds/Beacon.cc, handle_mds_beacon',
  breaks: ['sent was 4, answered is 5', () => talk(alive(), beacon('client', 4), beacon('server', 5))],
  keeps: ['answered is 4', () => talk(alive(), beacon('client', 4), beacon('server', 4))],
});

export const FILE_SYSTEM_RULES = [
  MDS_SESSION_DIRECTION,
  MDS_REQUEST_UNOPENED,
  MDS_REQUEST_OLDEST,
  MDS_REPLY_OP,
  MDS_REPLY_ORPHAN,
  MDS_REPLY_TWICE,
  MDS_RENEWCAPS_ORPHAN,
  MDS_CAPS_DIRECTION,
  MDS_CAPS_SEQ_BACK,
  MDS_FLUSH_ACK_ORPHAN,
  MDS_LEASE_DIRECTION,
  MDS_BEACON_SEQ_BACK,
  MDS_BEACON_GID,
  MDS_BEACON_ORPHAN,
];
