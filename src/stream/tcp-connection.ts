import type { Rule } from '../base/rule.js';
import { ACK, FIN, RST, SYN, type Segment } from '../link/segment.js';
import type { Connection, End, StreamOpener, StreamSink } from './byte-stream.js';
import type { KeptSegment } from './beginning.js';
import { isAfter, isNoYounger, REORDERED_SYN, type ClosedFlows, type Fate } from './closed-flows.js';
import { NO_TIMESTAMP, timestampOf } from '../link/tcp-timestamp.js';
import type { FlowTable } from './flow-table.js';
import type { ParkedConnections } from './parked-connections.js';
import { isRecordedSocket, recordedSocket, type RecordedSocket } from './recorded-socket.js';
import type { Unacknowledged } from './resent.js';
import type { TcpContext } from './tcp-context.js';
import { TcpReceiver } from './tcp-receiver.js';

/** What the first packet seen of a connection says about it, or what was kept of that. */
export interface Opening {
  readonly id: number;
  /** What the flow table says for segments of end 0. */
  readonly swapped: boolean;
  readonly captured: boolean;
  readonly initiatorKnown: boolean;
  readonly vlan: number;
  readonly comment: string;
  readonly aPort: number;
  readonly bPort: number;
  readonly socket: RecordedSocket | null;
  /** Sequence numbers begin at 0 without a SYN: a text was made into packets. */
  readonly fromZero: boolean;
}

/** Stream number `id` begins with `s`, for which the flow table says `swapped`. */
export function openingOf(id: number, swapped: boolean, s: Segment): Opening {
  const setUp = (s.flags & SYN) !== 0;
  // the sender of a SYN-ACK was connected to
  const answer = setUp && (s.flags & ACK) !== 0;
  const fromZero = s.fromZero && s.seq === 0 && !setUp;
  const aPort = answer ? s.dstPort : s.srcPort;
  return {
    id,
    swapped: answer ? !swapped : swapped,
    captured: setUp || fromZero,
    initiatorKnown: setUp,
    vlan: s.vlan,
    comment: s.comment,
    aPort,
    bPort: answer ? s.srcPort : s.dstPort,
    socket: isRecordedSocket(s) ? recordedSocket(s, aPort) : null,
    fromZero,
  };
}

/** The opening of a connection that was parked. */
export function parkedOpening(parked: ParkedConnections, slot: number, flows: FlowTable): Opening {
  const { id, swapped, captured, initiatorKnown, vlan } = parked.connection(slot);
  const [aPort, bPort] = flows.ports(slot, swapped);
  return { id, swapped, captured, initiatorKnown, vlan, comment: '', aPort, bPort, socket: null, fromZero: false };
}

/** One TCP connection: tells its two receivers which bytes, acknowledgements and ends each segment means. */
export class TcpConnection implements Connection {
  readonly id: number;
  readonly start: 'captured' | 'missed';
  readonly initiatorKnown: boolean;
  readonly vlan: number;
  readonly comment: string;
  readonly aPort: number;
  readonly bPort: number;
  /** Slot in the flow table, and what that table's `swapped` says for segments of end 0. */
  readonly slot: number;
  readonly swapped: boolean;
  closed = false;
  /** Whether it is over but for stragglers, and waits for them. */
  lingering = false;
  /** Whether it may be parked when it has been quiet for a while. */
  parkable = false;
  /** Its place among those that are awake (see AwakeRing), or -1. */
  turn = -1;
  /** Whether its bytes are looked at, and not only counted. */
  followed: boolean;
  private readonly context: TcpContext;
  private readonly sink: StreamSink;
  private readonly first: TcpReceiver;
  private readonly second: TcpReceiver;
  private readonly socket: RecordedSocket | null;
  private names: readonly [string, string] | null = null;
  private packets = 0;
  private refusal = false;
  /** A SYN that opens another connection with the same addresses and ports, if it is answered. */
  private challenger: KeptSegment | null = null;
  private challengedAt = 0;
  /** When the second FIN came (for a recorded socket: or a reset); -1 before. */
  finishedSeconds = -1;
  finishedNanos = 0;

