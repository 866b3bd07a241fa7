import { Budget } from '../base/budget.js';
import { CaptureClock } from '../base/capture-clock.js';
import { LIMIT } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import type { CaptureNote } from '../capture/packet.js';
import { ACK, FIN, RST, Segment, SYN } from '../link/segment.js';
import { AwakeRing } from './awake-ring.js';
import { Beginning, type KeptSegment } from './beginning.js';
import type { End, StreamOpener } from './byte-stream.js';
import { ClosedFlows, CROWDED_OUT, FINAL, IDLE, REORDERED_SYN, type Fate } from './closed-flows.js';
import { ANSWERED, CLOSED, ESTABLISHED, FlowTable, HALF_OPEN, PARKED } from './flow-table.js';
import { HalfOpen, isBareSyn } from './half-open.js';
import { Lingering } from './lingering.js';
import { ParkedConnections } from './parked-connections.js';
import { isRecordedSocket } from './recorded-socket.js';
import { SocketStreams } from './socket-streams.js';
import { StraySegments } from './stray-segments.js';
import { openingOf, parkedOpening, TcpConnection, type Opening } from './tcp-connection.js';
import { TcpContext } from './tcp-context.js';

/**
 * Under the limit openStreams the connection that was idle longest is given up for a new one. Once more than MOST_RETURNED of those given
 * up have sent again, only connections that were silent for SILENT_SECONDS (capture time) are. The two are no limits with names, as they
 * bound nothing: they choose who is given up under openStreams, which is reported.
 */
const MOST_RETURNED = 64;
const SILENT_SECONDS = 60;

/**
 * Sorts segments into connections and rebuilds their byte streams. Streams are numbered from 1 in order of first packet. What is
 * delivered goes to the sink that `open` makes for each connection.
 */
export class StreamTable {
  private readonly limits: Readonly<Limits>;
  private readonly open: StreamOpener;
  private readonly note: (note: CaptureNote) => void;
  private readonly context: TcpContext;
  private readonly flows: FlowTable;
  private readonly sockets: SocketStreams;
  /** By slot: the open connection; null where there is none, only its SYN was seen, or it is held back or parked. */
  private readonly connections: (TcpConnection | null)[] = [];
  private readonly halfOpen = new HalfOpen();
  private readonly syn = new Segment();
  private readonly remains: ClosedFlows;
  private readonly lingering: Lingering;
  private readonly parked = new ParkedConnections();
  /** By slot, oldest first: connections whose first segments are held back, as their SYN may still come. */
  private readonly beginnings = new Map<number, Beginning>();
  private readonly clock = new CaptureClock();
  private readonly strays = new StraySegments();
  private readonly awake = new AwakeRing();
  private evicted = false;
  private crowded = false;
  /** How many connections sent again after they had been given up under openStreams. */
  private returned = 0;
  private streams = 0;

  constructor(
    limits: Readonly<Limits>,
    open: StreamOpener,
    note: (note: CaptureNote) => void,
    budget: Budget = new Budget(limits.bufferedBytes),
  ) {
    this.limits = limits;
    this.open = open;
    this.note = note;
    this.lingering = new Lingering(limits);
    this.remains = new ClosedFlows(limits.lossyClosed);
    this.flows = new FlowTable(limits.flows, (slot) => this.evict(slot));
    this.context = new TcpContext(limits, budget, this.flows);
    this.sockets = new SocketStreams(limits, open, () => ++this.streams, note);
  }

  segment(s: Segment): void {
    const { origin } = this.context;
    origin.packet = s.packet;
    origin.seconds = s.seconds;
    origin.nanos = s.nanos;
    origin.peerSeen = -1;
    if (s.socket !== null) {
      this.sockets.event(s, s.socket, origin);
      return;
    }
    const now = this.clock.at(s.seconds);
    if (!this.lingering.isEmpty) this.closeLingering(s.packet, now);
    if (this.beginnings.size > 0) this.openHeldUpTo(s.packet - this.limits.gapGracePackets);
    const { flows } = this;
    const slot = flows.find(s);
    const connection = slot < 0 ? this.openFirst(s) : this.connectionAt(slot, s);
    if (connection !== null) this.deliver(connection, s);
  }

