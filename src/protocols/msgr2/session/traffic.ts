import { CLIENT, otherSide, SERVER, type Side } from '../../../base/input.js';
import { duration, nanosBetween } from '../../../base/time.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { Output, SessionContext } from '../../../contract/protocol.js';
import type { Witness } from '../../../contract/witness.js';
import { ENTITY, entityName } from '../../ceph/constants.js';
import { utime } from '../../ceph/structures/common.js';
import { PREAMBLE } from '../layout.js';
import { at, inHeader } from '../places.js';
import { asNumber, type ControlFrame, type DataFrame, type Frame } from '../message.js';
import { MSG, messageTypeName } from '../../ceph/message-types.js';
import { inFront } from '../checks/front.js';
import { DaemonChecks } from '../checks/daemons.js';
import { FileSystemChecks } from '../checks/file-systems.js';
import { LogEntryChecks } from '../checks/log-entries.js';
import { MapChecks } from '../checks/maps.js';
import { MonitorChecks } from '../checks/monitors.js';
import type { Scene } from '../checks/scene.js';
import { OperationChecks } from '../checks/operations.js';
import { ReplicationChecks } from '../checks/replication.js';
import * as R from '../rules/index.js';
import { REPLICA_AT, REQUEST_ID, type ReplicaHead } from '../../ceph/operation-head.js';
import { Requests, tellForgotten } from '../../ceph/requests.js';

import type { SideState } from './side-state.js';
import type { Ways } from './ways.js';
import { addressesText, type Cluster } from '../../ceph/cluster.js';
import type { FileKnowledge, SessionRecord } from './shared.js';

const UNANSWERED_AFTER = 15_000_000_000;
/** Types that rules judge by their presence, without fields of the front. */
const JUDGED_BY_TYPE: readonly number[] = [MSG.MGR_OPEN, MSG.MGR_REPORT, MSG.MGR_CONFIGURE, MSG.CLIENT_RECONNECT];
/** Most replications of unknown operations that are held, to be judged at the end of the connection. */
const UNASKED = 64;

/** Types that only some kinds of entity send, with a mask of these entity types. */
const SENDERS = new Map<number, number>([
  [MSG.OSD_OPREPLY, ENTITY.OSD],
  [MSG.OSD_OP, ENTITY.CLIENT | ENTITY.OSD | ENTITY.MDS | ENTITY.MGR],
  [MSG.MON_MAP, ENTITY.MON],
  [MSG.MON_SUBSCRIBE_ACK, ENTITY.MON],
  [MSG.MON_COMMAND_ACK, ENTITY.MON],
  [MSG.CONFIG, ENTITY.MON],
  [MSG.OSD_PING, ENTITY.OSD],
  [MSG.OSD_REPOP, ENTITY.OSD],
  [MSG.OSD_REPOPREPLY, ENTITY.OSD],
  [MSG.OSD_BOOT, ENTITY.OSD],
  [MSG.MGR_CONFIGURE, ENTITY.MGR],
  [MSG.CLIENT_REPLY, ENTITY.MDS],
]);

/** Rules about the fronts of a group of messages. */
interface BodyChecks {
  message(m: DataFrame): void;
  lose(side: Side): void;
}

interface Keepalive {
  readonly frame: ControlFrame;
  readonly key: string;
}

/** The traffic of an open session: numbers, acknowledgements, keepalives, requests and their replies. */
export class Traffic {
  private readonly context: SessionContext;
  private readonly output: Output;
  private readonly limits: LimitNotes;
  private readonly sides: readonly [SideState, SideState];
  private readonly requests: readonly [Requests, Requests];
  private readonly witness: Witness;
  private readonly ways: Ways;
  private readonly cluster: Cluster;
  private readonly operationChecks: OperationChecks;
  private readonly replicationChecks: ReplicationChecks;
  private readonly mapChecks: MapChecks;
  private readonly bodyChecks: readonly BodyChecks[];
  private readonly keepalives: readonly [Keepalive[], Keepalive[]] = [[], []];
  private readonly lostKeepalives: [boolean, boolean] = [false, false];
  /** Times of KEEPALIVE2_ACK frames whose KEEPALIVE2 is not decoded yet, by the side that sends the KEEPALIVE2. */
  private readonly earlyAnswers: readonly [Set<string>, Set<string>] = [new Set(), new Set()];
  /** Number of messages by type, for each side. */
  readonly counts: readonly [Map<number, number>, Map<number, number>] = [new Map(), new Map()];
  private readonly claims: { acker: SideState; ack: number; frame: Frame }[] = [];
  operations = 0;
  answered = 0;
  slowest = -1;
  bestRoundTrip = -1;
  lossy: boolean | null = null;

