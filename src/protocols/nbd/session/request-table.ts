import type { Limits } from '../../../base/limits.js';
import type { Share } from '../../../base/share.js';
import type { Request } from '../messages.js';

/**
 * When the table is full, one in MADE_ROOM requests is forgotten at once, and not one for each new request: iterating past the deleted
 * entries at the front of a Map costs as much as deleting them.
 */
const MADE_ROOM = 16;

/**
 * Number of removed requests after which the Map is copied. V8 links the hash tables that a Map has outgrown, oldest first: once one of
 * them is in the old generation, everything that was ever in the later ones survives until the next full collection. That took half of the
 * run time.
 */
const MAP_LIFE = 4096;

/** Requests in flight, and completed ones, that a table may keep even if all sessions together keep too many. */
const FAIR = 16;

/** Shared by sessions that have no request, or no completed one, yet; never added to. */
const NO_REQUESTS = new Map<number, Request>();
const NONE_DONE: Request[] = [];

/**
 * The requests in flight by cookie, and the latest completed ones. Several with the same cookie are in the order in which they were sent.
 */
export class RequestTable {
  private byCookie = NO_REQUESTS;
  private mapLife = MAP_LIFE;
  /**
   * Completed requests, as a ring. It grows up to `ring` entries only as it fills: thousands of connections may complete only a few
   * requests each.
   */
  private done = NONE_DONE;
  private ring: number;
  private doneCount = 0;
  private lookups = 0;
  private readonly limits: Readonly<Limits>;
  private readonly held: Share;
  size = 0;
  /** How many of the requests in flight may have been answered by replies that were not captured. */
  private stale = 0;
  private epoch = 0;
  /** A reply with an unknown cookie may have been meant for any request up to this ordinal; 0: there was none. */
  private doubtedTo = 0;
  /** The highest number of requests in flight at once, without those that may have been answered by lost replies. */
  deepest = 0;
  /** Requests that were forgotten unanswered because there were too many. */
  forgotten = 0;
  /** How many of these were forgotten because too many requests had the same cookie. */
  forgottenByCookie = 0;
  /** Whether several requests with one cookie have been in flight at once. */
  sharedCookies = false;
  /** Whether some of the others were forgotten because all sessions together had too many. */
  crowded = false;

  /** `held`: the session's share of `limits.heldMessages`. */
  constructor(limits: Readonly<Limits>, held: Share) {
    this.limits = limits;
    this.ring = limits.answeredRequests;
    this.held = held;
  }

  add(request: Request): void {
    const key = keyOf(request.cookieHi, request.cookieLo);
    if (this.byCookie === NO_REQUESTS) this.byCookie = new Map();
    const first = this.byCookie.get(key);
    request.next = null;
    if (first === undefined) {
      this.byCookie.set(key, request);
    } else {
      this.sharedCookies = true;
      let last = first;
      let n = 1;
      for (; last.next !== null; n++) last = last.next;
      last.next = request;
      // each request with the same cookie walks this list, so its length is limited
      if (n >= this.limits.cookieRequests) {
        this.byCookie.set(key, first.next!);
        this.forgottenByCookie++;
        this.forget(first);
      }
    }
    this.size++;
    this.held.take(1);
    if (this.size > this.limits.inFlight) {
      this.forgetOldest(this.limits.inFlight);
    } else if (this.held.exceeded && this.size > FAIR) {
      this.crowded = true;
      this.forgetOldest(this.size);
    }
  }

  /** The oldest request in flight with that cookie; the others follow by `next`, with `sameCookie`. */
  find(cookieHi: number, cookieLo: number): Request | null {
    return this.sameCookie(this.byCookie.get(keyOf(cookieHi, cookieLo)) ?? null, cookieHi, cookieLo);
  }

  /** The first one with exactly that cookie, of `request` and those after it: above 2^53 several cookies share an entry. */
  sameCookie(request: Request | null, cookieHi: number, cookieLo: number): Request | null {
    let r = request;
    while (r !== null && (r.cookieLo !== cookieLo || r.cookieHi !== cookieHi)) r = r.next;
    return r;
  }

