import { CLIENT, otherSide, SERVER, type Side } from '../../../base/input.js';
import type { Origin } from '../../../base/origin.js';
import type { Json } from '../../../base/annotation.js';
import { LimitNotes } from '../../../contract/limit-notes.js';
import type { DecoderSettings, Output, Session, SessionContext, SkipReason } from '../../../contract/protocol.js';
import { Witness } from '../../../contract/witness.js';
import type { Cluster } from '../../ceph/cluster.js';
import { ENTITY, PORT_V1, PORT_V2 } from '../../ceph/constants.js';
import type { Daemon } from '../../ceph/directory.js';
import { marking } from '../blame.js';
import { MODE_SECURE, REVISION_1, TAG, tagName, tagSenders } from '../constants.js';
import { clientIdent, hello, serverIdent } from '../control-frames.js';
import { Banner, ControlFrame, DataFrame, type Frame, type Msgr2Message } from '../message.js';
import * as R from '../rules/index.js';
import { addressText } from '../../ceph/structures/address.js';
import type { KeyExchange } from '../secure/key-exchange.js';
import { Compression } from './compression.js';
import { Login } from './login.js';
import { Lineage } from './lineage.js';
import { Naming } from './naming.js';
import type { SharedSessions } from './shared.js';
import { allowedTags, isTraffic, phaseAfter, SideState, stateName } from './side-state.js';
import { Traffic } from './traffic.js';
import type { Ways } from './ways.js';
import { sessionLines, summarize, type SessionParts } from './summary.js';

/** Entity types that HELLO may have: all but the authentication service, which is no peer. */
const GREETING_TYPES: readonly number[] = [ENTITY.MON, ENTITY.MDS, ENTITY.OSD, ENTITY.CLIENT, ENTITY.MGR];

/** One connection: the states of both sides, and the checks that need both. */
export class Msgr2Session implements Session<Msgr2Message>, SessionParts {
  private readonly context: SessionContext<SharedSessions>;
  private readonly output: Output;
  private readonly witness: Witness;
  readonly sides: readonly [SideState, SideState];
  readonly login: Login;
  readonly naming: Naming;
  readonly lineage: Lineage;
  readonly traffic: Traffic;
  readonly compression: Compression;
  private readonly rolesKnown: boolean;
  private legacy: Banner | null = null;
  private saidMismatch = false;
  private saidRevision: [boolean, boolean] = [false, false];
  private saidMode: [boolean, boolean] = [false, false];
  private saidRejected = false;
  /** A frame that was sent before its sender had received what must come first, and that is not reported yet. */
  private early: { readonly side: Side; readonly message: Frame; readonly text: string } | null = null;
  private ends = 0;
  private readonly exchange: KeyExchange | null;
  private readonly ways: Ways;
  private readonly cluster: Cluster;

  constructor(
    context: SessionContext<SharedSessions>,
    unmarked: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
    exchange: KeyExchange | null = null,
  ) {
    const output = marking(unmarked);
    this.exchange = exchange;
    this.context = context;
    this.output = output;
    const witness = (this.witness = new Witness(context, settings));
    this.sides = [
      new SideState(CLIENT, settings[CLIENT].fromStart, witness),
      new SideState(SERVER, settings[SERVER].fromStart, witness),
    ];
    this.rolesKnown = context.clientEnd !== null;
    const limits = new LimitNotes(output);
    const { shared, file } = context;
    this.login = new Login(output, limits, this.sides, (what) => shared.first(what, file), context.limits.authFrames);
    const known = shared.ofFile(file);
    this.ways = known.ways;
    this.cluster = known.cluster;
    this.traffic = new Traffic(context, output, limits, this.sides, witness, known);
    this.compression = new Compression(output, this.sides);
    const server = context.connection.endpoints[context.clientEnd === 1 ? 0 : 1];
    this.lineage = new Lineage(output, limits, this.sides, context.shared, this.traffic, context.connection.id, server);
    const { namingFrames } = context.limits;
    this.naming = new Naming(output, limits, this.sides, this.login, this.traffic, this.lineage, namingFrames);
  }

