import { CLIENT, otherSide, type Side } from '../../../base/input.js';
import type { Output } from '../../../contract/protocol.js';
import { electionOpName, paxosOpName } from '../../ceph/bodies/monitors.js';
import {
  electionLead,
  getVersionLead,
  getVersionReplyLead,
  logAckLead,
  logLead,
  monCommandAckLead,
  monCommandLead,
  paxosLead,
  placeIn,
  subscribeLead,
} from '../../ceph/leads.js';
import { SUBSCRIPTION_PREFIXES, SUBSCRIPTIONS } from '../../ceph/subscriptions.js';
import type { DataFrame } from '../message.js';
import { quote } from '../../../base/text.js';
import type { ValueOf } from '../../../base/structure/type.js';
import * as R from '../rules/index.js';
import { addressText } from '../../ceph/structures/address.js';
import { inFront } from './front.js';
import { Asked, type Scene } from './scene.js';

type Paxos = ValueOf<typeof paxosLead>;
type Election = ValueOf<typeof electionLead>;

/** Values of MMonPaxos' op. */
const COLLECT = 1;
const LAST = 2;
const BEGIN = 3;
const ACCEPT = 4;
const COMMIT = 5;
const LEASE = 6;
const LEASE_ACK = 7;
/** Values of MMonElection's op. */
const PROPOSE = 1;
const ACK = 2;
const VICTORY = 4;

/** Judges, on one connection, the messages between a monitor and its clients, and between monitors. */
export class MonitorChecks {
  private readonly output: Output;
  private readonly scene: Scene;
  private readonly versions: readonly [Asked, Asked];
  /** Commands of each side that were not answered yet, by tid. */
  private readonly commands: readonly [Map<bigint, string>, Map<bigint, string>] = [new Map(), new Map()];
  private readonly paxos: readonly [Asked, Asked];
  private readonly limit: number;
  /** By side: the number of the last log entry, of the last commit, and of the last election epoch. */
  private readonly logged: [bigint, bigint] = [-1n, -1n];
  private readonly committed: [bigint, bigint] = [0n, 0n];
  private readonly elected: [number, number] = [0, 0];

  constructor(output: Output, scene: Scene, limit: number) {
    this.output = output;
    this.scene = scene;
    this.limit = limit;
    this.versions = [new Asked(limit), new Asked(limit)];
    this.paxos = [new Asked(limit), new Asked(limit)];
  }

  message(m: DataFrame): void {
    const subscribe = m.leadAs(subscribeLead);
    if (subscribe !== null) this.subscribe(m, subscribe);
    const getVersion = m.leadAs(getVersionLead);
    if (getVersion !== null) this.versions[m.side].add(String(getVersion.handle));
    const version = m.leadAs(getVersionReplyLead);
    if (version !== null) this.version(m, version);
    const command = m.leadAs(monCommandLead);
    if (command !== null && this.commands[m.side].size < this.limit) {
      this.commands[m.side].set(m.tid, command.command.join(' '));
    }
    const commandAck = m.leadAs(monCommandAckLead);
    if (commandAck !== null) this.commandAck(m, commandAck);
    const log = m.leadAs(logLead);
    if (log !== null) this.log(m, log);
    const logAck = m.leadAs(logAckLead);
    if (logAck !== null) this.logAck(m, logAck);
    const paxos = m.leadAs(paxosLead);
    if (paxos !== null) this.agreement(m, paxos);
    const election = m.leadAs(electionLead);
    if (election !== null) this.election(m, election);
  }

  private subscribe(m: DataFrame, { what }: ValueOf<typeof subscribeLead>): void {
    for (const { name } of what) {
      if (SUBSCRIPTIONS.includes(name.value) || SUBSCRIPTION_PREFIXES.some((p) => name.value.startsWith(p))) continue;
      const text = `${quote(name.value)} is not known`;
      this.output.raise(R.MON_SUBSCRIBE_UNKNOWN, inFront(m, name.at, name.length, text));
    }
  }

  private version(m: DataFrame, v: ValueOf<typeof getVersionReplyLead>): void {
    if (v.oldest !== undefined && v.oldest > v.newest) {
      const { at } = placeIn(getVersionReplyLead, 'newest');
      const text = `versions ${v.oldest} to ${v.newest}`;
      this.output.raise(R.MON_VERSION_RANGE, inFront(m, at, 16, text));
    }
    if (!this.scene.knowsAllBefore(m) || this.versions[otherSide(m.side)].has(String(v.handle))) return;
    const { at, length } = placeIn(getVersionReplyLead, 'handle');
    this.output.raise(R.MON_VERSION_ORPHAN, inFront(m, at, length, `no MON_GET_VERSION has the handle ${v.handle}`));
  }

  private commandAck(m: DataFrame, { command }: ValueOf<typeof monCommandAckLead>): void {
    const commands = this.commands[otherSide(m.side)];
    const asked = commands.get(m.tid);
    commands.delete(m.tid);
    const answered = command.value.join(' ');
    if (asked === undefined || asked === answered) return;
    const text = `answers ${quote(answered)}, but the command was ${quote(asked)}`;
    this.output.raise(R.MON_COMMAND_ACK_COMMAND, inFront(m, command.at, command.length, text));
  }