  constructor(slot: number, o: Opening, open: StreamOpener, context: TcpContext, parked: ParkedConnections | null) {
    this.id = o.id;
    this.start = o.captured ? 'captured' : 'missed';
    this.initiatorKnown = o.initiatorKnown;
    this.vlan = o.vlan;
    this.comment = o.comment;
    this.aPort = o.aPort;
    this.bPort = o.bPort;
    this.slot = slot;
    this.swapped = o.swapped;
    this.context = context;
    this.socket = o.socket;
    this.followed = parked === null || parked.connection(slot).followed;
    if (this.followed) context.followed++;
    this.sink = open(this, context.origin, parked === null ? -1 : slot);
    const exact = this.socket !== null;
    this.first = new TcpReceiver(0, o.id, exact, this.sink, context);
    this.second = new TcpReceiver(1, o.id, exact, this.sink, context);
    if (o.fromZero) {
      this.first.synchronize(0);
      this.second.synchronize(0);
      this.first.startKnown = true;
      this.second.startKnown = true;
    }
    if (parked !== null) {
      this.packets = parked.connection(slot).packets;
      this.first.restore(parked.receiverOf(slot, 0));
      this.second.restore(parked.receiverOf(slot, 1));
    }
  }

  get transport(): 'tcp' | 'unix' | 'vsock' {
    return this.socket === null ? 'tcp' : this.socket.transport;
  }

  get endpoints(): readonly [string, string] {
    return (this.names ??= this.socket?.endpoints ?? this.context.flows.endpoints(this.slot, this.swapped));
  }

  get ports(): readonly [number, number] {
    return this.socket === null ? [this.aPort, this.bPort] : [0, 0];
  }

  get ordered(): boolean {
    return true;
  }

  get heard(): readonly [boolean, boolean] {
    return [this.first.heard, this.second.heard];
  }

  get startKnown(): readonly [boolean, boolean] {
    return [this.first.startKnown, this.second.startKnown];
  }

  get unacknowledged(): readonly [Unacknowledged | null, Unacknowledged | null] {
    return [this.first.unacknowledged, this.second.unacknowledged];
  }

  get acknowledged(): readonly [number, number] {
    return [this.first.acked, this.second.acked];
  }

  /** Whether it was reset before both ends had agreed to it. */
  get refused(): boolean {
    const carried = this.first.next > 0 || this.second.next > 0;
    return this.wasReset && !carried && !(this.first.certain && this.second.certain);
  }

  private get wasReset(): boolean {
    return this.refusal || this.first.reset || this.second.reset;
  }

  /** Whether both directions have come to their end. */
  get over(): boolean {
    return this.first.ended && this.second.ended;
  }

  /** Whether something was given up for lost that may still come. */
  get holed(): boolean {
    return this.first.holed || this.second.holed;
  }

  /** Whether it goes on as far as is known: nobody has reset it, and not both ends have finished. */
  get established(): boolean {
    return !this.dying && this.socket === null && this.first.certain && this.second.certain;
  }

  /** Whether no more is to come but what the capture has out of order. */
  get dying(): boolean {
    return this.wasReset || (this.first.finAt >= 0 && this.second.finAt >= 0);
  }

  /** Whether this SYN of `from` opens another connection with the same addresses and ports. */
  isReplacedBy(s: Segment, from: End): boolean {
    const receiver = from === 0 ? this.first : this.second;
    if (!receiver.synchronized) return false;
    const ahead = (receiver.initial - s.seq) | 0;
    const own = receiver.startKnown ? ahead === 0 : ahead >= 0 && ahead < REORDERED_SYN;
    if (own && isNoYounger(s, receiver.timestamp)) return false;
    // a SYN that is sent again is older than the end of its connection: recorders and test programs use one number for all
    if (ahead === 0) return isAfter(s, this.finishedSeconds, this.finishedNanos);
    const late = this.start === 'missed' && this.packets <= this.context.limits.gapGracePackets;
    return !(late && ahead > 0 && ahead < REORDERED_SYN);
  }

  /**
   * A SYN that belongs to another connection has come while this one is open. An open connection answers it with what it expects, and
   * goes on (RFC 5961, section 4.2); where it is gone, the answer acknowledges the SYN.
   */
  challenge(s: Segment, swapped: boolean): void {
    this.packets++;
    this.challenger = { segment: s.kept(), swapped };
    this.challengedAt = this.packets;
  }

