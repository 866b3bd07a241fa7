import * as E from '../encode.js';
import * as F from '../fronts.js';
import { MSG } from '../../ceph/message-types.js';
import { script } from '../script.js';
import { rule } from './rule.js';
import { between, talk, type Said } from './sessions.js';

/** Messages between monitors and their clients, and between monitors. */

const COLLECT = 1;
const BEGIN = 3;
const ACCEPT = 4;
const COMMIT = 5;
const PROPOSE = 1;
const VICTORY = 4;
const open = () => script().open();
/** mon.1 at mon.0. */
const mons = () => between(1, 1, { lossy: false, gid: 1 });
/** The fields that all messages to Paxos services begin with. */
const service = F.zeros(18);
const words = (...list: readonly string[]) => E.vec(list.map(E.str));

const subscribe = (name: string) => E.vec([E.concat(E.str(name), E.u64(1), E.u8(0))]);
/** A client that asks for a version with that handle. */
const asked = (handle: number) =>
  open().message('client', { type: MSG.MON_GET_VERSION, front: E.concat(E.u64(handle), E.str('osdmap')) });
const version = (handle: number, newest: number, oldest: number) =>
  E.concat(E.u64(handle), E.u64(newest), E.u64(oldest));
const commanded = () =>
  open().message('client', { type: MSG.MON_COMMAND, tid: 1, front: E.concat(service, F.FSID, words('a')) });
const commandAck = (command: string) => E.concat(service, E.u32(0), E.str(''), words(command));
const log = (...seqs: readonly number[]) => logOf(seqs.map((seq) => ['admin', seq]));
/** A log with these entries, each by author and number. */
const logOf = (entries: readonly (readonly [who: string, seq: number])[]) =>
  E.concat(
    ...[service, F.FSID],
    E.vec(
      entries.map(([who, seq]) =>
        F.envelope(
          5,
          5,
          E.u32(8),
          E.str(who),
          E.u8(8),
          E.u64(4100),
          E.addrvec(),
          F.zeros(8),
          E.u64(seq),
          E.u16(1),
          E.str('x'),
          E.str('cluster'),
        ),
      ),
    ),
  );
const logAck = (last: number) => E.concat(F.FSID, E.u64(last));

interface PaxosParts {
  readonly first?: number;
  readonly last: number;
  readonly pn?: number;
  readonly values?: readonly number[];
}
function paxos(who: 'client' | 'server', op: number, p: PaxosParts): Said {
  const values = (p.values ?? []).map((v) => E.concat(E.u64(v), E.str('value')));
  const versions = E.concat(E.u64(p.first ?? 0), E.u64(p.last), E.u64(0), E.u64(p.pn ?? 100), E.u64(0));
  const front = E.concat(E.u32(8), E.u32(op), versions, F.zeros(8 + 8 + 8), E.str(''), E.vec(values));
  return [who, MSG.MON_PAXOS, 3, front];
}
function election(who: 'client' | 'server', op: number, epoch: number, quorum: readonly number[] = []): Said {
  const head = E.concat(F.FSID, E.u32(op), E.u32(epoch), E.str(''), E.vec(quorum.map(E.u32)));
  return [who, MSG.MON_ELECTION, 5, E.concat(head, F.zeros(8 + 8 + 8), E.str(''))];
}

export const MON_SUBSCRIBE_UNKNOWN = rule('mon-subscribe-unknown', {
  severity: 'note',
  party: 'client',
  needs: 'client',
  title: 'a client subscribes to something that monitors do not offer',
  meaning:
    'A monitor stores a subscription whatever its name is, but never sends anything for a name that it does not know. The name is misspelled, or comes from a newer release than this version of wirelint knows.',
  spec: 'src/mon/Monitor.cc, handle_subscribe',
  breaks: ['osdmaps', () => talk(open(), ['client', MSG.MON_SUBSCRIBE, 2, subscribe('osdmaps')])],
  keeps: ['osdmap', () => talk(open(), ['client', MSG.MON_SUBSCRIBE, 2, subscribe('osdmap')])],
});

export const MON_VERSION_RANGE = rule('mon-version-range', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the oldest version of a map is above the newest',
  meaning:
    'MON_GET_VERSION_REPLY names the newest version of a map and the oldest one that the monitor still has. The oldest cannot be above the newest; the range that the client learns is empty.',
  spec: 'src/mon/Monitor.cc, handle_get_version',
  breaks: ['oldest 9, newest 7', () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(1, 7, 9)])],
  keeps: ['oldest 3, newest 7', () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(1, 7, 3)])],
});

