import type { Json } from '../../../contract/annotation.js';
import { count } from '../../../base/text.js';
import { checkRingSize, Regions } from '../regions.js';
import {
  ACCEPT_ERR_CODE,
  ACCEPT_ERR_KNOWN_LISTENER,
  ACCEPT_LISTENER_ZERO,
  ACCEPT_UNKNOWN_LISTENER,
  ACCEPT_UNKNOWN_SILENT,
  CONNECT_ANY_ADDRESS,
  CONNECT_PORT_ZERO,
  ERROR_CODE_GENERIC,
  ERROR_CODE_RANGE,
  ERROR_CODE_ZERO,
  INCOMING_LISTENER_MISMATCH,
  LISTEN_PORT_ZERO,
  MONITOR_CONTINUED,
  PORT_BYTE_ORDER,
} from '../rules/connections.js';
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
import type { Scene } from '../scene.js';
import { holdsPipeId } from './control-fields.js';
import {
  ACCEPT_ERR,
  bodyBytes,
  CONNECT_REQUEST,
  endpointText,
  INCOMING_CONNECTION,
  LISTEN_OK,
  LISTEN_REQUEST,
  MAX_PAYLOAD,
  OLD_READY_BYTES,
  READY_BYTES,
  type ControlFrame,
} from './control-frame.js';
import { Ids } from './control-listeners.js';
import { EBADF, Requests, type Request } from './control-requests.js';
import { LARGEST_ERRNO } from './errno.js';

/** Ports that people mean; a number that is one of them only when its bytes are swapped was probably written the wrong way. */
const FAMILIAR_PORTS: ReadonlySet<number> = new Set([22, 53, 80, 443, 8000, 8080, 8443]);
/** Pushed connections that are remembered until it is clear whether the session is one of the push model. */
const PUSHES = 64;
const UNKNOWN_ACCEPTS = 4096;

