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

/** What the sessions of all families need to know of their connection: who is who, what was lost, what the order proves. */
export class Scene {
  readonly context: SessionContext<ArcaShared>;
  readonly limits: LimitNotes;
  readonly witness: Witness;
  private readonly output: Output;
  /** The side that Arca itself is, once known; whether by more than a frame that was searched for. */
  private guest: Side | null;
  private guestSure: boolean;
  /** The guest sent what makes a monitor end the session. */
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

  /** Decides the roles by content, where nothing else did; a frame that was searched for decides only for the time being. */
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

  /** Whether the roles are known by more than frames that were searched for. */
  get rolesSure(): boolean {
    return this.guestSure;
  }

  /** Whether the roles come from the recording or the claim, not from what a rule is about. */
  get rolesGiven(): boolean {
    return this.context.clientEnd !== null && this.context.connection.initiatorKnown;
  }

  /** Whether everything that this role sent since the recording began was captured and decoded. */
  whole(role: Role): boolean {
    return this.witness.unbroken(this.sideOf(role));
  }

  /** Whether anything of this role is in the recording at all. */
  heard(role: Role): boolean {
    return this.witness.heard(this.sideOf(role));
  }

  /** Whether the first byte of each end is known to be its first. */
  get startCaptured(): boolean {
    const { start, startKnown } = this.context.connection;
    return start === 'captured' && startKnown?.includes(false) !== true;
  }

  /** Whether the order between this message and its peer's is proven, and all that its sender had seen is decoded. */
  orderProven(m: Message): boolean {
    return m.peerSeen >= 0 ? this.witness.sawAllBefore(m) !== 'no' : this.context.connection.ordered;
  }

  /** Whether the sender is known to have seen more of its peer than is decoded yet: what looks open may be answered. */
  knewMore(m: Message): boolean {
    return m.peerSeen >= 0 && !this.orderProven(m);
  }

  /**
   * A message with bytes behind all that is defined may follow a layout that is not known: what is found in its contents is
   * `likely` at most, unless the rule says otherwise. So is what needs both directions where the first bytes of one may be missing.
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