export const MON_VERSION_ORPHAN = rule('mon-version-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a monitor reports a map version without a request',
  meaning:
    'MON_GET_VERSION_REPLY repeats the handle of its MON_GET_VERSION. The client drops a reply whose handle it does not know.',
  spec: 'src/mon/MonClient.cc, handle_get_version_reply',
  breaks: [
    'a reply with handle 2, which was not used',
    () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(2, 7, 3)]),
  ],
  keeps: ['a reply with handle 1', () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(1, 7, 3)])],
});

export const MON_COMMAND_ACK_COMMAND = rule('mon-command-ack-command', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a reply carries another command than its request',
  meaning:
    'MON_COMMAND_ACK repeats the command that it answers. If the tid is that of one command and the text that of another, the client takes the result of one for that of the other.',
  spec: 'src/mon/Monitor.cc, reply_command',
  breaks: ['"a" is answered as "b"', () => talk(commanded(), ['server', MSG.MON_COMMAND_ACK, 1, commandAck('b'), 1])],
  keeps: ['"a" is answered as "a"', () => talk(commanded(), ['server', MSG.MON_COMMAND_ACK, 1, commandAck('a'), 1])],
});

export const MON_LOG_ORDER = rule('mon-log-order', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'entries of the cluster log are out of order',
  meaning:
    'A daemon numbers its log entries and sends them in that order; the monitor acknowledges all entries up to a number. An entry out of order is acknowledged before it is stored, or dropped as a repetition. Judged for each daemon separately, as a monitor forwards the entries of several.',
  spec: 'src/common/LogClient.cc, _get_mon_log_message; src/mon/LogMonitor.cc, preprocess_log',
  breaks: ['entry 3, then 2', () => talk(open(), ['client', MSG.LOG, 1, log(3, 2)])],
  keeps: [
    'entries 2 and 3, and entry 1 of another daemon, which a monitor forwards',
    () =>
      talk(open(), [
        'client',
        MSG.LOG,
        1,
        logOf([
          ['admin', 2],
          ['admin', 3],
          ['other', 1],
        ]),
      ]),
  ],
});

export const MON_LOG_ACK = rule('mon-log-ack', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'a monitor acknowledges log entries that were never sent',
  meaning:
    'LOGACK names the last log entry that is stored; the daemon forgets all entries up to it. If the number is too high, entries that were not sent yet are lost.',
  spec: 'src/common/LogClient.cc, handle_log_ack',
  breaks: [
    '1 and 2 are sent, 5 is acknowledged',
    () => talk(open(), ['client', MSG.LOG, 1, log(1, 2)], ['server', MSG.LOGACK, 1, logAck(5)]),
  ],
  keeps: [
    '2 is acknowledged',
    () => talk(open(), ['client', MSG.LOG, 1, log(1, 2)], ['server', MSG.LOGACK, 1, logAck(2)]),
  ],
});

export const PAXOS_RANGE = rule('paxos-range', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'first_committed is above last_committed',
  meaning:
    'A monitor says which versions it has, from first_committed to last_committed. From these numbers the monitors find out which of them lack which versions.',
  spec: 'src/mon/Paxos.cc, handle_collect',
  breaks: ['first_committed 9, last_committed 7', () => talk(mons(), paxos('client', COLLECT, { first: 9, last: 7 }))],
  keeps: ['first_committed 3, last_committed 7', () => talk(mons(), paxos('client', COLLECT, { first: 3, last: 7 }))],
});

export const PAXOS_BEGIN_VALUE = rule('paxos-begin-value', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'BEGIN lacks the value that it proposes',
  meaning:
    'By BEGIN the leader proposes a value for the version after last_committed. A peon stores what BEGIN lists under this version; if that is missing, it stores an empty value.',
  spec: 'src/mon/Paxos.cc, handle_begin',
  breaks: [
    'last_committed 7, the value is for version 9',
    () => talk(mons(), paxos('client', BEGIN, { last: 7, values: [9] })),
  ],
  keeps: ['the value is for version 8', () => talk(mons(), paxos('client', BEGIN, { last: 7, values: [8] }))],
});

