import { hexNumber } from '../../../base/hex.js';
import { count } from '../../../base/text.js';
import type { Json } from '../../../contract/annotation.js';
import { checkRingSize, Regions } from '../checks/shared-memory.js';
import { BODY_SHORT, BODY_TRAILING, DISCRIMINANT_UNKNOWN, EMPTY_FRAME, FRAME_TOO_LARGE } from '../rules/framing.js';
import {
  DOORBELL_ADDRESS,
  DOORBELL_PAIR,
  DOORBELL_REUSED,
  FILE_AFTER_CLOSE,
  FILE_ERROR_SIGN,
  FILE_FLAGS,
  FILE_HEADER,
  FILE_READ_EXCESS,
  FILE_REPLY_MISMATCH,
  FILE_REPLY_UNSOLICITED,
  FILE_WROTE_EXCESS,
  NEW_PIPE_LENGTH,
  NEW_PIPE_PIPELINED,
  NEW_PIPE_REPLY_SIZE_MIXED,
  NEW_PIPE_UNANSWERED,
  NEW_PIPE_UNSOLICITED,
  PIPE_ID_SEQUENCE,
  RING_SIZE_ECHO,
} from '../rules/pipes.js';
import type { Scene } from '../session/scene.js';
import { Turns } from '../session/turns.js';
import {
  CLOSE,
  ERROR,
  fileMessage,
  hasBells,
  isReplyLength,
  KNOWN_FLAGS,
  NEW_PIPE_REQUEST,
  PIPE_HEADER,
  READ,
  REPLY_B1,
  REPLY_B2,
  replyLayout,
  SEEK,
  WHENCE,
  WRITE,
} from './layout.js';
import type { PipeFrame } from './message.js';

const BELLS = 65_536;

/** What both directions of a family B session say together. */
export class PipeSession {
  private readonly scene: Scene;
  private readonly regions: Regions;
  private readonly pipes: Turns<PipeFrame>;
  private readonly files: Turns<PipeFrame>;
  private readonly bells = new Map<string, PipeFrame>();
  private firstReply: PipeFrame | null = null;
  private lastPipeId = -1;
  private pipelinedSeen = false;
  private closed: PipeFrame | null = null;
  private requests = 0;
  private replies = 0;
  private fileFrames = 0;
  private path = false;

  constructor(scene: Scene) {
    this.scene = scene;
    this.regions = new Regions(scene);
    this.pipes = new Turns(scene, (m) =>
      scene.raise(NEW_PIPE_UNSOLICITED, { message: m, text: 'every NewPipeRequest was answered before' }),
    );
    this.files = new Turns(scene, (m) =>
      scene.raise(FILE_REPLY_UNSOLICITED, { message: m, text: `${m.name} with no open request` }),
    );
  }

  get generation(): string {
    if (this.fileFrames > 0) return 'B3';
    if (this.firstReply === null) return 'B1/B2';
    const reply = replyLayout(this.firstReply.payloadLength);
    return reply !== null && reply.at.pipeId >= 0 ? 'B2' : 'B1';
  }

  message(m: PipeFrame): void {
    this.scene.learn(m, m.role);
    if (m.kind === 'empty') {
      this.scene.raise(EMPTY_FRAME, { message: m, text: 'length 0: the reader takes it for the end of the stream' });
      return;
    }
    if (!m.complete) return;
    if (m.kind === 'NewPipeRequest') this.newPipe(m);
    else if (m.kind === 'NewPipeReply') this.newPipeReply(m);
    else {
      this.fileFrames++;
      if (m.kind === 'FilePipeHeader') this.header(m);
      else if (m.kind === 'file-request') this.fileRequest(m);
      else this.fileReply(m);
    }
  }

  gap(): void {
    this.pipes.gap();
    this.files.gap();
    this.lastPipeId = -1;
  }

  finish(ended: boolean): void {
    this.pipes.finish();
    this.files.finish();
    if (!ended || !this.pipes.trusted || !this.scene.whole('monitor')) return;
    for (const m of this.pipes.open) {
      this.scene.raise(NEW_PIPE_UNANSWERED, {
        message: m,
        text: `no reply to the request for a ring of ${m.ringSize}`,
      });
    }
  }

  summary(): Record<string, Json> {
    return {
      generation: this.generation,
      newPipeRequests: this.requests,
      newPipeReplies: this.replies,
      fileMessages: this.fileFrames,
      open: this.pipes.open.length + this.files.open.length,
    };
  }

