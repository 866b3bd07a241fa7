import { CLIENT, SERVER, type Side } from '../../base/input.js';
import { nanosBetween } from '../../base/time.js';
import { CMD_BLOCK_STATUS, CMD_DISC, CMD_READ, ESHUTDOWN } from './constants.js';
import type { Facts } from './facts.js';
import { NOT_YET, UNKNOWN } from './hints.js';
import { REQUEST, type Chunk, type NbdMessage, type Request, type SimpleReply } from './messages.js';
import { RequestTable } from './request-table.js';
import { Totals } from './totals.js';
import { wide } from './u64.js';

/** The transmission phase: requests in flight, and which reply answers which. */
export class Transmission {
  private readonly facts: Facts;
  readonly table: RequestTable;
  readonly totals = new Totals();
  /** How often the server's side lost messages: requests from before may have been answered there. */
  epoch = 0;
  requests = 0;
  replies = 0;
  disc: Request | null = null;
  /** The first reply that reported ESHUTDOWN. */
  shutdown: NbdMessage | null = null;
  private refused: SimpleReply | null = null;
  private refusedLength = UNKNOWN;

  constructor(facts: Facts) {
    this.facts = facts;
    this.table = new RequestTable(facts.context.limits.inFlight);
  }

  /** A request's header was decoded. */
  register(r: Request): void {
    r.ordinal = ++this.requests;
    r.epoch = this.epoch;
    this.totals.request(r).bytes += r.payload;
    if (r.type === CMD_DISC) {
      this.disc ??= r;
      return;
    }
    this.table.add(r);
  }

  simpleReply(m: SimpleReply): void {
    this.replies++;
    const request = this.matchSimple(m);
    if (request === null) return;
    if (m.error !== 0) {
      this.refused = m;
      this.refusedLength = request.type === CMD_READ ? request.lengthLo : UNKNOWN;
    }
    this.answer(request, m, m.error);
    this.totals.of(request.type).bytes += m.payload;
    this.complete(request, m, m.error !== 0);
  }

  chunk(m: Chunk): void {
    this.replies++;
    const request = this.matchChunk(m);
    if (request === null) return;
    this.answer(request, m, m.isError ? m.error : 0);
    if (m.type === 1 && m.dataLength > 0) this.totals.of(request.type).bytes += m.dataLength;
    if (m.isDone) this.complete(request, m, m.isError);
  }

  /** Messages of that side may be missing. */
  lost(side: Side): void {
    if (side === SERVER) this.epoch++;
  }

  private answer(request: Request, m: NbdMessage, error: number): void {
    m.inReplyTo = request.index;
    if (request.index > 0) m.latency = nanosBetween(request.seconds, request.nanos, m.seconds, m.nanos);
    if (error === ESHUTDOWN) this.shutdown ??= m;
  }

  private complete(request: Request, m: NbdMessage, failed: boolean): void {
    const total = this.totals.of(request.type);
    if (failed) total.errors++;
    if (m.latency >= 0) {
      total.answered++;
      total.latencySum += m.latency;
      if (m.latency > total.latencyMax) total.latencyMax = m.latency;
    }
    this.table.remove(request);
  }

  private matchSimple(m: SimpleReply): Request | null {
    const first = this.table.find(m.cookieHi, m.cookieLo);
    if (first === null || first.next === null) return first;
    const payload = m.payload;
    for (let r: Request | null = first; r !== null; r = this.table.sameCookie(r.next, m.cookieHi, m.cookieLo)) {
      if (payload > 0 ? r.type === CMD_READ && r.lengthLo === payload : m.error !== 0 || r.type !== CMD_READ) return r;
    }
    return first;
  }

  private matchChunk(m: Chunk): Request | null {
    const first = this.table.find(m.cookieHi, m.cookieLo);
    if (first === null || first.next === null) return first;
    let begun: Request | null = null;
    for (let r: Request | null = first; r !== null; r = this.table.sameCookie(r.next, m.cookieHi, m.cookieLo)) {
      if (r.progress !== null) begun ??= r;
      if (m.extents !== null && r.type === CMD_BLOCK_STATUS) return r;
      if (m.dataLength < 0 || r.type !== CMD_READ) continue;
      const at = wide(m.dataOffsetHi, m.dataOffsetLo);
      const from = wide(r.offsetHi, r.offsetLo);
      if (at >= from && at + m.dataLength <= from + wide(r.lengthHi, r.lengthLo)) return r;
    }
    return begun ?? first;
  }

  // ---- what the server's decoder asks

  readLength(cookieHi: number, cookieLo: number, peerSeen: number): number {
    const { facts } = this;
    const request = this.table.find(cookieHi, cookieLo);
    if (request !== null) return request.type === CMD_READ ? request.lengthLo : 0;
    if (!facts.heard(CLIENT)) return UNKNOWN;
    const { connection } = facts.context;
    const decoded = peerSeen >= 0 ? facts.context.decodedUpTo(CLIENT) >= peerSeen : connection.ordered;
    if (!decoded) return NOT_YET;
    // nothing of the client is missing: the cookie answers nothing, and then nothing follows
    return facts.isWhole(CLIENT) ? 0 : UNKNOWN;
  }

  otherLengths(cookieHi: number, cookieLo: number): number[] {
    const first = this.table.find(cookieHi, cookieLo);
    if (first === null) {
      const before = this.facts.isWhole(CLIENT) ? this.table.completed(cookieHi, cookieLo) : null;
      return before?.type === CMD_READ ? [before.lengthLo] : [];
    }
    const lengths: number[] = [];
    for (let r = this.table.sameCookie(first.next, cookieHi, cookieLo); r !== null && lengths.length < 4;) {
      const length = r.type === CMD_READ ? r.lengthLo : 0;
      if (!lengths.includes(length)) lengths.push(length);
      r = this.table.sameCookie(r.next, cookieHi, cookieLo);
    }
    return lengths;
  }

  failedRead(reply: NbdMessage): number {
    return this.refused === reply ? this.refusedLength : UNKNOWN;
  }
}

export function isRequest(message: NbdMessage): message is Request {
  return message.kind === REQUEST;
}
