import type { Block } from '../base/block.js';
import { LIMIT, OVERLAP_CONFLICT } from '../base/capture-rules.js';
import type { Origin } from '../base/origin.js';
import { seqDistance } from '../base/seq.js';
import { count } from '../base/text.js';
import type { Segment } from '../link/segment.js';
import type { End, StreamSink } from './byte-stream.js';
import { Reassembler, type Piece } from './reassembler.js';
import type { TcpContext } from './tcp-context.js';

/** What a held piece costs besides its bytes. */
const PIECE_OVERHEAD = 512;
/**
 * An acknowledgement this far beyond everything that was captured is believed only when a second one says the same: a
 * damaged packet must not turn the rest of the stream into a gap.
 */
const ACK_LEAP = 1 << 20;
/** Distances beyond this are no segments of this connection: TCP windows have at most 2^30 bytes (RFC 7323). */
const MAX_WINDOW = 2 ** 30;

const UNKNOWN = 0;
/** The peer's acknowledgement in the handshake told where the stream begins; its own bytes may still show better. */
const TOLD = 1;
const KNOWN = 2;

/**
 * Rebuilds the byte stream that one end sent. It knows sequence numbers, and turns them into stream offsets, which count from
 * 0 at the first byte (at the first captured one where the set-up was missed) and never wrap.
 */
export class TcpReceiver {
  readonly from: End;
  /** Offset of the next byte to be delivered: all before it was delivered or declared lost. */
  next = 0;
  /** Offset of the sender's FIN, or -1. */
  finAt = -1;
  /** Whether the sink was told that this direction is over. */
  ended = false;
  /** Whether any packet from this end was captured. */
  heard = false;
  /** Whether any byte was. */
  carried = false;
  /** Whether acknowledgements wait to be proof of a loss (see `ripen`). */
  waiting = false;
  private readonly context: TcpContext;
  private readonly sink: StreamSink;
  /** Name of this direction among all of the file. */
  private readonly owner: number;
  /** Whether the recording cannot reorder or repeat anything: a proxy wrote it as if it were TCP. */
  private readonly exact: boolean;
  /** Sequence number of offset 0, as a signed 32-bit integer. */
  private base = 0;
  private sync = UNKNOWN;
  /** Highest offset that the peer acknowledged, where it is beyond `next`. */
  private acked = 0;
  private doubtedAck = 0;
  /** What the peer had acknowledged when the connection had `markAt` packets. */
  private mark = 0;
  private markAt = 0;
  /** Offset of the sender's RST, or -1. */
  private resetAt = -1;
  /** Offset up to which packets already delivered went on beyond the snapshot length. */
  private cutUpTo = 0;
  private held: Reassembler | null = null;
  private newestRecord = 0;
  private limitNoted = false;

  constructor(from: End, stream: number, exact: boolean, sink: StreamSink, context: TcpContext) {
    this.from = from;
    this.owner = (2 * stream + from) | 0;
    this.exact = exact;
    this.sink = sink;
    this.context = context;
  }

  get synchronized(): boolean {
    return this.sync !== UNKNOWN;
  }

  /** Whether that is more than the peer's word. */
  get certain(): boolean {
    return this.sync === KNOWN;
  }

  /** Whether bytes are held behind a hole, or were acknowledged without having been captured. */
  get incomplete(): boolean {
    return this.held !== null || this.provenEnd() > this.next;
  }

  /** The next sequence number expected, FIN included, as a signed 32-bit integer. */
  get expected(): number {
    return (this.base + this.next + (this.ended && this.finAt >= 0 ? 1 : 0)) | 0;
  }

  /** Sequence number of the byte before the stream: of the SYN, where there was one. */
  get initial(): number {
    return (this.base - 1) | 0;
  }

  /** Makes `seq` the sequence number of offset 0. */
  synchronize(seq: number): void {
    this.base = seq | 0;
    this.sync = KNOWN;
  }

  /** The same on the peer's word alone. */
  synchronizeByAck(ack: number): void {
    if (this.sync !== UNKNOWN) return;
    this.base = ack | 0;
    this.sync = TOLD;
  }

  /** Stream offset of a sequence number near the newest known of this direction. */
  offsetOf(seq: number): number {
    const near = this.acked > this.next ? this.acked : this.next;
    return near + seqDistance((this.base + near) | 0, seq);
  }

  /** Payload of `s`, which begins at `seq`. */
  receive(s: Segment, seq: number, packets: number): void {
    const at = (seq - ((this.base + this.next) | 0)) | 0;
    if (at === 0 && this.held === null && this.finAt < 0 && !s.cut && this.sync === KNOWN && !this.ended) {
      this.deliver(s.block, s.start, s.end, this.context.origin);
      return;
    }
    this.receiveOther(s, seq, at, packets);
  }