  /** The SYN that opened another connection, where `s` shows that it did. */
  lostTo(s: Segment, swapped: boolean): KeptSegment | null {
    const { challenger } = this;
    if (challenger === null) return null;
    const syn = challenger.segment;
    const next = (syn.seq + 1) | 0;
    const answered = (s.flags & ACK) !== 0 && (s.ack | 0) === next;
    const continued = (s.flags & SYN) === 0 && (s.seq | 0) === next;
    return (swapped === challenger.swapped ? continued : answered) ? challenger : null;
  }

  /** The SYN that was the last that was captured of it, if it was one of another connection. */
  get lastChallenger(): KeptSegment | null {
    return this.challengedAt === this.packets ? this.challenger : null;
  }

  /** The first byte that `from` sent, of those captured, has this number. */
  begin(from: End, seq: number): void {
    const receiver = from === 0 ? this.first : this.second;
    if (!receiver.synchronized) receiver.synchronize(seq);
  }

  /** Looks again at RSTs that did not fit, when it is to be closed for them; whether it is over all the same. */
  stillDying(): boolean {
    this.first.reconsiderReset();
    this.second.reconsiderReset();
    if (this.first.finAt >= 0 && this.second.finAt >= 0) return true;
    return this.refusal || this.first.surelyReset || this.second.surelyReset;
  }

  segment(s: Segment, from: End): void {
    const { flags } = s;
    this.packets++;
    const mine = from === 0 ? this.first : this.second;
    const peer = from === 0 ? this.second : this.first;
    mine.heard = true;
    if (mine.isThrownAway(s) && this.putAside(s, mine, from)) return;
    if (mine.timestamp === NO_TIMESTAMP && s.header >= 0) mine.timestamp = timestampOf(s);
    const setsUp = (flags & SYN) !== 0;
    const seq = setsUp ? (s.seq + 1) | 0 : s.seq;
    if (setsUp) this.setUp(s, seq, mine, peer);
    if ((flags & ACK) !== 0) this.acknowledge(s, mine, peer);
    if (this.sink.segment !== undefined) this.show(s, seq, from, mine);
    if ((flags & RST) !== 0) {
      this.reset(s, mine, peer);
      return;
    }
    if (s.length > 0) {
      if (!mine.synchronized) mine.synchronize(seq);
      if (mine.reset) mine.goesOn(seq, this.packets);
      mine.receive(s, seq);
    }
    if ((flags & FIN) !== 0) this.finish(s, seq, mine, peer);
    this.ripen();
  }

  // what few segments mean is apart: V8 puts only short functions where they are called, and this one is called for each

  /** A SYN, of which `seq` is the number behind it: where the sender's bytes begin, and those of the peer whom it answers. */
  private setUp(s: Segment, seq: number, mine: TcpReceiver, peer: TcpReceiver): void {
    if (!mine.certain) mine.synchronize(seq);
    // where bytes were delivered before it, offset 0 lies behind it
    if (mine.initial === (s.seq | 0)) mine.startKnown = true;
    if ((s.flags & ACK) === 0) return;
    if (!peer.synchronized) peer.synchronize(s.ack);
    if (peer.initial === ((s.ack - 1) | 0)) peer.startKnown = true;
  }

  /** Shows the segment to a sink that wants to see each. */
  private show(s: Segment, seq: number, from: End, mine: TcpReceiver): void {
    if (s.length > 0 && (s.flags & RST) === 0 && !mine.synchronized) mine.synchronize(seq);
    this.sink.segment!(s, from, mine.synchronized ? mine.offsetOf(seq) : 0);
  }

  private finish(s: Segment, seq: number, mine: TcpReceiver, peer: TcpReceiver): void {
    const end = (seq + s.length) | 0;
    if (!mine.synchronized) mine.synchronize(end);
    mine.finish(end);
    if (peer.finAt >= 0) this.finished(s);
  }