  constructor(
    context: SessionContext,
    output: Output,
    limits: LimitNotes,
    sides: readonly [SideState, SideState],
    witness: Witness,
    known: FileKnowledge,
  ) {
    this.witness = witness;
    this.ways = known.ways;
    this.cluster = known.cluster;
    this.context = context;
    this.output = output;
    this.limits = limits;
    this.sides = sides;
    const { limits: bounds, held } = context;
    this.operationChecks = new OperationChecks(output, limits, known.cluster, bounds.inFlight);
    this.mapChecks = new MapChecks(output);
    const scene: Scene = {
      whole: (side) => this.sides[side].whole && !this.resumed,
      knowsAllBefore: (m) => !this.resumed && this.knowsAllBefore(m),
    };
    const inFlight = bounds.inFlight;
    this.bodyChecks = [
      this.mapChecks,
      new MonitorChecks(output, scene, inFlight),
      new DaemonChecks(output, scene, inFlight),
      new FileSystemChecks(output, scene, inFlight),
      new LogEntryChecks(output, scene, inFlight),
    ];
    this.replicationChecks = new ReplicationChecks(output, limits, bounds.inFlight);
    this.requests = [new Requests(bounds.inFlight, held), new Requests(bounds.inFlight, held)];
  }

  message(m: DataFrame, own: SideState, peer: SideState): void {
    this.keepaliveDue(m, own, peer);
    if (!m.headed || m.damaged) {
      own.lastSeq = -1;
      own.maxSeq = -1;
      return;
    }
    this.number(m, own);
    // the gap in it may reach into the next message
    if (!m.complete) own.lastSeq = -1;
    if (m.aborted) return;
    own.messages++;
    own.data += m.plainLength(3);
    const counts = this.counts[m.side];
    counts.set(m.type, (counts.get(m.type) ?? 0) + 1);
    if (m.ackLow !== 0 || m.ackHigh !== 0) this.acknowledge(m, m.ackSeq, own, peer);
    this.judgeSender(m, own);
    if (m.lead !== null || JUDGED_BY_TYPE.includes(m.type)) {
      for (const checks of this.bodyChecks) checks.message(m);
    }
    this.learn(m);
    this.pair(m, peer);
  }

  /** Learns from maps. What they tell is then known on all connections of the file. */
  private learn(m: DataFrame): void {
    const { cluster, context } = this;
    m.names = cluster;
    const { mapNews, roster } = m;
    if (mapNews === null && roster === null) return;
    const stream = context.connection.id;
    if (mapNews !== null) {
      this.mapChecks.news(m, mapNews);
      cluster.learn(mapNews, stream);
    }
    if (roster !== null) cluster.meet(roster, stream);
    if (cluster.overflowed) this.limits.hit('daemonAddresses', addressesText(context.limits), 'note', m);
  }

  // ---- numbers