  /** What is not simply the next segment: out of order, come before, cut, or behind a FIN. */
  private receiveOther(s: Segment, seq: number, distance: number, packets: number): void {
    const { origin } = this.context;
    let at = distance;
    if (this.sync === TOLD) {
      if (at < 0) {
        this.base = seq | 0;
        at = 0;
      }
      this.sync = KNOWN;
    }
    if (at > MAX_WINDOW || at < -MAX_WINDOW) return;
    let offset = this.next + at;
    let { start, end } = s;
    let wireEnd = offset + s.length;
    if (at < 0) {
      this.compareRecent(s, seq, origin);
      if (wireEnd <= this.next || this.ended) return;
      start = Math.min(start - at, end);
      offset = this.next;
    }
    if (this.ended) return;
    if (this.finAt >= 0 && wireEnd > this.finAt) {
      wireEnd = this.finAt;
      if (offset >= wireEnd) return;
      end = Math.min(end, start + wireEnd - offset);
    }
    const cut = wireEnd - offset - (end - start);
    if (this.held === null && offset === this.next) {
      if (end > start) this.deliver(s.block, start, end, origin);
      if (cut > 0) this.lose(cut, true, origin);
      this.checkEnd();
      return;
    }
    this.hold(offset, s.block, start, end, cut, packets);
  }

  /** The sender's FIN follows the byte before `seq`. */
  finish(seq: number): void {
    if (this.ended || this.finAt >= 0) return;
    const offset = this.offsetOf(seq);
    if (offset < this.next || offset > this.next + MAX_WINDOW) return;
    this.finAt = offset;
    this.checkEnd();
  }

  /** The sender's RST had the number `seq`. */
  reset(seq: number): void {
    if (this.ended) return;
    this.resetAt = this.sync === UNKNOWN ? 0 : Math.max(this.offsetOf(seq), this.next);
    this.checkEnd();
  }

  /** Whether a RST with that number can have come from the sender and not from somebody who guesses. */
  plausibleReset(seq: number): boolean {
    return this.sync === UNKNOWN || Math.abs(this.offsetOf(seq) - this.next) <= ACK_LEAP * 64;
  }

  /** The peer acknowledged all up to `offset`, which is beyond what was delivered. */
  acknowledged(offset: number, packets: number): void {
    if (this.ended) return;
    const captured = Math.max(this.next, this.acked, this.held === null ? 0 : this.held.end);
    if (offset > captured + MAX_WINDOW) return;
    if (offset > this.acked) {
      if (offset > captured + ACK_LEAP && (this.doubtedAck === 0 || offset < this.doubtedAck)) {
        this.doubtedAck = offset;
        return;
      }
      this.acked = offset;
    }
    if (!this.waiting) this.startWaiting(packets);
  }

  /**
   * Called for every packet of the connection while `waiting`. Captures reorder: what was acknowledged counts as lost only
   * when `gapGracePackets` more packets came without it.
   */
  ripen(packets: number): void {
    if (this.mark > this.next) {
      if (packets - this.markAt < this.context.limits.gapGracePackets) return;
      this.declareLost(Math.min(this.mark, this.provenEnd()), this.context.origin);
    }
    this.waiting = false;
    this.startWaiting(packets);
  }

  private startWaiting(packets: number): void {
    if (this.ended || this.provenEnd() <= this.next) return;
    this.waiting = true;
    this.mark = this.acked;
    this.markAt = packets;
  }

  /** No more packets are to be expected: declares every hole, and ends the direction if its FIN or RST was seen. */
  complete(): void {
    if (this.ended) {
      this.release();
      return;
    }
    const { origin } = this.context;
    while (this.held !== null) {
      const piece = this.held.first!;
      this.declareLost(piece.offset, piece.origin);
    }
    const proven = this.provenEnd();
    if (!this.ended && proven > this.next) this.declareLost(proven, origin);
    if (!this.ended && this.finAt > this.next) this.declareLost(this.finAt, origin);
    if (!this.ended && this.resetAt >= 0) this.resetAt = Math.min(this.resetAt, this.next);
    this.checkEnd();
    this.release();
  }

  /**
   * Offset up to which the peer proved that it received the stream. A single byte beyond everything captured is taken for a
   * FIN that was not captured. Of a direction that the capture leaves out altogether no loss is claimed.
   */
  private provenEnd(): number {
    if (!this.heard) return this.next;
    if (this.finAt >= 0) return Math.min(this.acked, this.finAt);
    if (this.held === null && this.acked === this.next + 1) return this.next;
    return this.acked;
  }

  private deliver(block: Block, start: number, end: number, origin: Origin): void {
    this.carried = true;
    const { recent } = this.context;
    this.newestRecord = recent.add(this.owner, this.newestRecord, (this.base + this.next) | 0, block, start, end);
    this.next += end - start;
    this.sink.bytes(this.from, block, start, end, origin);
  }

  private lose(length: number, cut: boolean, origin: Origin): void {
    this.next += length;
    this.sink.gap(this.from, length, cut, origin);
  }

