import type { Block } from '../base/block.js';
import { LIMIT, OVERLAP_CONFLICT, UNDECODED } from '../base/capture-rules.js';
import type { Origin } from '../base/origin.js';
import { MAX_WINDOW, seqDistance } from '../base/seq.js';
import { count } from '../base/text.js';
import { isDamaged } from '../link/checksum.js';
import { FIN, RST, SYN, type Segment } from '../link/segment.js';
import { NO_TIMESTAMP } from '../link/tcp-timestamp.js';
import type { End, StreamSink } from './byte-stream.js';
import { DoubtedSegments, type Doubted } from './doubted-segments.js';
import type { GivenUp } from './given-up.js';
import { frontHole, LateBytes, STALE } from './late-bytes.js';
import { LossProof } from './loss-proof.js';
import type { ParkedReceiver } from './parked-connections.js';
import { Reassembler, type Piece } from './reassembler.js';
import type { Unacknowledged } from './resent.js';
import { SeenReset } from './seen-reset.js';
import type { TcpContext, WaitingLimit } from './tcp-context.js';

/** A RST more than this many bytes ahead of the next sequence number expected is taken to be forged. */
const RESET_WINDOW = 2 ** 26;

const UNKNOWN = 0;
/** The start of the stream was taken from the peer's acknowledgement in the handshake; earlier bytes of the sender still correct it. */
const FROM_ACK = 1;
const KNOWN = 2;

/** What is known of a direction's checksums: nothing; some are right, so that wrong ones show damage; wrong ones mean nothing. */
const SUMS_UNKNOWN = 0;
const SUMS_RIGHT = 1;
const SUMS_MEANINGLESS = 2;

/** Bits of a parked receiver's state, above those of `sync`. */
const HEARD = 4;
const START_KNOWN = 8;
const CARRIED = 16;

/**
 * Rebuilds the byte stream that one end sent. It knows sequence numbers, and turns them into stream offsets, which count from
 * 0 at the first byte (at the first captured one where the set-up was missed) and never wrap. Bytes in order are handed on where
 * they lie; only what arrives ahead of a hole is copied.
 */
export class TcpReceiver {
  /** Offset of the next byte to be delivered: all before it was delivered or declared lost. */
  next = 0;
  /** Offset of the sender's FIN, or -1. */
  finAt = -1;
  /** Offset up to which the peer has acknowledged. */
  acked = 0;
  /** Whether the sink was told that this direction is over. */
  ended = false;
  /** Whether any packet from this end was captured. */
  heard = false;
  /** Whether its SYN, or the answer to that, told where offset 0 is. */
  startKnown = false;
  /** The TCP timestamp of the first segment that has one. */
  timestamp = NO_TIMESTAMP;
  private readonly context: TcpContext;
  private readonly sink: StreamSink;
  /** Number of this direction among all of the file: twice the stream's number, plus the end. */
  private readonly owner: number;
  /** Whether the recording cannot reorder or repeat anything: a proxy wrote it as if it were TCP. */
  private readonly exact: boolean;
  /** Sequence number of offset 0, as a signed 32-bit integer. */
  private base = 0;
  private sync = UNKNOWN;
  /** Packet and time of the FIN, if it came before all the bytes in front of it; else null. */
  private finOrigin: Origin | null = null;
  private rst: SeenReset | null = null;
  private sums: typeof SUMS_UNKNOWN | typeof SUMS_RIGHT | typeof SUMS_MEANINGLESS = SUMS_UNKNOWN;
  /** Segments with a wrong checksum that wait for a better copy. */
  private doubted: DoubtedSegments | null = null;
  /** Holes that were given up, bytes sent again and bytes behind the end; null before the first. */
  private late: LateBytes | null = null;
  /** What arrived ahead of a hole. */
  private held: Reassembler | null = null;
  /** The peer's acknowledgements of bytes that were not captured; null while there are none. */
  private proof: LossProof | null = null;
  /** Whether any byte was delivered, and the newest record of this direction in RecentBytes. */
  private carried = false;
  private newestRecord = 0;

  constructor(from: End, stream: number, exact: boolean, sink: StreamSink, context: TcpContext) {
    this.owner = (2 * stream + from) | 0;
    this.exact = exact;
    this.sink = sink;
    this.context = context;
  }

