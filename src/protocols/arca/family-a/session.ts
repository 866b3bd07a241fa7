import type { Json } from '../../../base/annotation.js';
import { count } from '../../../base/text.js';
import { checkRingSize, Regions } from '../checks/shared-memory.js';
import { INCOMING_LISTENER_MISMATCH } from '../rules/connections.js';
import { ACCEPT_PENDING_AT_END, UNSOLICITED_INCOMING } from '../rules/correlation.js';
import {
  ACCEPT_ERR_UNDEFINED,
  MIXED_READY_SIZE,
  PAYLOAD_LENGTH,
  PAYLOAD_SURPLUS,
  PAYLOAD_TOO_LARGE,
  PUSH_MODEL,
  UNKNOWN_TYPE,
  WRONG_DIRECTION,
} from '../rules/framing.js';
import { PIPE_ID_DIFFERS, RING_SIZE_CHANGED } from '../rules/shared-memory.js';
import type { Scene } from '../session/scene.js';
import { checkCode, checkEndpoint } from '../checks/connections.js';
import { Ids } from '../checks/connection-ids.js';
import { Requests } from '../checks/correlation.js';
import { ACCEPT_ERR, bodyLayout, INCOMING_CONNECTION, LISTEN_OK, MAX_PAYLOAD, READY_A1, READY_A3 } from './layout.js';
import type { ControlFrame } from './message.js';
import type { Request } from '../checks/request-line.js';
import { UnknownAccepts } from '../checks/unknown-accepts.js';

/** Joins the two directions of a session of family A, and checks its rules. */
export class ControlSession {
  private readonly scene: Scene;
  private readonly requests: Requests;
  private readonly ids: Ids;
  private readonly regions: Regions;
  private readonly unknown: UnknownAccepts;
  private pushes: ControlFrame[] = [];
  private ready: ControlFrame | null = null;
  /** Index of the monitor's latest message. */
  private lastReply = 0;
  private oldBodies = 0;
  private newBodies = 0;
  private pipeIds = 0;
  private offsets = 0;
  private acceptsSeen = 0;
  private acceptErrs = 0;
  private answeredIncoming = 0;
  private guestFrames = 0;
  private monitorFrames = 0;

  constructor(scene: Scene) {
    this.scene = scene;
    this.requests = new Requests(scene);
    this.ids = new Ids(scene);
    this.regions = new Regions(scene);
    this.unknown = new UnknownAccepts(scene, this.ids, this.requests);
  }

  /** Whether generation A2 is proven: pipe fields repeat connection ids, and nothing of A3 was seen. */
  private get isA2(): boolean {
    return this.pipeIds > 0 && this.offsets === 0 && this.acceptErrs === 0;
  }

  get generation(): string {
    if (this.pushes.length > 0 && this.acceptsSeen === 0 && this.answeredIncoming === 0) return 'A0';
    if (this.acceptErrs > 0 || this.offsets > 0) return 'A3';
    if (this.pipeIds > 0) return 'A2';
    return this.oldBodies > 0 ? 'A1' : 'A2/A3';
  }

  message(m: ControlFrame): void {
    const type = m.definition;
    const { scene } = this;
    // a message that the end of the capture cuts off, or that lost only its last byte, counts as lost as well: no gap reports that
    const cut = !m.complete && m.payloadLength <= MAX_PAYLOAD;
    if (cut) scene.witness.lose(m.side, m.offset);
    if (type === null) {
      // an impossible length is not reported in addition: these bytes are no header
      const endless = m.payloadLength > MAX_PAYLOAD;
      const length = endless ? `, payload length ${m.payloadLength}: the frames behind it cannot be found` : '';
      scene.raise(UNKNOWN_TYPE, { message: m, text: `message type ${m.type}; 1 to 9 are defined${length}` });
      if (scene.roleOf(m.side) === 'guest') scene.brokenByGuest = true;
      this.unreadable(m);
      return;
    }
    scene.learn(m, type.from);
    const role = scene.roleOf(m.side)!;
    if (cut) this.gap(role);
    if (m.payloadLength > MAX_PAYLOAD) this.tooLarge(m);
    if (role !== type.from) {
      this.wrongDirection(m);
      this.unreadable(m);
      return;
    }
    if (role === 'guest') this.guestFrames++;
    else this.monitorFrames++;
    this.checkLength(m);
    if (role === 'guest') this.request(m);
    else this.reply(m);
  }

  /** A message whose meaning is not known counts as lost, so that its consequences are not reported as further errors. */
  private unreadable(m: ControlFrame): void {
    this.scene.witness.lose(m.side, m.offset);
    const role = this.scene.roleOf(m.side);
    if (role !== 'monitor') this.gap('guest');
    if (role !== 'guest') this.gap('monitor');
  }