  /** Gives the segment to its connection, or to a new one that replaces it. `flows.swapped` must be that of the segment. */
  private deliver(to: TcpConnection, s: Segment): void {
    const { flows } = this;
    let connection = to;
    const challenger = connection.lostTo(s, flows.swapped);
    if (challenger !== null) {
      this.close(connection);
      connection = this.openChallenger(connection.slot, challenger);
    }
    let from: End = flows.swapped === connection.swapped ? 0 : 1;
    if ((s.flags & SYN) !== 0 && connection.isReplacedBy(s, from)) {
      if (connection.established) {
        connection.challenge(s, flows.swapped);
        return;
      }
      this.close(connection);
      const opened = this.openNew(connection.slot, s);
      if (opened === null) return;
      connection = opened;
      from = flows.swapped === connection.swapped ? 0 : 1;
    }
    connection.segment(s, from);
    if (this.context.strangers.convincing) {
      this.context.strangers.clear();
      this.close(connection);
      connection = this.openAt(connection.slot, s);
      connection.segment(s, flows.swapped === connection.swapped ? 0 : 1);
    }
    if (s.length > 0 && connection.followed && flows.rank(connection.slot) < ESTABLISHED)
      flows.setRank(connection.slot, ESTABLISHED);
    if (connection.dying) this.closeSoon(connection, s);
    else if (connection.parkable) this.watch(connection);
  }

  /** A live capture was silent for a while: missing and reordered packets are not waited for any longer. */
  quiet(): void {
    this.openHeldUpTo(Infinity);
    this.closeLingering(Infinity, Infinity);
    for (const connection of this.connections) {
      if (connection === null) continue;
      connection.giveUpHoles();
      if (connection.over) this.close(connection);
    }
  }

  /** The capture is over: every stream ends. */
  end(): void {
    this.openHeldUpTo(Infinity);
    // stream number and slot are packed into one number for sorting: objects for 100,000 connections would be the run's peak of memory
    const { size } = this.flows;
    const open = new Float64Array(size);
    let count = 0;
    for (let slot = 0; slot < size; slot++) {
      const id = this.connections[slot]?.id ?? (this.halfOpen.id(slot) || this.parked.id(slot));
      if (id > 0) open[count++] = id * size + slot;
    }
    for (const key of open.subarray(0, count).sort()) {
      const slot = key % size;
      const challenger = this.connections[slot]?.lastChallenger ?? null;
      this.closeAt(slot, FINAL);
      // the last packet was another connection's SYN, which nothing answered: a stream of its own
      if (challenger !== null) this.close(this.openChallenger(slot, challenger));
    }
    this.strays.report(this.note);
    this.sockets.end();
  }

  /** A segment whose addresses and ports were not seen before. */
  private openFirst(s: Segment): TcpConnection | null {
    this.releaseIdle(this.clock.now);
    const slot = this.flows.add(s, HALF_OPEN, Math.max(this.clock.now, s.seconds));
    return this.openNew(slot, s);
  }

  /** The connection that a segment of a known slot goes to; null where the segment is held back, repeats a SYN, or fits no connection. */
  private connectionAt(slot: number, s: Segment): TcpConnection | null {
    this.flows.touch(slot, Math.max(this.clock.now, s.seconds));
    const connection = this.connections[slot];
    if (connection) return connection;
    const beginning = this.beginnings.get(slot);
    if (beginning !== undefined) {
      this.hold(beginning, s);
      return null;
    }
    if (this.parked.id(slot) > 0) return this.makeRoomFor(this.unpark(slot));
    if (this.halfOpen.id(slot) === 0) return this.reopen(slot, s);
    const mine = this.flows.swapped === this.halfOpen.swapped(slot);
    if (mine && this.halfOpen.isRepeatedBy(s, slot)) return null;
    if ((s.flags & SYN) !== 0 || (!mine && (s.flags & RST) !== 0)) {
      if (mine || this.halfOpen.isAnsweredBy(s, slot)) return this.makeRoomFor(this.openHalfOpen(slot));
    } else if (this.halfOpen.isContinuedBy(s, slot, mine, REORDERED_SYN)) {
      // the SYN-ACK may be captured late, and tells where the other end's bytes begin; an ACK alone tells that as well
      if (mine && s.length === 0 && (s.flags & (RST | FIN)) === 0) return this.makeRoomFor(this.openHalfOpen(slot));
      this.holdHalfOpen(slot, s);
      return null;
    }
    this.strays.ofNone(s);
    return null;
  }

  /**
   * Begins a connection with this segment, and returns it if it is opened at once: with a SYN that is not bare, or in a recording that has no
   * SYNs. A bare SYN is only remembered. Any other segment is held back: the connection's SYN may be captured later.
   */
  private openNew(slot: number, s: Segment): TcpConnection | null {
    this.connections[slot] = null;
    if (isBareSyn(s)) {
      this.halfOpen.add(slot, ++this.streams, s, this.flows.swapped);
      this.flows.setRank(slot, HALF_OPEN);
      return null;
    }
    const recorded = isRecordedSocket(s) || s.fromZero;
    const opens = (s.flags & SYN) !== 0 && (s.flags & ACK) === 0;
    if (recorded || opens) return this.openAt(slot, s);
    const beginning = new Beginning(slot, ++this.streams, s.packet);
    this.beginnings.set(slot, beginning);
    this.hold(beginning, s);
    return null;
  }

