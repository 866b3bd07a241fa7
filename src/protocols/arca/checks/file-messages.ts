import { hexNumber } from '../../../base/hex.js';
import { CLOSE, ERROR, fileMessage, KNOWN_FLAGS, PIPE_HEADER, READ, SEEK, WHENCE, WRITE } from '../family-b/layout.js';
import type { PipeFrame } from '../family-b/message.js';
import { BODY_SHORT, BODY_TRAILING, DISCRIMINANT_UNKNOWN } from '../rules/framing.js';
import {
  FILE_AFTER_CLOSE,
  FILE_ERROR_SIGN,
  FILE_FLAGS,
  FILE_HEADER,
  FILE_READ_EXCESS,
  FILE_REPLY_MISMATCH,
  FILE_WROTE_EXCESS,
} from '../rules/pipes.js';
import type { Scene } from '../session/scene.js';

/** Judges the messages of a file pipe of family B. */
export class FileMessages {
  private readonly scene: Scene;
  private closed: PipeFrame | null = null;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  /** Judges the header that opens the pipe. */
  header(m: PipeFrame): void {
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

  /** Judges a request; returns whether it can be read. */
  request(m: PipeFrame): boolean {
    if (!this.body(m)) return false;
    if (this.closed !== null)
      this.scene.raise(FILE_AFTER_CLOSE, { message: m, related: [this.closed], text: `${m.name} after Close` });
    if (m.tag === CLOSE) this.closed = m;
    return true;
  }

  /** Judges a reply; returns whether it can be read. */
  reply(m: PipeFrame): boolean {
    const readable = this.body(m);
    if (readable && m.tag === ERROR && m.errno >= 0) {
      this.scene.raise(FILE_ERROR_SIGN, {
        message: m,
        text: `error number ${m.errno}; the program's own tests use negative numbers`,
      });
    }
    return readable;
  }

  /** Judges a reply by its request. */
  answer(request: PipeFrame, m: PipeFrame): void {
    const { scene } = this;
    if (m.tag === ERROR) return;
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

  /** Judges a file message's body; returns whether it is what its tag says. */
  private body(m: PipeFrame): boolean {
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
