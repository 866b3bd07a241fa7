import { Budget } from '../base/budget.js';
import { LIMIT } from '../base/capture-rules.js';
import type { Limits } from '../base/limits.js';
import type { CaptureNote } from '../capture/packet.js';
import { Segment, SYN } from '../link/segment.js';
import type { End, StreamOpener } from './byte-stream.js';
import { ClosedFlows, CROWDED_OUT, FINAL, IDLE, type Fate } from './closed-flows.js';
import { ANSWERED, CLOSED, ESTABLISHED, FlowTable, HALF_OPEN, PARKED } from './flow-table.js';
import { HalfOpen, isBareSyn } from './half-open.js';
import { ParkedConnections } from './parked-connections.js';
import { SocketStreams } from './socket-streams.js';
import { openingOf, parkedOpening, TcpConnection, type Opening } from './tcp-connection.js';
import { TcpContext } from './tcp-context.js';

/** A connection that is over but for what the capture may have out of order is closed after this many seconds or packets. */
const LINGER_SECONDS = 1;
const LINGER_PACKETS = 256;
/** How many that made room for others may come back before only such make room as were silent for this long (capture time). */
const MOST_RETURNED = 64;
const SILENT_SECONDS = 60;
/** Connections that nobody decodes are parked when this many others of them were heard since. A power of two. */
const AWAKE = 256;

