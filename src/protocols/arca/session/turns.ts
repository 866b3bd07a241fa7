import type { Message } from '../../../contract/message.js';
import type { Scene } from './scene.js';

/** Pairs requests and replies that only their order connects: the n-th reply answers the n-th request. */
export class Turns<M extends Message> {
  private readonly scene: Scene;
  private readonly unsolicited: (reply: M) => void;
  private readonly waiting: M[] = [];
  private early: M[] = [];
  /** Whether no message is missing that would shift the count. */
  trusted: boolean;

  constructor(scene: Scene, unsolicited: (reply: M) => void) {
    this.scene = scene;
    this.unsolicited = unsolicited;
    this.trusted = scene.startCaptured;
  }

  get open(): readonly M[] {
    return this.waiting;
  }

  /** Takes a request. Returns the reply to it if that was captured first, else null. */
  request(m: M): M | null {
    const early = this.early.shift();
    if (early !== undefined) return early;
    const most = this.scene.context.limits.turns;
    if (this.waiting.length >= most) {
      this.waiting.shift();
      this.distrust('turns', m, `more than ${most} requests wait for replies; the oldest are given up`);
    }
    this.waiting.push(m);
    return null;
  }

  /** Takes a reply. Returns the request that it answers; null: there is none; `held`: it may still be captured. */
  reply(m: M): M | 'held' | null {
    const request = this.waiting.shift();
    if (request !== undefined) {
      this.scene.pair(request, m);
      return request;
    }
    if (!this.trusted || !this.scene.whole('guest')) return null;
    if (!this.scene.orderProven(m)) {
      const most = this.scene.context.limits.strayReplies;
      if (this.early.length < most) {
        this.early.push(m);
        return 'held';
      }
      this.early = [];
      this.distrust(
        'strayReplies',
        m,
        `more than ${most} replies wait for requests that the capture has not shown; nothing is paired any more`,
      );
      return null;
    }
    this.unsolicited(m);
    return null;
  }

  private distrust(limit: 'turns' | 'strayReplies', m: M, text: string): void {
    this.trusted = false;
    this.scene.limits.hit(limit, text, 'warning', m);
  }

  /** Removes the latest request again, as it is never answered. */
  drop(): void {
    this.waiting.pop();
  }

  gap(): void {
    this.waiting.length = 0;
    this.early = [];
    this.trusted = false;
  }

  /** The session is over: replies that still wait answer no request. */
  finish(): void {
    if (this.trusted && this.scene.whole('guest')) for (const m of this.early) this.unsolicited(m);
    this.early = [];
  }
}