  describe(): string[] {
    const what =
      this.fileFrames > 0
        ? `${count(this.fileFrames, 'file message')}${this.path ? ' behind a pipe header' : ''}`
        : 'new pipes';
    return [
      `length-prefixed frames, generation ${this.generation}: ${what}`,
      `${count(this.requests, 'NewPipeRequest')}, ${count(this.replies, 'reply', 'replies')}, ${count(this.regions.count, 'region')}`,
    ];
  }

  // ---- new pipes

  private newPipe(m: PipeFrame): void {
    const { scene } = this;
    this.requests++;
    if (m.payloadLength > NEW_PIPE_REQUEST.size) {
      scene.raise(FRAME_TOO_LARGE, {
        message: m,
        text: `a request of ${m.payloadLength} bytes; the host reads ${NEW_PIPE_REQUEST.size}`,
      });
    } else if (m.payloadLength < NEW_PIPE_REQUEST.size) {
      scene.raise(NEW_PIPE_LENGTH, {
        message: m,
        text: `a request of ${m.payloadLength} bytes, it has ${NEW_PIPE_REQUEST.size}`,
      });
    } else checkRingSize(scene, m, m.ringSize);
    if (
      this.pipes.open.length > 0 &&
      !this.pipelinedSeen &&
      this.pipes.trusted &&
      scene.whole('monitor') &&
      !scene.knewMore(m)
    ) {
      this.pipelinedSeen = true;
      scene.raise(NEW_PIPE_PIPELINED, {
        message: m,
        related: [this.pipes.open[0]!],
        text: 'sent before the request in front of it was answered (reported once)',
        confidence: scene.orderProven(m) ? 'certain' : 'likely',
      });
    }
    const early = this.pipes.request(m);
    if (early !== null) this.echo(m, early);
  }

  private newPipeReply(m: PipeFrame): void {
    const { scene } = this;
    this.replies++;
    const n = m.payloadLength;
    if (n > REPLY_B2.size)
      scene.raise(FRAME_TOO_LARGE, { message: m, text: `a reply of ${n} bytes; the guest reads ${REPLY_B2.size}` });
    else if (!isReplyLength(n)) {
      scene.raise(NEW_PIPE_LENGTH, {
        message: m,
        text: `a reply of ${n} bytes; ${REPLY_B1.size} or ${REPLY_B2.size} are defined`,
      });
    } else if (!hasBells(n)) {
      scene.raise(NEW_PIPE_LENGTH, {
        message: m,
        severity: 'note',
        text: `a reply of ${n} bytes, with 8-byte bells as in the program's unit tests`,
      });
    }
    const answered = this.pipes.reply(m);
    const request = answered === 'held' ? null : answered;
    if (!m.whole) return;
    if (this.firstReply !== null && this.firstReply.payloadLength !== n) {
      scene.raise(NEW_PIPE_REPLY_SIZE_MIXED, {
        message: m,
        related: [this.firstReply],
        text: `a reply of ${n} bytes after one of ${this.firstReply.payloadLength}`,
      });
    }
    this.firstReply ??= m;
    if (request !== null) this.echo(request, m);
    if (request === null || request.ringSize !== m.ringSize) checkRingSize(scene, m, m.ringSize);
    this.regions.add(m, m.shmOffset, m.ringSize);
    this.checkPipeId(m);
    if (m.readMatch >= 0) this.checkBells(m);
  }

  private echo(request: PipeFrame, reply: PipeFrame): void {
    if (!this.pipes.trusted || !request.whole || !reply.whole || request.ringSize === reply.ringSize) return;
    this.scene.raise(RING_SIZE_ECHO, {
      message: reply,
      related: [request],
      text: `ring size ${reply.ringSize}, but ${request.ringSize} was asked for`,
    });
  }

  private checkPipeId(m: PipeFrame): void {
    if (m.pipeId < 0) return;
    if (this.lastPipeId >= 0 && m.pipeId !== this.lastPipeId + 1) {
      this.scene.raise(PIPE_ID_SEQUENCE, { message: m, text: `pipe id ${m.pipeId} after ${this.lastPipeId}` });
    }
    this.lastPipeId = m.pipeId;
  }

