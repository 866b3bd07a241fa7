import { count } from '../../../base/text.js';
import type { Json } from '../../../base/annotation.js';
import { GENERATION_AMBIGUOUS, LENGTH_PREFIX } from '../rules/framing.js';
import {
  CLOSE_ANSWERED,
  CLOSE_UNANSWERED,
  DATA_AFTER_EXIT,
  REQUEST_AFTER_CLOSE,
  REQUEST_OVERLAP,
  RESPONSE_MISMATCH,
  RESPONSE_MISSING,
  RESPONSE_UNSOLICITED,
} from '../rules/postcard-turns.js';
import type { Scene } from '../session/scene.js';
import { Turns } from '../session/turns.js';
import { ChildPipes } from '../checks/child-pipes.js';
import { checkBody } from '../checks/postcard-bodies.js';
import { checkRequest } from '../checks/postcard-contents.js';
import { Descriptors } from '../checks/descriptors.js';
import { DIALECTS, foremost } from './dialects.js';
import { MAX_BODY } from './layout.js';
import type { PostcardFrame } from './message.js';
import { answersOf } from './pairs.js';
import { Transfers } from '../checks/transfers.js';

/** Requests that may stay unanswered until the session ends. */
const PATIENT: ReadonlySet<string> = new Set(['Exit', 'Close', 'Accept', 'Receive', 'Read']);

/** Joins the two directions of one pipe of family C, and checks its rules. */
export class PostcardSession {
  private readonly scene: Scene;
  private readonly turns: Turns<PostcardFrame>;
  private readonly transfers: Transfers;
  private readonly descriptors: Descriptors;
  private readonly pipes: ChildPipes;
  private guestBits = -1;
  private monitorBits = -1;
  private ambiguousSeen = false;
  private getArgsSeen = false;
  private closed: PostcardFrame | null = null;
  private exited: PostcardFrame | null = null;
  private requests = 0;
  private responses = 0;
  private bytesOut = 0;
  private bytesIn = 0;

  constructor(scene: Scene) {
    this.scene = scene;
    this.turns = new Turns(scene, (m) => this.raiseUnsolicited(m));
    this.transfers = new Transfers(scene);
    this.descriptors = new Descriptors(scene);
    this.pipes = new ChildPipes(scene);
  }

  /** The dialects (bits) that fit both directions; if there are none, those that fit the guest's. */
  private get bits(): number {
    const both = this.guestBits & this.monitorBits;
    return both !== 0 ? both : this.guestBits;
  }

  get generation(): string {
    if (this.requests + this.responses === 0) return 'C';
    const names = new Set(DIALECTS.filter((d) => (d.bit & this.bits) !== 0).map((d) => d.generation));
    if (names.has('C3/C4')) return 'C3/C4';
    return ['C1', 'C2a', 'C2', 'C3', 'C4'].filter((n) => names.has(n)).join('/');
  }

  private get purpose(): string {
    return foremost(this.bits).purpose;
  }

  message(m: PostcardFrame): void {
    const { scene } = this;
    if (m.bodyLength <= 0) {
      scene.raise(LENGTH_PREFIX, {
        message: m,
        text: `the length word is 0 or above ${MAX_BODY}; the frames behind it cannot be found`,
        confidence: 'certain',
      });
      scene.witness.lose(m.side, m.offset);
      return;
    }
    scene.learn(m, m.role);
    if (!m.complete) {
      this.turns.gap();
      return;
    }
    if (m.isRequest) this.guestBits = m.dialects;
    else this.monitorBits = m.dialects;
    this.checkAmbiguity(m);
    const readable = checkBody(scene, m);
    if (m.dialect.purpose === 'control') scene.context.shared.controlSeen = true;
    this.pipes.find(m);
    if (m.isRequest) this.request(m, readable);
    else this.response(m, readable);
  }

  gap(): void {
    this.turns.gap();
    this.transfers.gap();
    this.descriptors.gap();
  }

  finish(ended: boolean): void {
    const { scene } = this;
    this.turns.finish();
    this.descriptors.finish(ended);
    if (!this.turns.trusted || !scene.whole('monitor')) return;
    for (const m of this.turns.open) {
      if (m.name === 'Close' && !m.dialect.wrapped) {
        scene.raise(CLOSE_UNANSWERED, {
          message: m,
          text: `no Ack when the ${ended ? 'session' : 'recording'} ends, as with all known hosts; the guest waits for it`,
        });
      } else if (ended && !PATIENT.has(m.name) && !this.isLost(m)) {
        scene.raise(RESPONSE_MISSING, { message: m, text: `${m.name} was never answered` });
      }
    }
    if (ended) this.pipes.finish();
  }