  private holdHalfOpen(slot: number, s: Segment): void {
    const { halfOpen, syn } = this;
    const beginning = new Beginning(slot, halfOpen.id(slot), s.packet);
    const swapped = this.recall(slot);
    beginning.add(syn, swapped);
    halfOpen.remove(slot);
    this.beginnings.set(slot, beginning);
    this.hold(beginning, s);
  }

  private hold(beginning: Beginning, s: Segment): void {
    beginning.add(s, this.flows.swapped);
    if (beginning.complete || beginning.count > this.limits.gapGracePackets) this.openHeld(beginning);
  }

  /** Opens the held-back connections whose first segment came in packet number `packet` or before. */
  private openHeldUpTo(packet: number): void {
    for (const beginning of this.beginnings.values()) {
      if (beginning.packet > packet) return;
      this.openHeld(beginning);
    }
  }

  /** Opens the connection that is held back at that slot. Returns whether there was one. */
  private openHeldAt(slot: number): boolean {
    let held = false;
    // some of the replayed segments may be held back again, as another connection's; they are fewer each time
    for (let b = this.beginnings.get(slot); b !== undefined; b = this.beginnings.get(slot)) {
      held = true;
      this.openHeld(b);
    }
    return held;
  }

  /** Opens a connection that was held back, and replays its segments. */
  private openHeld(beginning: Beginning): void {
    const { slot, id, segments } = beginning;
    this.beginnings.delete(slot);
    const connection = this.openKept(slot, id, segments[0]!);
    for (const direction of [false, true]) {
      const seq = beginning.lowest(direction);
      if (seq !== null) connection.begin(direction === connection.swapped ? 0 : 1, seq);
    }
    for (const kept of segments)
      this.context.play(kept, () => {
        const now = this.connectionAt(slot, kept.segment);
        if (now !== null) this.deliver(now, kept.segment);
      });
  }

  private openChallenger(slot: number, syn: KeptSegment): TcpConnection {
    const connection = this.openKept(slot, ++this.streams, syn);
    this.context.play(syn, () => this.deliver(connection, syn.segment));
    return connection;
  }

  /** Opens a connection whose first segment was kept. */
  private openKept(slot: number, id: number, kept: KeptSegment): TcpConnection {
    let opened: TcpConnection | null = null;
    this.context.play(kept, () => {
      opened = this.makeRoomFor(this.make(slot, openingOf(id, kept.swapped, kept.segment)));
    });
    return opened!;
  }

  /** Opens a connection of which only the SYN was seen so far. */
  private openHalfOpen(slot: number): TcpConnection {
    const { syn } = this;
    const id = this.halfOpen.id(slot);
    const swapped = this.recall(slot);
    let opened: TcpConnection | null = null;
    this.context.play({ segment: syn, swapped }, () => {
      opened = this.make(slot, openingOf(id, swapped, syn));
      opened.segment(syn, 0);
    });
    this.halfOpen.remove(slot);
    return opened!;
  }

  /** Fills `this.syn` with the SYN that is remembered for the slot. Returns the flow table's `swapped` for it. */
  private recall(slot: number): boolean {
    const { halfOpen, syn } = this;
    const swapped = halfOpen.swapped(slot);
    halfOpen.recall(slot, syn);
    [syn.srcPort, syn.dstPort] = this.flows.ports(slot, swapped);
    return swapped;
  }

  private openAt(slot: number, s: Segment): TcpConnection {
    return this.makeRoomFor(this.make(slot, openingOf(++this.streams, this.flows.swapped, s)));
  }

  private make(slot: number, opening: Opening): TcpConnection {
    return this.follow(slot, new TcpConnection(slot, opening, this.open, this.context, null));
  }

  private unpark(slot: number): TcpConnection {
    const { parked } = this;
    const connection = new TcpConnection(
      slot,
      parkedOpening(parked, slot, this.flows),
      this.open,
      this.context,
      parked,
    );
    parked.remove(slot);
    return this.follow(slot, connection);
  }

  private follow(slot: number, connection: TcpConnection): TcpConnection {
    connection.parkable = true;
    this.connections[slot] = connection;
    this.flows.setRank(slot, ANSWERED);
    return connection;
  }

  /**
   * If this connection, which begins to be followed, exceeds openStreams: gives up the one that was idle longest. Where more connections
   * take turns than fit, each would be given up before anything of it is decoded. So when too many have come back, and none was silent for
   * long, the new connection's bytes are only counted.
   */
  private makeRoomFor(connection: TcpConnection): TcpConnection {
    if (this.context.followed <= this.limits.openStreams || !connection.followed) return connection;
    if (!this.crowded) {
      this.crowded = true;
      const text = `openStreams: more than ${this.limits.openStreams} connections are followed at once; the longest idle ones are given up, or of new ones the bytes are only counted`;
      this.note({ rule: LIMIT, text, offset: 0, length: 0 });
    }
    const since = this.returned > MOST_RETURNED ? this.clock.now - SILENT_SECONDS : Infinity;
    const idle = this.longestIdle(since, connection.slot);
    if (idle >= 0) this.closeAt(idle, CROWDED_OUT);
    else connection.neglect();
    return connection;
  }

