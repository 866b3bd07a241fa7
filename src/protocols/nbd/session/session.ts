import { LIMIT } from '../../../base/capture-rules.js';
import { otherSide, SERVER, type Side } from '../../../base/input.js';
import type { Origin } from '../../../base/origin.js';
import { count } from '../../../base/text.js';
import type { Json } from '../../../contract/annotation.js';
import type { Message } from '../../../contract/message.js';
import type { TlsEvent } from '../../../tls/event.js';
import type { DecoderSettings, Output, Session, SessionContext } from '../../../contract/protocol.js';
import { EndingChecks } from '../checks/ending.js';
import { checkOldstyleTaken } from '../checks/greeting.js';
import { PhaseChecks } from '../checks/phases.js';
import { Facts } from './facts.js';
import { FramingWatch } from './framing-watch.js';
import { Haggling } from './haggling.js';
import type { HeaderInside, NbdHints, NbdNotices } from '../hints.js';
import {
  CHUNK_KIND,
  CLIENT_FLAGS_KIND,
  EXPORT_INFO_KIND,
  GREETING_KIND,
  OPTION_KIND,
  OPTION_REPLY_KIND,
  REQUEST_KIND,
  SIMPLE_REPLY_KIND,
  type Chunk,
  type ClientFlags,
  type ExportInfo,
  type Greeting,
  type NbdMessage,
  type Option,
  type OptionReply,
  type Request,
  type SimpleReply,
} from '../messages.js';
import { MultiConn } from './multi-conn.js';
import type { NbdShared } from './shared.js';
import { TLS_DOWNGRADE_SUSPECT } from '../rules/tls.js';
import { describeSession, summarise } from './summary.js';
import { Transmission } from './transmission.js';

/** Joins the two directions of one NBD connection: what was negotiated, which reply answers which request, and what breaks the rules. */
export class NbdSession implements Session, NbdHints, NbdNotices {
  private readonly facts: Facts;
  private readonly haggling: Haggling;
  private readonly transmission: Transmission;
  private readonly framing: FramingWatch;
  private readonly ending: EndingChecks;
  private readonly phases: PhaseChecks;
  private readonly multiConn: MultiConn;
  private refusedTls = false;
  private firstToEnd: Side | null = null;

  constructor(
    context: SessionContext<NbdShared>,
    output: Output,
    settings: readonly [DecoderSettings, DecoderSettings],
  ) {
    this.facts = new Facts(context, output, settings);
    this.haggling = new Haggling(this.facts);
    this.transmission = new Transmission(this.facts);
    this.framing = new FramingWatch(this.facts, this.haggling, this.transmission);
    this.phases = new PhaseChecks(this.facts, this.haggling);
    this.ending = new EndingChecks(this.facts, this.haggling, this.transmission, this.framing, this.phases);
    this.multiConn = new MultiConn(this.facts, this.transmission);
  }

  begin(message: Message): void {
    const m = message as NbdMessage;
    if (m.kind === REQUEST_KIND) this.request(m as Request);
    else if (m.kind === OPTION_KIND) this.haggling.begin(m as Option);
    else if (m.kind === OPTION_REPLY_KIND) this.haggling.replyBegins(m as OptionReply);
  }

  message(message: Message): void {
    const m = message as NbdMessage;
    if (this.facts.isInTls(m)) this.facts.tlsOpened[m.side] = true;
    switch (m.kind) {
      case REQUEST_KIND:
        if (!m.begun) this.request(m as Request);
        this.transmission.requestComplete(m as Request);
        break;
      case SIMPLE_REPLY_KIND:
        if (!(m as SimpleReply).measured) this.framing.unmeasured(m);
        this.transmission.simpleReply(m as SimpleReply);
        break;
      case CHUNK_KIND:
        this.chunk(m as Chunk);
        break;
      case OPTION_KIND:
        this.haggling.option(m as Option);
        break;
      case OPTION_REPLY_KIND:
        this.haggling.reply(m as OptionReply);
        break;
      case GREETING_KIND:
        this.haggling.greeting(m as Greeting);
        break;
      case CLIENT_FLAGS_KIND:
        this.haggling.clientFlags(m as ClientFlags);
        break;
      case EXPORT_INFO_KIND:
        this.haggling.exportInfo(m as ExportInfo);
        break;
    }
  }

  private chunk(m: Chunk): void {
    const scan = m.extents;
    if (scan !== null && scan.headComplete) scan.context = this.facts.contexts.get(scan.contextId) ?? null;
    this.transmission.chunk(m);
  }

  private request(r: Request): void {
    if (this.transmission.requests === 0) this.phases.firstRequest(r);
    this.transmission.register(r);
    this.multiConn.request(r);
    if (!this.refusedTls && this.haggling.startTlsRefusal !== null) this.downgraded(r);
  }

