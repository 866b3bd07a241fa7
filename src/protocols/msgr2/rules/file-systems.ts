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
  title: 'CLIENT_SESSION carries an operation of the other side',
  meaning:
    'The client asks the metadata server to open, close or renew a session (request_open, request_close, request_renewcaps); the metadata server opens, closes and renews it, and recalls capabilities. Neither side acts on an operation that only it may send.',
  spec: 'src/mds/Server.cc, handle_client_session; src/client/Client.cc, handle_client_session',
  breaks: ['a client says "open"', () => talk(mount(), session('client', 1, 0))],
  keeps: ['a client says "request_open"', () => talk(mount(), session('client', 0, 0))],
});

export const MDS_REQUEST_UNOPENED = rule('mds-request-unopened', {
  severity: 'error',
  party: 'client',
  needs: 'both',
  title: 'a client sends a request before its session is open',
  meaning:
    'A client asks for a session and waits until the metadata server has opened it. The metadata server drops requests of a client without a session. Not raised where the client continues an earlier session (CLIENT_RECONNECT).',
  spec: 'src/mds/Server.cc, handle_client_request',
  breaks: ['a request is the first message', () => talk(mount(), request(1))],
  keeps: ['the session is open', () => inSession(request(1))],
});

export const MDS_REQUEST_OLDEST = rule('mds-request-oldest', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a request has a lower tid than its own oldest_client_tid',
  meaning:
    "In oldest_client_tid each request names the client's oldest request that still waits for its reply: itself, or an earlier one. The metadata server forgets which requests below that number it has completed, and would execute this request a second time if the client sent it again.",
  spec: 'src/mds/Server.cc, trim_completed_request_list',
  breaks: ['tid 3, oldest_client_tid 5', () => inSession(request(3, { oldest: 5 }))],
  keeps: ['tid 3, oldest_client_tid 3', () => inSession(request(3, { oldest: 3 }))],
});

export const MDS_REPLY_OP = rule('mds-reply-op', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply carries another operation than its request',
  meaning:
    'CLIENT_REPLY repeats the operation of the request. The client decides by it how to read the rest of the reply: as the listing of a directory or as a new inode, for instance.',
  spec: 'src/messages/MClientReply.h, constructor; src/client/Client.cc, insert_trace',
  breaks: ['getattr is answered as lookup', () => inSession(request(1), reply(1, { op: 0x100 }))],
  keeps: ['getattr is answered as getattr', () => inSession(request(1), reply(1))],
});

export const MDS_REPLY_ORPHAN = rule('mds-reply-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a metadata server replies to a request that was never sent',
  meaning: 'CLIENT_REPLY repeats the tid of its CLIENT_REQUEST. The client drops a reply whose tid it does not know.',
  spec: 'src/client/Client.cc, handle_client_reply',
  breaks: ['a reply to tid 9 where only tid 1 was sent', () => inSession(request(1), reply(9))],
  keeps: ['a reply to tid 1', () => inSession(request(1), reply(1))],
});

export const MDS_REPLY_TWICE = rule('mds-reply-twice', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a request has a second reply of the same kind',
  meaning:
    'A request has either one safe reply, or an unsafe reply at once and a safe one as soon as the change is in the journal. A reply after the safe one, or a second unsafe one, answers nothing. Not raised for requests that were sent more than once.',
  spec: 'src/mds/Server.cc, early_reply; src/client/Client.cc, handle_client_reply',
  breaks: ['two safe replies', () => inSession(request(1), reply(1), reply(1))],
  keeps: ['an unsafe reply, then a safe one', () => inSession(request(1), reply(1, { safe: 0 }), reply(1))],
});

export const MDS_RENEWCAPS_ORPHAN = rule('mds-renewcaps-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a metadata server renews capabilities without a request',
  meaning:
    'renewcaps repeats the number of its request_renewcaps. The client counts the new lease from the time at which it sent that request, and cannot do so if the number matches none.',
  spec: 'src/mds/Server.cc, handle_client_session',
  breaks: ['request_renewcaps 3, renewcaps 4', () => inSession(session('client', 4, 3), session('server', 5, 4))],
  keeps: ['request_renewcaps 3, renewcaps 3', () => inSession(session('client', 4, 3), session('server', 5, 3))],
});