  /** Whether that very request is in flight. */
  has(request: Request): boolean {
    let r = this.byCookie.get(keyOf(request.cookieHi, request.cookieLo)) ?? null;
    while (r !== null && r !== request) r = r.next;
    return r !== null;
  }

  /** Removes a request whose reply is complete. */
  remove(request: Request): void {
    const key = keyOf(request.cookieHi, request.cookieLo);
    const first = this.byCookie.get(key);
    if (first === undefined) return;
    if (first === request) {
      if (request.next === null) this.byCookie.delete(key);
      else this.byCookie.set(key, request.next);
    } else {
      let before = first;
      while (before.next !== null && before.next !== request) before = before.next;
      if (before.next === null) return;
      before.next = request.next;
    }
    request.next = null;
    request.progress = null;
    this.size--;
    if (this.stale > 0 && !this.isCertain(request)) this.stale--;
    if (--this.mapLife === 0) {
      this.byCookie = new Map(this.byCookie);
      this.mapLife = Math.max(MAP_LIFE, 4 * this.size);
    }
    this.remember(request);
  }

  /** The number of requests in flight that cannot have been answered by lost replies. */
  get depth(): number {
    return this.size - this.stale;
  }

  /** Replies may be lost: they may have answered any request in flight. `epoch`: see Request.epoch. */
  lost(epoch: number): void {
    this.epoch = epoch;
    this.stale = this.size;
  }

  /** A reply with an unknown cookie has come: it may have been meant for any request up to that ordinal. */
  doubt(ordinal: number): void {
    this.doubtedTo = ordinal;
    this.stale = this.size;
  }

  /** Whether a request in flight has certainly not been answered, neither in a gap nor by a reply with an unknown cookie. */
  isCertain(request: Request): boolean {
    return request.epoch === this.epoch && request.ordinal > this.doubtedTo;
  }

  /** The latest completed request with that cookie, or null. */
  completed(cookieHi: number, cookieLo: number): Request | null {
    if (++this.lookups > this.limits.answeredLookups) return null;
    const n = this.done.length;
    for (let i = 1; i <= n; i++) {
      const r = this.done[(this.doneCount - i) % this.ring]!;
      if (r.cookieLo === cookieLo && r.cookieHi === cookieHi) return r;
    }
    return null;
  }

  /** The limit because of which `completed` may have missed a request; null: it searched all that were ever completed. */
  get missedFor(): 'answeredRequests' | 'answeredLookups' | 'heldMessages' | null {
    if (this.lookups > this.limits.answeredLookups) return 'answeredLookups';
    if (this.doneCount <= this.ring) return null;
    return this.ring < this.limits.answeredRequests ? 'heldMessages' : 'answeredRequests';
  }

  /** All requests in flight, oldest first as far as their cookies differ. */
  *inFlight(): Generator<Request> {
    for (const first of this.byCookie.values()) {
      for (let r: Request | null = first; r !== null; r = r.next) yield r;
    }
  }

  clear(): void {
    this.byCookie = NO_REQUESTS;
    this.held.give(this.size);
    this.size = 0;
    this.stale = 0;
  }

  /** Adds a completed request. Once the ring may not grow because memory is scarce, its size stays fixed. */
  private remember(request: Request): void {
    if (this.done === NONE_DONE) this.done = [];
    const { done, ring } = this;
    if (done.length < ring && done.length >= FAIR && this.held.halfUsed) this.ring = done.length;
    if (done.length === this.ring) this.held.give(1);
    done[this.doneCount++ % this.ring] = request;
  }

  private forgetOldest(of: number): void {
    let room = Math.max(1, Math.floor(of / MADE_ROOM));
    for (const [key, oldest] of this.byCookie) {
      if (oldest.next === null) this.byCookie.delete(key);
      else this.byCookie.set(key, oldest.next);
      this.forget(oldest);
      if (--room === 0) return;
    }
  }

  private forget(request: Request): void {
    request.next = null;
    this.forgotten++;
    this.size--;
    if (this.stale > 0 && !this.isCertain(request)) this.stale--;
    this.held.give(1);
  }
}

/** A cookie as a double: exact below 2^53; above, cookies that share a double are told apart by their halves. */
function keyOf(hi: number, lo: number): number {
  return hi * 4294967296 + lo;
}
