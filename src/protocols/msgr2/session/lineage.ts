import { hexNumber } from '../../../base/hex.js';
import { CLIENT, SERVER } from '../../../base/input.js';
import type { LimitNotes } from '../../../contract/limit-notes.js';
import type { Output } from '../../../contract/protocol.js';
import { entityName } from '../../ceph/constants.js';
import { isLossy, type ClientIdent, type ServerIdent, type SessionReconnect } from '../control-frames.js';
import type { ControlFrame } from '../message.js';
import * as R from '../rules/index.js';
import { addressText, type Address } from '../../ceph/structures/address.js';
import { type Node, pairKey, SessionRecord, type SharedSessions } from './shared.js';
import type { SideState } from './side-state.js';
import type { Traffic } from './traffic.js';

/** Links a connection to earlier ones: finds the session that it begins or resumes. */
export class Lineage {
  private readonly output: Output;
  private readonly limits: LimitNotes;
  private readonly sides: readonly [SideState, SideState];
  private readonly shared: SharedSessions;
  private readonly traffic: Traffic;
  private readonly stream: number;
  /** `ip:port` of the accepting end, as captured. */
  private readonly server: string;
  /** The session that this connection carries, once both sides have agreed on it. */
  record: SessionRecord | null = null;
  /** The address that CLIENT_IDENT wants to reach. */
  private target = '';
  private restarted = '';
  /** The side of the record that is this connection's client: 0 if it sent the session's CLIENT_IDENT. */
  private role: 0 | 1 = 0;

  constructor(
    output: Output,
    limits: LimitNotes,
    sides: readonly [SideState, SideState],
    shared: SharedSessions,
    traffic: Traffic,
    stream: number,
    server: string,
  ) {
    this.output = output;
    this.limits = limits;
    this.sides = sides;
    this.shared = shared;
    this.traffic = traffic;
    this.stream = stream;
    this.server = server;
    if (sides.some((side) => !side.whole)) shared.missSession(server);
  }

  /** Whether an earlier ident had this client cookie; remembers it. */
  cookieSeen(cookie: bigint): boolean {
    return this.shared.cookieSeen(cookie);
  }

  /** Judges global_seq of CLIENT_IDENT, which counts a client's connection attempts. */
  attempt(m: ControlFrame, v: ClientIdent): void {
    const seq = v.globalSeq;
    if (seq === 0n) {
      this.output.raise(R.GLOBAL_SEQ, { message: m, text: 'global_seq 0' });
      return;
    }
    this.target = addressText(v.target);
    const key = `${firstAddress(v)} ${this.target}`;
    const { cookie } = v;
    const before = this.shared.attempt(key, { seq, cookie, stream: this.stream, packet: m.firstPacket });
    // after a gap a frame is decoded late, so the other attempt may have been sent after it
    if (before === null || seq > before.seq || m.firstPacket < before.packet) return;
    const restarted = cookie !== before.cookie;
    const what = `global_seq ${seq}, and ${before.seq} on stream ${before.stream} of the same client to the same server`;
    const meaning = `the client looks restarted under its old address and nonce (lower global_seq, new cookie), and a server that still holds the session of stream ${before.stream} drops it until its global_seq is above ${before.seq}`;
    if (restarted) this.restarted = `${what}: ${meaning}`;
    if (before.told) return;
    before.told = true;
    this.output.raise(R.GLOBAL_SEQ, { message: m, text: restarted ? this.restarted : what, confidence: 'likely' });
  }

  /** Why the server may have dropped a CLIENT_IDENT without an answer, if the capture shows it; else empty. */
  get whyDropped(): string {
    return this.restarted !== '' ? this.restarted : this.elsewhere(this.target);
  }

  /** Where the daemon with the address `target` is, according to server idents on other connections; else empty. */
  elsewhere(target: string): string {
    if (target === '') return '';
    const meant = this.shared.node(target);
    const here = this.shared.nodeAt(this.server);
    const where = (n: Node) => `${n.entity} (stream ${n.stream})`;
    if (here !== undefined && here.stream !== this.stream && !here.addresses.includes(target))
      return `the client means ${target}, and at ${this.server} answers ${here.addresses.join(', ')}, ${where(here)}: another daemon, or the same one restarted${meant !== undefined && meant !== here ? `; ${target} is ${where(meant)} at ${meant.endpoint}` : ''}`;
    if (meant !== undefined && meant.endpoint !== this.server)
      return `${target} is ${where(meant)} at ${meant.endpoint}, and the client dialled ${this.server}`;
    return '';
  }

  /** SERVER_IDENT: remembers who answers at this address. */
  answered(v: ServerIdent, type: number | null): void {
    const entity = type === null ? 'a server' : `${entityName(type)}.${v.gid}`;
    const addresses = v.addresses.map(addressText);
    this.shared.rememberNode({ endpoint: this.server, addresses, entity, stream: this.stream });
  }