  get from(): End {
    return (this.owner & 1) as End;
  }

  /** Whether the sequence number of offset 0 is known, or taken to be known. */
  get synchronized(): boolean {
    return this.sync !== UNKNOWN;
  }

  /** The same, and more than inferred from the peer's acknowledgement (see synchronizeByAck). */
  get certain(): boolean {
    return this.sync === KNOWN;
  }

  /** Sequence number before the first byte: of the SYN, where there was one. Signed. */
  get initial(): number {
    return (this.base - 1) | 0;
  }

  /** The next sequence number expected, signed. */
  get expected(): number {
    return (this.base + this.next + (this.ended && this.finAt >= 0 ? 1 : 0)) | 0;
  }

  /** Whether its sender reset the connection, as far as is known. */
  get reset(): boolean {
    return this.rst?.counts === true;
  }

  /** Whether bytes were given up for lost. */
  get holed(): boolean {
    return this.holes !== null;
  }

  /** The bytes that are missing of this direction; null where there are none: its beginning is known, and nothing was lost. */
  get missed(): GivenUp | null {
    return this.holes ?? (this.synchronized && !this.startKnown ? frontHole(this.context.limits.lostRanges) : null);
  }

  private get holes(): GivenUp | null {
    return this.late === null ? null : this.late.holes;
  }

  private get lateBytes(): LateBytes {
    return (this.late ??= new LateBytes(this.from, this.sink, this.context.limits.lostRanges));
  }

  /** The bytes that it has retransmitted and the peer has not acknowledged; null where there are none. */
  get unacknowledged(): Unacknowledged | null {
    const resent = this.late === null ? null : this.late.resent;
    return resent !== null && resent.offset >= this.acked ? resent : null;
  }

  /** Makes `seq` the sequence number of offset 0. */
  synchronize(seq: number): void {
    this.base = seq | 0;
    this.sync = KNOWN;
  }

  /** The same, inferred from an acknowledgement of the peer. */
  synchronizeByAck(ack: number): void {
    this.base = ack | 0;
    this.sync = FROM_ACK;
  }

  /** Stream offset of a sequence number near the newest one known. */
  offsetOf(seq: number): number {
    const near = this.proof !== null && this.proof.acked > this.next ? this.proof.acked : this.next;
    return near + seqDistance((this.base + near) | 0, seq);
  }

  /** Whether `parked` gives all of its state: it has no hole, and has not ended. */
  get plain(): boolean {
    return (
      this.held === null && this.doubted === null && this.proof === null && this.finAt < 0 && !this.reset && !this.ended
    );
  }

  /** What it can be rebuilt from. */
  parked(): ParkedReceiver {
    const state =
      this.sync | (this.heard ? HEARD : 0) | (this.startKnown ? START_KNOWN : 0) | (this.carried ? CARRIED : 0);
    return { next: this.next, base: this.base, newestRecord: this.newestRecord, state };
  }

  /** Takes over the state that was parked. */
  restore(r: Readonly<ParkedReceiver>): void {
    this.next = r.next;
    this.acked = r.next;
    this.base = r.base;
    this.newestRecord = r.newestRecord;
    this.sync = r.state & (FROM_ACK | KNOWN);
    this.heard = (r.state & HEARD) !== 0;
    this.startKnown = (r.state & START_KNOWN) !== 0;
    this.carried = (r.state & CARRIED) !== 0;
  }

  /**
   * Whether the receiver of `s` dropped it for its checksum: it is wrong, and others of this direction were right. Of segments without
   * payload only SYN, FIN and RST are checked here; see `isDistrusted` for what the others acknowledge.
   */
  isThrownAway(s: Segment): boolean {
    if (this.sums === SUMS_RIGHT && s.length === 0 && (s.flags & (SYN | FIN | RST)) === 0) return false;
    if (this.sums === SUMS_MEANINGLESS || this.exact || s.header < 0) return false;
    if (isDamaged(s)) return this.sums === SUMS_RIGHT;
    this.sums = SUMS_RIGHT;
    return false;
  }

  /** Whether `s` cannot prove bytes that were not captured by acknowledging them: it is damaged, or belongs to another connection. */
  isDistrusted(s: Segment): boolean {
    if (this.synchronized && !this.isNear(this.offsetOf(s.seq))) return true;
    return this.sums === SUMS_RIGHT && s.length === 0 && isDamaged(s);
  }