  /** A frame began that announces more bytes than receivers accept, so its end may never come. */
  begin(frame: Msgr2Message): void {
    this.lose(frame.side, frame.offset);
  }

  message(message: Msgr2Message): void {
    if (this.exchange !== null && message instanceof ControlFrame) this.exchange.frame(message);
    if (message instanceof Banner) this.banner(message);
    else if (message instanceof DataFrame || message instanceof ControlFrame) this.frame(message);
  }

  gap(side: Side, offset: number): void {
    this.lose(side, offset);
  }

  private lose(side: Side, offset: number): void {
    this.witness.lose(side, offset);
    const [client, server] = this.sides;
    this.ways.lose(client.entity, server.entity);
    this.sides[side].lose();
    this.traffic.lose(side);
    this.lineage.lose();
  }

  skip(side: Side, offset: number, _length: number, reason: SkipReason): void {
    const state = this.sides[side];
    if (reason === 'opaque') state.phase = 'opaque';
    this.lose(side, offset);
  }

  end(side: Side, how: 'fin' | 'reset' | 'open', _origin: Origin): void {
    this.sides[side].ended = how;
    if (how !== 'open') this.sides[side].endOrder = ++this.ends;
  }

  finish(how: 'closed' | 'reset' | 'open'): void {
    this.settleEarly(true);
    this.traffic.finish();
    this.lineage.finish();
    this.ways.ends(this.sides[CLIENT].entity, this.sides[SERVER].entity, this.traffic);
    if (how !== 'open') this.judgeUnfinished();
  }

  // ---- banners

  private banner(m: Banner): void {
    const own = this.sides[m.side];
    own.banner = m;
    if (own.phase === 'banner') own.phase = 'hello';
    const peer = this.sides[otherSide(m.side)].banner;
    if (m.legacy) {
      this.legacy = m;
      own.phase = 'unknown';
    }
    if (peer === null) return;
    this.judgeLegacy(m, peer);
    if (!m.legacy && !peer.legacy) this.judgeRev0(m, peer);
  }

  private judgeLegacy(a: Banner, b: Banner): void {
    if (a.legacy === b.legacy) return;
    const old = a.legacy ? a : b;
    const who = old.side === CLIENT ? 'client' : 'server';
    const hint =
      old.side === CLIENT
        ? `kernel clients speak v2 with the mount option ms_mode=prefer-crc (5.11 and newer); v1 has a port of its own, ${PORT_V1} at a monitor`
        : `v2 has a port of its own, ${PORT_V2} at a monitor; a client that is to speak v1 there needs ms_mode=legacy and a v1 address`;
    const text = `the ${who} greets with "ceph v027", its peer with "ceph v2": ${hint}`;
    this.output.raise(R.BANNER_V1_PEER, { message: old, text });
  }

  private judgeRev0(a: Banner, b: Banner): void {
    // if both lack it, the server's is reported, so that the order of the banners does not matter
    const older = [a, b].filter((m) => (m.supported & REVISION_1) === 0n).sort((x, y) => y.side - x.side)[0];
    if (older === undefined) return;
    const who = older.side === CLIENT ? 'client' : 'server';
    this.output.raise(R.REV0_NEGOTIATED, { message: older, text: `the ${who} does not offer revision 1` });
  }

  // ---- frames