  /** CLIENT_IDENT was answered by SERVER_IDENT: a session begins. `whole`: nothing before it is missing, and the server did not reset. */
  named(client: ClientIdent, server: ServerIdent, whole: boolean): void {
    const name = addressName(client);
    const record = new SessionRecord(client.cookie, server.cookie, name, isLossy(server));
    record.whole = whole;
    this.carry(record, 0);
    this.shared.remember(pairKey(name, this.server), record);
  }

  /** SESSION_RECONNECT: finds the session among those that were seen to begin. `again`: not the first such request on this connection. */
  resume(m: ControlFrame, v: SessionReconnect, again: boolean, hasZero: boolean): void {
    const name = addressName(v);
    const record = this.shared.find(v.clientCookie, v.serverCookie);
    if (record === null) {
      if (this.shared.forgotten > 0) this.tellForgotten(m);
      else if (!hasZero) this.judgeUnknown(m, name);
      return;
    }
    this.carry(record, record.clientName === name ? 0 : 1);
    const seq = Number(v.connectSeq);
    const before = record.connectSeq[this.role];
    // decoded late, after a gap: the other SESSION_RECONNECT was sent after it
    if (m.firstPacket < record.connectPacket[this.role]) {
      record.whole = false;
      return;
    }
    if (!again && seq <= before) {
      const text = `connect_seq ${seq}; the session's last one was ${before}`;
      this.output.raise(R.RECONNECT_CONNECT_SEQ, { message: m, text });
    }
    // connection attempts that were not captured may have carried messages
    if (seq > before + 1) record.whole = false;
    record.connectSeq[this.role] = seq;
    record.connectPacket[this.role] = m.firstPacket;
    const claimed = Number(v.msgSeq);
    const sent = record.sent[this.role === 0 ? 1 : 0];
    if (record.whole && claimed > sent) {
      const text = `msg_seq ${claimed}; the highest number sent to it is ${sent}`;
      this.output.raise(R.RECONNECT_MSG_SEQ, { message: m, text });
    }
  }

  private tellForgotten(m: ControlFrame): void {
    const text = `more than ${this.shared.limit} sessions; the oldest are forgotten, and who resumes an unknown one is not judged`;
    this.limits.hit('resumableSessions', text, 'warning', m);
  }

  private judgeUnknown(m: ControlFrame, name: string): void {
    const pair = this.shared.pair(pairKey(name, this.server));
    const last = pair.records.at(-1);
    if (last === undefined || this.shared.mayHaveMissed(name, this.server)) return;
    if (last.lossy) {
      const text = 'SESSION_RECONNECT although the last SERVER_IDENT between these addresses said LOSSY';
      this.output.raise(R.RECONNECT_LOSSY, { message: m, text });
      return;
    }
    const confidence = pair.records.length === 1 && !pair.unsettled && last.whole ? 'certain' : 'likely';
    const cookies = `${hexNumber(last.clientCookie)} and ${hexNumber(last.serverCookie)}`;
    const text = `the session between these addresses has cookies ${cookies}`;
    this.output.raise(R.RECONNECT_COOKIE, { message: m, text, confidence });
  }

  /** SESSION_RECONNECT_OK: both sides continue the session. */
  taken(asked: ControlFrame, answer: ControlFrame): void {
    const record = this.record;
    if (record === null) return;
    const claimed = Number(answer.value);
    const sent = record.sent[this.role];
    if (record.whole && claimed > sent) {
      const text = `msg_seq ${claimed}; the highest number sent to it is ${sent}`;
      this.output.raise(R.RECONNECT_OK_SEQ, { message: answer, related: [asked], text });
    }
    record.connections++;
  }

  /** The server reset the session of that client, or made it wait. */
  unsettle(v: Addressed): void {
    this.shared.pair(pairKey(addressName(v), this.server)).unsettled = true;
  }

  /** From now on, messages of this connection count for that session. `role`: which side of the record this connection's client is. */
  private carry(record: SessionRecord, role: 0 | 1): void {
    // messages of an earlier connection that are not decoded yet, behind a gap, may raise the counts
    if (record.carrier?.allDecoded === false) record.whole = false;
    record.carrier = this.traffic;
    this.record = record;
    this.role = role;
    this.traffic.record = record;
    this.traffic.recordClient = role === 0 ? CLIENT : SERVER;
    if (!this.sides[CLIENT].whole || !this.sides[SERVER].whole) record.whole = false;
  }

  finish(): void {
    if (this.record?.carrier === this.traffic) this.record.carrier = null;
  }

  /** Bytes were lost: the counts of the session are no evidence any more. */
  lose(): void {
    if (this.record !== null) this.record.whole = false;
    else this.shared.missSession(this.server);
  }
}

/** The sender of an ident or a reconnect. */
interface Addressed {
  readonly addresses: readonly Address[];
}

function firstAddress({ addresses }: Addressed): string {
  return addresses[0] === undefined ? '' : addressText(addresses[0]);
}

/** Name of a client by its first address: `10.0.0.1:6800`; with the nonce instead of port 0, which does not identify it. */
function addressName(from: Addressed): string {
  const first = from.addresses[0];
  if (first === undefined || (first.host === '' && first.nonce === 0)) return firstAddress(from);
  return first.host.endsWith(':0') ? `${first.host}/${first.nonce}` : first.host;
}
