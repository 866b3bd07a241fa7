import { count } from '../../../base/text.js';
import type { Json } from '../../../contract/annotation.js';
import {
  BODY_SHORT,
  BODY_TRAILING,
  BOOL_INVALID,
  DISCRIMINANT_UNKNOWN,
  GENERATION_AMBIGUOUS,
  LENGTH_PREFIX,
  UTF8_INVALID,
  VARINT_OVERLONG,
  VARINT_PADDED,
} from '../rules/framing.js';
import {
  CHILD_PIPE_UNLINKED,
  CHILD_PIPE_UNUSED,
  CLOSE_ANSWERED,
  CLOSE_UNANSWERED,
  DATA_AFTER_EXIT,
  REQUEST_AFTER_CLOSE,
  REQUEST_OVERLAP,
  RESPONSE_MISMATCH,
  RESPONSE_MISSING,
  RESPONSE_UNSOLICITED,
} from '../rules/postcard-turns.js';
import type { AnnouncedPipe } from '../session/shared.js';
import type { Scene } from '../session/scene.js';
import { Turns } from '../session/turns.js';
import { checkPipe } from '../checks/child-pipes.js';
import { checkRequest } from '../checks/postcard-contents.js';
import { Descriptors } from '../checks/descriptors.js';
import { DIALECTS, foremost, OPENS } from './dialects.js';
import { MAX_BODY } from './layout.js';
import type { PostcardFrame } from './message.js';
import { answersOf } from './pairs.js';
import { BOOL, DISCRIMINANT, OK, RANGE, SHORT, TEXT, TRAILING } from './postcard.js';
import { Transfers } from '../checks/transfers.js';

/** Requests that may stay unanswered for as long as they like. */
const PATIENT: ReadonlySet<string> = new Set(['Exit', 'Close', 'Accept', 'Receive', 'Read']);
/** Hexadecimal numbers in the names of a connection's ends: the addresses of its rings. */
const POINTER = /0x([0-9a-f]{4,16})/gi;

/** What both directions of one pipe of family C say together. */
export class PostcardSession {
  private readonly scene: Scene;
  private readonly turns: Turns<PostcardFrame>;
  private readonly transfers: Transfers;
  private readonly descriptors: Descriptors;
  private guestBits = -1;
  private monitorBits = -1;
  private ambiguousSeen = false;
  private getArgsSeen = false;
  private closed: PostcardFrame | null = null;
  private exited: PostcardFrame | null = null;
  /** The announced pipe that this stream is, and the pipes that it announced. */
  private link: AnnouncedPipe | null = null;
  private linked = false;
  private readonly announced: { pipe: AnnouncedPipe; message: PostcardFrame }[] = [];
  private requests = 0;
  private responses = 0;
  private bytesOut = 0;
  private bytesIn = 0;

  constructor(scene: Scene) {
    this.scene = scene;
    this.turns = new Turns(scene, (m) => this.raiseUnsolicited(m));
    this.transfers = new Transfers(scene);
    this.descriptors = new Descriptors(scene);
  }

  /** The dialects that both directions fit. */
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
    const readable = this.checkBody(m);
    if (m.dialect.purpose === 'control') scene.context.shared.controlSeen = true;
    this.findLink(m);
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
      } else if (ended && !PATIENT.has(m.name)) {
        scene.raise(RESPONSE_MISSING, { message: m, text: `${m.name} was never answered` });
      }
    }
    const { shared } = scene.context;
    if (!ended || shared.forgotten > 0 || !shared.pipes.some((p) => p.linkedTo !== 0)) return;
    for (const { pipe, message } of this.announced) {
      if (pipe.linkedTo !== 0) continue;
      scene.raise(CHILD_PIPE_UNUSED, { message, text: `no stream of the recording is this ${pipe.purpose} pipe` });
    }
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

  /** Whether the value could be read. */
  private checkBody(m: PostcardFrame): boolean {
    const { scene } = this;
    const at = { message: m, offset: m.offset + m.faultAt, length: 1 };
    const field = m.faultField === '' ? 'the value' : m.faultField;
    switch (m.outcome) {
      case OK:
        break;
      case TRAILING:
        scene.raise(BODY_TRAILING, {
          ...at,
          length: m.surplus,
          confidence: 'certain',
          text: `${count(m.surplus, 'byte')} behind ${m.name}; read as ${m.dialect.label}`,
        });
        break;
      case SHORT:
        scene.raise(BODY_SHORT, { ...at, text: `${m.name}: ${field} needs more bytes than the body has` });
        break;
      case DISCRIMINANT:
        scene.raise(DISCRIMINANT_UNKNOWN, {
          ...at,
          text: `${field} ${m.faultNumber} is not defined; read as ${m.dialect.label}`,
        });
        break;
      case RANGE:
        scene.raise(VARINT_OVERLONG, { ...at, text: `${m.name}: ${field} is longer than its type allows` });
        break;
      case BOOL:
        scene.raise(BOOL_INVALID, { ...at, text: `${m.name}: ${field} is neither 0 nor 1` });
        break;
      case TEXT:
        scene.raise(UTF8_INVALID, { ...at, text: `${m.name}: ${field} is not UTF-8` });
        break;
    }
    if (m.paddedAt >= 0) {
      scene.raise(VARINT_PADDED, {
        message: m,
        offset: m.offset + m.paddedAt,
        length: 1,
        text: `${m.name}: a varint with needless bytes`,
      });
    }
    return m.readable;
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
    }
    if (m.name === 'Exit' && readable) {
      this.exited = m;
      return;
    }
    if (m.name === 'Close' && !m.dialect.wrapped) {
      this.closed ??= m;
      if (this.link !== null) this.link.closed = true;
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
    else this.pipe(null, m);
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
    this.pipe(request, m);
  }

  // ---- pipes

  private pipe(request: PostcardFrame | null, m: PostcardFrame): void {
    const { shared } = this.scene.context;
    if (m.value?.name !== 'Pipe') return;
    checkPipe(this.scene, m, m.value);
    const purpose = request === null ? undefined : OPENS[request.name];
    if (purpose === undefined) return;
    const { rxPtr, txPtr } = m.value;
    const pipe = { purpose, rxPtr, txPtr, linkedTo: 0, closed: false };
    const most = this.scene.context.limits.listItems;
    shared.announce(pipe, most);
    if (this.announced.length < most) this.announced.push({ pipe, message: m });
    if (shared.forgotten > 0)
      this.scene.limits.hit(
        'listItems',
        `more than ${most} pipes were announced; the oldest are forgotten`,
        'warning',
        m,
      );
  }

  /** Finds the answer that announced this stream's pipe, as soon as it is clear what the pipe is for. */
  private findLink(m: PostcardFrame): void {
    if (this.linked || m.ambiguous || m.dialect.generation !== 'C3/C4') return;
    this.linked = true;
    const { connection, shared } = this.scene.context;
    const names = `${connection.endpoints.join(' ')} ${connection.comment}`;
    const pointers = [...names.matchAll(POINTER)].map((x) => Number.parseInt(x[1]!, 16));
    this.link = shared.link(m.dialect.purpose, connection.id, pointers);
    if (this.link === null) {
      if (!shared.controlSeen || shared.forgotten > 0) return;
      this.scene.raise(CHILD_PIPE_UNLINKED, {
        message: m,
        text: `no Pipe answer of the recording announced this ${m.dialect.purpose} pipe`,
      });
    } else if (this.closed !== null) this.link.closed = true;
  }
}