  private frame(m: DataFrame | ControlFrame): void {
    const own = this.sides[m.side];
    const peer = this.sides[otherSide(m.side)];
    own.frames++;
    if (own.first === null) own.first = m;
    own.last = m;
    this.judgeBanners(m, own, peer);
    this.judgeMode(m, own);
    // the contents of such a frame are not known, so later frames of either side must not be judged by them
    const unreadable = m.damaged || m.garbled || !m.isPlain || !m.complete;
    if (unreadable) this.lose(m.side, m.offset);
    if (this.rolesKnown && !m.aborted) this.advance(m, own, peer);
    if (m instanceof DataFrame) {
      m.target = peer.entity === '' && m.side === CLIENT ? (this.byMap(SERVER)?.entity ?? '') : peer.entity;
      this.traffic.message(m, own, peer);
      return;
    }
    if (unreadable || m.aborted) return;
    const ident = m.as(clientIdent) ?? m.as(serverIdent);
    if (ident !== null) own.gid = String(ident.gid);
    m.names = this.cluster;
    switch (m.tag) {
      case TAG.ACK:
        this.traffic.ack(m, own, peer);
        return;
      case TAG.KEEPALIVE2:
        this.traffic.keepalive(m, own, peer);
        return;
      case TAG.KEEPALIVE2_ACK:
        this.traffic.keepaliveAck(m, own, peer);
        return;
      case TAG.HELLO:
        this.hello(m, own);
        return;
      case TAG.COMPRESSION_REQUEST:
      case TAG.COMPRESSION_DONE:
        this.compression.frame(m);
        return;
    }
    if (!this.rolesKnown) return;
    if (m.tag === TAG.AUTH_SIGNATURE) this.login.signature(m);
    else if (m.tag === TAG.AUTH_REQUEST || m.tag === TAG.AUTH_REQUEST_MORE) this.login.ask(m);
    else if (m.tag >= TAG.AUTH_BAD_METHOD && m.tag <= TAG.AUTH_DONE) this.login.answer(m);
    else if (m.tag === TAG.CLIENT_IDENT || m.tag === TAG.SESSION_RECONNECT) this.naming.ask(m);
    else if (m.tag >= TAG.SERVER_IDENT && m.tag <= TAG.WAIT) this.naming.answer(m);
    if (m.tag === TAG.SERVER_IDENT) {
      const [client, server] = this.sides;
      this.ways.carries(client.entity, server.entity, this.traffic, client.whole && server.whole);
    }
  }

  private hello(m: ControlFrame, own: SideState): void {
    own.hello = m;
    const greeting = m.as(hello);
    if (greeting === null) return;
    const { entityType, peerAddress } = greeting;
    if (!GREETING_TYPES.includes(entityType)) {
      own.strangeHello = true;
      this.output.raise(R.HELLO_ENTITY_TYPE, { message: m, text: `entity type ${entityType}` });
    }
    this.judgeAddress(m, peerAddress.host);
    this.login.hello();
  }

  /** Compares the address that the sender sees with the captured one. */
  private judgeAddress(m: ControlFrame, host: string): void {
    const { connection, clientEnd } = this.context;
    if (host === '' || connection.transport !== 'tcp' || clientEnd === null) return;
    const end = m.side === CLIENT ? (clientEnd === 0 ? 1 : 0) : clientEnd;
    const seen = connection.endpoints[end];
    if (host === seen) return;
    this.sides[m.side].sees = host;
    this.output.raise(R.HELLO_ADDRESS, { message: m, text: `HELLO says ${host}, the capture ${seen}` });
  }

  /** Judges the order of one side's frames, and whether it had received what must come before. */
  private advance(m: Frame, own: SideState, peer: SideState): void {
    if (m.tag === 0 || m.tag > TAG.COMPRESSION_DONE || (tagSenders(m.tag) & (1 << m.side)) === 0) return;
    const allowed = allowedTags(m.side, own.phase);
    const legal = allowed === null || allowed.includes(m.tag);
    if (this.early !== null && this.early.side !== m.side) this.settleEarly(legal || !own.whole);
    if (allowed !== null && own.whole && !own.disordered) {
      if (!legal) this.outOfOrder(m, own, allowed);
      else {
        this.judgeEarly(m, own, peer);
        if (own.phase === 'signed' && (m.side === SERVER || !this.compression.requested)) this.compression.next(m);
      }
    }
    if (own.phase !== 'opaque' && (own.phase !== 'unknown' || isTraffic(m.tag))) own.phase = phaseAfter(m.tag);
    if (own.phase === 'ready') own.disordered = false;
  }

