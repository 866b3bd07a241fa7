import { CLIENT, otherSide, SERVER, type Side } from '../base/input.js';
import { having, NEITHER, NOWHERE, type Pair } from '../base/pair.js';
import type { Message } from './message.js';
import type { DecoderSettings, SessionContext } from './protocol.js';

/**
 * How much is known: `yes` and `no` by acknowledgements (TCP), `likely` and `unlikely` by the order of the capture, which between the
 * directions may lie, `unknown` where nothing tells.
 */
export type Knowledge = 'yes' | 'likely' | 'unknown' | 'unlikely' | 'no';

/** The confidence of a finding that rests on such knowledge; null where it is none. */
export function confidenceOf(knowledge: Knowledge): 'certain' | 'likely' | null {
  if (knowledge === 'unknown') return null;
  return knowledge === 'yes' || knowledge === 'no' ? 'certain' : 'likely';
}

/** The confidence of a finding that rests on something being so; null where it is not, or nothing tells. */
export function confidenceThat(knowledge: Knowledge): 'certain' | 'likely' | null {
  return knowledge === 'yes' || knowledge === 'likely' ? confidenceOf(knowledge) : null;
}

/**
 * What a capture proves about one connection: whether all that a side sent is there, and what a side had received when it sent
 * something. A session makes one, tells it of losses (`lose`, from its `gap` and `skip`), and asks it before it blames anybody for what
 * is missing, or for not having known.
 *
 * What it says may not be denied by a fuller capture: where packets are taken away it may only know less. (One thing no capture
 * shows: where the first transmission of bytes was not captured and a later one was, their sender may have known less than it says.)
 */
export class Witness {
  private readonly context: SessionContext;
  /** Stream offset by side up to which everything was captured and decoded; -1 where not even the first byte is known to be the first. */
  private wholeTo: Pair<number>;
  private broken = NEITHER;
  private sealed = NEITHER;

  constructor(context: SessionContext, settings: readonly [DecoderSettings, DecoderSettings]) {
    this.context = context;
    const [client, server] = [settings[CLIENT].fromStart, settings[SERVER].fromStart];
    this.wholeTo = client && server ? NOWHERE : [client ? Infinity : -1, server ? Infinity : -1];
  }

  /** Bytes of that side from stream offset `offset` on are lost, or became no message. */
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
   * Whether that side was heard, and all that it sent since the capture began became messages: less than `whole` where what it sent
   * before that may be missing.
   */
  unbroken(side: Side): boolean {
    return !this.broken[side] && this.heard(side);
  }

  /** That side's first message is known to be its first (a greeting), wherever the capture began. */
  began(side: Side): void {
    if (this.wholeTo[side] < 0) this.beginsAnew(side);
  }

  /**
   * A greeting of that side begins a new conversation, as in recordings that cannot tell connections apart: what was lost in front of
   * it is of no concern.
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

  /** Whether a side is whole, or, where the recording has no order between the sides and nothing of it came yet, may turn out so. */
  mayBeWhole(side: Side): boolean {
    return this.intact(side) && (this.context.present(side) || !this.context.connection.ordered);
  }

  /** Whether both sides are whole. */
  get bothWhole(): boolean {
    return this.whole(CLIENT) && this.whole(SERVER);
  }

  /** Whether packets of that side are in the capture at all; a side that was heard and has sent nothing has said nothing. */
  heard(side: Side): boolean {
    if (this.context.present(side)) return true;
    const { connection } = this.context;
    // where nobody can tell, the end that is listed first counts as the client
    const clientEnd = this.context.clientEnd ?? 0;
    return connection.heard[side === CLIENT ? clientEnd : clientEnd === 0 ? 1 : 0];
  }

  /** Whether that side is heard, or, where the recording has no order between the sides, may be yet. */
  mayBeHeard(side: Side): boolean {
    return !this.context.connection.ordered || this.heard(side);
  }

  /**
   * Whether the sender of `later` had received all of `earlier`, a message of its peer, when it sent `later`. `upTo`: where it is only
   * about the part of `earlier` that ends at that stream offset (a header).
   */
  hadReceived(later: Message, earlier: Message, upTo = earlier.endOffset): Knowledge {
    if (later.peerSeen >= 0) return later.peerSeen >= upTo ? 'yes' : 'no';
    if (!this.context.connection.ordered) return 'unknown';
    // what waited for more bytes is decoded later than it was captured: packets tell, not the order of messages
    if (earlier.packet < later.firstPacket) return 'likely';
    return earlier.packet > later.firstPacket ? 'unlikely' : 'unknown';
  }

  /**
   * Whether everything that the sender of `message` had received when it sent it is decoded by now, as far as it was captured: for
   * who knows by other means whether anything is missing that matters.
   */
  sawAll(message: Message): Knowledge {
    const peer = otherSide(message.side);
    if (this.sealed[peer]) return 'unknown';
    if (message.peerSeen >= 0) return this.context.decodedUpTo(peer) < message.peerSeen ? 'no' : 'yes';
    return this.context.connection.ordered ? 'likely' : 'unknown';
  }

  /** The same, with nothing missing: then what is not among its peer's messages had not been sent to it. */
  sawAllBefore(message: Message): Knowledge {
    const peer = otherSide(message.side);
    // what had received nothing misses nothing, unless the count only began with the capture
    if (message.peerSeen === 0 && this.wholeTo[peer] >= 0) return 'yes';
    const saw = this.sawAll(message);
    if (saw === 'no' || saw === 'unknown') return saw;
    return this.whole(peer, message.peerSeen < 0 ? Infinity : message.peerSeen) ? saw : 'unknown';
  }
}
