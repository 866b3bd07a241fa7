import { CLIENT, SERVER, type Side } from '../../../base/input.js';
import { nanosBetween } from '../../../base/time.js';
import { confidenceThat } from '../../../contract/witness.js';
import { checkExtentAlignment } from '../checks/block-status.js';
import { checkErrorValue, ChunkChecks } from '../checks/chunks.js';
import { CHUNK_OFFSET_DATA, CMD_BLOCK_STATUS, CMD_DISC, CMD_READ, CMD_RESIZE, ESHUTDOWN } from '../constants.js';
import { cookieText } from '../cookie.js';
import type { Facts } from './facts.js';
import { CHUNK, EXTENDED_CHUNK, SIMPLE_REPLY } from '../layout.js';
import { Chunk, type NbdMessage, type Request, type SimpleReply } from '../messages.js';
import { errorName, shortCommand } from '../names.js';
import { OutcomeChecks } from '../checks/outcomes.js';
import { ReplyProgress } from './reply-progress.js';
import { RequestChecks } from '../checks/requests.js';
import type { RequestTable } from './request-table.js';
import type { ClientTold } from '../told.js';
import {
  BLOCK_STATUS_SIMPLE_SUCCESS,
  ERROR_NOT_STRUCTURED,
  REPLY_AFTER_DONE,
  REPLY_BEFORE_REQUEST,
  REPLY_HEADER_MODE,
  REPLY_TO_DISC,
  REPLY_UNKNOWN_COOKIE,
  SIMPLE_REPLY_TO_READ,
} from '../rules/headers.js';
import { Totals } from './totals.js';
import { decimal, wide } from '../../../base/u64.js';

/** The number of further messages for which a reply without a request waits for its request. */
const STRAY_PATIENCE = 8;

/** A reply whose request was not seen (yet). */
interface Stray {
  readonly reply: SimpleReply | Chunk;
  readonly until: number;
}

/** Shared empty list; never added to. */
const NO_STRAYS: Stray[] = [];

/** The transmission phase: keeps the requests in flight, pairs replies with them, and has both judged. */
export class Transmission {
  private readonly facts: Facts;
  private readonly told: ClientTold;
  readonly table: RequestTable;
  // created on first use: most of thousands of sessions may still wait for their first request
  private totals_: Totals | null = null;
  private requestChecks_: RequestChecks | null = null;
  private chunkChecks_: ChunkChecks | null = null;
  private outcomes_: OutcomeChecks | null = null;
  /** How often server messages were lost. Requests from before a loss may have been answered in it. */
  epoch = 0;
  /**
   * Stream offset up to which the server's latest loss may reach: that of the first reply after it, Infinity before there is one; -1: no
   * loss.
   */
  private lostUpTo = -1;
  /** The server's decoder is searching for its next message: replies may have come that are not decoded yet. */
  repliesAreSought = false;
  requests = 0;
  replies = 0;
  disc: Request | null = null;
  /** The first reply that reported ESHUTDOWN. */
  shutdown: NbdMessage | null = null;
  /** The latest request or reply. */
  last: NbdMessage | null = null;
  private strays = NO_STRAYS;
  /** Replies were given up whose requests may still come: later replies with the same cookies may be paired with the wrong requests. */
  private shifted = false;
  private orphans: Map<string, ReplyProgress> | null = null;
  private headerJudged = false;
  /** Requests came after NBD_CMD_DISC. They were reported and not entered in the table, so replies to them are not judged. */
  private disregarded = false;

  constructor(facts: Facts) {
    this.facts = facts;
    this.told = facts.clientTold;
    this.table = this.told.requests;
  }

  get totals(): Totals {
    return (this.totals_ ??= new Totals());
  }

  private get requestChecks(): RequestChecks {
    return (this.requestChecks_ ??= new RequestChecks(this.facts, this.table));
  }

  private get chunkChecks(): ChunkChecks {
    return (this.chunkChecks_ ??= new ChunkChecks(this.facts));
  }

  private get outcomes(): OutcomeChecks {
    return (this.outcomes_ ??= new OutcomeChecks(this.facts));
  }

