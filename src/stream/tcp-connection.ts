import type { Rule } from '../base/rule.js';
import { ACK, FIN, RST, SYN, type Segment } from '../link/segment.js';
import type { Connection, End, StreamOpener, StreamSink } from './byte-stream.js';
import { tcpEndpoint } from './endpoint.js';
import { isRecordedSocket, recordedSocket, type RecordedSocket } from './recorded-socket.js';
import type { TcpContext } from './tcp-context.js';
import { TcpReceiver } from './tcp-receiver.js';

/** A SYN whose sequence number lies this little before the first byte seen opened this connection: the capture reordered. */
const REORDERED_SYN = 1 << 20;

/** One TCP connection: tells its two receivers which bytes, acknowledgements and ends each segment means. */
export class TcpConnection implements Connection {
  readonly id: number;
  readonly transport: 'tcp' | 'unix' | 'vsock';
  readonly start: 'captured' | 'missed';
  readonly initiatorKnown: boolean;
  readonly ordered = true;
  readonly vlan: number;
  readonly comment: string;
  /** Slot in the flow table, and what that table's `swapped` says for segments of end 0. */
  readonly slot: number;
  readonly swapped: boolean;
  /** Packets so far. */
  packets = 0;
  /** Time and number of the packet from which on the end is only awaited for stragglers; -1 while it is not. */
  lingersSince = -1;
  lingersSincePacket = 0;
  closed = false;
  private readonly context: TcpContext;
  private readonly sink: StreamSink;
  private readonly first: TcpReceiver;
  private readonly second: TcpReceiver;
  private wasReset = false;
  private readonly socket: RecordedSocket | null;
  private names: readonly [string, string] | null = null;
  private readonly a0: number;
  private readonly a1: number;
  private readonly a2: number;
  private readonly a3: number;
  private readonly b0: number;
  private readonly b1: number;
  private readonly b2: number;
  private readonly b3: number;
  private readonly aPort: number;
  private readonly bPort: number;

  /** `s` is the first packet seen of it. */
  constructor(id: number, slot: number, swapped: boolean, s: Segment, open: StreamOpener, context: TcpContext) {
    const setUp = (s.flags & SYN) !== 0;
    // the sender of a SYN-ACK was connected to
    const answer = setUp && (s.flags & ACK) !== 0;
    this.id = id;
    this.slot = slot;
    this.swapped = answer ? !swapped : swapped;
    this.start = setUp ? 'captured' : 'missed';
    this.initiatorKnown = setUp;
    this.vlan = s.vlan;
    this.comment = s.comment;
    this.context = context;
    this.a0 = answer ? s.dst0 : s.src0;
    this.a1 = answer ? s.dst1 : s.src1;
    this.a2 = answer ? s.dst2 : s.src2;
    this.a3 = answer ? s.dst3 : s.src3;
    this.b0 = answer ? s.src0 : s.dst0;
    this.b1 = answer ? s.src1 : s.dst1;
    this.b2 = answer ? s.src2 : s.dst2;
    this.b3 = answer ? s.src3 : s.dst3;
    this.aPort = answer ? s.dstPort : s.srcPort;
    this.bPort = answer ? s.srcPort : s.dstPort;
    this.socket = isRecordedSocket(s) ? recordedSocket(s, this.aPort) : null;
    this.transport = this.socket?.transport ?? 'tcp';
    this.sink = open(this, context.origin);
    this.first = new TcpReceiver(0, id, this.socket !== null, this.sink, context);
    this.second = new TcpReceiver(1, id, this.socket !== null, this.sink, context);
  }

  get endpoints(): readonly [string, string] {
    return (this.names ??= this.socket?.endpoints ?? [
      tcpEndpoint(this.a0, this.a1, this.a2, this.a3, this.aPort),
      tcpEndpoint(this.b0, this.b1, this.b2, this.b3, this.bPort),
    ]);
  }

  get ports(): readonly [number, number] {
    return this.socket === null ? [this.aPort, this.bPort] : [0, 0];
  }

  get heard(): readonly [boolean, boolean] {
    return [this.first.heard, this.second.heard];
  }

  /** Whether either end sent a byte. */
  get carried(): boolean {
    return this.first.carried || this.second.carried;
  }

  /** What is to be remembered when it is closed. */
  remains(): ClosedFlow {
    return new ClosedFlow(this.swapped, this.first, this.second);
  }