  /**
   * Whether a request cannot be answered, as the host ends with Exit, with Close, or with a request that it cannot read, which is reported.
   */
  private isLost(m: PostcardFrame): boolean {
    const over = this.exited ?? this.closed;
    return this.scene.brokenByGuest || (over !== null && over.offset < m.offset);
  }

  summary(): Record<string, Json> {
    return {
      generation: this.generation,
      pipe: this.purpose,
      requests: this.requests,
      responses: this.responses,
      open: this.turns.open.length,
      bytesOut: this.bytesOut,
      bytesIn: this.bytesIn,
      descriptors: this.descriptors.openCount,
    };
  }

  describe(): string[] {
    return [
      `postcard frames, generation ${this.generation}, ${this.purpose} pipe`,
      `${count(this.requests, 'request')}, ${count(this.responses, 'response')}, ${this.turns.open.length} open; ` +
        `${this.bytesOut} bytes written, ${this.bytesIn} read`,
    ];
  }

  // ---- bodies

  private checkAmbiguity(m: PostcardFrame): void {
    if (!m.ambiguous || this.ambiguousSeen) return;
    this.ambiguousSeen = true;
    const labels = DIALECTS.filter((d) => (d.bit & m.dialects) !== 0).map((d) => d.label);
    this.scene.raise(GENERATION_AMBIGUOUS, {
      message: m,
      text: `the bytes so far fit ${labels.join(', ')}; read as ${m.dialect.label}`,
    });
  }

  // ---- turns

  private request(m: PostcardFrame, readable: boolean): void {
    const { scene } = this;
    this.requests++;
    if (this.exited !== null) {
      scene.raise(DATA_AFTER_EXIT, { message: m, related: [this.exited], text: `${m.name} after Exit` });
    } else if (this.closed !== null) {
      scene.raise(REQUEST_AFTER_CLOSE, { message: m, related: [this.closed], text: `${m.name} after Close` });
    }
    const before = this.turns.open[0];
    if (
      before !== undefined &&
      this.turns.trusted &&
      this.closed === null &&
      scene.whole('monitor') &&
      scene.orderProven(m)
    ) {
      scene.raise(REQUEST_OVERLAP, { message: m, related: [before], text: `sent before ${before.name} was answered` });
    }
    if (readable) {
      this.getArgsSeen = checkRequest(scene, m, this.getArgsSeen);
      this.transfers.request(m);
      this.descriptors.request(m);
      if (m.name === 'Write' || m.name === 'Send') this.bytesOut += m.dataLength;
    } else scene.brokenByGuest = true;
    if (m.name === 'Exit' && readable) {
      this.exited = m;
      return;
    }
    if (m.name === 'Close' && !m.dialect.wrapped) {
      this.closed ??= m;
      this.pipes.close();
    }
    const early = this.turns.request(m);
    if (early !== null) this.answer(m, early);
  }

  private response(m: PostcardFrame, readable: boolean): void {
    const { scene } = this;
    this.responses++;
    if (this.exited !== null && this.turns.open.length === 0) {
      if (scene.orderProven(m)) {
        scene.raise(DATA_AFTER_EXIT, { message: m, related: [this.exited], text: `${m.name} after Exit` });
      }
      return;
    }
    if (readable && m.name === 'Bytes') this.bytesIn += m.dataLength;
    const request = this.turns.reply(m);
    if (request === 'held') return;
    if (request !== null) this.answer(request, m);
    else this.pipes.answer(null, m);
  }

  private raiseUnsolicited(m: PostcardFrame): void {
    this.scene.raise(RESPONSE_UNSOLICITED, { message: m, text: `${m.name} with no open request` });
  }

  private answer(request: PostcardFrame, m: PostcardFrame): void {
    const { scene } = this;
    const dialect = foremost(request.dialects & m.dialects || request.dialects);
    const allowed = answersOf(dialect, request.name);
    if (!allowed.includes(m.name)) {
      if (this.turns.trusted && m.readable && request.readable) {
        const want = allowed.length === 0 ? 'nothing answers it' : `${allowed.join(' or ')} would`;
        scene.raise(RESPONSE_MISMATCH, {
          message: m,
          related: [request],
          text: `${m.name} does not answer ${request.name}; ${want}`,
        });
      }
    } else if (request.name === 'Close' && !dialect.wrapped) {
      scene.raise(CLOSE_ANSWERED, { message: m, related: [request], text: 'Close is acknowledged: a repaired host' });
    } else if (m.readable && request.readable) {
      if (this.turns.trusted) this.transfers.answer(request, m);
      this.descriptors.answer(request, m);
    }
    this.pipes.answer(request, m);
  }
}