  private number(m: DataFrame, own: SideState): void {
    const seq = m.seq;
    if (seq === 0) {
      // 0 is reported by another rule, and the true number is not known
      own.lastSeq = -1;
      return;
    }
    const last = own.lastSeq;
    const { oddSeq, seqBeforeOdd } = own;
    own.oddSeq = -1;
    // the wrong number before was reported; now either the old count continues after it, or a new count began with it
    const continues = oddSeq >= 0 && (seq === seqBeforeOdd + 2 || (oddSeq <= last && seq === oddSeq + 1));
    if (continues) {
      own.lastSeq = seq;
    } else {
      this.judgeNumber(m, seq, own);
      if (seq > last) own.lastSeq = seq;
    }
    if (this.record !== null) this.record.note(m.side === this.recordClient ? 0 : 1, seq);
    if (own.maxSeq >= 0 && seq > own.maxSeq) own.maxSeq = seq;
  }

  /** Compares a number with `own.lastSeq`. */
  private judgeNumber(m: DataFrame, seq: number, own: SideState): void {
    const last = own.lastSeq;
    if (last >= 0 && seq <= last) {
      const text = `seq ${seq} after ${last} on the same connection`;
      this.output.raise(R.MESSAGE_SEQ_REGRESS, inHeader(m, text, 'seq'));
      own.noteOdd(seq, last);
    } else if (last > 0 && seq > last + 1) {
      const text = `seq ${seq} after ${last}: ${seq - last - 1} missing`;
      this.output.raise(R.MESSAGE_SEQ_GAP, inHeader(m, text, 'seq'));
      own.noteOdd(seq, last);
    } else if (last === 0 && own.expectedSeq > 0) {
      this.judgeFirst(m, seq, own);
    }
  }

  /** The session that the connection carries, and which side of this connection sent its CLIENT_IDENT. */
  record: SessionRecord | null = null;
  recordClient: Side = CLIENT;

  /** Whether the session was resumed (set by Naming), so that its first numbers depend on what the peer has received. */
  resumed = false;

  private judgeFirst(m: DataFrame, seq: number, own: SideState): void {
    const expected = own.expectedSeq;
    if (seq === expected) return;
    own.noteOdd(seq, expected - 1);
    if (!this.resumed) {
      this.output.raise(R.MESSAGE_FIRST_SEQ, inHeader(m, `the first message of a new session has seq ${seq}`, 'seq'));
      return;
    }
    const said = `the peer has received up to ${expected - 1}, the first message after the resumption has seq ${seq}`;
    this.output.raise(R.MESSAGE_REPLAY, {
      ...inHeader(m, said, 'seq'),
      severity: seq < expected ? 'error' : 'warning',
    });
  }

  // ---- acknowledgements

  ack(m: ControlFrame, own: SideState, peer: SideState): void {
    this.keepaliveDue(m, own, peer);
    this.acknowledge(m, asNumber(m.valueHigh, m.valueLow), own, peer);
    if (this.lossy === true && !own.saidAckOnLossy) {
      own.saidAckOnLossy = true;
      this.output.raise(R.ACK_ON_LOSSY, { message: m, text: `ACK ${m.value} on a lossy session` });
    }
  }

  private acknowledge(m: Frame, ack: number, own: SideState, peer: SideState): void {
    if (ack > own.acked) own.acked = ack;
    if (peer.maxSeq < 0 || !peer.whole || ack <= peer.maxSeq) return;
    if (this.knowsAllBefore(m)) this.raiseAck(m, ack, peer.maxSeq, 'certain');
    else if (this.claims.length < this.context.limits.keepalives) this.claims.push({ acker: own, ack, frame: m });
    else
      this.limits.hit(
        'keepalives',
        `more than ${this.context.limits.keepalives} acknowledgements wait to be judged; later ones are not`,
        'note',
        m,
      );
  }

  /** Reports it once for each side, since later acknowledgements are ahead as well. */
  private raiseAck(m: Frame, ack: number, sent: number, confidence: 'certain' | 'likely'): void {
    const acker = this.sides[m.side];
    if (acker.saidAckBeyond) return;
    acker.saidAckBeyond = true;
    const text = `${ack} is acknowledged; the highest number sent is ${sent}`;
    this.output.raise(R.ACK_BEYOND_SENT, { message: m, text, confidence });
  }