  gap(role: 'guest' | 'monitor'): void {
    if (role === 'guest') this.requests.gap();
    else this.ids.gap();
  }

  finish(ended: boolean): void {
    const { scene } = this;
    if (this.generation === 'A0') {
      const [first] = this.pushes;
      scene.raise(PUSH_MODEL, {
        message: first!,
        text: `${count(this.pushes.length, 'connection')} pushed with request id 0, and no AcceptRequest: generation A0`,
      });
    }
    this.requests.finish(ended);
    this.unknown.finish(ended, this.lastReply, this.generation === 'A3');
    if (!scene.heard('monitor')) return;
    for (const r of this.requests.openRequests) {
      if (!r.isAccept || !r.listenerKnown) continue;
      scene.raise(ACCEPT_PENDING_AT_END, {
        message: r.frame,
        text: `request ${r.frame.requestId} still waits on listener ${r.frame.listenerId} when the ${ended ? 'session' : 'recording'} ends`,
      });
    }
  }

  summary(): Record<string, Json> {
    return {
      generation: this.generation,
      requests: this.requests.requests,
      answered: this.requests.answered,
      open: this.requests.openCount,
      listeners: this.ids.listenerCount,
      connections: this.ids.connectionCount,
      ringSize: this.ready === null ? null : String(this.ready.ringSize),
    };
  }

  describe(): string[] {
    const ring = this.ready === null ? '' : `; ring ${this.ready.ringSize}`;
    return [
      `control frames, generation ${this.generation}${ring}`,
      `${count(this.requests.requests, 'request')}, ${this.requests.answered} answered, ${this.requests.openCount} open; ` +
        `${count(this.ids.listenerCount, 'listener')}, ${count(this.ids.connectionCount, 'connection')}`,
    ];
  }

  // ---- framing

  private tooLarge(m: ControlFrame): void {
    this.scene.raise(PAYLOAD_TOO_LARGE, {
      message: m,
      text: `payload length ${m.payloadLength}, at most ${MAX_PAYLOAD} is allowed; the frames behind it cannot be found`,
    });
    if (this.scene.roleOf(m.side) === 'guest') this.scene.brokenByGuest = true;
    this.scene.witness.lose(m.side, m.offset);
  }

  private wrongDirection(m: ControlFrame): void {
    const { scene } = this;
    const role = scene.roleOf(m.side)!;
    // once one side has sent both kinds, or both sides have sent the same kind, one of them is certainly wrong
    const proven = scene.rolesGiven || (scene.rolesSure && this.guestFrames + this.monitorFrames > 0);
    const what = role === 'guest' ? 'a reply type from Arca' : 'a request type from the monitor';
    scene.raise(WRONG_DIRECTION, {
      message: m,
      text: `${m.name} is ${what}`,
      confidence: proven ? 'certain' : 'likely',
    });
    if (role === 'guest') scene.brokenByGuest = true;
  }

  private checkLength(m: ControlFrame): void {
    const body = m.definition!.body;
    const want = m.old ? READY_A1.size : bodyLayout(body).size;
    const got = m.payloadLength;
    if (got > MAX_PAYLOAD) return;
    if (got < want) {
      const was =
        body === 'ready' && got === READY_A1.size ? '; as a 20-byte body of generation A1 it would make no sense' : '';
      this.scene.raise(PAYLOAD_LENGTH, { message: m, text: `${m.name} with ${got} of ${want} payload bytes${was}` });
      if (m.definition!.from === 'guest') this.scene.brokenByGuest = true;
    } else if (got > want) {
      const strict = this.isA2 || (this.oldBodies > 0 && this.newBodies === 0);
      this.scene.raise(PAYLOAD_SURPLUS, {
        message: m,
        severity: strict ? 'error' : 'warning',
        confidence: 'certain',
        text: `${m.name} with ${got} payload bytes, ${want} are defined`,
      });
    }
  }

  // ---- requests

  private request(m: ControlFrame): void {
    const request = this.requests.request(m);
    if (request.isAccept) this.accept(m, request);
    else if (m.whole) checkEndpoint(this.scene, m);
    const early = this.requests.orphanOf(m);
    if (early !== null) {
      this.requests.answer(request, early);
      this.paired(request, early);
    }
  }

  private accept(m: ControlFrame, request: Request): void {
    this.acceptsSeen++;
    this.rejectPushes();
    if (m.whole) this.unknown.accept(request);
  }

  // ---- replies

