import { hexNumber } from '../../../base/hex.js';
import { hasBells, isReplyLength, NEW_PIPE_REQUEST, REPLY_B1, REPLY_B2 } from '../family-b/layout.js';
import type { PipeFrame } from '../family-b/message.js';
import { FRAME_TOO_LARGE } from '../rules/framing.js';
import {
  DOORBELL_ADDRESS,
  DOORBELL_PAIR,
  DOORBELL_REUSED,
  NEW_PIPE_LENGTH,
  NEW_PIPE_PIPELINED,
  NEW_PIPE_REPLY_SIZE_MIXED,
  NEW_PIPE_UNANSWERED,
  PIPE_ID_SEQUENCE,
  RING_SIZE_ECHO,
} from '../rules/pipes.js';
import type { Scene } from '../session/scene.js';
import type { Turns } from '../session/turns.js';
import { checkRingSize } from './shared-memory.js';

/** Judges the pipes that a guest of family B asks for, and the replies that it gets. */
export class NewPipes {
  private readonly scene: Scene;
  /** The replies that handed out each bell, by its address and number. */
  private readonly bells = new Map<string, PipeFrame>();
  private firstReply: PipeFrame | null = null;
  private lastPipeId = -1;
  private pipelinedSeen = false;

  constructor(scene: Scene) {
    this.scene = scene;
  }

  gap(): void {
    this.lastPipeId = -1;
  }

  /** Judges a request. `turns`: the requests before it. */
  request(m: PipeFrame, turns: Turns<PipeFrame>): void {
    const { scene } = this;
    if (m.payloadLength > NEW_PIPE_REQUEST.size) {
      scene.raise(FRAME_TOO_LARGE, {
        message: m,
        text: `a request of ${m.payloadLength} bytes; the host reads ${NEW_PIPE_REQUEST.size}`,
      });
      scene.brokenByGuest = true;
    } else if (m.payloadLength < NEW_PIPE_REQUEST.size) {
      scene.raise(NEW_PIPE_LENGTH, {
        message: m,
        text: `a request of ${m.payloadLength} bytes, it has ${NEW_PIPE_REQUEST.size}`,
      });
      scene.brokenByGuest = true;
    } else checkRingSize(scene, m, m.ringSize);
    const open = turns.open.length > 0 && turns.trusted && scene.whole('monitor') && !scene.knewMore(m);
    if (!open || this.pipelinedSeen) return;
    this.pipelinedSeen = true;
    scene.raise(NEW_PIPE_PIPELINED, {
      message: m,
      related: [turns.open[0]!],
      text: 'sent before the previous request was answered (reported once)',
      confidence: scene.orderProven(m) ? 'certain' : 'likely',
    });
  }

  /** Judges the length of a reply, whether it answers a request or not. */
  replyLength(m: PipeFrame): void {
    const { scene } = this;
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
  }

  /** Judges whether all replies have the length of the first one. */
  sameSize(m: PipeFrame): void {
    const first = (this.firstReply ??= m);
    if (first.payloadLength === m.payloadLength) return;
    this.scene.raise(NEW_PIPE_REPLY_SIZE_MIXED, {
      message: m,
      related: [first],
      text: `a reply of ${m.payloadLength} bytes after one of ${first.payloadLength}`,
    });
  }

  /** Judges the ring of a reply. `request`: the request that it answers, or null. */
  ring(m: PipeFrame, request: PipeFrame | null): void {
    if (request === null || request.ringSize !== m.ringSize) checkRingSize(this.scene, m, m.ringSize);
  }

  /** Judges whether the reply has the ring size that the request asks for. */
  echo(request: PipeFrame, reply: PipeFrame): void {
    if (!request.whole || !reply.whole || request.ringSize === reply.ringSize) return;
    this.scene.raise(RING_SIZE_ECHO, {
      message: reply,
      related: [request],
      text: `ring size ${reply.ringSize}, but ${request.ringSize} was asked for`,
    });
  }

  /** Judges the id and the bells of a new pipe. */
  handedOut(m: PipeFrame): void {
    this.checkPipeId(m);
    if (m.readMatch >= 0) this.checkBells(m);
  }

  /** The session is over, and the requests in `open` are unanswered. */
  unanswered(open: readonly PipeFrame[]): void {
    // the host's task ends with a request that it cannot read
    if (this.scene.brokenByGuest) return;
    for (const m of open) {
      this.scene.raise(NEW_PIPE_UNANSWERED, {
        message: m,
        text: `no reply to the request for a ring of ${m.ringSize}`,
      });
    }
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
      // their address, and whether they were handed out before, are not judged then
      return;
    }
    if (m.readAddress !== m.writeAddress) {
      scene.raise(DOORBELL_ADDRESS, {
        message: m,
        text: `bells at ${hexNumber(m.readAddress)} and ${hexNumber(m.writeAddress)}; one address expected`,
      });
    }
    for (const key of [`${m.readAddress}/${m.readMatch}`, `${m.writeAddress}/${m.writeMatch}`]) {
      const old = this.bells.get(key);
      if (old !== undefined && old !== m) {
        scene.raise(DOORBELL_REUSED, { message: m, related: [old], text: `bell ${key} was handed out before` });
        return;
      }
      const most = scene.context.limits.doorbells;
      if (this.bells.size < most) this.bells.set(key, m);
      else scene.limits.hit('doorbells', `more than ${most} bells; later ones may be repetitions`, 'note', m);
    }
  }
}