  /** Tells the sink of the end when everything before it was delivered. */
  private checkEnd(): void {
    if (this.ended) return;
    if (this.finAt >= 0 && this.next >= this.finAt) this.tellEnd('fin');
    else if (this.resetAt >= 0 && this.next >= this.resetAt && this.held === null) this.tellEnd('reset');
  }

  private tellEnd(how: 'fin' | 'reset'): void {
    this.ended = true;
    this.waiting = false;
    this.release();
    this.sink.end(this.from, how, this.context.origin);
  }

  /** Keeps a copy of bytes that arrived ahead of a hole, within the limits. */
  private hold(offset: number, block: Block, start: number, end: number, cut: number, packets: number): void {
    const { budget, origin } = this.context;
    const held = (this.held ??= new Reassembler());
    const before = held.bytes + held.count * PIECE_OVERHEAD;
    held.insert(offset, block, start, end, cut, origin.clone());
    budget.take(held.bytes + held.count * PIECE_OVERHEAD - before);
    if (held.conflictAt >= 0) this.conflict(held.conflictAt, held.conflicts, origin);
    this.drain();
    if (this.held === null) return;
    if (this.exact) this.declareLost(this.held.end, origin);
    while (this.held !== null && this.overLimit(this.held)) {
      this.noteLimit(this.held);
      this.declareLost(this.held.first!.offset, origin);
    }
    if (this.acked > this.next && !this.waiting && !this.ended) this.startWaiting(packets);
  }

  private overLimit(held: Reassembler): boolean {
    const { budget, limits } = this.context;
    return held.bytes > limits.outOfOrderBytes || held.count > limits.outOfOrderSegments || budget.exceeded;
  }

  private noteLimit(held: Reassembler): void {
    if (this.limitNoted) return;
    this.limitNoted = true;
    const { limits, origin } = this.context;
    const name =
      held.bytes > limits.outOfOrderBytes
        ? `outOfOrderBytes: more than ${limits.outOfOrderBytes} bytes`
        : held.count > limits.outOfOrderSegments
          ? `outOfOrderSegments: more than ${limits.outOfOrderSegments} segments`
          : `bufferedBytes: all streams together hold more than ${limits.bufferedBytes} bytes, and bytes`;
    const text = `${name} wait behind a hole in this direction; the hole is taken for lost`;
    this.sink.note(LIMIT, this.from, this.next, held.first!.offset - this.next, text, origin);
  }

  /** Declares everything before `upTo` lost that is not held; delivers what is. */
  private declareLost(upTo: number, origin: Origin): void {
    while (this.next < upTo && !this.ended) {
      const first = this.held?.first ?? null;
      const stop = first !== null && first.offset < upTo ? first.offset : upTo;
      if (stop > this.next) this.lose(stop - this.next, false, origin);
      this.drain();
    }
    this.checkEnd();
  }

  /** Delivers what is held from `next` on. */
  private drain(): void {
    for (;;) {
      const first: Piece | null = this.held?.first ?? null;
      if (first !== null && first.offset <= this.next) {
        this.take(first);
      } else if (this.cutUpTo > this.next) {
        const stop = first === null ? this.cutUpTo : Math.min(this.cutUpTo, first.offset);
        this.lose(stop - this.next, true, this.context.origin);
      } else {
        break;
      }
    }
    this.checkEnd();
  }

  private take(piece: Piece): void {
    const held = this.held!;
    held.shift();
    this.context.budget.give(piece.end - piece.offset + PIECE_OVERHEAD);
    if (held.count === 0) this.held = null;
    if (piece.cutUpTo > this.cutUpTo) {
      this.cutUpTo = this.finAt >= 0 ? Math.min(piece.cutUpTo, this.finAt) : piece.cutUpTo;
    }
    const end = this.finAt >= 0 ? Math.min(piece.end, this.finAt) : piece.end;
    if (end <= this.next) return;
    const start = piece.start + this.next - piece.offset;
    this.deliver(piece.block, start, piece.start + end - piece.offset, piece.origin);
  }

  /** Compares bytes that come again with the first copy, as far as it is remembered. */
  private compareRecent(s: Segment, seq: number, origin: Origin): void {
    // a keep-alive carries one byte of rubbish
    if (!this.carried || s.end - s.start <= 1) return;
    const { recent } = this.context;
    const found = recent.differs(this.owner, this.newestRecord, seq | 0, s.block, s.start, s.end);
    if (found !== null) this.conflict(this.offsetOf(found), 0, origin);
  }

  private conflict(offset: number, differing: number, origin: Origin): void {
    if (this.exact) return;
    const what = differing > 0 ? `${count(differing, 'byte')} differ` : 'bytes differ';
    const text = `packet ${origin.packet} repeats bytes of the stream, and ${what} from the first copy, from offset ${offset} on`;
    this.sink.note(OVERLAP_CONFLICT, this.from, offset, Math.max(differing, 1), text, origin);
  }

  private release(): void {
    if (this.held === null) return;
    this.context.budget.give(this.held.bytes + this.held.count * PIECE_OVERHEAD);
    this.held = null;
  }
}