export const PAXOS_COMMIT_BACK = rule('paxos-commit-back', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the version of a COMMIT goes back',
  meaning:
    'Versions are committed in order. A peon that receives a COMMIT of an older version overwrites newer values with older ones.',
  spec: 'src/mon/Paxos.cc, store_state',
  breaks: [
    'version 8, then 7',
    () => talk(mons(), paxos('client', COMMIT, { last: 8 }), paxos('client', COMMIT, { last: 7 })),
  ],
  keeps: [
    'version 7, then 8',
    () => talk(mons(), paxos('client', COMMIT, { last: 7 }), paxos('client', COMMIT, { last: 8 })),
  ],
});

export const PAXOS_ANSWER_ORPHAN = rule('paxos-answer-orphan', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'a peon answers something that the leader did not ask',
  meaning:
    'LAST answers COLLECT, ACCEPT answers the BEGIN with the same proposal number, and LEASE_ACK answers the LEASE of the same version. The leader counts the answers: with one that it did not ask for, it may count an agreement that does not exist.',
  spec: 'src/mon/Paxos.cc, handle_last, handle_accept, handle_lease_ack',
  breaks: [
    'BEGIN with pn 100, ACCEPT with pn 200',
    () =>
      talk(
        mons(),
        paxos('client', BEGIN, { last: 7, values: [8], pn: 100 }),
        paxos('server', ACCEPT, { last: 7, pn: 200 }),
      ),
  ],
  keeps: [
    'ACCEPT with pn 100',
    () =>
      talk(
        mons(),
        paxos('client', BEGIN, { last: 7, values: [8], pn: 100 }),
        paxos('server', ACCEPT, { last: 7, pn: 100 }),
      ),
  ],
});

export const ELECTION_EPOCH_PARITY = rule('election-epoch-parity', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an election message has an epoch of the wrong parity',
  meaning:
    'In an odd epoch an election is going on, in an even one there is a quorum: PROPOSE and ACK carry an odd epoch, VICTORY the even one that follows. Monitors assert this and abort otherwise.',
  spec: 'src/mon/Elector.cc, handle_propose; src/mon/ElectionLogic.cc, receive_ack, declare_victory',
  breaks: ['PROPOSE in epoch 8', () => talk(mons(), election('client', PROPOSE, 8))],
  keeps: ['PROPOSE in epoch 7', () => talk(mons(), election('client', PROPOSE, 7))],
});

export const ELECTION_EPOCH_BACK = rule('election-epoch-back', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the epoch of an election goes back',
  meaning:
    'Election epochs only increase, and a monitor stores each before it uses it; monitors assert this. A monitor whose epoch goes back has lost its store.',
  spec: 'src/mon/ElectionLogic.cc, bump_epoch',
  breaks: [
    'PROPOSE in epoch 9, then in epoch 7',
    () => talk(mons(), election('client', PROPOSE, 9), election('client', PROPOSE, 7)),
  ],
  keeps: [
    'PROPOSE in epoch 7, then in epoch 9',
    () => talk(mons(), election('client', PROPOSE, 7), election('client', PROPOSE, 9)),
  ],
});

export const ELECTION_QUORUM = rule('election-quorum', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the quorum of a VICTORY lacks its winner',
  meaning:
    'VICTORY lists the ranks of the monitors in the quorum. The sender has won the election and leads the quorum, so its own rank must be in the list.',
  spec: 'src/mon/ElectionLogic.cc, declare_victory',
  breaks: ['mon.1 wins with the quorum 0, 2', () => talk(mons(), election('client', VICTORY, 8, [0, 2]))],
  keeps: ['mon.1 wins with the quorum 0, 1', () => talk(mons(), election('client', VICTORY, 8, [0, 1]))],
});

export const MONITOR_RULES = [
  MON_SUBSCRIBE_UNKNOWN,
  MON_VERSION_RANGE,
  MON_VERSION_ORPHAN,
  MON_COMMAND_ACK_COMMAND,
  MON_LOG_ORDER,
  MON_LOG_ACK,
  PAXOS_RANGE,
  PAXOS_BEGIN_VALUE,
  PAXOS_COMMIT_BACK,
  PAXOS_ANSWER_ORPHAN,
  ELECTION_EPOCH_PARITY,
  ELECTION_EPOCH_BACK,
  ELECTION_QUORUM,
];