  private downgraded(r: Request): void {
    this.refusedTls = true;
    const refusal = this.haggling.startTlsRefusal!;
    this.facts.raise(TLS_DOWNGRADE_SUSPECT, {
      message: r,
      related: [refusal],
      text: `${refusal.name} to NBD_OPT_STARTTLS, and the export is used in clear`,
    });
  }

  gap(): void {
    // what a gap touches depends on where the decoder was: it says so by `lost`, or in the message itself
  }

  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void {
    if (how !== 'open') this.firstToEnd ??= side;
    this.ending.end(side, how, origin);
  }

  finish(how: 'closed' | 'reset' | 'open'): void {
    this.ending.finish(how);
    checkOldstyleTaken(this.facts, this.firstToEnd);
    const { forgotten } = this.transmission.table;
    if (forgotten > 0) {
      const limit = this.transmission.table.crowded ? 'heldMessages' : 'inFlight';
      const text = `${limit}: ${count(forgotten, 'request')} unanswered for so long that others took their place were forgotten`;
      this.facts.raise(LIMIT, { text });
    }
    this.multiConn.leave();
    this.transmission.table.clear();
  }

  summary(): Record<string, Json> {
    return summarise(this.facts, this.transmission);
  }

  describe(): string[] {
    return describeSession(this.facts, this.transmission);
  }

  tls(side: Side, event: TlsEvent): void {
    this.framing.tls(side, event);
    this.haggling.insideTls.event(side, event);
    // the event's offset counts the records' bytes, messages stand in what is inside them
    const offset = this.facts.context.decodedUpTo(side);
    if (event.kind === 'missing') this.lost(side, offset);
    // what cannot be read cannot be judged
    if (event.kind === 'opaque' || event.kind === 'not-tls') {
      this.facts.witness.seal(side, offset);
      this.lost(side, offset);
    }
  }

  // ---- NbdHints

  exportPadding(peerSeen: number): number {
    return this.haggling.exportPadding(peerSeen);
  }

  readLength(cookieHi: number, cookieLo: number, peerSeen: number): number {
    return this.transmission.readLength(cookieHi, cookieLo, peerSeen);
  }

  otherLengths(cookieHi: number, cookieLo: number): readonly number[] {
    return this.transmission.otherLengths(cookieHi, cookieLo);
  }

  longestRead(): number {
    return this.transmission.longestRead;
  }

  isAsked(cookieHi: number, cookieLo: number): boolean {
    return this.transmission.table.find(cookieHi, cookieLo) !== null;
  }

  answeredLength(reply: NbdMessage): number {
    return this.transmission.answeredLength(reply);
  }

  failedRead(reply: NbdMessage): number {
    return this.transmission.failedRead(reply);
  }

  // ---- NbdNotices

  lost(side: Side, offset: number): void {
    this.facts.witness.lose(side, offset);
    this.transmission.lost(side);
    this.haggling.lost(side);
  }

  unfinished(side: Side, message: NbdMessage, length: number, how: 'fin' | 'reset' | 'open'): void {
    this.ending.unfinished(side, message, length, how);
  }

  unframed(side: Side, offset: number, first: Uint8Array, after: NbdMessage | null, inside: HeaderInside | null): void {
    this.framing.unframed(side, offset, first, after, inside);
  }

  found(side: Side, message: NbdMessage, skipped: number): void {
    // what was sent since the place was lost may be among the bytes that were skipped
    if (skipped > 0 || message.inferred) this.lost(side, message.offset - skipped);
    if (side === SERVER) this.transmission.repliesAreSought = false;
    this.framing.found(side, message, skipped);
  }

  tlsBegins(side: Side, offset: number, peerSeen: number): void {
    this.framing.tlsBegins(side, offset, peerSeen);
  }

  peerIsInTls(side: Side): boolean {
    return this.facts.tlsFrom[otherSide(side)] < Infinity;
  }

  notTls(side: Side, offset: number, first: Uint8Array, records: number): void {
    this.framing.notTls(side, offset, first, records);
  }

  zeroes(offset: number, count: number, after: NbdMessage | null): void {
    this.framing.zeroes(offset, count, after);
  }

  unpadded(message: NbdMessage): void {
    this.framing.unpadded(message);
  }

  payloadWithoutRead(message: NbdMessage, length: number): void {
    this.framing.payloadWithoutRead(message, length);
  }

  readCutShort(message: NbdMessage, inside: HeaderInside, ended: boolean): void {
    this.framing.readCutShort(message, inside, ended);
  }

  payloadAfterError(message: NbdMessage, length: number): void {
    this.framing.payloadAfterError(message, length);
  }
}
