import { CLIENT, otherSide, SERVER, type Side } from '../base/input.js';
import { having, NEITHER, NOWHERE, type Pair } from '../base/pair.js';
import type { Message } from './message.js';
import type { DecoderSettings, SessionContext } from './protocol.js';

/**
 * How much is known: `yes` and `no` are proven by TCP acknowledgements; `likely` and `unlikely` rest on the order of packets in the
 * capture, which may be wrong between the directions; `unknown`: nothing tells.
 */
export type Knowledge = 'yes' | 'likely' | 'unknown' | 'unlikely' | 'no';

/** The confidence of a finding that rests on such knowledge; null for `unknown`. */
export function confidenceOf(knowledge: Knowledge): 'certain' | 'likely' | null {
  if (knowledge === 'unknown') return null;
  return knowledge === 'yes' || knowledge === 'no' ? 'certain' : 'likely';
}

/** The confidence of a finding for which something must be true; null where it is not, or is unknown. */
export function confidenceThat(knowledge: Knowledge): 'certain' | 'likely' | null {
  return knowledge === 'yes' || knowledge === 'likely' ? confidenceOf(knowledge) : null;
}

/**
 * What a capture proves about one connection: whether all that a side sent was captured, and what a side had received when it sent
 * something. A session makes one, tells it of losses (`lose`, from its `gap` and `skip`), and asks it before it blames a side for what
 * is missing, or for what it should have known.
 *
 * A fuller capture must never contradict its answers: with fewer packets it may only know less. (One exception: where the first
 * transmission of bytes was not captured but a retransmission was, their sender may have known less when it sent them first.)
 */
export class Witness {
  private readonly context: SessionContext;
  /** By side: stream offset up to which everything was captured and decoded; -1 where the beginning is not known to be captured. */
  private wholeTo: Pair<number>;
  private broken = NEITHER;
  private sealed = NEITHER;

  constructor(context: SessionContext, settings: readonly [DecoderSettings, DecoderSettings]) {
    this.context = context;
    const [client, server] = [settings[CLIENT].fromStart, settings[SERVER].fromStart];
    this.wholeTo = client && server ? NOWHERE : [client ? Infinity : -1, server ? Infinity : -1];
  }

  /** Bytes of that side at stream offset `offset` are lost, or became no message. */
  lose(side: Side, offset: number): void {
    this.broken = having(this.broken, side, true);
    if (offset < this.wholeTo[side]) this.wholeTo = having(this.wholeTo, side, offset);
  }

  /** What that side sends from stream offset `offset` on cannot be read (it is encrypted): it never counts as seen. */
  seal(side: Side, offset: number): void {
    this.sealed = having(this.sealed, side, true);
    this.lose(side, offset);
  }

  /** Whether what that side sends cannot be read any more. */
  isSealed(side: Side): boolean {
    return this.sealed[side];
  }

  /** Whether bytes of that side are known to be lost. */
  hasLost(side: Side): boolean {
    return this.broken[side];
  }

  /**
   * Whether that side was heard, and all that it sent since the capture began became messages. Weaker than `whole`: what it sent before
   * the capture began may be missing.
   */
  unbroken(side: Side): boolean {
    return !this.broken[side] && this.heard(side);
  }

  /** That side's first message is known to be its first (a greeting), wherever the capture began. */
  began(side: Side): void {
    if (this.wholeTo[side] < 0) this.beginsAnew(side);
  }

  /**
   * A greeting of that side begins a new conversation, as in recordings that cannot tell connections apart: what was lost before it does
   * not matter.
   */
  beginsAnew(side: Side): void {
    this.wholeTo = having(this.wholeTo, side, Infinity);
  }

  /**
   * Whether that side is in the capture, and all that it sent so far (up to stream offset `upTo`, where given) was captured and
   * became messages, from its first byte on.
   */
  whole(side: Side, upTo = Infinity): boolean {
    return this.wholeTo[side] >= upTo && this.context.present(side);
  }

  /** Whether nothing of that side is known to be missing, from its first byte on; it need not be in the capture at all. */
  intact(side: Side): boolean {
    return this.wholeTo[side] === Infinity;
  }

  /** Whether a side is whole, or may turn out to be: the recording has no order between the sides, and nothing of this one came yet. */
  mayBeWhole(side: Side): boolean {
    return this.intact(side) && (this.context.present(side) || !this.context.connection.ordered);
  }

  /** Whether both sides are whole. */
  get bothWhole(): boolean {
    return this.whole(CLIENT) && this.whole(SERVER);
  }

  /** Whether packets of that side are in the capture at all, with data or without: a silent side that was heard has really sent nothing. */
  heard(side: Side): boolean {
    if (this.context.present(side)) return true;
    const { connection } = this.context;
    // where the client is not known, end 0 counts as the client
    const clientEnd = this.context.clientEnd ?? 0;
    return connection.heard[side === CLIENT ? clientEnd : clientEnd === 0 ? 1 : 0];
  }

  /** Whether that side was heard, or still may be, as the recording has no order between the sides. */
  mayBeHeard(side: Side): boolean {
    return !this.context.connection.ordered || this.heard(side);
  }

  /**
   * Whether the sender of `later` had received all of `earlier`, a message of its peer, when it sent `later`. `upTo`: asks only about
   * the part of `earlier` that ends at that stream offset (a header).
   */
  hadReceived(later: Message, earlier: Message, upTo = earlier.endOffset): Knowledge {
    if (later.peerSeen >= 0) return later.peerSeen >= upTo ? 'yes' : 'no';
    if (!this.context.connection.ordered) return 'unknown';
    // packet numbers decide, not the order of messages: a message is decoded only when its last byte has come
    if (earlier.packet < later.firstPacket) return 'likely';
    return earlier.packet > later.firstPacket ? 'unlikely' : 'unknown';
  }

  /**
   * Whether everything that the sender of `message` had received when it sent it is decoded by now, as far as it was captured: for
   * callers that find out by other means whether anything that matters is missing.
   */
  sawAll(message: Message): Knowledge {
    const peer = otherSide(message.side);
    if (this.sealed[peer]) return 'unknown';
    if (message.peerSeen >= 0) return this.context.decodedUpTo(peer) < message.peerSeen ? 'no' : 'yes';
    return this.context.connection.ordered ? 'likely' : 'unknown';
  }

  /** The same, and nothing of that is missing: what is not among its peer's messages by now, it had not received. */
  sawAllBefore(message: Message): Knowledge {
    const peer = otherSide(message.side);
    // a sender that had received nothing misses nothing, unless offset 0 is only the first captured byte
    if (message.peerSeen === 0 && this.wholeTo[peer] >= 0) return 'yes';
    const saw = this.sawAll(message);
    if (saw === 'no' || saw === 'unknown') return saw;
    return this.whole(peer, message.peerSeen < 0 ? Infinity : message.peerSeen) ? saw : 'unknown';
  }
}
