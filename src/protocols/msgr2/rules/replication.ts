import { betweenOsds, repOp, replica, replicated, repReply } from './sessions.js';
import { rule } from './rule.js';

/** Replication: messages from primaries to replicas, and the replies. */

const REPLICA = 'src/osd/ReplicatedBackend.cc';

export const OSD_REPOP_EPOCH = rule('osd-repop-epoch', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'replication by a map older than it asks for',
  meaning:
    'A primary says by which map it acts and which one a replica needs at least: the beginning of the interval, which is not newer.',
  spec: 'src/messages/MOSDRepOp.h',
  breaks: ['map 20, at least 25', () => repOp(replica(), { minEpoch: 25 })],
  keeps: ['map 20, at least 18', replicated],
});

export const OSD_REPOP_VERSION_BACK = rule('osd-repop-version-back', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: "a placement group's versions do not rise from one REPOP to the next",
  meaning:
    "A primary sends a replica the writes of a placement group in the order of their versions; a replica's log asserts that they rise.",
  spec: `${REPLICA}, do_repop; src/osd/PGLog.h, IndexedLog::add`,
  breaks: ['version 7, then 7', () => repOp(replicated(), { tid: 2 }, { seq: 2, tid: 6 })],
  keeps: ['version 7, then 8', () => repOp(replicated(), { tid: 2, version: 8 }, { seq: 2, tid: 6 })],
});

export const OSD_REPOP_TRIM = rule('osd-repop-trim', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a log is to be cut off behind its end',
  meaning: 'With a write a replica is told up to which version it may cut off its log: never beyond the write itself.',
  spec: `${REPLICA}, issue_op`,
  breaks: ['version 7, cut off up to 9', () => repOp(replica(), { trim: 9 })],
  keeps: ['version 7, cut off up to 3', () => repOp(replica(), { trim: 3 })],
});

export const OSD_REPOP_WITHOUT_OP = rule('osd-repop-without-op', {
  severity: 'warning',
  party: 'either',
  needs: 'session',
  title: 'replication of an operation that its client did not send to the primary',
  meaning:
    "A primary hands on the operations of its clients under their names. Where the client's whole session with the primary was captured, the operation is in it. Otherwise something is written that nobody asked for, or under a wrong name: a client that asks again is then told that it is done.",
  spec: `${REPLICA}, submit_transaction`,
  breaks: [
    'client 4100 asked for tid 1, replicated is its tid 8',
    () => betweenOsds((s) => repOp(s, { client: 4100, tid: 8 })),
  ],
  keeps: ['its tid 1', () => betweenOsds((s) => repOp(s, { client: 4100, tid: 1 }))],
});

export const OSD_REPOP_REPLY_ORPHAN = rule('osd-repop-reply-orphan', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a replica answers what it was not asked',
  meaning: 'OSD_REPOPREPLY repeats the tid of its OSD_REPOP. The primary drops one that it does not know.',
  spec: `${REPLICA}, do_repop_reply`,
  breaks: ['a reply to tid 9', () => repReply(replicated(), {}, { tid: 9 })],
  keeps: ['a reply to tid 5', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_REQUEST = rule('osd-repop-reply-request', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers under the name of another operation',
  meaning: "A reply repeats the client's name for the operation.",
  spec: 'src/messages/MOSDRepOpReply.h, constructor',
  breaks: ['client.4200:3 instead of client.4200:1', () => repReply(replicated(), { tid: 3 })],
  keeps: ['client.4200:1', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_PG = rule('osd-repop-reply-pg', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers for another placement group',
  meaning: 'A reply names the placement group of its request, which finds its way by it.',
  spec: 'src/messages/MOSDRepOpReply.h, constructor',
  breaks: ['2.4 instead of 2.3', () => repReply(replicated(), { seed: 4 })],
  keeps: ['2.3', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_EPOCH = rule('osd-repop-reply-epoch', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers by an older map than the request needed',
  meaning: 'A replica waits for the map that a request needs at least.',
  spec: 'src/osd/OSD.cc, dequeue_op; src/messages/MOSDRepOp.h, get_min_epoch',
  breaks: ['18 needed, answered by 17', () => repReply(replicated(), { epoch: 17, minEpoch: 17 })],
  keeps: ['answered by 20', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_FROM = rule('osd-repop-reply-from', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers in the name of another OSD',
  meaning: 'A reply says which OSD it comes from; the primary waits for each of its replicas by that.',
  spec: `${REPLICA}, do_repop_reply`,
  breaks: ['osd.0 answers as osd.7', () => repReply(replicated(), { from: 7 })],
  keeps: ['as osd.0', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_RESULT = rule('osd-repop-reply-result', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a replica could not do an operation',
  meaning: 'A replica does what its primary has done, or fails as a whole: it never answers an error.',
  spec: `${REPLICA}, repop_commit`,
  breaks: ['EIO', () => repReply(replicated(), { result: -5 })],
  keeps: ['0', () => repReply(replicated())],
});

export const REPLICATION_RULES = [
  OSD_REPOP_EPOCH,
  OSD_REPOP_VERSION_BACK,
  OSD_REPOP_TRIM,
  OSD_REPOP_WITHOUT_OP,
  OSD_REPOP_REPLY_ORPHAN,
  OSD_REPOP_REPLY_REQUEST,
  OSD_REPOP_REPLY_PG,
  OSD_REPOP_REPLY_EPOCH,
  OSD_REPOP_REPLY_FROM,
  OSD_REPOP_REPLY_RESULT,
];