/** What both directions of a family A session say together. */
export class ControlSession {
  private readonly scene: Scene;
  private readonly requests: Requests;
  private readonly ids: Ids;
  private readonly regions: Regions;
  /** Accepts on listeners that were not announced; they are judged when it is certain. */
  private readonly unknownAccepts = new Map<Request, boolean>();
  private pushes: ControlFrame[] = [];
  private ready: ControlFrame | null = null;
  private lastReadyAt = 0;
  private replies = 0;
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
  }

  /** Whether A2 is proven: its pipe field repeats the connection id, and nothing of later generations was seen. */
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
    if (type === null) {
      scene.raise(UNKNOWN_TYPE, { message: m, text: `message type ${m.type}; 1 to 9 are defined` });
      if (scene.roleOf(m.side) === 'guest') scene.brokenByGuest = true;
      if (m.payloadLength > MAX_PAYLOAD) this.tooLarge(m);
      return;
    }
    scene.learn(m.side, type.from);
    const role = scene.roleOf(m.side)!;
    if (m.payloadLength > MAX_PAYLOAD) this.tooLarge(m);
    if (role !== type.from) {
      this.wrongDirection(m);
      return;
    }
    if (role === 'guest') this.guestFrames++;
    else this.monitorFrames++;
    this.checkLength(m);
    if (role === 'guest') this.request(m);
    else this.reply(m);
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
    for (const [r, raised] of this.unknownAccepts) {
      if (!raised && r.frame.first !== 0) this.raiseUnknownListener(r, this.finalConfidence(r));
      if (r.reply === null && ended && this.scene.whole('monitor')) this.raiseSilent(r);
    }
    if (!scene.heard('monitor')) return;
    for (const r of this.requests.openRequests) {
      if (!r.isAccept || !r.listenerKnown) continue;
      scene.raise(ACCEPT_PENDING_AT_END, {
        message: r.frame,
        text: `request ${r.frame.requestId} still waits on listener ${r.frame.first} when the ${ended ? 'session' : 'recording'} ends`,
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
    this.scene.lose(m.side);
  }

  private wrongDirection(m: ControlFrame): void {
    const { scene } = this;
    const role = scene.roleOf(m.side)!;
    // once both kinds came from one side, or one kind from both, somebody is certainly wrong
    const proven = scene.rolesGiven || this.guestFrames + this.monitorFrames > 0;
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
    const want = m.old ? OLD_READY_BYTES : bodyBytes(body);
    const got = m.payloadLength;
    if (got > MAX_PAYLOAD) return;
    if (got < want) {
      const was =
        body === 'ready' && got === OLD_READY_BYTES
          ? '; as a 20-byte body of generation A1 it would make no sense'
          : '';
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
    else if (m.whole) this.checkEndpoint(m);
    const early = this.requests.orphanOf(m);
    if (early !== null) {
      this.requests.settle(request, early);
      this.paired(request, early);
    }
  }

  private accept(m: ControlFrame, request: Request): void {
    this.acceptsSeen++;
    this.rejectPushes();
    if (!m.whole) return;
    if (this.ids.knows(m.first)) {
      request.listenerKnown = true;
      return;
    }
    if (this.unknownAccepts.size >= UNKNOWN_ACCEPTS) return;
    if (m.first === 0) {
      this.scene.raise(ACCEPT_LISTENER_ZERO, {
        message: m,
        text: 'AcceptRequest for listener 0, which is no listener',
      });
      this.unknownAccepts.set(request, true);
      return;
    }
    this.unknownAccepts.set(request, false);
    if (this.scene.orderProven(m)) this.raiseUnknownListener(request, 'certain');
  }

  private raiseUnknownListener(r: Request, confidence: 'certain' | 'likely'): void {
    if (!this.ids.certain || !this.scene.whole('monitor') || this.generation === 'A0') return;
    this.unknownAccepts.set(r, true);
    this.scene.raise(ACCEPT_UNKNOWN_LISTENER, {
      message: r.frame,
      related: r.reply === null ? [] : [r.reply],
      text: `listener ${r.frame.first} was never announced; ${this.ids.list()}`,
      ...(confidence === 'certain' ? {} : { confidence }),
    });
  }

  /** Without a believable order: what the monitor said after the request settles it. */
  private finalConfidence(r: Request): 'certain' | 'likely' {
    return r.reply !== null || this.lastReadyAt > r.frame.index ? 'certain' : 'likely';
  }

  private raiseSilent(r: Request): void {
    const a3 = this.generation === 'A3';
    this.scene.raise(ACCEPT_UNKNOWN_SILENT, {
      message: r.frame,
      severity: a3 ? 'warning' : 'note',
      text: `no AcceptErr for listener ${r.frame.first}${a3 ? '' : ' (generation A2 has none: there the monitor stops)'}`,
    });
  }

  private checkEndpoint(m: ControlFrame): void {
    const { scene } = this;
    const port = m.second;
    const where = endpointText(m.first, port);
    if (m.type === LISTEN_REQUEST && port === 0) {
      scene.raise(LISTEN_PORT_ZERO, { message: m, text: `${where}: the port that the host chooses is never reported` });
    }
    if (m.type === CONNECT_REQUEST) {
      if (port === 0) scene.raise(CONNECT_PORT_ZERO, { message: m, text: `${where}: nothing listens on port 0` });
      const top = m.first >>> 24;
      if (m.first === 0 || m.first === 0xffff_ffff || (top >= 224 && top < 240)) {
        scene.raise(CONNECT_ANY_ADDRESS, { message: m, text: `${where} is not the address of a host` });
      }
    }
    const swapped = ((port & 0xff) << 8) | (port >>> 8);
    if (FAMILIAR_PORTS.has(swapped) && port >= 1024 && !FAMILIAR_PORTS.has(port)) {
      scene.raise(PORT_BYTE_ORDER, {
        message: m,
        text: `port ${port} would be ${swapped} in network byte order; the field is little-endian`,
      });
    }
  }

  // ---- replies

  private reply(m: ControlFrame): void {
    this.replies++;
    this.lastReadyAt = m.index;
    if (m.type === ACCEPT_ERR) this.acceptErr(m);
    if (m.definition!.body === 'code' && m.whole) this.checkCode(m);
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
    this.checkContinued(request, m);
  }

  /** A reply and its request are known. */
  private paired(request: Request, m: ControlFrame): void {
    const { frame } = request;
    if (request.isAccept && frame.whole && m.whole) {
      if (m.type === ACCEPT_ERR) this.judgeAcceptErr(request, m);
      else if (m.first !== 0 && m.first !== frame.first) {
        this.scene.raise(INCOMING_LISTENER_MISMATCH, {
          message: m,
          related: [frame],
          text: `listener ${m.first}, but request ${m.requestId} waits on listener ${frame.first}`,
        });
      }
    }
  }

  private judgeAcceptErr(request: Request, m: ControlFrame): void {
    const { frame } = request;
    const announced = this.ids.announcement(frame.first);
    const known = request.listenerKnown || (announced !== null && announced.offset < m.offset);
    if (m.first === EBADF && known) {
      this.scene.raise(ACCEPT_ERR_KNOWN_LISTENER, {
        message: m,
        related: announced === null ? [frame] : [frame, announced],
        text: `code 9 says that listener ${frame.first} is unknown, but it was announced`,
      });
      this.unknownAccepts.delete(request);
      return;
    }
    if (known || !this.unknownAccepts.has(request)) return;
    if (this.unknownAccepts.get(request) === false) this.raiseUnknownListener(request, 'certain');
    if (m.first !== EBADF && this.ids.certain && this.scene.whole('monitor')) {
      this.scene.raise(ACCEPT_ERR_CODE, {
        message: m,
        related: [frame],
        text: `code ${m.first} for an unknown listener; it is 9 (EBADF) elsewhere`,
      });
    }
  }

  private acceptErr(m: ControlFrame): void {
    const proven = this.isA2 ? 'A2' : this.generation === 'A0' ? 'A0' : null;
    if (proven !== null) {
      this.scene.raise(ACCEPT_ERR_UNDEFINED, { message: m, text: `AcceptErr is not defined in generation ${proven}` });
    }
    if (proven !== 'A2') this.acceptErrs++;
  }

  private checkCode(m: ControlFrame): void {
    const code = m.first;
    const { scene } = this;
    if (code === 0) scene.raise(ERROR_CODE_ZERO, { message: m, text: 'error code 0 means success everywhere else' });
    else if (code === 1) {
      scene.raise(ERROR_CODE_GENERIC, { message: m, text: 'code 1: either no error number was known, or EPERM' });
    } else if (code > LARGEST_ERRNO) {
      scene.raise(ERROR_CODE_RANGE, { message: m, text: `code ${code} is no Linux error number` });
    }
  }

  /** A2: a request for an unknown listener ends the monitor, so that later requests get no answer. */
  private checkContinued(request: Request, m: ControlFrame): void {
    if (!this.isA2) return;
    for (const [r, raised] of this.unknownAccepts) {
      if (!raised || r.reply !== null || r.frame.offset >= request.frame.offset) continue;
      this.scene.raise(MONITOR_CONTINUED, {
        message: m,
        related: [r.frame, request.frame],
        text: `answers request ${m.requestId}, which was sent after the one for unknown listener ${r.frame.first}`,
      });
      return;
    }
  }

  /** Pushed connections are the way of A0; anything that belongs to later generations makes them a fault. */
  private push(m: ControlFrame): void {
    if (this.acceptsSeen > 0 || this.answeredIncoming > 0 || this.acceptErrs > 0) this.raisePush(m);
    else if (this.pushes.length < PUSHES) this.pushes.push(m);
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
      text: `IncomingConnection ${m.second} with request id 0: no AcceptRequest asked for it`,
    });
  }

  // ---- ids and regions

  private bodyOf(m: ControlFrame, request: ControlFrame | null): void {
    if (!m.whole) return;
    if (m.type === LISTEN_OK) {
      this.ids.listening(m, request);
      this.announced(m);
    } else if (m.definition!.body === 'ready') {
      this.ids.ready(m);
      this.readyBody(m);
    }
  }

  /** A listener became known: accepts that ran ahead of it in the capture were right, unless the order says otherwise. */
  private announced(m: ControlFrame): void {
    for (const [r, raised] of this.unknownAccepts) {
      if (raised || r.frame.first !== m.first) continue;
      if (r.frame.peerSeen >= 0 && r.frame.peerSeen < m.endOffset) continue;
      r.listenerKnown = true;
      this.unknownAccepts.delete(r);
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
        text: `a body of ${m.old ? OLD_READY_BYTES : READY_BYTES} bytes after one of ${before.old ? OLD_READY_BYTES : READY_BYTES}`,
      });
    }
    checkRingSize(scene, m, m.ringSize);
    if (before !== null && before.ringSize !== m.ringSize) {
      scene.raise(RING_SIZE_CHANGED, {
        message: m,
        related: [before],
        text: `ring size ${m.ringSize} after ${before.ringSize}; a monitor has one for all`,
      });
    }
    this.ready = m;
    if (m.old || this.isA2 || holdsPipeId(m)) {
      if (m.pipe !== m.second) {
        scene.raise(PIPE_ID_DIFFERS, { message: m, text: `pipe id ${m.pipe} of connection ${m.second}` });
      }
      if (!m.old && m.pipe === m.second) this.pipeIds++;
      return;
    }
    this.offsets++;
    this.regions.add(m, m.pipe, m.ringSize);
  }
}
