import { CLIENT, otherSide, type Side } from '../../../base/input.js';
import type { Rule } from '../../../base/rule.js';
import type { DecoderSettings, Evidence, Output, SessionContext } from '../../../contract/protocol.js';
import { LimitNotes } from '../../../contract/limit-notes.js';
import type { Message } from '../../../contract/message.js';
import { Witness } from '../../../contract/witness.js';
import { nanosBetween } from '../../../base/time.js';
import type { Role } from '../generations.js';
import type { ArcaShared } from './shared.js';

/** Whether a message has bytes after its last defined field. */
export function hasSurplus(m: Message | null): boolean {
  const { surplus } = (m ?? {}) as { readonly surplus?: number };
  return surplus !== undefined && surplus > 0;
}

/** What the sessions of all families need to know about their connection: which side is the guest, what was lost, which order is proven. */
export class Scene {
  readonly context: SessionContext<ArcaShared>;
  readonly limits: LimitNotes;
  readonly witness: Witness;
  private readonly output: Output;
  /** The side that is the guest; null: not known. `guestSure`: whether that is known from more than a frame that was found by a search. */
  private guest: Side | null;
  private guestSure: boolean;
  /** Whether the guest has sent something that makes a monitor end the session. */
  brokenByGuest = false;

  constructor(
    context: SessionContext<ArcaShared>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
  ) {
    this.context = context;
    this.witness = new Witness(context, settings);
    this.output = output;
    this.limits = new LimitNotes(output);
    this.guest = context.clientEnd === null ? null : CLIENT;
    this.guestSure = this.guest !== null;
  }

  /**
   * Takes the roles from a message, if nothing else gave them. A frame that was found by a search decides them only until a better one
   * comes.
   */
  learn(m: Message, role: Role): void {
    if (this.guestSure || (this.guest !== null && m.inferred)) return;
    this.guest = role === 'guest' ? m.side : otherSide(m.side);
    this.guestSure = !m.inferred;
  }

  roleOf(side: Side): Role | null {
    if (this.guest === null) return null;
    return side === this.guest ? 'guest' : 'monitor';
  }

  sideOf(role: Role): Side {
    const guest = this.guest ?? CLIENT;
    return role === 'guest' ? guest : otherSide(guest);
  }

  /** Whether the roles are known from more than frames that were found by a search. */
  get rolesSure(): boolean {
    return this.guestSure;
  }

  /** Whether the roles come from the connection, and not from the frames that a rule judges. */
  get rolesGiven(): boolean {
    return this.context.clientEnd !== null && this.context.connection.initiatorKnown;
  }

  /** Whether everything that this role has sent since the recording began was captured and decoded. */
  whole(role: Role): boolean {
    return this.witness.unbroken(this.sideOf(role));
  }

  /** Whether anything of this role is in the recording at all. */
  heard(role: Role): boolean {
    return this.witness.heard(this.sideOf(role));
  }

  /** Whether the first captured byte of each end is known to be its first. */
  get startCaptured(): boolean {
    const { start, startKnown } = this.context.connection;
    return start === 'captured' && startKnown?.includes(false) !== true;
  }

  /** Whether the order between this message and those of its peer is known, and everything that its sender had received is decoded. */
  orderProven(m: Message): boolean {
    return m.peerSeen >= 0 ? this.witness.sawAllBefore(m) !== 'no' : this.context.connection.ordered;
  }

  /** Whether the sender is known to have received more of its peer than is decoded yet: requests that seem to be open may be answered. */
  knewMore(m: Message): boolean {
    return m.peerSeen >= 0 && !this.orderProven(m);
  }

  /**
   * Raises a finding. A message with bytes after its last defined field may follow an unknown layout: findings about its contents are at
   * most `likely`, unless the rule says otherwise. The same holds for findings that need both directions, if the first bytes of one may be
   * missing.
   */
  raise(rule: Rule, evidence: Evidence): void {
    const { confidence } = evidence;
    const odd = confidence === undefined && hasSurplus(evidence.message ?? null);
    const late = (confidence ?? 'certain') === 'certain' && rule.needs === 'both' && !this.startCaptured;
    this.output.raise(rule, odd || late ? { ...evidence, confidence: 'likely' } : evidence);
  }

  /** Links a reply to its request, with the time that it took. */
  pair(request: Message, reply: Message): void {
    if (request.index === 0 || request.index >= reply.index) return;
    reply.inReplyTo = request.index;
    reply.latency = nanosBetween(request.seconds, request.nanos, reply.seconds, reply.nanos);
  }
}