  /** Takes a segment whose receiver threw it away; false where it has to be taken as it is. */
  private putAside(s: Segment, mine: TcpReceiver, from: End): boolean {
    if (s.length === 0) return true;
    if (!mine.synchronized) return false;
    const seq = (s.flags & SYN) === 0 ? s.seq : (s.seq + 1) | 0;
    this.sink.segment?.(s, from, mine.offsetOf(seq));
    mine.putAside(s, seq);
    this.ripen();
    return true;
  }

  private ripen(): void {
    this.first.ripen(this.packets);
    this.second.ripen(this.packets);
  }

  /** See Connection. */
  unclaimed(): void {
    this.parkable = true;
    this.unfollow();
  }

  /** There are too many. */
  neglect(): void {
    this.sink.neglect?.();
  }

  /** Writes into `parked` what it can be rebuilt from when it goes on, and is dropped; false where it holds more than that. */
  park(parked: ParkedConnections): boolean {
    if (this.socket !== null || this.comment !== '' || this.wasReset) return false;
    if (!this.first.plain || !this.second.plain) {
      // a hole is a matter of some packets
      this.parkable = true;
      return false;
    }
    if (this.sink.park?.(this.slot) !== true) return false;
    const { id, packets, vlan, swapped, initiatorKnown, followed } = this;
    parked.add(this.slot, {
      id,
      packets,
      vlan,
      swapped,
      captured: this.start === 'captured',
      initiatorKnown,
      followed,
    });
    parked.addReceiver(this.slot, 0, this.first.parked());
    parked.addReceiver(this.slot, 1, this.second.parked());
    this.unfollow();
    return true;
  }

  /** Tells the sink something about the connection as a whole. */
  note(rule: Rule, text: string): void {
    this.sink.note(rule, null, 0, 0, text, this.context.origin);
  }

  /** Declares lost what is missing so far. */
  giveUpHoles(): void {
    this.first.giveUpHoles();
    this.second.giveUpHoles();
  }

  /** Declares what is missing lost, closes the sink, and leaves in `remains` what must stay known. */
  close(remains: ClosedFlows, fate: Fate): void {
    this.closed = true;
    // the slot may be given to another connection from now on
    this.names = this.endpoints;
    this.first.complete();
    this.second.complete();
    remains.add(this.slot, this, this.first, this.second, fate);
    this.sink.close(this.wasReset ? 'reset' : this.over ? 'closed' : 'open');
    this.unfollow();
  }

  private finished(s: Segment): void {
    if (this.finishedSeconds >= 0) return;
    this.finishedSeconds = s.seconds;
    this.finishedNanos = s.nanos;
  }

  private unfollow(): void {
    if (!this.followed) return;
    this.followed = false;
    this.context.followed--;
  }

  private acknowledge(s: Segment, mine: TcpReceiver, peer: TcpReceiver): void {
    const { ack, flags } = s;
    if (!peer.synchronized) {
      // the third packet of a handshake whose second was not captured
      if (this.start !== 'captured' || !mine.synchronized || mine.next > 0) return;
      peer.synchronizeByAck(ack);
    }
    const acked = peer.offsetOf(ack);
    const reset = (flags & RST) !== 0;
    // nobody looks at what a RST acknowledges (RFC 9293, 3.10.7.4), nor at a damaged packet: they prove no bytes that were not captured
    if (acked > peer.next && (reset || mine.isDistrusted(s))) return;
    if (acked > peer.acked) {
      peer.acked = acked;
      if (peer.reset) peer.outlivesReset(acked);
      if (mine.reset && !reset) mine.goesOnReading(this.packets);
    }
    const { origin } = this.context;
    origin.peerSeen = acked < 0 ? 0 : peer.finAt >= 0 && acked > peer.finAt ? peer.finAt : acked;
    if (!reset) peer.acknowledged(acked);
  }

  private reset(s: Segment, mine: TcpReceiver, peer: TcpReceiver): void {
    // who refuses a SYN has no sequence number yet: then its ACK must fit (RFC 9293, 3.10.7.3)
    const refusal = s.seq === 0 && (s.flags & ACK) !== 0 && peer.synchronized && peer.offsetOf(s.ack) === peer.next;
    if (refusal) {
      this.refusal = true;
      mine.refuse();
    } else if (!mine.takeReset(s.seq, this.packets)) return;
    if (this.socket !== null) this.finished(s);
  }
}