  /** Whether all that the frame's sender had received when it sent it is known: nothing of its peer is missing or still to be decoded. */
  knowsAllBefore(m: Frame): boolean {
    const peer = otherSide(m.side);
    return this.sides[peer].whole && this.witness.sawAll(m) === 'yes';
  }

  /** Whether all bytes that either side has acknowledged are decoded, so that nothing waits behind a gap. A FIN counts as one byte. */
  get allDecoded(): boolean {
    const { connection, clientEnd } = this.context;
    const { acknowledged } = connection;
    if (acknowledged === undefined || clientEnd === null) return true;
    const [client, server] = clientEnd === 0 ? acknowledged : [acknowledged[1], acknowledged[0]];
    return this.context.decodedUpTo(CLIENT) + 1 >= client && this.context.decodedUpTo(SERVER) + 1 >= server;
  }

  // ---- keepalives

  keepalive(m: ControlFrame, own: SideState, peer: SideState): void {
    this.keepaliveDue(m, own, peer);
    // decoded late, after a gap: its answer was seen before
    if (this.earlyAnswers[m.side].delete(`${m.valueHigh}:${m.valueLow}`)) return;
    const list = this.keepalives[m.side];
    list.push({ frame: m, key: `${m.valueHigh}:${m.valueLow}` });
    if (list.length > this.context.limits.keepalives) {
      list.shift();
      this.lostKeepalives[m.side] = true;
      this.limits.hit(
        'keepalives',
        `more than ${this.context.limits.keepalives} keepalives wait for answers; the oldest are given up`,
        'note',
        m,
      );
    }
  }

  keepaliveAck(m: ControlFrame, own: SideState, peer: SideState): void {
    const list = this.keepalives[peer.side];
    const key = `${m.valueHigh}:${m.valueLow}`;
    const i = list.findIndex((k) => k.key === key);
    if (i >= 0) {
      const asked = list[i]!.frame;
      list.splice(0, i + 1);
      m.answers(asked);
      if (m.latency >= 0 && (this.bestRoundTrip < 0 || m.latency < this.bestRoundTrip)) this.bestRoundTrip = m.latency;
    } else if (!this.lostKeepalives[peer.side] && this.knowsAllBefore(m)) {
      const text = `no KEEPALIVE2 with the time ${m.valueLow}.${String(m.valueHigh).padStart(9, '0')} was sent`;
      this.output.raise(R.KEEPALIVE_ACK_UNMATCHED, at(m, PREAMBLE.size, utime.size, text));
    } else {
      const early = this.earlyAnswers[peer.side].add(key);
      // bounded, since every answer is early if only one side was captured, while a gap holds few of them
      if (early.size > this.context.limits.keepalives) early.delete(early.values().next().value!);
    }
    this.keepaliveDue(m, own, peer);
  }

  /** Judges how long the sender of this frame has owed its peer a KEEPALIVE2_ACK. */
  private keepaliveDue(m: Frame, own: SideState, peer: SideState): void {
    const list = this.keepalives[peer.side];
    if (list.length === 0 || own.saidUnanswered || !own.whole) return;
    const asked = list[0]!.frame;
    const waited = nanosBetween(asked.seconds, asked.nanos, m.seconds, m.nanos);
    if (waited <= UNANSWERED_AFTER) return;
    own.saidUnanswered = true;
    const text = `the KEEPALIVE2 at packet ${asked.packet} has had no answer for ${duration(waited)}, while other frames come`;
    this.output.raise(R.KEEPALIVE_UNANSWERED, { message: m, related: [asked], text });
  }

  // ---- requests and replies

  private judgeSender(m: DataFrame, own: SideState): void {
    const allowed = SENDERS.get(m.type);
    const type = own.entityType;
    if (allowed === undefined || type === null || (allowed & type) !== 0 || own.strangeHello) return;
    const text = `a ${entityName(type)} sends ${messageTypeName(m.type)}`;
    this.output.raise(R.MESSAGE_DIRECTION, inHeader(m, text, 'type'));
  }

