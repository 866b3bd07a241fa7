import { CLIENT, otherSide, SERVER, type Side } from '../../base/input.js';
import type { Json } from '../../base/annotation.js';
import { hexNumber } from '../../base/hex.js';
import { byteSize, count } from '../../base/text.js';
import { duration } from '../../base/time.js';
import { LimitNotes } from '../../contract/limit-notes.js';
import type { DecoderSettings, Output, Session, SessionContext } from '../../contract/protocol.js';
import { Witness } from '../../contract/witness.js';
import type { Limits } from '../../base/limits.js';
import { Cluster, addressesText, type ClusterLimits } from '../ceph/cluster.js';
import { entityName, methodName, PORT_V2 } from '../ceph/constants.js';
import { nameByMap, type Daemon } from '../ceph/directory.js';
import { missingFeatureNames } from '../ceph/features.js';
import { daemonJson } from '../ceph/lookup.js';
import { MSG, messageTypeName } from '../ceph/message-types.js';
import { Requests, tellForgotten } from '../ceph/requests.js';
import { addressText } from '../ceph/structures/address.js';
import { CONNECT_LOSSY, TAG, tagName } from './constants.js';
import { Banner, Connect, ConnectReply, DataMessage, type Control, type Msgr1Message } from './messages.js';
import { CONNECT_REFUSED, LEGACY_MESSENGER } from './rules/frames.js';

/** The most files whose clusters are remembered at once. */
const FILES = 4;

/** What maps have shown about the cluster of each file. */
export class Clusters {
  private readonly byFile = new Map<string, Cluster>();
  private readonly told = new Set<string>();
  private readonly limits: ClusterLimits;

  constructor({ resumableSessions, daemonAddresses }: Readonly<Limits>) {
    this.limits = { pools: resumableSessions, addresses: daemonAddresses };
  }

  of(file: string): Cluster {
    let cluster = this.byFile.get(file);
    if (cluster === undefined) {
      this.byFile.set(file, (cluster = new Cluster(this.limits)));
      // files are read one after the other, or as one recording
      while (this.byFile.size > FILES) this.byFile.delete(this.byFile.keys().next().value!);
    }
    return cluster;
  }

  /** Whether this is asked for the first time about that file. */
  isFirst(file: string): boolean {
    if (this.told.has(file)) return false;
    // files are read one after the other, so only the latest one has to be remembered
    this.told.clear();
    this.told.add(file);
    return true;
  }
}

/** What one side has sent. */
class SideCounts {
  readonly types = new Map<number, number>();
  messages = 0;
  data = 0;
  /** `osd.2`, by its latest message. */
  entity = '';
  entityType = 0;
  banner: Banner | null = null;
  readonly keepalives: Control[] = [];
}

/** Joins both directions of a connection: how it was opened, requests and replies, keepalives. */
export class Msgr1Session implements Session<Msgr1Message> {
  private readonly context: SessionContext<Clusters>;
  private readonly output: Output;
  private readonly limits: LimitNotes;
  private readonly witness: Witness;
  private readonly cluster: Cluster;
  private readonly sides: readonly [SideCounts, SideCounts] = [new SideCounts(), new SideCounts()];
  private readonly requests: readonly [Requests, Requests];
  private readonly connects: Connect[] = [];
  private reply: ConnectReply | null = null;
  private replies = 0;
  private operations = 0;
  private answered = 0;
  private slowest = -1;
  private bestRoundTrip = -1;

  constructor(
    context: SessionContext<Clusters>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
  ) {
    this.context = context;
    this.output = output;
    this.limits = new LimitNotes(output);
    this.witness = new Witness(context, settings);
    this.cluster = context.shared.of(context.file);
    const { limits, held } = context;
    this.requests = [new Requests(limits.inFlight, held), new Requests(limits.inFlight, held)];
  }

  message(m: Msgr1Message): void {
    if (m instanceof DataMessage) this.data(m);
    else if (m instanceof Banner) this.sides[m.side].banner = m;
    else if (m instanceof Connect) this.connect(m);
    else if (m instanceof ConnectReply) this.answer(m);
    else if (m.name === 'KEEPALIVE2') this.keepalive(m);
    else if (m.name === 'KEEPALIVE2_ACK') this.keepaliveAck(m);
  }

  gap(side: Side, offset: number): void {
    this.witness.lose(side, offset);
  }