  private outOfOrder(m: Frame, own: SideState, allowed: readonly number[]): void {
    if (own.phase === 'hello' && own.first === m) {
      this.output.raise(R.HELLO_MISSING, { message: m, text: `the first frame is ${m.name}` });
    } else {
      const legal = allowed.map(tagName).join(', ') || 'nothing';
      const text = `${m.name} in state ${stateName(own.phase)}, which allows ${legal}`;
      this.output.raise(R.UNEXPECTED_TAG, { message: m, text });
    }
    own.disordered = true;
  }

  /** Judges a frame that is in order for its sender, but may answer or follow a frame that the sender cannot have received yet. */
  private judgeEarly(m: Frame, own: SideState, peer: SideState): void {
    if (this.early !== null || own.saidEarly || peer.disordered || !this.traffic.knowsAllBefore(m)) return;
    const missing = this.missingBefore(m, own, peer);
    if (missing === '') return;
    this.early = { side: m.side, message: m, text: `${m.name} was sent before ${missing}` };
  }

  /** Reports the early frame, unless the peer's next frame shows that the peer left a frame out. */
  private settleEarly(peerIsOrderly: boolean): void {
    const { early } = this;
    this.early = null;
    if (early === null || !peerIsOrderly) return;
    this.output.raise(R.UNEXPECTED_TAG, early);
    this.sides[early.side].saidEarly = true;
  }

  private missingBefore(m: Frame, own: SideState, peer: SideState): string {
    const { login, naming } = this;
    if (m.side === CLIENT) {
      if (m.tag === TAG.AUTH_SIGNATURE && login.done === null) return 'AUTH_DONE was received';
      if (own.phase === 'signed' || own.phase === 'session') {
        if (peer.phase === 'sign' || peer.phase === 'auth') return "the server's AUTH_SIGNATURE was received";
        return own.phase === 'session' && peer.phase === 'signed' ? 'COMPRESSION_DONE was received' : '';
      }
      if (isTraffic(m.tag) && own.phase === 'named')
        return this.judgeRejected(m) || naming.open ? '' : 'the session was open';
      return '';
    }
    if (m.tag >= TAG.AUTH_BAD_METHOD && m.tag <= TAG.AUTH_DONE && m.tag !== TAG.AUTH_REQUEST_MORE) {
      return login.answers.length >= login.requests.length ? 'it was asked for' : '';
    }
    if (m.tag === TAG.COMPRESSION_DONE) return this.compression.requested ? '' : 'it was asked for';
    if (m.tag >= TAG.SERVER_IDENT && m.tag <= TAG.WAIT) return naming.unanswered ? '' : 'it was asked for';
    return '';
  }

  private judgeRejected(m: Frame): boolean {
    const rejection = this.naming.rejection;
    if (rejection === null) return false;
    if (!this.saidRejected && this.witness.hadReceived(m, rejection) === 'yes') {
      this.saidRejected = true;
      const text = `${m.name} after ${rejection.name}`;
      this.output.raise(R.TRAFFIC_AFTER_REJECT, { message: m, related: [rejection], text });
    }
    return true;
  }