  /** A request's header was decoded. */
  register(r: Request): void {
    r.ordinal = ++this.requests;
    r.epoch = this.mayBeAnswered(r) ? -1 : this.epoch;
    this.last = r;
    this.facts.clientTransmits = true;
    this.totals.request(r).bytes += r.payload;
    if (r.type === CMD_READ && r.lengthLo > this.told.longestRead) this.told.longestRead = r.lengthLo;
    if (r.type === CMD_RESIZE) this.requestChecks.resize ??= r;
    // replies that are not decoded or not paired yet may answer any request in flight
    const answersKnown = !this.repliesAreSought && this.strays.length === 0;
    this.requestChecks.header(r, this.disc, this.shutdown, answersKnown);
    if (this.disc !== null) {
      this.disregarded = true;
      return;
    }
    if (r.type === CMD_DISC) {
      this.disc = r;
      return;
    }
    this.table.add(r);
    if (this.table.depth > this.table.deepest && !this.repliesAreSought) this.table.deepest = this.table.depth;
    if (this.strays.length > 0) this.takeStrays(r);
  }

  /** All of a request was decoded. */
  requestComplete(r: Request): void {
    if (r.query !== null) this.requestChecks.complete(r);
  }

  simpleReply(m: SimpleReply): void {
    this.replies++;
    this.facts.serverTransmits = true;
    this.last = m;
    if (this.lostUpTo === Infinity) this.lostUpTo = m.offset;
    if (this.strays.length > 0) this.dropStrays(false);
    const request = this.matchSimple(m);
    if (m.error !== 0) this.simpleError(m, request);
    else if (this.facts.extended && this.facts.negotiationSeen) this.headerMode(m);
    if (request !== null) this.simpleAnswer(request, m);
    else if (this.waitsForRequest) this.unmatched(m);
  }

  chunk(m: Chunk): void {
    this.replies++;
    this.facts.serverTransmits = true;
    this.last = m;
    if (this.lostUpTo === Infinity) this.lostUpTo = m.offset;
    if (this.strays.length > 0) this.dropStrays(false);
    if (this.chunkChecks.chunk(m)) this.requestChecks.badChunk ??= m;
    const request = this.matchChunk(m);
    if (request !== null) this.chunkAnswer(request, m);
    else if (this.waitsForRequest) this.unmatched(m);
    else this.orphan(m);
  }

  /** Messages of that side may be missing. */
  lost(side: Side): void {
    if (side === CLIENT) {
      // the requests that the replies wait for may be among the lost messages
      this.strays = NO_STRAYS;
      return;
    }
    this.epoch++;
    this.lostUpTo = Infinity;
    this.repliesAreSought = true;
    this.table.lost(this.epoch);
    this.orphans = null;
    this.requestChecks_?.forget();
  }

  /** Nothing more will come. */
  finish(): void {
    this.dropStrays(true);
  }

  /** Requests in flight whose answers cannot have been missed. */
  unanswered(): Request[] {
    const list: Request[] = [];
    if (this.repliesAreSought) return list;
    for (const r of this.table.inFlight()) if (!this.isDoubtful(r)) list.push(r);
    return list;
  }

  private simpleError(m: SimpleReply, request: Request | null): void {
    const { facts } = this;
    checkErrorValue(facts, m, 4, m.error);
    if (facts.extended && facts.negotiationSeen) this.headerMode(m);
    // that a READ must not be answered by a simple reply at all is reported by its own rule
    else if (facts.structured && facts.negotiationSeen && (request?.type !== CMD_READ || this.isDoubtful(request))) {
      facts.raise(ERROR_NOT_STRUCTURED, { message: m, text: `${errorName(m.error)} in a simple reply` });
    }
  }

  private headerMode(m: SimpleReply): void {
    if (this.headerJudged) return;
    this.headerJudged = true;
    this.facts.raise(REPLY_HEADER_MODE, {
      ...SIMPLE_REPLY.where(m, 'magic'),
      text: 'a simple reply after NBD_OPT_EXTENDED_HEADERS was acknowledged',
    });
  }

  private simpleAnswer(request: Request, m: SimpleReply): void {
    const { facts } = this;
    this.told.answered(request, m, m.error !== 0);
    if (this.isDoubtful(request)) {
      // its real answer may be lost, and this one may belong to another request
    } else if (this.isGuess(request, m)) {
      this.tooEarly(request, m);
    } else if (request.type === CMD_READ && facts.structured && facts.negotiationSeen) {
      facts.raise(SIMPLE_REPLY_TO_READ, { message: m, related: [request], text: 'structured replies were agreed on' });
    } else if (request.type === CMD_BLOCK_STATUS && m.error === 0) {
      facts.raise(BLOCK_STATUS_SIMPLE_SUCCESS, { message: m, related: [request], text: 'success without extents' });
    }
    this.answer(request, m, m.error);
    const { payload } = m;
    if (payload > 0) this.totals.of(request.type).bytes += payload;
    this.complete(request, m, m.error !== 0);
  }

