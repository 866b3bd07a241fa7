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

/** What is known of a connection when it is opened: from its first segment, or from what was parked. */
export interface Opening {
  readonly id: number;
  /** The flow table's `swapped` for segments that end 0 sent. */
  readonly swapped: boolean;
  readonly captured: boolean;
  readonly initiatorKnown: boolean;
  readonly vlan: number;
  readonly comment: string;
  readonly aPort: number;
  readonly bPort: number;
  readonly socket: RecordedSocket | null;
  /** Sequence numbers begin at 0 without a SYN: text2pcap made the packets. */
  readonly fromZero: boolean;
}

/** The opening of stream number `id` with the segment `s`. `swapped`: what the flow table says for it. */
export function openingOf(id: number, swapped: boolean, s: Segment): Opening {
  const setUp = (s.flags & SYN) !== 0;
  // the sender of a SYN-ACK is the end that was connected to
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

/** One TCP connection: passes the bytes, acknowledgements, FINs and RSTs of each segment on to its two receivers. */
export class TcpConnection implements Connection {
  readonly id: number;
  readonly start: 'captured' | 'missed';
  readonly initiatorKnown: boolean;
  readonly vlan: number;
  readonly comment: string;
  readonly aPort: number;
  readonly bPort: number;
  /** Slot in the flow table, and that table's `swapped` for segments that end 0 sent. */
  readonly slot: number;
  readonly swapped: boolean;
  closed = false;
  /** Whether it has ended, and waits in `Lingering` for late packets. */
  lingering = false;
  /** Whether it may be parked when it has been quiet for a while. */
  parkable = false;
  /** Its place among those that are awake (see AwakeRing), or -1. */
  turn = -1;
  /** Whether its bytes go to probes or a decoder, and are not only counted. */
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
  /** The value of `packets` when that SYN came. */
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

  /** Whether it was reset before its handshake was complete. */
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

  /** Whether both ends' sequence numbers are known, and neither a RST nor both FINs have come. */
  get established(): boolean {
    return !this.dying && this.socket === null && this.first.certain && this.second.certain;
  }

  /** Whether it has ended (by a RST, or both FINs), so that only packets that the capture reordered can still come. */
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
    // recorders and test programs begin every connection with the same number: a SYN after both FINs is no retransmission
    if (ahead === 0) return isAfter(s, this.finishedSeconds, this.finishedNanos);
    const late = this.start === 'missed' && this.packets <= this.context.limits.gapGracePackets;
    return !(late && ahead > 0 && ahead < REORDERED_SYN);
  }

  /**
   * A SYN of another connection has come while this one is open. The SYN is kept until its answer is seen: if the peer still has this
   * connection, it answers with the number that it expects, and this connection goes on (RFC 5961, section 4.2); if not, it acknowledges
   * the SYN.
   */
  challenge(s: Segment, swapped: boolean): void {
    this.packets++;
    this.challenger = { segment: s.kept(), swapped };
    this.challengedAt = this.packets;
  }

  /** The kept SYN, if `s` shows that it opened another connection: `s` acknowledges the SYN, or is its sender's next segment. Else null. */
  lostTo(s: Segment, swapped: boolean): KeptSegment | null {
    const { challenger } = this;
    if (challenger === null) return null;
    const syn = challenger.segment;
    const next = (syn.seq + 1) | 0;
    const answered = (s.flags & ACK) !== 0 && (s.ack | 0) === next;
    const continued = (s.flags & SYN) === 0 && (s.seq | 0) === next;
    return (swapped === challenger.swapped ? continued : answered) ? challenger : null;
  }

  /** The last segment that was captured, if it was a SYN of another connection; else null. */
  get lastChallenger(): KeptSegment | null {
    return this.challengedAt === this.packets ? this.challenger : null;
  }

  /** Takes `seq` for the sequence number of the first byte that `from` sent, where that is not known yet. */
  begin(from: End, seq: number): void {
    const receiver = from === 0 ? this.first : this.second;
    if (!receiver.synchronized) receiver.synchronize(seq);
  }

  /** Called when it has waited for late packets: judges RSTs out of sequence again. Returns whether it has ended after all. */
  settleEnd(): boolean {
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
      if (mine.reset) mine.sendsAfterReset(seq, this.packets);
      mine.receive(s, seq);
    }
    if ((flags & FIN) !== 0) this.finish(s, seq, mine, peer);
    this.ripen();
  }

  // rare cases are functions of their own: V8 inlines only short functions, and `segment` runs for every segment

  /** A SYN: the sender's bytes begin at `seq`, the number after it. A SYN-ACK also tells where the peer's bytes begin. */
  private setUp(s: Segment, seq: number, mine: TcpReceiver, peer: TcpReceiver): void {
    if (!mine.certain) mine.synchronize(seq);
    // not where bytes were delivered before this SYN was captured, and offset 0 is a later one
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

  /** Puts aside a segment that its receiver dropped for its checksum; false where it has to be handled like any other. */
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

  /** There are too many connections: its bytes are only counted. */
  neglect(): void {
    this.sink.neglect?.();
  }

  /** Writes into `parked` what it can be rebuilt from, so that it can be dropped. Returns false if it holds more state than that. */
  park(parked: ParkedConnections): boolean {
    if (this.socket !== null || this.comment !== '' || this.wasReset) return false;
    if (!this.first.plain || !this.second.plain) {
      // a hole is filled or given up within some packets: then it is tried again
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
    // asked for now, as the slot may be given to another connection afterwards
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
    // receivers ignore what a RST acknowledges (RFC 9293, 3.10.7.4), and damaged packets: neither proves bytes that were not captured
    if (acked > peer.next && (reset || mine.isDistrusted(s))) return;
    if (acked > peer.acked) {
      peer.acked = acked;
      if (peer.reset) peer.outlivesReset(acked);
      if (mine.reset && !reset) mine.acknowledgesAfterReset(this.packets);
    }
    const { origin } = this.context;
    origin.peerSeen = acked < 0 ? 0 : peer.finAt >= 0 && acked > peer.finAt ? peer.finAt : acked;
    if (!reset) peer.acknowledged(acked);
  }

  private reset(s: Segment, mine: TcpReceiver, peer: TcpReceiver): void {
    // an end that refuses a SYN has no sequence number yet: its RST has 0, and must acknowledge the SYN (RFC 9293, 3.10.7.3)
    const refusal = s.seq === 0 && (s.flags & ACK) !== 0 && peer.synchronized && peer.offsetOf(s.ack) === peer.next;
    if (refusal) {
      this.refusal = true;
      mine.refuse();
    } else if (!mine.takeReset(s.seq, this.packets)) return;
    if (this.socket !== null) this.finished(s);
  }
}
