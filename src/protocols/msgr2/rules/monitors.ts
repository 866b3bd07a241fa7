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
  title: 'a subscription to what no monitor has',
  meaning:
    'A monitor keeps a subscription whatever its name is, and never sends anything for a name that it does not know. It may be one of a newer release.',
  spec: 'src/mon/Monitor.cc, handle_subscribe',
  breaks: ['osdmaps', () => talk(open(), ['client', MSG.MON_SUBSCRIBE, 2, subscribe('osdmaps')])],
  keeps: ['osdmap', () => talk(open(), ['client', MSG.MON_SUBSCRIBE, 2, subscribe('osdmap')])],
});

export const MON_VERSION_RANGE = rule('mon-version-range', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'the oldest version of a map is newer than the newest',
  meaning: 'An answer to MON_GET_VERSION names the newest version and the oldest one that the monitor still has.',
  spec: 'src/mon/Monitor.cc, handle_get_version',
  breaks: ['9 to 7', () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(1, 7, 9)])],
  keeps: ['3 to 7', () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(1, 7, 3)])],
});

export const MON_VERSION_ORPHAN = rule('mon-version-orphan', {
  severity: 'warning',
  party: 'server',
  needs: 'both',
  title: 'the version of a map is told without a question',
  meaning:
    'MON_GET_VERSION_REPLY repeats the handle of its MON_GET_VERSION. The client drops one that it does not know.',
  spec: 'src/mon/MonClient.cc, handle_get_version_reply',
  breaks: ['handle 2 was not asked', () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(2, 7, 3)])],
  keeps: ['handle 1', () => talk(asked(1), ['server', MSG.MON_GET_VERSION_REPLY, 2, version(1, 7, 3)])],
});

export const MON_COMMAND_ACK_COMMAND = rule('mon-command-ack-command', {
  severity: 'error',
  party: 'server',
  needs: 'both',
  title: 'a command is answered with another one',
  meaning:
    'MON_COMMAND_ACK repeats the command that it answers. With the tid of one command and the words of another it gives one result for the other.',
  spec: 'src/mon/Monitor.cc, reply_command',
  breaks: [
    'asked was "a", answered is "b"',
    () => talk(commanded(), ['server', MSG.MON_COMMAND_ACK, 1, commandAck('b'), 1]),
  ],
  keeps: ['answered is "a"', () => talk(commanded(), ['server', MSG.MON_COMMAND_ACK, 1, commandAck('a'), 1])],
});

export const MON_LOG_ORDER = rule('mon-log-order', {
  severity: 'warning',
  party: 'client',
  needs: 'client',
  title: 'entries of a log out of order',
  meaning:
    'A daemon numbers what it logs and sends it in that order; the monitor acknowledges all up to a number. What comes out of order is acknowledged before it is stored, or dropped as a repetition.',
  spec: 'src/common/LogClient.cc, _get_mon_log_message; src/mon/LogMonitor.cc, preprocess_log',
  breaks: ['entry 3, then 2', () => talk(open(), ['client', MSG.LOG, 1, log(3, 2)])],
  keeps: [
    'entries 2 and 3, and entry 1 of somebody else, which a monitor passes on',
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
  title: 'entries of a log are acknowledged that were never sent',
  meaning:
    'LOGACK names the last entry that is stored; the daemon forgets all up to it. Too high a number loses what was not sent yet.',
  spec: 'src/common/LogClient.cc, handle_log_ack',
  breaks: [
    '1 and 2 were sent, 5 is acknowledged',
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
  title: 'the first committed version is newer than the last',
  meaning:
    'A monitor tells which versions it has, from first_committed to last_committed. The others find out by them who lacks what.',
  spec: 'src/mon/Paxos.cc, handle_collect',
  breaks: ['9 to 7', () => talk(mons(), paxos('client', COLLECT, { first: 9, last: 7 }))],
  keeps: ['3 to 7', () => talk(mons(), paxos('client', COLLECT, { first: 3, last: 7 }))],
});

export const PAXOS_BEGIN_VALUE = rule('paxos-begin-value', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a proposal without its value',
  meaning:
    'A leader proposes the value of the version behind its last committed one. A peon stores what stands under that number, and so nothing where it is missing.',
  spec: 'src/mon/Paxos.cc, handle_begin',
  breaks: [
    'version 7 is the last, and the value is of 9',
    () => talk(mons(), paxos('client', BEGIN, { last: 7, values: [9] })),
  ],
  keeps: ['the value is of 8', () => talk(mons(), paxos('client', BEGIN, { last: 7, values: [8] }))],
});

export const PAXOS_COMMIT_BACK = rule('paxos-commit-back', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a commit that is older than the one before',
  meaning:
    'Versions are committed one after the other. A peon that is told of an older one stores its values over newer ones.',
  spec: 'src/mon/Paxos.cc, store_state',
  breaks: ['8, then 7', () => talk(mons(), paxos('client', COMMIT, { last: 8 }), paxos('client', COMMIT, { last: 7 }))],
  keeps: ['7, then 8', () => talk(mons(), paxos('client', COMMIT, { last: 7 }), paxos('client', COMMIT, { last: 8 }))],
});