  private checkBells(m: PipeFrame): void {
    const { scene } = this;
    const first = m.pipeId >= 0 ? 2 * m.pipeId : m.readMatch - (m.readMatch % 2);
    if (m.readMatch !== first || m.writeMatch !== first + 1) {
      const want = m.pipeId >= 0 ? `${first} and ${first + 1} for pipe ${m.pipeId}` : 'an even number and the next one';
      scene.raise(DOORBELL_PAIR, { message: m, text: `bells ${m.readMatch} and ${m.writeMatch}, expected ${want}` });
    }
    if (m.readAddress !== m.writeAddress) {
      scene.raise(DOORBELL_ADDRESS, {
        message: m,
        text: `bells at ${hexNumber(m.readAddress)} and ${hexNumber(m.writeAddress)}; both ring at one address`,
      });
    }
    for (const key of [`${m.readAddress}/${m.readMatch}`, `${m.writeAddress}/${m.writeMatch}`]) {
      const old = this.bells.get(key);
      if (old !== undefined && old !== m) {
        scene.raise(DOORBELL_REUSED, { message: m, related: [old], text: `bell ${key} was handed out before` });
        return;
      }
      if (this.bells.size < BELLS) this.bells.set(key, m);
      else scene.limits.hit('inFlight', `more than ${BELLS} bells; later ones may be repetitions`, 'note', m);
    }
  }

  // ---- files

  private header(m: PipeFrame): void {
    this.path = true;
    if (!m.whole) {
      this.scene.raise(FILE_HEADER, {
        message: m,
        text: `path length ${m.pathLength}, but ${m.payloadLength - PIPE_HEADER.size} bytes of the frame are left for it`,
      });
    }
    const unknown = m.openFlags & ~KNOWN_FLAGS;
    if (unknown !== 0) {
      this.scene.raise(FILE_FLAGS, { message: m, text: `open flags ${hexNumber(unknown, 2)} are not defined` });
    }
  }

  private fileRequest(m: PipeFrame): void {
    const { scene } = this;
    if (!this.fileBody(m)) return;
    if (this.closed !== null) {
      scene.raise(FILE_AFTER_CLOSE, { message: m, related: [this.closed], text: `${m.name} after Close` });
    }
    if (m.tag === CLOSE) this.closed = m;
    const early = this.files.request(m);
    if (early !== null) this.judgeReply(m, early);
  }

  private fileReply(m: PipeFrame): void {
    const { scene } = this;
    const readable = this.fileBody(m);
    if (readable && m.tag === ERROR && m.errno >= 0) {
      scene.raise(FILE_ERROR_SIGN, {
        message: m,
        text: `error number ${m.errno}; the program's own data has negative ones`,
      });
    }
    const request = this.files.reply(m);
    if (request !== null && request !== 'held' && readable) this.judgeReply(request, m);
  }

  private judgeReply(request: PipeFrame, m: PipeFrame): void {
    const { scene } = this;
    if (!this.files.trusted || m.tag === ERROR) return;
    if (m.tag !== request.tag) {
      scene.raise(FILE_REPLY_MISMATCH, {
        message: m,
        related: [request],
        text: `${m.name} does not answer ${request.name}`,
      });
      return;
    }
    if (m.tag === READ && m.dataLength > request.count) {
      scene.raise(FILE_READ_EXCESS, {
        message: m,
        related: [request],
        text: `${m.dataLength} bytes, ${request.count} were asked for`,
      });
    }
    if (m.tag === WRITE && m.count > request.dataLength) {
      scene.raise(FILE_WROTE_EXCESS, {
        message: m,
        related: [request],
        text: `${m.count} bytes written, ${request.dataLength} were sent`,
      });
    }
  }

  /** Whether a file message's body is what its tag says. */
  private fileBody(m: PipeFrame): boolean {
    const { scene } = this;
    const guest = m.role === 'guest';
    const message = fileMessage(m.role, m.tag);
    if (message === null) {
      scene.raise(DISCRIMINANT_UNKNOWN, { message: m, text: `${guest ? 'request' : 'reply'} tag ${m.tag}` });
      return false;
    }
    if (!m.whole) {
      const want = message.layout.size;
      const rule = m.payloadLength < want ? BODY_SHORT : BODY_TRAILING;
      scene.raise(rule, { message: m, text: `${m.name} with ${m.payloadLength} bytes, it has ${want}` });
      return false;
    }
    if (guest && m.tag === SEEK && m.whence >= WHENCE.length) {
      scene.raise(DISCRIMINANT_UNKNOWN, { message: m, text: `whence ${m.whence}` });
      return false;
    }
    return true;
  }
}