interface Lingering {
  readonly connection: TcpConnection;
  readonly packet: number;
  readonly seconds: number;
}

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
  /** By slot: the connection while it is open and more than a SYN, else null. */
  private readonly connections: (TcpConnection | null)[] = [];
  private readonly halfOpen = new HalfOpen();
  private readonly syn = new Segment();
  private readonly remains = new ClosedFlows();
  /** Connections that are over but for stragglers, oldest first. */
  private readonly lingering: Lingering[] = [];
  private readonly parked = new ParkedConnections();
  /** A ring of connections that may be parked when their turn comes again. */
  private readonly awake: (TcpConnection | null)[] = new Array<null>(AWAKE).fill(null);
  private turn = 0;
  private evicted = false;
  private crowded = false;
  /** Connections that went on after they had made room for others. */
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
    if (this.lingering.length > 0) this.closeLingering(s);
    const { flows } = this;
    const slot = flows.find(s);
    let connection = slot < 0 ? this.openFirst(s) : this.connectionAt(slot, s);
    if (connection === null) return;
    let from: End = flows.swapped === connection.swapped ? 0 : 1;
    if ((s.flags & SYN) !== 0 && connection.isReplacedBy(s, from)) {
      this.close(connection);
      connection = this.openAt(connection.slot, s);
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
    if (connection.dying) this.settle(connection, s);
    else if (connection.parkable) this.watch(connection);
  }

  /** Nothing came for a while, in a capture that is being made: what is missing will not come any more, nor what is out of order. */
  quiet(): void {
    for (const { connection } of this.lingering.splice(0)) this.close(connection);
    for (const connection of this.connections) {
      if (connection === null) continue;
      connection.giveUpHoles();
      if (connection.over) this.close(connection);
    }
  }

  /** The capture is over: every stream ends. */
  end(): void {
    // a number of a stream and its slot make one number that sorts: an object for each of 100,000 would be the peak of the run
    const { size } = this.flows;
    const open = new Float64Array(size);
    let count = 0;
    for (let slot = 0; slot < size; slot++) {
      const id = this.connections[slot]?.id ?? (this.halfOpen.id(slot) || this.parked.id(slot));
      if (id > 0) open[count++] = id * size + slot;
    }
    for (const key of open.subarray(0, count).sort()) this.closeAt(key % size, FINAL);
    this.sockets.end();
    this.context.recent.release();
  }

  /** A segment whose addresses and ports were not seen before. */
  private openFirst(s: Segment): TcpConnection | null {
    this.releaseIdle(s.seconds);
    const slot = this.flows.add(s, HALF_OPEN);
    if (!isBareSyn(s)) return this.openAt(slot, s);
    this.connections[slot] = null;
    this.halfOpen.add(slot, ++this.streams, s, this.flows.swapped);
    return null;
  }

  /** The connection of a slot that is in use; null where the segment says nothing new of it. */
  private connectionAt(slot: number, s: Segment): TcpConnection | null {
    this.flows.touch(slot, s.seconds);
    const connection = this.connections[slot]!;
    if (connection !== null) return connection;
    if (this.parked.id(slot) > 0) return this.withRoom(this.unpark(slot));
    if (this.halfOpen.id(slot) === 0) return this.reopen(slot, s);
    const repeated = this.flows.swapped === this.halfOpen.swapped(slot) && this.halfOpen.isRepeatedBy(s, slot);
    return repeated ? null : this.withRoom(this.openHalfOpen(slot));
  }

  /** Makes a connection of one of which only the SYN was seen. */
  private openHalfOpen(slot: number): TcpConnection {
    const { halfOpen, syn } = this;
    const { origin } = this.context;
    const { packet, seconds, nanos } = origin;
    const swapped = halfOpen.swapped(slot);
    const ports = this.flows.ports(slot, swapped);
    halfOpen.recall(slot, syn, origin);
    syn.srcPort = ports[0];
    syn.dstPort = ports[1];
    const connection = this.make(slot, openingOf(halfOpen.id(slot), swapped, syn));
    connection.segment(syn, 0);
    halfOpen.remove(slot);
    origin.packet = packet;
    origin.seconds = seconds;
    origin.nanos = nanos;
    return connection;
  }

  private openAt(slot: number, s: Segment): TcpConnection {
    return this.withRoom(this.make(slot, openingOf(++this.streams, this.flows.swapped, s)));
  }

  private make(slot: number, opening: Opening): TcpConnection {
    // until it has carried anything it may be parked
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
   * Where this connection, which begins to be followed, is one too many: gives up the one that was idle longest. Where more are open
   * than fit and all take turns, nothing at all would be decoded that way: when too many of them come back, the bytes of new ones are only
   * counted.
   */
  private withRoom(connection: TcpConnection): TcpConnection {
    if (this.context.followed <= this.limits.openStreams || !connection.followed) return connection;
    if (!this.crowded) {
      this.crowded = true;
      const text = `openStreams: more than ${this.limits.openStreams} connections are followed at once; the longest idle ones are given up, or of new ones the bytes are only counted`;
      this.note({ rule: LIMIT, text, offset: 0, length: 0 });
    }
    const since = this.returned > MOST_RETURNED ? this.context.origin.seconds - SILENT_SECONDS : Infinity;
    const idle = this.longestIdle(since, connection.slot);
    if (idle >= 0) this.closeAt(idle, CROWDED_OUT);
    else connection.neglect();
    return connection;
  }

  /** Slot of a connection, other than in `not`, that is followed and had no packet since then, or -1; one without data first. */
  private longestIdle(since: number, not: number): number {
    for (const rank of [ANSWERED, ESTABLISHED] as const) {
      const slot = this.flows.idleSince(rank, since);
      if (slot >= 0 && slot !== not && this.connections[slot]?.followed === true) return slot;
    }
    return -1;
  }

  /** Puts a connection into the ring, and parks the one whose turn has come. */
  private watch(connection: TcpConnection): void {
    connection.parkable = false;
    if (!connection.followed) this.flows.setRank(connection.slot, PARKED);
    const at = this.turn++ & (AWAKE - 1);
    const idle = this.awake[at]!;
    this.awake[at] = connection;
    if (idle === null || idle === connection || this.connections[idle.slot] !== idle) return;
    if (!idle.park(this.parked)) return;
    this.connections[idle.slot] = null;
    this.flows.setRank(idle.slot, PARKED);
  }

  /** A segment with the addresses and ports of a connection that is closed. */
  private reopen(slot: number, s: Segment): TcpConnection | null {
    const { remains } = this;
    const from: End = this.flows.swapped === remains.swapped(slot) ? 0 : 1;
    if (!remains.isOutlivedBy(s, slot, from)) return null;
    const fate = (s.flags & SYN) === 0 ? remains.fate(slot) : FINAL;
    const connection = this.openAt(slot, s);
    const { idleSeconds, openStreams } = this.limits;
    if (fate === CROWDED_OUT) this.returned++;
    // of one that is only counted, the limit itself has told
    if (fate === FINAL || !connection.followed) return connection;
    const text =
      fate === IDLE
        ? `idleSeconds: the connection was silent for more than ${idleSeconds} s and had been given up`
        : `openStreams: the connection was given up while more than ${openStreams} were followed`;
    connection.note(LIMIT, text);
    return connection;
  }

  /** Closes a connection that is over: at once if nothing is missing, else when the capture has gone on a little. */
  private settle(connection: TcpConnection, s: Segment): void {
    if ((connection.over && !connection.holed) || connection.refused) {
      this.close(connection);
    } else if (!connection.lingering) {
      connection.lingering = true;
      this.lingering.push({ connection, packet: s.packet, seconds: s.seconds });
    }
  }

  private closeLingering(s: Segment): void {
    for (;;) {
      const oldest = this.lingering[0];
      if (oldest === undefined) return;
      const { connection } = oldest;
      const late = s.packet - oldest.packet >= LINGER_PACKETS || s.seconds - oldest.seconds > LINGER_SECONDS;
      if (!late && !connection.closed) return;
      this.lingering.shift();
      this.close(connection);
    }
  }

  private close(connection: TcpConnection, fate: Fate = FINAL): void {
    if (connection.closed) return;
    this.connections[connection.slot] = null;
    this.flows.setRank(connection.slot, CLOSED);
    connection.close(this.remains, fate);
  }

  private closeAt(slot: number, fate: Fate): void {
    const connection =
      this.connections[slot] ?? (this.parked.id(slot) > 0 ? this.unpark(slot) : this.openHalfOpen(slot));
    this.close(connection, fate);
  }

  /** Called by the flow table when it needs the slot of the longest idle connection. */
  private evict(slot: number): void {
    if (this.connections[slot] === null && this.halfOpen.id(slot) === 0 && this.parked.id(slot) === 0) return;
    if (!this.evicted) {
      this.evicted = true;
      const text = `flows: more than ${this.limits.flows} connections at once; the longest idle ones are given up`;
      this.note({ rule: LIMIT, text, offset: 0, length: 0 });
    }
    this.closeAt(slot, FINAL);
  }

  /** Gives up connections that were silent for too long. Memory only grows when one is opened, so it is done then. */
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