export const PAXOS_ANSWER_ORPHAN = rule('paxos-answer-orphan', {
  severity: 'warning',
  party: 'either',
  needs: 'both',
  title: 'an answer to a leader that did not ask',
  meaning:
    'LAST answers COLLECT, ACCEPT the BEGIN of the same proposal number, LEASE_ACK the LEASE of the same version. A leader counts them: one that it did not ask for makes it count what was not agreed on.',
  spec: 'src/mon/Paxos.cc, handle_last, handle_accept, handle_lease_ack',
  breaks: [
    'accepted is pn 200, begun was pn 100',
    () =>
      talk(
        mons(),
        paxos('client', BEGIN, { last: 7, values: [8], pn: 100 }),
        paxos('server', ACCEPT, { last: 7, pn: 200 }),
      ),
  ],
  keeps: [
    'pn 100',
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
  title: 'an election in an epoch of peace, or a victory in one of election',
  meaning:
    'Odd epochs are elections, even ones have a quorum: PROPOSE and ACK stand in odd epochs, VICTORY in the even one behind. A monitor asserts it.',
  spec: 'src/mon/Elector.cc, handle_propose; src/mon/ElectionLogic.cc, receive_ack, declare_victory',
  breaks: ['a proposal in epoch 8', () => talk(mons(), election('client', PROPOSE, 8))],
  keeps: ['in epoch 7', () => talk(mons(), election('client', PROPOSE, 7))],
});

export const ELECTION_EPOCH_BACK = rule('election-epoch-back', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'an election in an earlier epoch than the one before',
  meaning:
    'Epochs of elections only rise, and are stored before they are used; a monitor asserts it. One that goes back has lost its store.',
  spec: 'src/mon/ElectionLogic.cc, bump_epoch',
  breaks: ['epoch 9, then 7', () => talk(mons(), election('client', PROPOSE, 9), election('client', PROPOSE, 7))],
  keeps: ['7, then 9', () => talk(mons(), election('client', PROPOSE, 7), election('client', PROPOSE, 9))],
});

export const ELECTION_QUORUM = rule('election-quorum', {
  severity: 'error',
  party: 'either',
  needs: 'either',
  title: 'a victory whose quorum lacks the winner',
  meaning: 'VICTORY lists the ranks of the quorum, of which its sender is one and the leader.',
  spec: 'src/mon/ElectionLogic.cc, declare_victory',
  breaks: ['mon.1 wins with 0 and 2', () => talk(mons(), election('client', VICTORY, 8, [0, 2]))],
  keeps: ['with 0 and 1', () => talk(mons(), election('client', VICTORY, 8, [0, 1]))],
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