  /**
   * Keeps the payload of a segment that its receiver dropped for its checksum, as the sender will retransmit it. Nothing else of the segment
   * counts.
   */
  putAside(s: Segment, seq: number): void {
    const offset = this.offsetOf(seq);
    if (
      this.sync !== KNOWN ||
      this.ended ||
      this.finAt >= 0 ||
      offset + s.length <= this.next ||
      !this.isNear(offset)
    ) {
      this.receiveOther(s, seq);
      return;
    }
    const { origin } = this.context;
    (this.doubted ??= new DoubtedSegments()).add(offset, s, origin);
    const most = this.context.limits.doubtedSegments;
    if (this.doubted.count <= most) return;
    // all that waits is delivered as it is, and from here on wrong checksums of this direction mean nothing
    const text = `doubtedSegments: more than ${most} segments of this direction have wrong checksums, and no better copy came; they are decoded as they are`;
    this.sink.note(LIMIT, this.from, offset, s.length, text, origin);
    this.sums = SUMS_MEANINGLESS;
    this.useDoubted(Infinity, Infinity);
  }

  /** Takes the payload of `s`, which begins at `seq`. */
  receive(s: Segment, seq: number): void {
    const distance = (seq - ((this.base + this.next) | 0)) | 0;
    if (this.doubted !== null) this.replaceDoubted(this.doubted, s, seq);
    if (distance === 0 && this.held === null && this.finAt < 0 && !s.cut && this.sync === KNOWN && !this.ended) {
      this.deliver(s.block, s.start, s.end, this.context.origin);
    } else {
      this.receiveOther(s, seq);
    }
  }

  /** The sender's FIN has the sequence number `seq`. */
  finish(seq: number): void {
    if (this.ended || this.finAt >= 0) return;
    const offset = this.offsetOf(seq);
    if (offset < this.next || offset > this.next + MAX_WINDOW) return;
    this.finAt = offset;
    if (offset > this.next) this.finOrigin = this.context.origin.clone();
    this.checkEnd();
  }

  /**
   * The sender's RST has the sequence number `seq`. It counts if that is the number that the peer expects next (RFC 9293, 3.10.7.4;
   * RFC 5961, 3.2), which lies between what the peer has acknowledged and what was captured. If it lies further ahead, packets are missing or
   * out of order, or the peer ignored the RST: that is judged when the connection ends. `packets`: how many the connection had so far.
   * Returns whether the RST may count.
   */
  takeReset(seq: number, packets: number): boolean {
    const at = this.sync === UNKNOWN ? this.next : this.offsetOf(seq);
    if (at < Math.min(this.acked, this.next) || at > this.next + RESET_WINDOW) return false;
    if (this.ended) {
      if (this.finAt < 0) return this.reset;
      // the FIN's own number, or the one after it
      if (at > this.next + 1) return false;
    }
    this.rst = new SeenReset(at, this.next, packets);
    this.checkEnd();
    return true;
  }

  /** The sender refused the connection. */
  refuse(): void {
    if (this.ended) return;
    this.rst = new SeenReset(this.next, this.next, 0);
    this.checkEnd();
  }

  /** The peer acknowledged all up to `offset`: a RST before that was ignored. */
  outlivesReset(offset: number): void {
    if (!this.ended) this.rst?.outlivedBy(offset);
  }

  /**
   * After its RST the sender sends bytes from `seq` on, in packet number `packets` of the connection. An end that has reset a connection sends
   * no more: if the bytes are new, and too late to be merely out of order, the RST was forged or ignored.
   */
  sendsAfterReset(seq: number, packets: number): void {
    if (this.ended || this.rst === null) return;
    const at = this.offsetOf(seq);
    if (at >= this.next && at < this.next + RESET_WINDOW)
      this.rst.continuedAfter(packets, this.context.limits.gapGracePackets);
  }

  /** After its RST the sender acknowledges more than before, in packet number `packets`: see `sendsAfterReset`. */
  acknowledgesAfterReset(packets: number): void {
    if (!this.ended) this.rst?.continuedAfter(packets, this.context.limits.gapGracePackets);
  }

