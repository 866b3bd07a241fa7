import { LIMIT } from '../../../base/capture-rules.js';
import type { Side } from '../../../base/input.js';
import type { Origin } from '../../../base/origin.js';
import { having } from '../../../base/pair.js';
import { count } from '../../../base/text.js';
import type { Json } from '../../../base/annotation.js';
import type { TlsEvent } from '../../../tls/event.js';
import type { Session } from '../../../contract/protocol.js';
import { ENDLESS } from '../constants.js';
import { EndingChecks } from '../checks/ending.js';
import { checkOldstyleTaken } from '../checks/greeting.js';
import { PhaseChecks } from '../checks/phases.js';
import type { Facts } from './facts.js';
import { FramingWatch } from './framing-watch.js';
import { Haggling } from './haggling.js';
import type { NbdNotices } from '../notices.js';
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
export class NbdSession implements Session<NbdMessage> {
  private readonly facts: Facts;
  private readonly haggling: Haggling;
  private readonly framing: FramingWatch;
  private readonly shared: NbdShared;
  // created on demand: many of the thousands of sessions that may be open never need these
  private transmission_: Transmission | null = null;
  private phaseChecks: PhaseChecks | null = null;
  private endingChecks: EndingChecks | null = null;
  private multiConn: MultiConn | null = null;
  private refusedTls = false;
  private firstToEnd: Side | null = null;

  constructor(facts: Facts, shared: NbdShared) {
    this.facts = facts;
    this.shared = shared;
    this.haggling = new Haggling(this.facts);
    this.framing = new FramingWatch(this.facts, this.haggling, this);
  }

  /** Created on first use: most of thousands of sessions may not have sent a request yet. */
  get transmission(): Transmission {
    return (this.transmission_ ??= new Transmission(this.facts));
  }

  private get phases(): PhaseChecks {
    return (this.phaseChecks ??= new PhaseChecks(this.facts, this.haggling));
  }

  private get ending(): EndingChecks {
    const { facts, haggling, transmission, framing, phases } = this;
    return (this.endingChecks ??= new EndingChecks(facts, haggling, transmission, framing, phases));
  }

  /** Receives what the framings report besides messages. */
  get notices(): NbdNotices {
    return this.framing;
  }

  begin(m: NbdMessage): void {
    if (m.length - m.headerLength > ENDLESS) this.framing.endless(m);
    if (m.kind === REQUEST_KIND) this.request(m as Request);
    else if (m.kind === OPTION_KIND) this.haggling.begin(m as Option);
    else if (m.kind === OPTION_REPLY_KIND) this.haggling.replyBegins(m as OptionReply);
  }

  message(m: NbdMessage): void {
    const { facts } = this;
    if (facts.isInTls(m)) facts.tlsOpened = having(facts.tlsOpened, m.side, true);
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
    this.multiConn ??= new MultiConn(this.facts, this.shared, this.transmission);
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
    // what a gap affects depends on the decoder's state: the decoder reports it by `lost`, or in the message itself
  }

  end(side: Side, how: 'fin' | 'reset' | 'open', origin: Origin): void {
    if (how !== 'open' && this.firstToEnd === null) {
      this.firstToEnd = side;
      this.framing.wasReset = how === 'reset';
      // a connection that one side has closed does not use the export any more
      this.multiConn?.leave();
    }
    this.ending.end(side, how, origin);
  }

  finish(how: 'closed' | 'reset' | 'open'): void {
    this.ending.finish(how);
    checkOldstyleTaken(this.facts, this.firstToEnd);
    const { forgotten, forgottenByCookie, crowded } = this.transmission.table;
    if (forgottenByCookie > 0) {
      const most = this.facts.context.limits.cookieRequests;
      const text = `cookieRequests: ${count(forgottenByCookie, 'request')} with the cookie of ${most} others in flight were forgotten`;
      this.facts.raise(LIMIT, { text });
    }
    if (forgotten > forgottenByCookie) {
      const limit = crowded ? 'heldMessages' : 'inFlight';
      const text = `${limit}: ${count(forgotten - forgottenByCookie, 'request')} unanswered for so long that others took their place were forgotten`;
      this.facts.raise(LIMIT, { text });
    }
    this.multiConn?.finish();
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
    // the event's offset counts the bytes of records, while messages have offsets in the plaintext
    const offset = this.facts.context.decodedUpTo(side);
    if (event.kind === 'missing') this.framing.lost(side, offset);
    // what cannot be read cannot be judged
    if (event.kind === 'opaque' || event.kind === 'not-tls') {
      this.facts.witness.seal(side, offset);
      this.framing.lost(side, offset);
    }
  }
}