  private chunkAnswer(request: Request, m: Chunk): void {
    const error = m.isError ? m.error : 0;
    this.answer(request, m, error);
    const content = m.type === CHUNK_OFFSET_DATA && m.dataLength > 0;
    if (content) this.totals.of(request.type).bytes += m.dataLength;
    // shortcut for by far the most common answer: one chunk with all of the data
    const { progress } = request;
    if (progress === null && this.isGuess(request, m) && !this.isDoubtful(request)) this.tooEarly(request, m);
    if (
      progress === null &&
      content &&
      m.isDone &&
      request.type === CMD_READ &&
      m.dataLength === request.lengthLo &&
      m.dataOffsetLo === request.offsetLo &&
      m.dataOffsetHi === request.offsetHi &&
      !m.extended
    ) {
      this.complete(request, m, false);
      return;
    }
    this.collect(request, m, progress as ReplyProgress | null);
  }

  private collect(request: Request, m: Chunk, before: ReplyProgress | null): void {
    const known = this.isDoubtful(request) ? null : request;
    const progress = before ?? new ReplyProgress(this.facts, known);
    if (known === null) progress.partial = true;
    const { extents } = m;
    if (extents !== null && m.complete) checkExtentAlignment(this.facts, m, extents, known);
    request.progress = progress;
    progress.add(m);
    if (!m.isDone) return;
    progress.done(m);
    const { failed } = progress;
    if (!failed && m.extents !== null && request.type === CMD_BLOCK_STATUS) this.outcomes.remember(request, m);
    this.complete(request, m, failed);
  }

  private answer(request: Request, m: NbdMessage, error: number): void {
    m.inReplyTo = request.index;
    if (request.index > 0) m.latency = nanosBetween(request.seconds, request.nanos, m.seconds, m.nanos);
    if (error === 0) return;
    if (error === ESHUTDOWN) this.shutdown ??= m;
    if (!this.isDoubtful(request)) this.outcomes.failed(request, m, error);
  }

  private complete(request: Request, m: NbdMessage, failed: boolean): void {
    // a reply that the server never finished is no answer
    if (m.unsent > 0) return;
    const total = this.totals.of(request.type);
    if (failed) total.errors++;
    // if the answer may belong to another request, its latency is not counted
    if (m.latency >= 0 && !this.isDoubtful(request)) {
      total.answered++;
      total.latencySum += m.latency;
      if (m.latency > total.latencyMax) total.latencyMax = m.latency;
    }
    this.table.remove(request);
    if (request === this.requestChecks.resize) this.requestChecks.resize = null;
    if (this.isDoubtful(request)) return;
    if (!failed) this.outcomes.succeeded(request, m);
    this.requestChecks.answered(request, m);
  }

  /**
   * Whether replies with this request's cookie may not be its answers: its own answer may have been lost, so that another request may have
   * the cookie by now; or the request may be data that look like one.
   */
  private isDoubtful(request: Request): boolean {
    return request.inferred || this.shifted || !this.table.isCertain(request);
  }

  /**
   * Whether the request may have been answered before it was decoded: its reply was decoded but found no request, as client bytes were
   * lost; or the reply was among the server's lost messages.
   */
  private mayBeAnswered(r: Request): boolean {
    const { facts } = this;
    if (facts.context.decodedUpTo(SERVER) <= r.peerSeen) return false;
    return !facts.witness.whole(CLIENT) || (r.peerSeen >= 0 && r.peerSeen < this.lostUpTo);
  }

  /** The first request in flight to which the reply can belong. */
  private candidate(m: SimpleReply | Chunk): Request | null {
    let first = this.table.find(m.cookieHi, m.cookieLo);
    if (first === null) return null;
    if (first.next !== null && this.isDoubtful(first)) first = this.latest(m, first);
    // if client bytes were lost, a reply that was sent before the server had received this request answers another one that is missing
    const tooEarly = m.peerSeen >= 0 && m.peerSeen < first.headerEnd && !this.facts.witness.whole(CLIENT);
    return tooEarly ? null : first;
  }