  private log(m: DataFrame, { entries }: ValueOf<typeof logLead>): void {
    if (m.side !== CLIENT) return;
    let before = -1n;
    let author = '';
    for (const { name, addresses, seq } of entries) {
      // a monitor forwards the entries of many; the numbers are those of one start of one daemon
      const by = `${name.type}.${name.id} ${addresses.map(addressText).join(' ')}`;
      if (by === author && seq.value <= before) {
        const text = `entry ${seq.value} after ${before}`;
        this.output.raise(R.MON_LOG_ORDER, inFront(m, seq.at, seq.length, text));
      }
      author = by;
      before = seq.value;
      if (before > this.logged[m.side]) this.logged[m.side] = before;
    }
  }

  private logAck(m: DataFrame, { last }: ValueOf<typeof logAckLead>): void {
    const logged = this.logged[otherSide(m.side)];
    if (last <= logged || !this.scene.knowsAllBefore(m)) return;
    const { at, length } = placeIn(logAckLead, 'last');
    const text = `entry ${last} is acknowledged, ${logged < 0n ? 'none was sent' : `the last one was ${logged}`}`;
    this.output.raise(R.MON_LOG_ACK, inFront(m, at, length, text));
  }

  private agreement(m: DataFrame, p: Paxos): void {
    const name = paxosOpName(p.op);
    const at = (field: keyof Paxos, text: string) => {
      const place = placeIn(paxosLead, field);
      return inFront(m, place.at, place.length, text);
    };
    if (p.firstCommitted > p.lastCommitted) {
      const text = `${name} with first_committed ${p.firstCommitted} and last_committed ${p.lastCommitted}`;
      this.output.raise(R.PAXOS_RANGE, at('firstCommitted', text));
    }
    if (p.op === BEGIN && !p.values.value.some((v) => v.version === p.lastCommitted + 1n)) {
      const text = `no value for version ${p.lastCommitted + 1n}`;
      this.output.raise(R.PAXOS_BEGIN_VALUE, inFront(m, p.values.at, p.values.length, text));
    }
    if (p.op === COMMIT) {
      const before = this.committed[m.side];
      if (p.lastCommitted < before) {
        this.output.raise(R.PAXOS_COMMIT_BACK, at('lastCommitted', `commit ${p.lastCommitted} after ${before}`));
      } else this.committed[m.side] = p.lastCommitted;
    }
    const answered = answeredBy(p);
    if (answered === '') {
      this.paxos[m.side].add(p.op === COLLECT ? 'collect' : keyOf(p));
    } else if (this.scene.knowsAllBefore(m) && !this.paxos[otherSide(m.side)].has(answered)) {
      this.output.raise(R.PAXOS_ANSWER_ORPHAN, at('op', `${name} without ${answered}`));
    }
  }

  private election(m: DataFrame, e: Election): void {
    const name = electionOpName(e.op);
    const place = placeIn(electionLead, 'epoch');
    const odd = e.epoch % 2 === 1;
    if (((e.op === PROPOSE || e.op === ACK) && !odd) || (e.op === VICTORY && odd)) {
      const text = `${name} in epoch ${e.epoch}`;
      this.output.raise(R.ELECTION_EPOCH_PARITY, inFront(m, place.at, place.length, text));
    }
    if (e.op !== PROPOSE && e.op !== VICTORY) return;
    const before = this.elected[m.side];
    if (e.epoch < before) {
      const text = `${name} in epoch ${e.epoch} after ${before}`;
      this.output.raise(R.ELECTION_EPOCH_BACK, inFront(m, place.at, place.length, text));
    } else this.elected[m.side] = e.epoch;
    const rank = /^mon\.(\d+)$/.exec(m.source)?.[1];
    if (e.op !== VICTORY || rank === undefined || e.quorum.value.includes(Number(rank))) return;
    const text = `${m.source} is not in its quorum ${e.quorum.value.join(',') || 'of none'}`;
    this.output.raise(R.ELECTION_QUORUM, inFront(m, e.quorum.at, e.quorum.length, text));
  }

  lose(side: Side): void {
    this.committed[side] = 0n;
    this.elected[side] = 0;
    this.commands[side].clear();
  }
}

/** What the peer must have sent before this message; empty if this is no answer. */
function answeredBy(p: Paxos): string {
  if (p.op === LAST) return 'collect';
  if (p.op === ACCEPT) return `begin of pn ${p.proposal}`;
  if (p.op === LEASE_ACK) return `lease of version ${p.lastCommitted}`;
  return '';
}

function keyOf(p: Paxos): string {
  if (p.op === BEGIN) return `begin of pn ${p.proposal}`;
  return p.op === LEASE ? `lease of version ${p.lastCommitted}` : paxosOpName(p.op);
}