  /** Judges a frame by what the banners agreed on. */
  private judgeBanners(m: Frame, own: SideState, peer: SideState): void {
    const a = own.banner;
    const b = peer.banner;
    if (a === null || b === null || a.payloadLength < 16 || b.payloadLength < 16) return;
    const lacking = (b.required & ~a.supported) | (a.required & ~b.supported);
    if (lacking !== 0n && !this.saidMismatch) {
      this.saidMismatch = true;
      const text = `required features 0x${lacking.toString(16)} are not supported, and ${m.name} follows`;
      this.output.raise(R.BANNER_FEATURE_MISMATCH, { message: m, related: [a, b], text });
    }
    const revision = Number(a.supported & b.supported & REVISION_1) as 0 | 1;
    if (m.revision !== revision && m.length0 > 0 && !m.damaged && m.complete && !this.saidRevision[m.side]) {
      this.saidRevision[m.side] = true;
      const text = `the frame has the layout of revision ${m.revision}, the banners agree on revision ${revision}`;
      this.output.raise(R.REVISION_MISMATCH, { message: m, related: [a, b], text });
    }
  }

  private judgeMode(m: Frame, own: SideState): void {
    if (m.compressed) this.compression.flagged(m);
    if (this.login.mode !== MODE_SECURE || m.mode === 'secure' || this.saidMode[m.side]) return;
    const after = m.tag === TAG.AUTH_SIGNATURE || m.tag >= TAG.CLIENT_IDENT;
    if (!after || m.damaged || !own.whole) return;
    this.saidMode[m.side] = true;
    this.output.raise(R.MODE_MISMATCH, { message: m, text: `${m.name} in plain after AUTH_DONE chose secure mode` });
  }

  private judgeUnfinished(): void {
    const [c, s] = this.sides;
    if (this.legacy !== null || !c.whole || !s.whole || c.frames + s.frames === 0 || this.naming.open) return;
    if (this.naming.rejection !== null || this.login.mode === MODE_SECURE) return;
    const first = c.endOrder !== 0 && (s.endOrder === 0 || c.endOrder < s.endOrder) ? 'client' : 'server';
    const last = (c.last?.packet ?? 0) >= (s.last?.packet ?? 0) ? c.last : s.last;
    // an error in the last frame was reported, and explains why nothing follows it
    if (c.last?.blamed === true || s.last?.blamed === true) return;
    const why = this.reason(last);
    const text = `the ${first} ended the connection first; the last frame is ${last?.name ?? 'none'}${why === '' ? '' : `: ${why}`}`;
    if (first === 'server' || why !== '' || last?.tag === TAG.AUTH_BAD_METHOD) {
      // the side that closes may not be to blame
      this.output.raise(R.CLOSE_MID_HANDSHAKE, { message: last, text, party: 'either' });
      return;
    }
    // a client that asks several monitors at once closes all connections but one, and a program that ends closes those it has begun
    const { shared, file } = this.context;
    if (!shared.first('close', file)) return;
    const told = `${text} (reported for the first such stream of a file only)`;
    this.output.raise(R.CLOSE_MID_HANDSHAKE, { message: last, text: told, party: 'either', severity: 'note' });
  }

  /** Why the handshake ended, if the capture shows it; else empty. */
  private reason(last: Frame | null): string {
    if (last === this.login.answers.at(-1)) return this.login.whyRefused;
    if (last?.tag === TAG.CLIENT_IDENT && this.naming.unanswered) return this.lineage.whyDropped;
    return '';
  }

  // ---- summary

  /**
   * The daemon that a map names for that side: by an address in its ident, or, for a server without one, by the endpoint it was reached at.
   */
  byMap(side: Side): Daemon | undefined {
    const { ident, reconnect, serverIdent } = this.naming;
    const said = side === CLIENT ? (ident ?? reconnect) : serverIdent;
    for (const address of said?.addresses ?? []) {
      const daemon = this.cluster.daemon(addressText(address));
      if (daemon !== undefined) return daemon;
    }
    const { connection, clientEnd } = this.context;
    if (side === CLIENT || serverIdent !== null || clientEnd === null) return undefined;
    return this.cluster.daemonBehind(connection.endpoints[clientEnd === 1 ? 0 : 1]);
  }

  summary(): Record<string, Json> {
    return { ...summarize(this), ...this.exchange?.summary() };
  }

  describe(): string[] {
    return sessionLines(this);
  }
}
