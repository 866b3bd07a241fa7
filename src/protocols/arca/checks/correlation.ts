import type { Limits } from '../../../base/limits.js';
import { duration } from '../../../base/time.js';
import {
  ACCEPT_ORDER,
  CONNECT_SLOW,
  INTERLEAVED_REPLIES,
  PIPELINED,
  REPLY_BEFORE_REQUEST,
  REPLY_DUPLICATE,
  REPLY_TYPE_MISMATCH,
  REPLY_UNKNOWN_REQUEST,
  REQUEST_ID_BACKWARDS,
  REQUEST_ID_FIRST,
  REQUEST_ID_GAP,
  REQUEST_ID_REUSED,
  REQUEST_ID_REUSED_IN_FLIGHT,
  REQUEST_ID_ZERO,
  REQUEST_UNANSWERED,
  SYNC_REPLY_ORDER,
  UNSOLICITED_INCOMING,
} from '../rules/correlation.js';
import { hasSurplus, type Scene } from '../session/scene.js';
import { ACCEPT_ERR, answers, CONNECT_REQUEST, INCOMING_CONNECTION } from '../family-a/layout.js';
import type { ControlFrame } from '../family-a/message.js';
import { Line, Request } from './request-line.js';

/** A step from an id of at least WRAP_FROM to one of at most WRAP_TO is a wrap of the counter. */
const WRAP_FROM = 0xffff_0000;
const WRAP_TO = 0xffff;
/** Open requests that a session may keep even if all sessions together keep too many. */
const FAIR = 16;
/** If a reply's id is ahead of the guest's highest one by at most this, its request may still come. */
const AHEAD = 64;
const SLOW_NANOS = 3e9;
/** The most requests in flight with one id that are remembered to match their replies. More than one is an error, which is reported. */
const MOST_WITH_ONE_ID = 16;
/** The code of an AcceptErr for a listener that the monitor does not know. */
export const EBADF = 9;

export function isWrap(from: number, to: number): boolean {
  return from >= WRAP_FROM && to <= WRAP_TO;
}

/** The requests of one session by id: pairs them with replies, and judges ids and order. */
export class Requests {
  private readonly scene: Scene;
  private readonly limits: Readonly<Limits>;
  /** The latest requests by id, and the generation of requests before them. */
  private byId = new Map<number, Request>();
  private older = new Map<number, Request>();
  /** Requests in the order in which they were sent: all open ones; those that are to be answered at once; by listener, those that wait. */
  private readonly open = new Line();
  private readonly prompt = new Line();
  private readonly waiting = new Map<number, Line>();
  openCount = 0;
  private epoch = 0;
  private readonly orphans = new Map<number, ControlFrame[]>();
  private orphanCount = 0;
  /** The previous id; -1: there was none, or a gap follows it. */
  private lastId = -1;
  private highestId = 0;
  private first = true;
  private pipelinedSeen = false;
  private idOneSeen = false;
  /** Whether no request was lost in a gap or forgotten. */
  private complete = true;
  requests = 0;
  answered = 0;
  /** Whether the latest reply has a type that does not answer its request. */
  misfit = false;

  constructor(scene: Scene) {
    this.scene = scene;
    this.limits = scene.context.limits;
  }

  gap(): void {
    this.lastId = -1;
    this.first = false;
    this.complete = false;
  }

  /** Takes a request; returns the record of it. */
  request(m: ControlFrame): Request {
    this.requests++;
    this.checkId(m);
    const request = new Request(m, this.epoch);
    this.checkPipelined(m);
    const old = this.find(m.requestId);
    if (old !== undefined) {
      request.again = true;
      if (old.open && old.depth < MOST_WITH_ONE_ID) {
        request.before = old;
        request.depth = old.depth + 1;
      }
      this.forget(old);
    }
    this.remember(request);
    this.open.push(request);
    if (!request.isAccept) this.prompt.push(request);
    const { held } = this.scene.context;
    held.take(1);
    if (++this.openCount > this.limits.inFlight) this.giveUpOldest('inFlight', this.limits.inFlight);
    else if (held.exceeded && this.openCount > FAIR) this.giveUpOldest('heldMessages', this.limits.heldMessages);
    return request;
  }