  /** Whether this SYN of `from` opens another connection with the same addresses and ports. */
  isReplacedBy(s: Segment, from: End): boolean {
    const receiver = from === 0 ? this.first : this.second;
    if (!receiver.synchronized) return false;
    const ahead = (receiver.initial - s.seq) | 0;
    if (ahead === 0) return false;
    const late = this.start === 'missed' && this.packets <= this.context.limits.gapGracePackets;
    return !(late && ahead > 0 && ahead < REORDERED_SYN);
  }

  segment(s: Segment, from: End): void {
    this.packets++;
    const { flags } = s;
    const mine = from === 0 ? this.first : this.second;
    const peer = from === 0 ? this.second : this.first;
    const { origin } = this.context;
    mine.heard = true;
    let seq = s.seq;
    if ((flags & SYN) !== 0) {
      seq = (seq + 1) | 0;
      this.setUp(s, seq, mine, peer);
    }
    origin.peerSeen = -1;
    if ((flags & ACK) !== 0) {
      if (this.start === 'captured' && !peer.synchronized && mine.synchronized && mine.next === 0)
        peer.synchronizeByAck(s.ack);
      if (peer.synchronized) {
        const acked = peer.offsetOf(s.ack);
        origin.peerSeen = acked < 0 ? 0 : peer.finAt >= 0 && acked > peer.finAt ? peer.finAt : acked;
        if (acked > peer.next) peer.acknowledged(acked, this.packets);
      }
    }
    if ((flags & RST) !== 0) {
      this.reset(s, mine, peer);
      return;
    }
    if (s.length > 0) {
      if (!mine.synchronized) mine.synchronize(seq);
      mine.receive(s, seq, this.packets);
    }
    if ((flags & FIN) !== 0) {
      if (!mine.synchronized) mine.synchronize((seq + s.length) | 0);
      mine.finish((seq + s.length) | 0);
    }
    if (mine.waiting) mine.ripen(this.packets);
    if (peer.waiting) peer.ripen(this.packets);
  }

  /** Whether both directions have come to their end. */
  get over(): boolean {
    return this.first.ended && this.second.ended;
  }

  /** Whether no more is to come but what the capture has out of order. */
  get dying(): boolean {
    return this.wasReset || (this.first.finAt >= 0 && this.second.finAt >= 0);
  }

  /** Declares what is missing lost, and closes the sink. Idempotent. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.first.complete();
    this.second.complete();
    this.sink.close(this.wasReset ? 'reset' : this.over ? 'closed' : 'open');
  }

  /** Tells the sink something about the connection as a whole. */
  note(rule: Rule, text: string): void {
    this.sink.note(rule, null, 0, 0, text, this.context.origin);
  }

  private setUp(s: Segment, seq: number, mine: TcpReceiver, peer: TcpReceiver): void {
    if (!mine.certain) mine.synchronize(seq);
    if ((s.flags & ACK) !== 0 && !peer.synchronized) peer.synchronize(s.ack);
  }

  private reset(s: Segment, mine: TcpReceiver, peer: TcpReceiver): void {
    // refusing a SYN, the sender has no sequence number of its own yet: then its ACK must fit (RFC 9293, 3.10.7.3)
    const refusal = s.seq === 0 && (s.flags & ACK) !== 0 && peer.synchronized && peer.offsetOf(s.ack) === peer.next;
    if (!refusal && !mine.plausibleReset(s.seq)) return;
    this.wasReset = true;
    mine.reset(refusal ? mine.expected : s.seq);
  }
}

/** What stays known of a closed connection, so that its stragglers do not look like a new one. */
export class ClosedFlow {
  /** See TcpConnection. */
  readonly swapped: boolean;
  /** Whether state was given up while the connection was still open, so that it may go on. */
  resumable = false;
  private readonly first: Known;
  private readonly second: Known;

  constructor(swapped: boolean, first: TcpReceiver, second: TcpReceiver) {
    this.swapped = swapped;
    this.first = knownOf(first);
    this.second = knownOf(second);
  }

  /** Whether the segment of `from` cannot belong to the closed connection. */
  isOutlivedBy(s: Segment, from: End): boolean {
    const known = from === 0 ? this.first : this.second;
    if ((s.flags & SYN) !== 0) return known === null || known.initial !== (s.seq | 0);
    if (s.length === 0) return false;
    return known === null || ((s.seq + s.length - known.expected) | 0) > 0;
  }
}

/** Sequence numbers of one direction: before its first byte, and after its last. */
type Known = { readonly initial: number; readonly expected: number } | null;

function knownOf(receiver: TcpReceiver): Known {
  return receiver.synchronized ? { initial: receiver.initial, expected: receiver.expected } : null;
}