  private reply(m: ControlFrame): void {
    this.lastReply = m.index;
    if (m.type === ACCEPT_ERR) this.acceptErr(m);
    if (m.definition!.body === 'code' && m.whole) checkCode(this.scene, m);
    if (m.type === INCOMING_CONNECTION && m.requestId === 0) {
      this.push(m);
      this.bodyOf(m, null);
      return;
    }
    if (m.type === INCOMING_CONNECTION) {
      this.answeredIncoming++;
      this.rejectPushes();
    }
    const request = this.requests.reply(m);
    this.bodyOf(m, request?.frame ?? null);
    if (request === null) return;
    this.paired(request, m);
    if (this.isA2) this.unknown.continued(request, m);
  }

  /** A reply and its request are known. */
  private paired(request: Request, m: ControlFrame): void {
    const { frame } = request;
    if (request.isAccept && frame.whole && m.whole) {
      if (m.type === ACCEPT_ERR) this.unknown.answer(request, m);
      else this.unknown.served(request);
      const named = m.type !== ACCEPT_ERR && m.listenerId !== 0 && !this.ids.isUnknown(m.listenerId);
      // an accept on an unknown listener is reported by another rule
      if (named && m.listenerId !== frame.listenerId && this.ids.knows(frame.listenerId)) {
        this.scene.raise(INCOMING_LISTENER_MISMATCH, {
          message: m,
          related: [frame],
          text: `listener ${m.listenerId}, but request ${m.requestId} waits on listener ${frame.listenerId}`,
        });
      }
    }
  }

  private acceptErr(m: ControlFrame): void {
    const proven = this.isA2 ? 'A2' : this.generation === 'A0' ? 'A0' : null;
    if (proven !== null) {
      this.scene.raise(ACCEPT_ERR_UNDEFINED, { message: m, text: `AcceptErr is not defined in generation ${proven}` });
    }
    if (proven !== 'A2') this.acceptErrs++;
  }

  /** Pushed connections are normal in generation A0. They are errors as soon as anything of a later generation is seen. */
  private push(m: ControlFrame): void {
    if (this.acceptsSeen > 0 || this.answeredIncoming > 0 || this.acceptErrs > 0) this.raisePush(m);
    else {
      const most = this.scene.context.limits.strayReplies;
      if (this.pushes.length < most) this.pushes.push(m);
      else {
        const text = `more than ${most} pushed connections wait to be judged; later ones are not`;
        this.scene.limits.hit('strayReplies', text, 'note', m);
      }
    }
  }

  private rejectPushes(): void {
    if (this.pushes.length === 0) return;
    const pushes = this.pushes;
    this.pushes = [];
    for (const m of pushes) this.raisePush(m);
  }

  private raisePush(m: ControlFrame): void {
    this.scene.raise(UNSOLICITED_INCOMING, {
      message: m,
      text: `IncomingConnection ${m.connectionId} with request id 0: no AcceptRequest asked for it`,
    });
  }

  // ---- ids and regions

  private bodyOf(m: ControlFrame, request: ControlFrame | null): void {
    if (!m.whole) return;
    if (m.type === LISTEN_OK) {
      this.ids.listening(m, request);
      this.unknown.announced(m);
    } else if (m.definition!.body === 'ready') {
      this.ids.ready(m, this.requests.misfit);
      this.readyBody(m);
    }
  }

  private readyBody(m: ControlFrame): void {
    const { scene } = this;
    if (m.old) this.oldBodies++;
    else this.newBodies++;
    const before = this.ready;
    if (before !== null && before.old !== m.old) {
      scene.raise(MIXED_READY_SIZE, {
        message: m,
        related: [before],
        text: `a body of ${m.old ? READY_A1.size : READY_A3.size} bytes after one of ${before.old ? READY_A1.size : READY_A3.size}`,
      });
    }
    const possible = checkRingSize(scene, m, m.ringSize);
    if (possible && before !== null && before.ringSize !== m.ringSize) {
      scene.raise(RING_SIZE_CHANGED, {
        message: m,
        related: [before],
        text: `ring size ${m.ringSize} after ${before.ringSize}; a monitor has one for all`,
      });
    }
    if (possible || before === null) this.ready = m;
    if (m.old || this.isA2 || m.holdsPipeId) {
      if (m.pipe !== m.connectionId) {
        scene.raise(PIPE_ID_DIFFERS, { message: m, text: `pipe id ${m.pipe} of connection ${m.connectionId}` });
      }
      if (!m.old && m.pipe === m.connectionId) this.pipeIds++;
      return;
    }
    this.offsets++;
    this.regions.add(m, m.pipe, m.ringSize);
  }
}