  /** Discards a RST that turns out not to have ended its sender's stream. */
  reconsiderReset(): void {
    this.rst?.deliveredUpTo(this.next, this.finAt, this.held === null);
  }

  /** Whether its sender reset the connection, with a RST that is not ahead of all captured bytes: the peer may ignore such a one. */
  get surelyReset(): boolean {
    return this.reset && (this.ended || this.held !== null || !this.rst!.isAhead(this.next));
  }

  /** The peer acknowledged all up to `offset`. */
  acknowledged(offset: number): void {
    if (this.ended || (this.proof === null && offset <= this.next)) return;
    this.proof ??= new LossProof();
    this.proof.acknowledge(offset, this.held === null ? this.next : Math.max(this.held.end, this.next));
  }

  /** Declares lost what was acknowledged and has not come in time. Called after each packet of the connection; `packets`: how many it had. */
  ripen(packets: number): void {
    const { proof } = this;
    if (proof === null) return;
    const proven = this.provenEnd();
    const lost = proof.ripe(this.next, proven, packets, this.context.limits.gapGracePackets);
    if (lost > this.next) this.declareLost(lost, this.context.origin);
    if (proof.isSpent(this.next)) this.proof = null;
  }

  /** No more packets are to be expected: declares every hole lost, and ends the direction if its FIN or RST was seen. */
  complete(): void {
    this.reconsiderReset();
    this.giveUpHoles();
    this.rst?.moveTo(this.next);
    this.checkEnd();
    this.release();
    this.context.limited.delete(this.owner);
  }

  /** Declares every known hole lost. */
  giveUpHoles(): void {
    this.useDoubted(Infinity, this.knownEnd);
    while (!this.ended && this.held !== null) {
      const piece = this.held.first!;
      this.declareLost(piece.offset, piece.origin);
    }
    this.declareLost(Math.max(this.provenEnd(), this.finAt), this.context.origin);
    this.checkEnd();
  }

  /** Takes a segment that is not simply the next one: out of order, a retransmission, cut by the snapshot length, or beyond a FIN. */
  private receiveOther(s: Segment, seq: number): void {
    const { origin } = this.context;
    if (this.sync === FROM_ACK) {
      if (this.offsetOf(seq) < 0) this.base = seq | 0;
      this.sync = KNOWN;
    }
    const at = this.offsetOf(seq) - this.next;
    if (!this.isNear(this.next + at)) {
      this.context.strangers.add(this.owner, seq, s.length);
      return;
    }
    if (at < 0) this.receiveAgain(s, seq, origin);
    if (this.ended || this.finAt >= 0) {
      const over = this.finAt >= 0 ? this.finAt : this.next;
      const begin = this.next + at;
      this.lateBytes.beyondEnd(Math.max(begin, over), begin + s.end - s.start, origin);
    }
    if (this.ended) {
      // data behind a RST that counted: one segment is late; several that follow each other show that a connection goes on
      if (this.finAt < 0 && at >= 0) this.context.strangers.add(this.owner, seq, s.length);
      return;
    }
    const offset = Math.max(this.next + at, this.next);
    let wireEnd = this.next + at + s.length;
    if (this.finAt >= 0 && wireEnd > this.finAt) wireEnd = this.finAt;
    if (wireEnd <= offset) return;
    const start = at < 0 ? Math.min(s.start - at, s.end) : s.start;
    const end = Math.min(s.end, start + wireEnd - offset);
    const cut = wireEnd - offset - (end - start);
    if (this.held !== null || offset > this.next) {
      this.hold(offset, s.block, start, end, cut, origin);
      return;
    }
    if (end > start) this.deliver(s.block, start, end, origin);
    if (cut > 0) this.lose(cut, true, origin);
    this.checkEnd();
  }

  /** Whether `offset` is near enough to what was captured to belong to this connection. */
  private isNear(offset: number): boolean {
    const at = offset - this.next;
    return at >= -STALE && at <= MAX_WINDOW + Math.max(this.provenEnd() - this.next, 0);
  }

  /** Offset up to which the stream is known to have existed. */
  private get knownEnd(): number {
    return Math.max(this.next, this.provenEnd(), this.finAt, this.held === null ? 0 : this.held.end);
  }