  /** Slot, other than `not`, of the longest idle connection that is followed and had no packet since then, or -1; one without data first. */
  private longestIdle(since: number, not: number): number {
    for (const rank of [ANSWERED, ESTABLISHED] as const) {
      const slot = this.flows.idleSince(rank, since);
      if (slot >= 0 && slot !== not && this.connections[slot]?.followed === true) return slot;
    }
    return -1;
  }

  /** Puts a connection into the ring of those awake, and parks the one that drops out of it, if it can be parked. */
  private watch(connection: TcpConnection): void {
    connection.parkable = false;
    if (!connection.followed) this.flows.setRank(connection.slot, PARKED);
    const idle = this.awake.add(connection);
    if (idle === null || this.connections[idle.slot] !== idle) return;
    if (!idle.park(this.parked)) return;
    this.connections[idle.slot] = null;
    this.flows.setRank(idle.slot, PARKED);
  }

  /** A segment with the addresses and ports of a closed connection: the new connection that it opens, or null. */
  private reopen(slot: number, s: Segment): TcpConnection | null {
    const { remains } = this;
    const from: End = this.flows.swapped === remains.swapped(slot) ? 0 : 1;
    if (!remains.isReplacedBy(s, slot, from)) {
      if (s.end > s.start) this.strays.ofClosed(s, remains.lateBytes(s, slot, from));
      return null;
    }
    const fate = (s.flags & SYN) === 0 ? remains.fate(slot) : FINAL;
    if (fate === FINAL) return this.openNew(slot, s);
    const connection = this.openAt(slot, s);
    const { idleSeconds, openStreams } = this.limits;
    if (fate === CROWDED_OUT) this.returned++;
    // where its bytes are only counted, the finding about openStreams has said so
    if (!connection.followed) return connection;
    const text =
      fate === IDLE
        ? `idleSeconds: the connection was silent for more than ${idleSeconds} s and had been given up`
        : `openStreams: the connection was given up while more than ${openStreams} were followed`;
    connection.note(LIMIT, text);
    return connection;
  }

  /** Closes a connection that has ended: at once if it was refused or nothing is missing, else after waiting for late packets. */
  private closeSoon(connection: TcpConnection, s: Segment): void {
    if ((connection.over && !connection.holed) || connection.refused) {
      this.close(connection);
    } else {
      this.lingering.add(connection, s.packet, this.clock.now);
    }
  }

  /** Closes the connections that have waited long enough for late packets. */
  private closeLingering(packet: number, now: number): void {
    for (;;) {
      const connection = this.lingering.next(packet, now);
      if (connection === null) return;
      if (connection.settleEnd()) this.close(connection);
    }
  }

  private close(connection: TcpConnection, fate: Fate = FINAL): void {
    if (connection.closed) return;
    this.connections[connection.slot] = null;
    this.flows.setRank(connection.slot, CLOSED);
    this.awake.remove(connection);
    connection.close(this.remains, fate);
  }

  private closeAt(slot: number, fate: Fate): void {
    const held = this.openHeldAt(slot);
    if (held && this.connections[slot] === null && this.halfOpen.id(slot) === 0) return;
    const connection =
      this.connections[slot] ?? (this.parked.id(slot) > 0 ? this.unpark(slot) : this.openHalfOpen(slot));
    this.close(connection, fate);
  }

  /** Called by the flow table when it needs the slot of the longest idle connection. */
  private evict(slot: number): void {
    this.openHeldAt(slot);
    if (this.connections[slot] === null && this.halfOpen.id(slot) === 0 && this.parked.id(slot) === 0) return;
    if (!this.evicted) {
      this.evicted = true;
      const text = `flows: more than ${this.limits.flows} connections at once; the longest idle ones are given up`;
      this.note({ rule: LIMIT, text, offset: 0, length: 0 });
    }
    this.closeAt(slot, FINAL);
  }

  /** Gives up connections that were silent for `idleSeconds`. Called when one is opened, as only that makes memory grow. */
  private releaseIdle(now: number): void {
    const before = now - this.limits.idleSeconds;
    for (const rank of [HALF_OPEN, PARKED, ANSWERED, ESTABLISHED] as const) {
      for (;;) {
        const slot = this.flows.idleSince(rank, before);
        if (slot < 0) break;
        this.closeAt(slot, IDLE);
      }
    }
  }
}
