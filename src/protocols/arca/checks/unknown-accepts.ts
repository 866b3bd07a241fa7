import {
  ACCEPT_ERR_CODE,
  ACCEPT_ERR_KNOWN_LISTENER,
  ACCEPT_LISTENER_ZERO,
  ACCEPT_UNKNOWN_LISTENER,
  ACCEPT_UNKNOWN_SILENT,
  MONITOR_CONTINUED,
} from '../rules/connections.js';
import type { Scene } from '../session/scene.js';
import type { Ids } from './connection-ids.js';
import { EBADF, type Requests } from './correlation.js';
import type { ControlFrame } from '../family-a/message.js';
import type { Request } from './request-line.js';

/**
 * Judges accepts on listeners that were not announced. The recording may show a ListenOk later than the request that uses the listener. So
 * a request is judged when the order is proven, when the monitor reports that it does not know the listener, or at the end.
 */
export class UnknownAccepts {
  private readonly scene: Scene;
  private readonly ids: Ids;
  private readonly requests: Requests;
  /** Unanswered accepts on unknown listeners, and whether they were judged. */
  private readonly open = new Map<Request, boolean>();

  constructor(scene: Scene, ids: Ids, requests: Requests) {
    this.scene = scene;
    this.ids = ids;
    this.requests = requests;
  }

  accept(request: Request): void {
    const m = request.frame;
    if (this.ids.knows(m.listenerId)) {
      this.requests.waitOn(request);
      return;
    }
    const most = this.scene.context.limits.strayRequests;
    if (this.open.size >= most) {
      const text = `more than ${most} accepts on listeners that are not known; later ones are not judged`;
      this.scene.limits.hit('strayRequests', text, 'note', m);
      return;
    }
    if (m.listenerId === 0) {
      this.scene.raise(ACCEPT_LISTENER_ZERO, {
        message: m,
        text: 'AcceptRequest for listener 0, which is no listener',
      });
    }
    this.open.set(request, m.listenerId === 0);
    if (m.listenerId !== 0 && this.scene.orderProven(m)) this.judge(request, 'certain');
  }

  /** A listener was announced: accepts that were captured before that are correct, unless the order contradicts. */
  announced(m: ControlFrame): void {
    for (const [r, judged] of this.open) {
      if (judged || r.frame.listenerId !== m.listenerId) continue;
      if (r.frame.peerSeen >= 0 && r.frame.peerSeen < m.endOffset) continue;
      this.requests.waitOn(r);
      this.open.delete(r);
    }
  }

  /** Takes an AcceptErr for an accept. */
  answer(request: Request, m: ControlFrame): void {
    const { frame } = request;
    const announced = this.ids.announcement(frame.listenerId);
    const known = request.listenerKnown || (announced !== null && announced.offset < m.offset);
    const judged = this.open.get(request);
    this.open.delete(request);
    if (m.code === EBADF && known) {
      this.scene.raise(ACCEPT_ERR_KNOWN_LISTENER, {
        message: m,
        related: announced === null ? [frame] : [frame, announced],
        text: `code 9 says that listener ${frame.listenerId} is unknown, but it was announced`,
      });
      return;
    }
    if (known || judged === undefined) return;
    if (!judged) this.judge(request, 'certain');
    if (m.code !== EBADF && this.sure) {
      this.scene.raise(ACCEPT_ERR_CODE, {
        message: m,
        related: [frame],
        text: `code ${m.code} for an unknown listener; 9 (EBADF) expected`,
      });
    }
  }

  /** Takes a connection for an accept. Whatever is wrong with it, the accept does not stay without an answer. */
  served(request: Request): void {
    const judged = this.open.get(request);
    if (judged === undefined) return;
    if (!judged) this.judge(request, 'certain');
    this.open.delete(request);
  }

  /** Generation A2: such a request ends the monitor, so later requests must not get an answer. */
  continued(request: Request, m: ControlFrame): void {
    for (const [r, judged] of this.open) {
      if (r.frame.offset >= request.frame.offset) return;
      if (!judged || r === request) continue;
      this.scene.raise(MONITOR_CONTINUED, {
        message: m,
        related: [r.frame, request.frame],
        text: `answers request ${m.requestId}, which was sent after the one for unknown listener ${r.frame.listenerId}`,
      });
      return;
    }
  }

  /** The session is over. `lastReply`: index of the monitor's latest message. It shows what the monitor had seen, if no order is proven. */
  finish(ended: boolean, lastReply: number, isA3: boolean): void {
    for (const [r, judged] of this.open) {
      if (!judged) this.judge(r, lastReply > r.frame.index ? 'certain' : 'likely');
      if (!ended || !this.scene.whole('monitor')) continue;
      this.scene.raise(ACCEPT_UNKNOWN_SILENT, {
        message: r.frame,
        severity: isA3 ? 'warning' : 'note',
        text: `no AcceptErr for listener ${r.frame.listenerId}${isA3 ? '' : ' (generation A2 has none: there the monitor stops)'}`,
      });
    }
  }

  private get sure(): boolean {
    return this.ids.certain && this.scene.whole('monitor');
  }

  private judge(r: Request, confidence: 'certain' | 'likely'): void {
    if (!this.sure) return;
    if (this.open.has(r)) this.open.set(r, true);
    this.scene.raise(ACCEPT_UNKNOWN_LISTENER, {
      message: r.frame,
      related: r.reply === null ? [] : [r.reply],
      text: `listener ${r.frame.listenerId} was never announced; ${this.ids.list()}`,
      ...(confidence === 'certain' ? {} : { confidence }),
    });
  }
}
