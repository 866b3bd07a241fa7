import { betweenOsds, repOp, replica, replicated, repReply } from './sessions.js';
import { rule } from './rule.js';

/** Replication: messages from primaries to replicas, and the replies. */

const REPLICA = 'src/osd/ReplicatedBackend.cc';

export const OSD_REPOP_EPOCH = rule('osd-repop-epoch', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'OSD_REPOP requires a newer map than its own',
  meaning:
    'OSD_REPOP carries the map epoch of the primary, and the lowest epoch that the replica must have: the beginning of the current interval of the placement group. The second cannot be above the first; the replica would wait for a map that the primary does not have itself.',
  spec: 'src/messages/MOSDRepOp.h',
  breaks: ['map epoch 20, at least 25 required', () => repOp(replica(), { minEpoch: 25 })],
  keeps: ['map epoch 20, at least 18 required', replicated],
});

export const OSD_REPOP_VERSION_BACK = rule('osd-repop-version-back', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the version of a placement group does not increase from one OSD_REPOP to the next',
  meaning:
    'The primary sends the writes of a placement group to its replicas in the order of their versions. A replica asserts that the versions in its log increase, and aborts otherwise.',
  spec: `${REPLICA}, do_repop; src/osd/PGLog.h, IndexedLog::add`,
  breaks: ['version 7, then 7', () => repOp(replicated(), { tid: 2 }, { seq: 2, tid: 6 })],
  keeps: ['version 7, then 8', () => repOp(replicated(), { tid: 2, version: 8 }, { seq: 2, tid: 6 })],
});

export const OSD_REPOP_TRIM = rule('osd-repop-trim', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a log is to be trimmed beyond its end',
  meaning:
    'OSD_REPOP tells the replica up to which version it may trim its log. That version cannot be above the version of the write itself, which is the last entry of the log.',
  spec: `${REPLICA}, issue_op`,
  breaks: ['version 7, trim up to 9', () => repOp(replica(), { trim: 9 })],
  keeps: ['version 7, trim up to 3', () => repOp(replica(), { trim: 3 })],
});

export const OSD_REPOP_WITHOUT_OP = rule('osd-repop-without-op', {
  severity: 'warning',
  party: 'either',
  needs: 'session',
  title: 'a primary replicates an operation that its client never sent to it',
  meaning:
    "The primary OSD forwards a client's operation to the replicas under the client's name and tid. If the capture holds the client's whole session with that primary, the operation must be in it; otherwise the rule is not raised. A replication without such an operation writes what no client asked for, or logs the write under a wrong name: a client that later uses this name is told that its operation is already done.",
  spec: `${REPLICA}, submit_transaction`,
  breaks: ['client 4100 sent tid 1, tid 8 is replicated', () => betweenOsds((s) => repOp(s, { client: 4100, tid: 8 }))],
  keeps: ['client 4100 sent tid 1, tid 1 is replicated', () => betweenOsds((s) => repOp(s, { client: 4100, tid: 1 }))],
});

export const OSD_REPOP_REPLY_ORPHAN = rule('osd-repop-reply-orphan', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a replica answers an OSD_REPOP that was never sent',
  meaning: 'OSD_REPOPREPLY repeats the tid of its OSD_REPOP. The primary drops a reply whose tid it does not know.',
  spec: `${REPLICA}, do_repop_reply`,
  breaks: ['a reply to tid 9', () => repReply(replicated(), {}, { tid: 9 })],
  keeps: ['a reply to tid 5', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_REQUEST = rule('osd-repop-reply-request', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers for another client operation',
  meaning:
    'OSD_REPOPREPLY repeats the name of the operation in OSD_REPOP: the client and its tid. Another name means that the replica answers for an operation that this OSD_REPOP did not carry.',
  spec: 'src/messages/MOSDRepOpReply.h, constructor',
  breaks: ['client.4200:3 instead of client.4200:1', () => repReply(replicated(), { tid: 3 })],
  keeps: ['client.4200:1', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_PG = rule('osd-repop-reply-pg', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers for another placement group',
  meaning:
    'OSD_REPOPREPLY repeats the placement group of its OSD_REPOP, and the primary delivers the reply by it. With another one, the reply does not reach the operation that waits for it.',
  spec: 'src/messages/MOSDRepOpReply.h, constructor',
  breaks: ['2.4 instead of 2.3', () => repReply(replicated(), { seed: 4 })],
  keeps: ['2.3', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_EPOCH = rule('osd-repop-reply-epoch', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers by an older map than required',
  meaning:
    'OSD_REPOP carries the lowest map epoch that the replica must have, and the replica waits until it has that map. Its reply cannot carry an older epoch.',
  spec: 'src/osd/OSD.cc, dequeue_op; src/messages/MOSDRepOp.h, get_min_epoch',
  breaks: ['epoch 18 is required, the reply says 17', () => repReply(replicated(), { epoch: 17, minEpoch: 17 })],
  keeps: ['the reply says epoch 20', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_FROM = rule('osd-repop-reply-from', {
  severity: 'error',
  party: 'either',
  needs: 'both',
  title: 'a replica answers in the name of another OSD',
  meaning:
    'OSD_REPOPREPLY says which OSD it comes from; by this the primary notes which of its replicas have committed the write. It asserts that it still waits for this OSD, and aborts otherwise.',
  spec: `${REPLICA}, do_repop_reply`,
  breaks: ['osd.0 answers as osd.7', () => repReply(replicated(), { from: 7 })],
  keeps: ['osd.0 answers as osd.0', () => repReply(replicated())],
});

export const OSD_REPOP_REPLY_RESULT = rule('osd-repop-reply-result', {
  severity: 'warning',
  party: 'either',
  needs: 'either',
  title: 'a replica answers with an error',
  meaning:
    'A replica executes what its primary has executed, or fails as a whole: released versions never answer OSD_REPOP with an error.',
  spec: `${REPLICA}, repop_commit`,
  breaks: ['result -5 (EIO)', () => repReply(replicated(), { result: -5 })],
  keeps: ['result 0', () => repReply(replicated())],
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
