import type { Request } from './messages.js';

/** Completed requests that are remembered, to tell a second answer from an answer to nothing. */
const REMEMBERED = 1024;
/** Look-ups among them: a server that answers nothing but unknown cookies. */
const LOOKUPS = 4096;
/** Requests in flight with one cookie: a client that never counts on, whose table would be walked again for each of them. */
const SAME_COOKIE = 64;
/** Which part of the table makes room at once: stepping over what was deleted at a Map's front costs as much as deleting it. */
const MADE_ROOM = 16;

/**
 * Requests after which the map is made anew. V8 chains the tables that a map outgrows or wears out, oldest first: once one of them
 * is old, everything that was ever in the later ones survives until the next full collection, which cost half of the time.
 */
const MAP_LIFE = 4096;

/** The requests in flight by cookie, several with one cookie in the order in which they were sent; and the latest completed ones. */
export class RequestTable {
  private byCookie = new Map<number, Request>();
  private mapLife = MAP_LIFE;
  /** A ring that grows as it fills: thousands of connections complete a few requests each. */
  private readonly done: Request[] = [];
  private doneCount = 0;
  private lookups = 0;
  private readonly limit: number;
  size = 0;
  /** Most requests in flight at once. */
  deepest = 0;
  /** Requests that were forgotten unanswered because there were too many. */
  forgotten = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  add(request: Request): void {
    const key = keyOf(request.cookieHi, request.cookieLo);
    const first = this.byCookie.get(key);
    request.next = null;
    if (first === undefined) {
      this.byCookie.set(key, request);
    } else {
      let last = first;
      let n = 1;
      for (; last.next !== null; n++) last = last.next;
      last.next = request;
      if (n >= SAME_COOKIE) {
        this.byCookie.set(key, first.next!);
        this.forget(first);
      }
    }
    if (++this.size > this.deepest) this.deepest = this.size;
    if (this.size > this.limit) this.forgetOldest();
  }

  /** The oldest request in flight with that cookie; the others follow by `next`, with `sameCookie`. */
  find(cookieHi: number, cookieLo: number): Request | null {
    return this.sameCookie(this.byCookie.get(keyOf(cookieHi, cookieLo)) ?? null, cookieHi, cookieLo);
  }

  /** The first of `request` and those behind it with that very cookie: above 2^53 several cookies share a place. */
  sameCookie(request: Request | null, cookieHi: number, cookieLo: number): Request | null {
    let r = request;
    while (r !== null && (r.cookieLo !== cookieLo || r.cookieHi !== cookieHi)) r = r.next;
    return r;
  }

  /** Takes a request out: its reply is complete. */
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
    if (--this.mapLife === 0) {
      this.byCookie = new Map(this.byCookie);
      this.mapLife = Math.max(MAP_LIFE, 4 * this.size);
    }
    this.done[this.doneCount++ % REMEMBERED] = request;
  }

  /** The latest completed request with that cookie, or null. */
  completed(cookieHi: number, cookieLo: number): Request | null {
    if (++this.lookups > LOOKUPS) return null;
    const n = Math.min(this.doneCount, REMEMBERED);
    for (let i = 1; i <= n; i++) {
      const r = this.done[(this.doneCount - i) % REMEMBERED]!;
      if (r.cookieLo === cookieLo && r.cookieHi === cookieHi) return r;
    }
    return null;
  }

  /** All requests in flight, oldest first as far as their cookies differ. */
  *inFlight(): Generator<Request> {
    for (const first of this.byCookie.values()) {
      for (let r: Request | null = first; r !== null; r = r.next) yield r;
    }
  }

  clear(): void {
    this.byCookie.clear();
    this.size = 0;
  }

  private forgetOldest(): void {
    let room = Math.max(1, Math.floor(this.limit / MADE_ROOM));
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
  }
}

/** A cookie as a double: exact below 2^53; above, cookies that share a double are told apart by their halves. */
function keyOf(hi: number, lo: number): number {
  return hi * 4294967296 + lo;
}