  /**
   * Offset up to which the peer's acknowledgements prove that bytes were sent. A single byte beyond everything captured is taken for a FIN
   * that was not captured. Of a direction of which no packet was captured nothing is claimed.
   */
  private provenEnd(): number {
    if (this.proof === null || !this.heard) return this.next;
    const { acked } = this.proof;
    if (this.finAt >= 0) return Math.min(acked, this.finAt);
    return this.held === null && acked === this.next + 1 ? this.next : acked;
  }

  private deliver(block: Block, start: number, end: number, origin: Origin): void {
    this.carried = true;
    const { recent } = this.context;
    this.newestRecord = recent.add(this.owner, this.newestRecord, (this.base + this.next) | 0, block, start, end);
    this.next += end - start;
    this.sink.bytes(this.from, block, start, end, origin);
  }

  private lose(length: number, cut: boolean, origin: Origin): void {
    const at = this.next;
    const forgets = this.lateBytes.lose(at, at + length);
    this.next += length;
    this.sink.gap(this.from, length, cut, origin);
    if (forgets) this.lateBytes.noteForgotten(at, length, origin);
  }

  /** Tells the sink of the end when everything before it was delivered. */
  private checkEnd(): void {
    if (this.ended) return;
    if (this.finAt >= 0 && this.next >= this.finAt) this.tellEnd('fin');
    else if (this.rst !== null && this.held === null && this.rst.isEnd(this.next)) this.tellEnd('reset');
  }

  private tellEnd(how: 'fin' | 'reset'): void {
    this.ended = true;
    for (const d of this.doubted?.before(Infinity) ?? []) if (d.offset >= this.next) this.leaveOut(d);
    this.release();
    this.sink.end(this.from, how, (how === 'fin' ? this.finOrigin : null) ?? this.context.origin);
  }

  /** Keeps a copy of bytes that arrived ahead of a hole, within the limits. */
  private hold(offset: number, block: Block, start: number, end: number, cut: number, origin: Origin): void {
    const { budget } = this.context;
    const held = (this.held ??= new Reassembler());
    const before = held.cost;
    held.insert(offset, block, start, end, cut, origin.clone());
    budget.take(held.cost - before);
    if (held.conflictAt >= 0) this.conflict(held.conflictAt, held.conflicts, origin);
    this.drain();
    if (this.exact && this.held !== null) this.declareLost(this.held.end, origin);
    while (this.held !== null) {
      const exceeded = this.context.exceededBy(this.held);
      if (exceeded === null) break;
      const { offset: end } = this.held.first!;
      this.noteLimit(exceeded, end);
      this.declareLost(end, origin);
    }
  }

  private noteLimit(limit: WaitingLimit, end: number): void {
    const { limited, origin } = this.context;
    if (limited.has(this.owner)) return;
    limited.add(this.owner);
    const text = `${this.context.exceedsText(limit)} wait behind a hole in this direction; the hole is taken for lost`;
    this.sink.note(LIMIT, this.from, this.next, end - this.next, text, origin);
  }

  /** Up to `end`: delivers the bytes that are held, and declares all others lost. */
  private declareLost(end: number, origin: Origin): void {
    const upTo = this.finAt >= 0 ? Math.min(end, this.finAt) : end;
    this.useDoubted(upTo, Infinity);
    while (this.next < upTo && !this.ended) {
      const first = this.held === null ? null : this.held.first;
      const stop = first !== null && first.offset < upTo ? first.offset : upTo;
      if (stop > this.next) this.lose(stop - this.next, false, origin);
      this.drain();
    }
  }

  /** Drops the doubted segments that `s`, whose checksum is right, retransmits, and reports those that differ from it. */
  private replaceDoubted(doubted: DoubtedSegments, s: Segment, seq: number): void {
    const { origin } = this.context;
    doubted.replace(s, this.offsetOf(seq), (worse, from, to) => {
      const text = `packet ${worse.packet} has a wrong checksum, and other bytes than packet ${origin.packet}, which is decoded`;
      this.sink.note(OVERLAP_CONFLICT, this.from, from, to - from, text, origin);
    });
    if (doubted.count === 0) this.doubted = null;
  }