  /** Removes and returns the reply that was captured before this request, and judges their order. Null: there is none. */
  orphanOf(m: ControlFrame): ControlFrame | null {
    const list = this.orphans.get(m.requestId);
    const at = list?.findIndex((o) => answers(o.type, m.type)) ?? -1;
    if (at < 0) return null;
    const orphan = list!.splice(at, 1)[0]!;
    this.orphanCount--;
    if (list!.length === 0) this.orphans.delete(m.requestId);
    const received = this.scene.witness.hadReceived(orphan, m);
    // a request with a too large length includes bytes of the next one: its real end is earlier
    if ((received === 'no' || received === 'unlikely') && !hasSurplus(m)) {
      this.scene.raise(REPLY_BEFORE_REQUEST, {
        message: orphan,
        related: [m],
        text: `${orphan.name} for request ${m.requestId} was sent before the request itself (packet ${m.packet})`,
      });
    }
    return orphan;
  }

  /** The request that a reply answers; null: none. Reports errors in the pairing. */
  reply(m: ControlFrame): Request | null {
    this.misfit = false;
    const request = this.awaiting(m);
    if (request === undefined) {
      this.unknown(m);
      return null;
    }
    const { frame } = request;
    const fits = request.reply === null && answers(m.type, frame.type);
    // the request that it really answers may have the same id, and be captured later, or earlier
    if (!fits && this.scene.knewMore(m)) {
      this.unknown(m);
      return null;
    }
    if (!fits && request.again && this.scene.witness.hadReceived(m, frame) === 'no') return null;
    const sure = this.complete && this.scene.whole('guest') && this.scene.whole('monitor');
    if (request.reply !== null) {
      this.scene.raise(REPLY_DUPLICATE, {
        message: m,
        related: [frame, request.reply],
        text: `request ${m.requestId} (${frame.name}) was answered by ${request.reply.name} before`,
        confidence: sure ? 'certain' : 'likely',
      });
      return null;
    }
    if (!answers(m.type, frame.type)) {
      this.misfit = true;
      this.scene.raise(REPLY_TYPE_MISMATCH, {
        message: m,
        related: [frame],
        text: `${m.name} does not answer ${frame.name} (request ${m.requestId})`,
        confidence: sure ? 'certain' : 'likely',
      });
      this.answer(request, m);
      return null;
    }
    this.checkOrder(request, m);
    this.answer(request, m);
    if (frame.type === CONNECT_REQUEST && m.latency > SLOW_NANOS) {
      this.scene.raise(CONNECT_SLOW, {
        message: m,
        related: [frame],
        text: `the answer took ${duration(m.latency)}; a monitor serves nobody else in that time`,
      });
    }
    return request;
  }

  /** An accept waits on a listener that was announced. */
  waitOn(request: Request): void {
    request.listenerKnown = true;
    if (!request.open) return;
    let line = this.waiting.get(request.frame.listenerId);
    if (line === undefined) {
      line = new Line();
      this.waiting.set(request.frame.listenerId, line);
    }
    line.push(request);
  }

  /** Links a request to its reply: it is not open any more. */
  answer(request: Request, m: ControlFrame): void {
    request.reply = m;
    this.forget(request);
    this.answered++;
    this.scene.pair(request.frame, m);
  }

  get openRequests(): Iterable<Request> {
    return this.open;
  }

  /** The session is over: reports replies without requests, and requests without replies. */
  finish(ended: boolean): void {
    for (const list of this.orphans.values()) for (const m of list) this.raiseUnknown(m);
    this.orphans.clear();
    if (!ended || !this.scene.whole('monitor') || this.scene.brokenByGuest) return;
    for (const r of this.open) {
      if (r.isAccept || !r.frame.complete) continue;
      this.scene.raise(REQUEST_UNANSWERED, {
        message: r.frame,
        text: `${r.frame.name} (request ${r.frame.requestId}) was never answered`,
      });
    }
  }