  private pair(m: DataFrame, peer: SideState): void {
    if (m.operation !== null) this.operationChecks.op(m, m.operation);
    if (m.answer !== null) this.operationChecks.reply(m, m.answer);
    if (m.replica !== null) this.replicated(m, m.replica);
    if (Requests.isRequest(m.type)) {
      // OSDs count the operations that they replicate from 0
      if (m.tidLow !== 0 || m.tidHigh !== 0 || m.replica !== null) this.requests[m.side].add(m);
      if (m.type === MSG.OSD_OP) {
        this.operations++;
        this.ways.begin(m);
      }
      return;
    }
    const request = Requests.answers(m.type);
    if (request === undefined) return;
    const pending = this.requests[peer.side].take(request, m);
    if (pending === null) {
      this.judgeOrphan(m, peer);
      return;
    }
    m.answers(pending);
    if (m.replica !== null) {
      this.ways.answers(m.replica, m.latency);
      if (pending.replica !== null) this.replicationChecks.replyTo(m, m.replica, pending.replica);
    }
    if (m.type === MSG.OSD_OPREPLY) {
      if (m.answer !== null && pending.operation !== null) {
        this.operationChecks.replyTo(m, m.answer, pending.operation);
      }
      m.way = this.ways.end(pending.source, m);
      this.answered++;
      if (m.latency > this.slowest) this.slowest = m.latency;
    }
  }

  private replicated(m: DataFrame, head: ReplicaHead): void {
    if (m.type === MSG.OSD_REPOPREPLY) {
      this.replicationChecks.reply(m, head);
      return;
    }
    this.replicationChecks.repOp(m, head);
    const known = this.ways.asks(m, head);
    if (!known && m.source !== '' && this.unasked.length < UNASKED) this.unasked.push({ frame: m, head });
  }

  /** Judges a reply without a request. */
  private judgeOrphan(m: DataFrame, peer: SideState): void {
    const list = this.requests[peer.side];
    const rule = m.type === MSG.OSD_OPREPLY ? R.OSD_REPLY_ORPHAN : R.OSD_REPOP_REPLY_ORPHAN;
    if (m.type !== MSG.OSD_OPREPLY && m.type !== MSG.OSD_REPOPREPLY) return;
    if (this.sides[m.side].entityType !== ENTITY.OSD || this.resumed) return;
    if (list.forgotten > 0 || list.answeredLately(m) || !this.knowsAllBefore(m)) return;
    const asked = m.type === MSG.OSD_OPREPLY ? 'OSD_OP' : 'OSD_REPOP';
    this.output.raise(rule, inHeader(m, `no ${asked} on this session has tid ${m.tid}`, 'tid'));
  }

  lose(side: Side): void {
    this.operationChecks.lose(side);
    this.replicationChecks.lose(side);
    for (const checks of this.bodyChecks) checks.lose(side);
  }

  /** Replications for clients' operations that are not known. These may still come, on a connection that is decoded later. */
  private readonly unasked: { readonly frame: DataFrame; readonly head: ReplicaHead }[] = [];

  private judgeUnasked(): void {
    for (const { frame, head } of this.unasked) {
      const client = head.request.slice(0, head.request.indexOf(':'));
      if (!this.ways.lacks(client, frame.source, head.request)) continue;
      const text = `${head.request} is replicated, but ${client}'s session with ${frame.source} has no such operation`;
      this.output.raise(R.OSD_REPOP_WITHOUT_OP, {
        ...inFront(frame, REPLICA_AT.request, REQUEST_ID, text),
        confidence: 'likely',
      });
    }
  }

  /** The connection is over: judges what had to wait for that. */
  finish(): void {
    this.judgeUnasked();
    tellForgotten(this.requests, this.output);
    for (const { acker, ack, frame } of this.claims) {
      const peer = this.sides[otherSide(acker.side)];
      if (!peer.whole || peer.frames === 0 || this.witness.sawAll(frame) === 'no') continue;
      if (peer.maxSeq >= 0 && ack > peer.maxSeq) this.raiseAck(frame, ack, peer.maxSeq, 'likely');
    }
  }
}
