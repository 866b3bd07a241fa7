import type { Request } from './messages.js';

/** Completed requests that are remembered, to tell a second answer from an answer to nothing. */
const REMEMBERED = 1024;
/** Look-ups among them: a server that answers nothing but unknown cookies. */
const LOOKUPS = 4096;

/** The requests in flight by cookie, several with one cookie in the order in which they were sent; and the latest completed ones. */
export class RequestTable {
  private readonly byCookie = new Map<number, Request>();
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
      while (last.next !== null) last = last.next;
      last.next = request;
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
    const oldest = this.byCookie.values().next().value;
    if (oldest === undefined) return;
    this.forgotten++;
    const key = keyOf(oldest.cookieHi, oldest.cookieLo);
    if (oldest.next === null) this.byCookie.delete(key);
    else this.byCookie.set(key, oldest.next);
    this.size--;
  }
}

/** A cookie as a double: exact below 2^53; above, cookies that share a double are told apart by their halves. */
function keyOf(hi: number, lo: number): number {
  return hi * 4294967296 + lo;
}