  private checkId(m: ControlFrame): void {
    const id = m.requestId;
    const last = this.lastId;
    const scene = this.scene;
    if (id === 0) scene.raise(REQUEST_ID_ZERO, { message: m, text: `${m.name} has request id 0` });
    const old = this.find(id);
    const wrapped = last >= 0 && isWrap(last, id);
    if (wrapped) this.epoch++;
    // an id can be used again once the counter has wrapped, unless its request is still open
    const reused = old !== undefined && (old.epoch === this.epoch || old.reply === null) ? old : undefined;
    if (reused !== undefined) this.checkReuse(m, reused);
    else if (last >= 0 && id > 0 && id < last && !wrapped) {
      scene.raise(REQUEST_ID_BACKWARDS, { message: m, text: `request id ${id} after ${last}` });
    } else if (last >= 0 && !wrapped && id > last + 1) {
      scene.raise(REQUEST_ID_GAP, { message: m, text: `request id ${id} after ${last}` });
    } else if (this.first && id > 1 && scene.startCaptured) {
      scene.raise(REQUEST_ID_FIRST, { message: m, text: `the first request id is ${id}, not 1` });
    }
    this.first = false;
    // id 0 is reported by its own rule and does not count, unless the counter has wrapped
    if (id > 0 || wrapped) this.lastId = id;
    this.highestId = wrapped ? id : Math.max(this.highestId, id);
  }

  private checkReuse(m: ControlFrame, old: Request): void {
    const related = old.reply === null ? [old.frame] : [old.frame, old.reply];
    // it is not known whether it was answered before, if the capture may show the reply later
    if (old.reply !== null || this.scene.knewMore(m)) {
      this.scene.raise(REQUEST_ID_REUSED, {
        message: m,
        related,
        text: `request id ${m.requestId} was used by ${old.frame.name} before`,
      });
    } else if (this.scene.whole('monitor')) {
      this.scene.raise(REQUEST_ID_REUSED_IN_FLIGHT, {
        message: m,
        related,
        text: `request id ${m.requestId} belongs to ${old.frame.name}, which is not answered yet`,
        confidence: this.scene.orderProven(m) ? 'certain' : 'likely',
      });
    }
  }

  private checkPipelined(m: ControlFrame): void {
    if (this.openCount === 0 || this.pipelinedSeen || !this.scene.whole('monitor') || this.scene.knewMore(m)) return;
    this.pipelinedSeen = true;
    const first = this.firstOpen();
    const ids = first.map((r) => r.frame.requestId);
    this.scene.raise(PIPELINED, {
      message: m,
      related: first.map((r) => r.frame),
      text: `sent while ${ids.length === 1 ? 'request' : 'requests'} ${ids.join(', ')} ${ids.length === 1 ? 'is' : 'are'} open (reported once)`,
      confidence: this.scene.orderProven(m) ? 'certain' : 'likely',
    });
  }

  /**
   * Judges the order of replies, which is that of the requests. Only accepts wait: their order is kept only among those on one listener.
   */
  private checkOrder(request: Request, m: ControlFrame): void {
    const scene = this.scene;
    if (!scene.whole('monitor')) return;
    const { frame } = request;
    if (request.isAccept) {
      const older = this.oldest(this.prompt, request);
      if (older !== null && this.overtakes(older)) this.interleaved(m, older);
      if (!request.listenerKnown || (m.type === ACCEPT_ERR && m.code === EBADF)) return;
      const before = this.oldest(this.waiting.get(frame.listenerId), request);
      if (before === null) return;
      scene.raise(ACCEPT_ORDER, {
        message: m,
        related: [frame, before.frame],
        text: `request ${before.frame.requestId} waits on listener ${frame.listenerId} for longer than request ${frame.requestId}`,
      });
      return;
    }
    const before = this.oldest(this.prompt, request);
    if (before === null || !this.overtakes(before)) return;
    scene.raise(SYNC_REPLY_ORDER, {
      message: m,
      related: [frame, before.frame],
      text: `request ${before.frame.requestId} (${before.frame.name}) was sent before request ${frame.requestId} and is not answered yet`,
    });
  }

  /** Whether to report that a reply comes before that to an older request: once for each older request. */
  private overtakes(older: Request): boolean {
    if (older.overtaken) return false;
    older.overtaken = true;
    // a reply with an unknown id may be the missing one; it is reported by another rule
    for (const list of this.orphans.values()) if (list.some((m) => answers(m.type, older.frame.type))) return false;
    return true;
  }