  /**
   * Of several requests with one cookie, whose earlier replies may be lost: the latest one that the server had received. Removes those
   * before it.
   */
  private latest(m: SimpleReply | Chunk, first: Request): Request {
    let found = first;
    for (let r = this.table.sameCookie(first.next, m.cookieHi, m.cookieLo); r !== null;) {
      const next = this.table.sameCookie(r.next, m.cookieHi, m.cookieLo);
      if (m.peerSeen < 0 || r.headerEnd <= m.peerSeen) {
        this.table.remove(found);
        found = r;
      }
      r = next;
    }
    return found;
  }

  /**
   * The request that the reply answers. Of several with its cookie, that is the oldest one that fits its payload and error, or else the
   * oldest one.
   */
  private matchSimple(m: SimpleReply): Request | null {
    const first = this.candidate(m);
    if (first === null || first.next === null) return first;
    const { payload } = m;
    for (let r: Request | null = first; r !== null; r = this.table.sameCookie(r.next, m.cookieHi, m.cookieLo)) {
      const fits = payload > 0 ? r.type === CMD_READ && r.lengthLo === payload : m.error !== 0 || r.type !== CMD_READ;
      if (fits) return r;
    }
    return first;
  }

  private matchChunk(m: Chunk): Request | null {
    const first = this.candidate(m);
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

  /** A chunk of an answer whose request is not known: judges what the server's own bytes show. */
  private orphan(m: Chunk): void {
    const { extents } = m;
    if (extents !== null && m.complete) checkExtentAlignment(this.facts, m, extents, null);
    const key = decimal(m.cookieHi, m.cookieLo);
    this.orphans ??= new Map();
    let progress = this.orphans.get(key);
    if (progress === undefined) {
      if (m.isDone) return;
      const most = this.facts.context.limits.orphanAnswers;
      if (this.orphans.size >= most) {
        const what = `more than ${most} answers at once to requests that are not known; later ones are not judged as a whole`;
        this.facts.limits.hit('orphanAnswers', what, 'note', m);
        return;
      }
      progress = new ReplyProgress(this.facts, null);
      this.orphans.set(key, progress);
    }
    progress.add(m);
    if (m.isDone) this.orphans.delete(key);
  }

  // ---- replies without a request

  /**
   * Whether replies without a request wait for it, and are judged if it does not come. Otherwise the request may be missing from the
   * capture, or forgotten.
   */
  private get waitsForRequest(): boolean {
    return this.facts.witness.mayBeWhole(CLIENT) && this.table.forgotten === 0;
  }

  private unmatched(m: SimpleReply | Chunk): void {
    if (this.disregarded) return;
    const { facts } = this;
    const sure = isGuessed(m) ? null : confidenceThat(facts.witness.sawAllBefore(m));
    if (sure !== null) {
      const earlier = this.table.completed(m.cookieHi, m.cookieLo);
      if (earlier !== null && earlier.epoch === this.epoch) {
        // DONE came too early: that the answer was not complete was reported already
        if (earlier.answeredInPart) return;
        facts.raise(REPLY_AFTER_DONE, {
          message: m,
          // only its header, as it is not known which data belong to such a reply
          length: m instanceof Chunk ? (m.extended ? EXTENDED_CHUNK.size : CHUNK.size) : SIMPLE_REPLY.size,
          related: [earlier],
          confidence: sure,
          text: `cookie ${cookieText(m.cookieHi, m.cookieLo)}: its ${shortCommand(earlier.type)} was already answered in full`,
        });
        this.doubtAll();
        return;
      }
      const turned = facts.witness.whole(CLIENT) ? this.told.otherOrder(m.cookieHi, m.cookieLo) : null;
      if (turned !== null) {
        const { request, how } = turned;
        facts.raise(REPLY_UNKNOWN_COOKIE, {
          ...SIMPLE_REPLY.where(m, 'cookie'),
          related: [request],
          confidence: sure,
          text: `cookie ${cookieText(m.cookieHi, m.cookieLo)} belongs to no request; ${how} it is that of a ${shortCommand(request.type)} in flight; a server must return cookies unchanged`,
        });
        if (!(m instanceof Chunk) || m.isDone) this.table.remove(request);
        return;
      }
      const { disc } = this;
      if (disc !== null && disc.cookieHi === m.cookieHi && disc.cookieLo === m.cookieLo) {
        facts.raise(REPLY_TO_DISC, { message: m, related: [disc], confidence: sure, text: 'DISC has no reply' });
        return;
      }
    }
    const most = facts.context.limits.strayReplies;
    if (this.strays.length >= most) {
      facts.limits.hit(
        'strayReplies',
        `more than ${most} replies wait for their requests; they wait no longer`,
        'note',
        m,
      );
      this.dropStrays(true);
    }
    const until = this.requests + this.replies + STRAY_PATIENCE;
    if (this.strays === NO_STRAYS) this.strays = [];
    this.strays.push({ reply: m, until });
    // after NBD_CMD_DISC no request will come that is worth waiting for
    if (this.disc !== null && sure !== null) this.dropStrays(true);
  }

  /** Pairs a request with the replies that wait for it: it was captured after its reply, or after the first chunks of it. */
  private takeStrays(r: Request): void {
    const own = this.strays.filter(({ reply }) => reply.cookieLo === r.cookieLo && reply.cookieHi === r.cookieHi);
    if (own.length === 0) {
      this.dropStrays(false);
      return;
    }
    for (const stray of own) {
      const { reply } = stray;
      this.strays.splice(this.strays.indexOf(stray), 1);
      const last = !(reply instanceof Chunk) || reply.isDone;
      if (this.isGuess(r, reply)) {
        this.tooEarly(r, reply);
        if (last) this.table.remove(r);
      } else if (r.payload > 0 && r.type === CMD_BLOCK_STATUS) {
        // the list of contexts in its payload is not decoded yet
        if (last) this.table.remove(r);
      } else if (reply instanceof Chunk) {
        this.chunkAnswer(r, reply);
      } else {
        this.simpleAnswer(r, reply);
      }
      if (last) return;
    }
  }

  /** A reply with an unknown cookie may be meant for any request in flight: those no longer count as unanswered. */
  private doubtAll(): void {
    this.table.doubt(this.requests);
  }

  /** Whether the server had not received the request when it sent the reply. */
  private isGuess(r: Request, reply: SimpleReply | Chunk): boolean {
    return reply.peerSeen >= 0 && reply.peerSeen < r.headerEnd;
  }

  private tooEarly(r: Request, reply: SimpleReply | Chunk): void {
    this.facts.raise(REPLY_BEFORE_REQUEST, {
      message: reply,
      related: [r],
      text: `the server had received ${reply.peerSeen} bytes of the client; the request ends at ${r.headerEnd}`,
    });
  }

  /**
   * Gives up the replies that have waited long enough, or all of them. If everything that the server had received is decoded, such a reply
   * answers no request, and is reported.
   */
  private dropStrays(all: boolean): void {
    const { facts } = this;
    const now = this.requests + this.replies;
    const kept: Stray[] = [];
    for (const s of this.strays) {
      const sure = confidenceThat(facts.witness.sawAllBefore(s.reply));
      if (!all && (s.until > now || sure === null)) {
        kept.push(s);
      } else if (sure === null) {
        this.shifted = true;
      } else {
        this.doubtAll();
        if (!isGuessed(s.reply)) this.unknownCookie(s.reply, sure);
      }
    }
    this.strays = kept.length === 0 ? NO_STRAYS : kept;
  }

  private unknownCookie(reply: SimpleReply | Chunk, confidence: 'certain' | 'likely'): void {
    const { facts } = this;
    facts.raise(REPLY_UNKNOWN_COOKIE, {
      ...SIMPLE_REPLY.where(reply, 'cookie'),
      confidence,
      text: `cookie ${cookieText(reply.cookieHi, reply.cookieLo)} belongs to no request`,
    });
    const limit = this.table.missedFor;
    if (limit === null) return;
    const what = 'not every answered request is remembered; a second answer to another one counts as one to nothing';
    facts.limits.hit(limit, what, 'note', reply);
  }

  /** The request in flight whose reply was found inside the data of another reply. It counts as answered, and is removed. */
  answeredInside(cookieHi: number, cookieLo: number): Request | null {
    const request = this.table.find(cookieHi, cookieLo);
    if (request !== null) this.table.remove(request);
    return request;
  }
}

/**
 * Whether the reply was found by a search, so that it may be data that look like one. A simple reply of unknown length is also marked as
 * inferred, but only its end was searched for.
 */
function isGuessed(reply: SimpleReply | Chunk): boolean {
  return reply.inferred && (reply instanceof Chunk || reply.measured);
}