  skip(side: Side, offset: number): void {
    this.witness.lose(side, offset);
  }

  end(): void {
    // nothing depends on the end of a direction
  }

  finish(): void {
    tellForgotten(this.requests, this.output);
  }

  // ---- handshake

  private connect(m: Connect): void {
    this.sides[CLIENT].entityType = m.hostType;
    const most = this.context.limits.namingFrames;
    if (this.connects.length >= most) {
      this.connects.shift();
      const text = `more than ${most} attempts to connect wait for answers; the oldest are given up`;
      this.limits.hit('namingFrames', text, 'note', m);
    }
    this.connects.push(m);
  }

  private answer(m: ConnectReply): void {
    this.reply = m;
    this.replies++;
    const asked = this.witness.whole(CLIENT) ? this.connects.shift() : undefined;
    if (asked !== undefined) {
      m.answers(asked);
    }
    const why = refusal(m, asked);
    if (why === '') {
      this.tellLegacy(m);
      return;
    }
    const related = asked === undefined ? {} : { related: [asked] };
    this.output.raise(CONNECT_REFUSED, { message: m, ...related, party: 'client', text: `${tagName(m.tag)}: ${why}` });
  }

  private tellLegacy(m: ConnectReply): void {
    if ((m.tag !== TAG.READY && m.tag !== TAG.SEQ) || !this.context.shared.isFirst(this.context.file)) return;
    const text = `a session of messenger v1; v2 (port ${PORT_V2} of monitors, ms_mode of kernel clients) signs or encrypts it`;
    this.output.raise(LEGACY_MESSENGER, { message: m, text });
  }

  // ---- keepalives

  private keepalive(m: Control): void {
    const list = this.sides[m.side].keepalives;
    list.push(m);
    const most = this.context.limits.keepalives;
    if (list.length <= most) return;
    list.shift();
    const text = `more than ${most} keepalives wait for answers; the oldest are given up`;
    this.limits.hit('keepalives', text, 'note', m);
  }

  private keepaliveAck(m: Control): void {
    const list = this.sides[otherSide(m.side)].keepalives;
    const i = list.findIndex((k) => k.high === m.high && k.low === m.low);
    if (i < 0) return;
    const asked = list[i]!;
    list.splice(0, i + 1);
    m.answers(asked);
    if (m.latency >= 0 && (this.bestRoundTrip < 0 || m.latency < this.bestRoundTrip)) this.bestRoundTrip = m.latency;
  }

  // ---- messages

  private data(m: DataMessage): void {
    if (m.damaged || m.aborted) return;
    const own = this.sides[m.side];
    own.messages++;
    own.data += m.dataLength;
    own.types.set(m.type, (own.types.get(m.type) ?? 0) + 1);
    own.entity = m.source;
    own.entityType = m.sourceType;
    m.target = this.sides[otherSide(m.side)].entity;
    this.learn(m);
    this.pair(m);
  }

  private learn(m: DataMessage): void {
    const { cluster, context } = this;
    m.names = cluster;
    if (m.mapNews !== null) cluster.learn(m.mapNews, context.connection.id);
    if (m.roster !== null) cluster.meet(m.roster, context.connection.id);
    if (cluster.overflowed) this.limits.hit('daemonAddresses', addressesText(context.limits), 'note', m);
  }

  private pair(m: DataMessage): void {
    if (Requests.isRequest(m.type)) {
      // OSDs number the operations that they pass on to replicas from 0
      if (m.tidLow !== 0 || m.tidHigh !== 0 || m.replica !== null) this.requests[m.side].add(m);
      if (m.type === MSG.OSD_OP) this.operations++;
      return;
    }
    const request = Requests.answers(m.type);
    if (request === undefined) return;
    const pending = this.requests[otherSide(m.side)].take(request, m);
    if (pending === null) return;
    m.answers(pending);
    if (m.type !== MSG.OSD_OPREPLY) return;
    this.answered++;
    if (m.latency > this.slowest) this.slowest = m.latency;
  }

  // ---- summary

  /**
   * The daemon that a side is, according to a map: by the address in its banner; the server also by the address that its client has
   * connected to.
   */
  private byMap(side: Side): Daemon | undefined {
    const own = this.sides[side].banner?.addresses[0];
    if (own !== undefined) return this.cluster.daemon(addressText(own));
    const { connection, clientEnd } = this.context;
    if (side === CLIENT || clientEnd === null) return undefined;
    return this.cluster.daemonBehind(connection.endpoints[clientEnd === 1 ? 0 : 1]);
  }