  /**
   * Delivers the doubted segments that begin before `end`: no better copy has come, so that wrong checksums of this direction mean nothing.
   * One that lies beyond `known`, and does not continue another doubted one, is left out: it is its sequence number that is damaged.
   */
  private useDoubted(end: number, known: number): void {
    const { doubted } = this;
    if (doubted === null) return;
    const used = doubted.before(end);
    if (doubted.count === 0) this.doubted = null;
    let reach = known;
    for (const d of used) {
      const { offset, block, fin, origin } = d;
      const { length } = block.bytes;
      if (offset > reach) {
        this.leaveOut(d);
        continue;
      }
      reach = Math.max(reach, offset + length);
      const from = Math.max(this.next - offset, 0);
      if (from >= length || this.ended) continue;
      this.sums = SUMS_MEANINGLESS;
      this.hold(offset + from, block, from, length, 0, origin);
      // its FIN counts only where nothing is known to lie behind it
      if (fin && this.knownEnd <= offset + length + 1) this.finish((this.base + offset + length) | 0);
    }
  }

  private leaveOut({ offset, block, origin }: Doubted): void {
    const { length } = block.bytes;
    const text = `${count(length, 'byte')} of packet ${origin.packet}, whose checksum is wrong, lie behind the end of what is known of this direction`;
    this.sink.note(UNDECODED, this.from, offset, length, text, origin);
  }

  /** Delivers what is held from `next` on, up to the next hole. */
  private drain(): void {
    const { held } = this;
    if (held !== null) {
      for (;;) {
        const first = held.first;
        if (first !== null && first.offset <= this.next) {
          this.take(held);
        } else if (held.cutUpTo > this.next) {
          const stop = first === null ? held.cutUpTo : Math.min(held.cutUpTo, first.offset);
          this.lose(stop - this.next, true, this.context.origin);
        } else {
          break;
        }
      }
      if (held.count === 0) this.held = null;
    }
    this.checkEnd();
  }

  private take(held: Reassembler): void {
    const before = held.cost;
    const piece: Piece = held.shift();
    this.context.budget.give(before - held.cost);
    const limit = this.finAt >= 0 ? this.finAt : Infinity;
    held.cutUpTo = Math.min(Math.max(held.cutUpTo, piece.cutUpTo), limit);
    const end = Math.min(piece.end, limit);
    if (end <= this.next) return;
    this.deliver(piece.block, this.next - piece.offset, end - piece.offset, piece.origin);
  }

  /** Takes bytes that lie before `next`: for a hole that was given up, or again; then compares them with the first copy, if remembered. */
  private receiveAgain(s: Segment, seq: number, origin: Origin): void {
    const offset = this.offsetOf(seq);
    if (offset < 0 || this.holes !== null)
      this.lateBytes.fill(offset, offset + s.end - s.start, this.startKnown, origin);
    if (offset >= this.acked && !this.exact) this.lateBytes.sentAgain(offset, s.length, origin);
    // a keep-alive may carry one byte, of any value (RFC 9293, 3.8.4)
    if (!this.carried || s.end - s.start <= 1) return;
    const found = this.context.recent.differs(this.owner, this.newestRecord, seq | 0, s.block, s.start, s.end);
    if (found === null) return;
    if (this.sums === SUMS_RIGHT && isDamaged(s)) this.damagedCopy(this.offsetOf(found), origin);
    else this.conflict(this.offsetOf(found), 0, origin);
  }

  private damagedCopy(offset: number, origin: Origin): void {
    const text = `packet ${origin.packet} has a wrong checksum, and other bytes than the copy before it, which was decoded, from offset ${offset} on`;
    this.sink.note(OVERLAP_CONFLICT, this.from, offset, 1, text, origin);
  }

  private conflict(offset: number, differing: number, origin: Origin): void {
    if (this.exact) return;
    const what = differing > 0 ? `${count(differing, 'byte')} of it` : 'some of it';
    const text = `packet ${origin.packet} repeats a part of the stream with other bytes than the first copy, ${what} from offset ${offset} on`;
    const length = Math.max(differing, 1);
    this.sink.contested?.(this.from, offset, length);
    this.sink.note(OVERLAP_CONFLICT, this.from, offset, length, text, origin);
  }

  private release(): void {
    this.proof = null;
    this.doubted = null;
    if (this.held === null) return;
    this.context.budget.give(this.held.cost);
    this.held = null;
  }
}