  private interleaved(m: ControlFrame, before: Request): void {
    this.scene.raise(INTERLEAVED_REPLIES, {
      message: m,
      related: [before.frame],
      text: `the reply to request ${m.requestId} overtakes that to request ${before.frame.requestId}`,
    });
  }

  /** The oldest open request of a line, if it was sent before this one; else null. */
  private oldest(line: Line | undefined, request: Request): Request | null {
    const r = line?.first() ?? null;
    return r !== null && r.frame.offset < request.frame.offset ? r : null;
  }

  /** Some of the open requests, for texts. */
  private firstOpen(): Request[] {
    const out: Request[] = [];
    for (const r of this.open) {
      if (out.length === 8) break;
      out.push(r);
    }
    return out;
  }

  private forget(request: Request): void {
    if (!request.open) return;
    request.open = false;
    this.openCount--;
    this.scene.context.held.give(1);
  }

  private unknown(m: ControlFrame): void {
    const ahead = m.requestId - this.highestId;
    if (!this.scene.orderProven(m) || (ahead > 0 && ahead <= AHEAD)) {
      if (this.orphanCount < this.limits.strayReplies) {
        this.orphanCount++;
        const list = this.orphans.get(m.requestId);
        if (list === undefined) this.orphans.set(m.requestId, [m]);
        else list.push(m);
        return;
      }
      // the requests that these replies answer would seem to be unanswered
      this.complete = false;
      this.scene.witness.lose(m.side, m.offset);
      const text = `more than ${this.limits.strayReplies} replies wait for requests that the capture has not shown; later ones are not paired`;
      this.scene.limits.hit('strayReplies', text, 'warning', m);
      return;
    }
    this.raiseUnknown(m);
    const meant = this.firstOpen().find((r) => answers(m.type, r.frame.type));
    if (meant !== undefined) meant.overtaken = true;
  }

  private raiseUnknown(m: ControlFrame): void {
    if (!this.complete || !this.scene.whole('guest') || !this.startSeen) return;
    const rule = m.type === INCOMING_CONNECTION ? UNSOLICITED_INCOMING : REPLY_UNKNOWN_REQUEST;
    const open = this.firstOpen().map((r) => r.frame.requestId);
    this.scene.raise(rule, {
      message: m,
      text: `${m.name} for request ${m.requestId}, which was never sent; ${open.length > 0 ? `open: ${open.join(', ')}` : 'none is open'}`,
    });
  }

  /** Whether the session's first request is known to be captured: the start was captured, or id 1 was seen. */
  private get startSeen(): boolean {
    return this.scene.startCaptured || this.idOneSeen;
  }

  /** The request that a reply is meant for: of several in flight with its id, the oldest one that it can answer. */
  private awaiting(m: ControlFrame): Request | undefined {
    const newest = this.find(m.requestId);
    let found = newest;
    for (let r = newest?.before; r; r = r.before) if (r.reply === null && answers(m.type, r.frame.type)) found = r;
    return found;
  }

  private find(id: number): Request | undefined {
    return this.byId.get(id) ?? this.older.get(id);
  }

  private remember(request: Request): void {
    const { held } = this.scene.context;
    if (this.byId.size >= (held.halfUsed ? FAIR : this.limits.inFlight)) {
      if (this.older.size > 0) this.complete = false;
      this.older = this.byId;
      this.byId = new Map();
    }
    this.byId.set(request.frame.requestId, request);
    this.idOneSeen ||= request.frame.requestId === 1;
  }

  /** Too many requests wait: gives up the oldest one. */
  private giveUpOldest(limit: 'inFlight' | 'heldMessages', most: number): void {
    const oldest = this.open.first();
    if (oldest === null) return;
    this.forget(oldest);
    this.complete = false;
    const whose = limit === 'inFlight' ? '' : ' of all sessions';
    const text = `more than ${most} requests${whose} wait for replies; the oldest are given up`;
    this.scene.limits.hit(limit, text, 'warning', oldest.frame);
  }
}