  summary(): Record<string, Json> {
    const out: Record<string, Json> = {};
    const [c, s] = this.sides;
    if (c.entityType !== 0) out['clientType'] = entityName(c.entityType);
    if (s.entityType !== 0) out['serverType'] = entityName(s.entityType);
    const mine = c.banner?.addresses[0];
    const theirs = s.banner?.addresses[0];
    for (const [i, name] of (['clientByMap', 'serverByMap'] as const).entries()) {
      const daemon = this.byMap(i as Side);
      if (daemon !== undefined) out[name] = daemonJson(daemon);
    }
    if (mine !== undefined) out['clientAddress'] = addressText(mine);
    if (theirs !== undefined) out['serverAddress'] = addressText(theirs);
    if (this.reply !== null) {
      out['connectReply'] = tagName(this.reply.tag);
      out['connectReplies'] = this.replies;
      out['features'] = String(this.reply.features);
      out['lossy'] = (this.reply.flags & CONNECT_LOSSY) !== 0;
    }
    for (const [i, name] of (['clientMessages', 'serverMessages'] as const).entries()) {
      const counts = [...this.sides[i as Side].types].sort((x, y) => x[0] - y[0]);
      if (counts.length > 0) out[name] = Object.fromEntries(counts.map(([t, n]) => [messageTypeName(t), n]));
    }
    if (this.operations > 0) {
      out['osdOperations'] = this.operations;
      out['osdReplies'] = this.answered;
      if (this.slowest >= 0) out['slowestReplyNanos'] = this.slowest;
    }
    if (this.bestRoundTrip >= 0) out['keepaliveNanos'] = this.bestRoundTrip;
    return out;
  }

  describe(): string[] {
    const [c, s] = this.sides;
    const lines: string[] = [];
    const first = ['messenger v1'];
    const name = (side: Side): string => {
      const { entity, entityType } = this.sides[side];
      return nameByMap(entity !== '' ? entity : entityType === 0 ? '?' : entityName(entityType), this.byMap(side));
    };
    const named = c.entityType !== 0 || s.entityType !== 0 || this.byMap(SERVER) !== undefined;
    if (named) first.push(`${name(CLIENT)} to ${name(SERVER)}`);
    if (this.reply !== null) {
      first.push(tagName(this.reply.tag), (this.reply.flags & CONNECT_LOSSY) !== 0 ? 'lossy' : 'lossless');
    }
    lines.push(first.join('  '));
    const second: string[] = [];
    for (const side of [CLIENT, SERVER] as const) {
      const { messages, data } = this.sides[side];
      if (messages === 0) continue;
      const who = side === CLIENT ? 'client' : 'server';
      second.push(`${who} ${count(messages, 'message')}${data > 0 ? ` with ${byteSize(data)} of data` : ''}`);
    }
    if (this.operations > 0) {
      const slowest = this.slowest < 0 ? '' : `, slowest ${duration(this.slowest)}`;
      second.push(`${this.answered} of ${this.operations} OSD operations answered${slowest}`);
    }
    if (this.bestRoundTrip >= 0) second.push(`keepalive ${duration(this.bestRoundTrip)}`);
    if (second.length > 0) lines.push(second.join('; '));
    return lines;
  }
}

/** Why a client is refused for good, in words; empty: it is not. */
function refusal(m: ConnectReply, asked: Connect | undefined): string {
  if (m.tag === TAG.FEATURES) {
    const lacking = m.features & ~(asked?.features ?? 0n);
    const names = missingFeatureNames(lacking, asked?.features ?? 0n).join(', ');
    return `the server requires ${names} (${hexNumber(lacking, 16)}), which the client does not offer`;
  }
  if (m.tag === TAG.BADPROTOVER) {
    const own = asked === undefined ? 'another one' : String(asked.protocolVersion);
    return `the server speaks version ${m.protocolVersion} of the messages, the client ${own}`;
  }
  if (m.tag !== TAG.BADAUTHORIZER) return '';
  const what = asked === undefined ? 'authorizer' : `${methodName(asked.authorizerProtocol)} authorizer`;
  return `the server does not accept the ${what}`;
}