export const MDS_CAPS_DIRECTION = rule('mds-caps-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'CLIENT_CAPS carries an operation of the other side',
  meaning:
    'The metadata server grants and revokes capabilities and acknowledges flushes; the client updates, flushes and releases them. An operation of the other side is ignored or misunderstood, so the two no longer agree on what the client holds.',
  spec: 'src/include/ceph_fs.h, CEPH_CAP_OP_*; src/mds/Locker.cc, handle_client_caps',
  breaks: ['a client grants', () => inSession(caps('client', 0))],
  keeps: ['a client updates', () => inSession(caps('client', 5))],
});

export const MDS_CAPS_SEQ_BACK = rule('mds-caps-seq-back', {
  severity: 'error',
  party: 'server',
  needs: 'server',
  title: 'the sequence number of a capability goes back',
  meaning:
    'Every grant and revocation of a capability has the next sequence number, and the client repeats the last one to say what it has seen. If the number goes back, the client refers to an earlier state and gives up what it was granted since. Not raised where migrate_seq has changed: the capability then comes from another metadata server.',
  spec: 'src/mds/Locker.cc, issue_caps; src/mds/Capability.h, issue',
  breaks: ['seq 5, then seq 4', () => inSession(caps('server', 0, { seq: 5 }), caps('server', 0, { seq: 4 }))],
  keeps: ['seq 5, then seq 6', () => inSession(caps('server', 0, { seq: 5 }), caps('server', 0, { seq: 6 }))],
});

export const MDS_FLUSH_ACK_ORPHAN = rule('mds-flush-ack-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a metadata server acknowledges a flush that was never sent',
  meaning:
    'The acknowledgement repeats the tid of the flush. The client then discards what it flushed under that tid; with a wrong one it discards the wrong state, or keeps waiting.',
  spec: 'src/mds/Locker.cc, handle_client_caps; src/client/Client.cc, handle_cap_flush_ack',
  breaks: [
    'a flush with tid 1, an acknowledgement of tid 2',
    () => inSession(caps('client', 5, { dirty: 1, tid: 1 }), caps('server', 8, { tid: 2 })),
  ],
  keeps: [
    'an acknowledgement of tid 1',
    () => inSession(caps('client', 5, { dirty: 1, tid: 1 }), caps('server', 8, { tid: 1 })),
  ],
});

export const MDS_LEASE_DIRECTION = rule('mds-lease-direction', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'CLIENT_LEASE carries an action of the other side',
  meaning:
    'The metadata server revokes the lease of a directory entry; the client releases it or acknowledges the revocation; both may renew it. A metadata server aborts when it receives an action that only it may send.',
  spec: 'src/include/ceph_fs.h, CEPH_MDS_LEASE_*; src/mds/Locker.cc, handle_client_lease',
  breaks: ['a client revokes', () => inSession(lease(1))],
  keeps: ['a client releases', () => inSession(lease(2))],
});

export const MDS_BEACON_SEQ_BACK = rule('mds-beacon-seq-back', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'the sequence number of a beacon does not increase',
  meaning:
    'A metadata server numbers its beacons and remembers when it sent each of them. The monitor recognises late beacons by their number and ignores them.',
  spec: 'src/mds/Beacon.cc, _send; src/mon/MDSMonitor.cc, preprocess_beacon',
  breaks: ['beacon 4, then 4 again', () => talk(alive(), beacon('client', 4), beacon('client', 4))],
  keeps: ['beacon 4, then 5', () => talk(alive(), beacon('client', 4), beacon('client', 5))],
});

export const MDS_BEACON_GID = rule('mds-beacon-gid', {
  severity: 'error',
  party: 'client',
  needs: 'client',
  title: 'a metadata server changes its global id',
  meaning:
    "The global id stands for one run of a metadata server, and the monitor keeps the server's state under it. Beacons with another id on the same connection look like those of another server.",
  spec: 'src/mds/Beacon.cc, _send; src/mon/MDSMonitor.cc, preprocess_beacon',
  breaks: ['gid 4100, then 4101', () => talk(alive(), beacon('client', 4), beacon('client', 5, 4101))],
  keeps: ['gid 4100 in both', () => talk(alive(), beacon('client', 4), beacon('client', 5))],
});

export const MDS_BEACON_ORPHAN = rule('mds-beacon-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a monitor acknowledges a beacon that was never sent',
  meaning:
    "The monitor's answer repeats the sequence number of the beacon. A metadata server that receives no answer to its own beacons considers itself cut off from the monitors.",
  spec: 'src/mds/Beacon.cc, handle_mds_beacon',
  breaks: ['beacon 4, an answer to beacon 5', () => talk(alive(), beacon('client', 4), beacon('server', 5))],
  keeps: ['an answer to beacon 4', () => talk(alive(), beacon('client', 4), beacon('server', 4))],
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
