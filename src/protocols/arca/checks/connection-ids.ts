import {
  CONNECTION_ID_BACKWARDS,
  CONNECTION_ID_GAP,
  CONNECTION_ID_REUSED,
  CONNECTION_ID_ZERO,
  CONNECT_OK_LISTENER,
  INCOMING_LISTENER_ZERO,
  INCOMING_UNKNOWN_LISTENER,
  LISTEN_DUPLICATE_ENDPOINT,
  LISTENER_ID_GAP,
  LISTENER_ID_REUSED,
  LISTENER_ID_ZERO,
} from '../rules/connections.js';
import type { Scene } from '../session/scene.js';
import { isWrap } from './correlation.js';
import { CONNECT_OK } from '../family-a/layout.js';
import { endpointText, type ControlFrame } from '../family-a/message.js';

/** The ids that a monitor has given to listeners and connections. */
export class Ids {
  private readonly scene: Scene;
  private readonly listeners = new Map<number, ControlFrame>();
  private readonly connections = new Map<number, ControlFrame>();
  private readonly endpoints = new Map<string, ControlFrame>();
  /** The previous id; 0: none yet, in a session that was captured from its start; -1: not known. */
  private lastListener: number;
  private lastConnection: number;
  /** The id that is also accepted next if the last one was an outlier, which was reported; -1: the last one was in order. */
  private resumedListener = -1;
  /** Whether every listener that exists was announced in bytes that were captured, and is remembered. */
  private complete: boolean;
  /** Whether some announced ids were not kept, because there are too many. */
  private overflowed = false;
  listenerCount = 0;
  connectionCount = 0;

  constructor(scene: Scene) {
    this.scene = scene;
    this.complete = scene.startCaptured;
    this.lastListener = this.lastConnection = this.complete ? 0 : -1;
  }

  gap(): void {
    this.complete = false;
    this.lastListener = this.lastConnection = -1;
    this.resumedListener = -1;
  }

  knows(listener: number): boolean {
    return this.listeners.has(listener);
  }

  announcement(listener: number): ControlFrame | null {
    return this.listeners.get(listener) ?? null;
  }

  /** Whether it is certain that a listener does not exist if it was not announced in the recording. */
  get certain(): boolean {
    return this.complete || (this.sawFirst && !this.overflowed);
  }

  private get sawFirst(): boolean {
    return this.lastListener >= 0 && (this.listeners.size === 0 || this.listeners.has(1));
  }

  list(): string {
    const ids = [...this.listeners.keys()];
    return ids.length === 0 ? 'none is known' : `known: ${ids.slice(0, 8).join(', ')}${ids.length > 8 ? ', ...' : ''}`;
  }

  /** Takes a ListenOk. `request`: the ListenRequest that it answers; null: not known. */
  listening(m: ControlFrame, request: ControlFrame | null): void {
    const id = m.listenerId;
    const scene = this.scene;
    this.listenerCount++;
    if (id === 0) {
      scene.raise(LISTENER_ID_ZERO, { message: m, text: 'listener id 0 means no listener' });
      return;
    }
    const wrapped = this.lastListener >= 0 && isWrap(this.lastListener, id);
    const old = this.listeners.get(id);
    if (old !== undefined && !wrapped) {
      scene.raise(LISTENER_ID_REUSED, { message: m, related: [old], text: `listener id ${id} was given out before` });
    } else if (this.lastListener >= 0 && id !== this.lastListener + 1 && id !== this.resumedListener && !wrapped) {
      const expected = this.lastListener + 1;
      scene.raise(LISTENER_ID_GAP, { message: m, text: `listener id ${id}, expected ${expected}` });
      this.resumedListener = expected + 1;
    }
    this.lastListener = id;
    this.put(this.listeners, id, m);
    if (request?.whole && request.port !== 0) this.checkEndpoint(m, request);
  }

  private checkEndpoint(m: ControlFrame, request: ControlFrame): void {
    const key = endpointText(request.address, request.port);
    const old = this.endpoints.get(key);
    if (old !== undefined) {
      this.scene.raise(LISTEN_DUPLICATE_ENDPOINT, {
        message: m,
        related: [request, old],
        text: `listener ${old.listenerId} already listens on ${key}`,
      });
    }
    const most = this.scene.context.limits.listItems;
    if (this.endpoints.size < most) this.endpoints.set(key, m);
    else
      this.scene.limits.hit(
        'listItems',
        `more than ${most} addresses are listened on; later ones may be repetitions`,
        'note',
        m,
      );
  }

  /** Whether no listener has that id, which is known only if the whole session was captured. */
  isUnknown(listener: number): boolean {
    return !this.listeners.has(listener) && this.complete && this.scene.whole('monitor');
  }

  /** Judges the ids of a ConnectOk or IncomingConnection. `misfit`: it does not fit its request, so its listener is not judged. */
  ready(m: ControlFrame, misfit: boolean): void {
    const scene = this.scene;
    this.connectionCount++;
    if (misfit) {
      // reported by another rule
    } else if (m.type === CONNECT_OK) {
      if (m.listenerId !== 0) {
        scene.raise(CONNECT_OK_LISTENER, {
          message: m,
          text: `an outbound connection with listener id ${m.listenerId}`,
        });
      }
    } else if (m.listenerId === 0) {
      scene.raise(INCOMING_LISTENER_ZERO, { message: m, text: 'an inbound connection without a listener' });
    } else if (this.isUnknown(m.listenerId)) {
      scene.raise(INCOMING_UNKNOWN_LISTENER, {
        message: m,
        text: `listener ${m.listenerId} was never announced; ${this.list()}`,
      });
    }
    this.connection(m);
  }

  private connection(m: ControlFrame): void {
    const id = m.connectionId;
    const scene = this.scene;
    const last = this.lastConnection;
    if (id === 0) {
      scene.raise(CONNECTION_ID_ZERO, { message: m, text: 'connection id 0 is reserved' });
      return;
    }
    const wrapped = last >= 0 && isWrap(last, id);
    if (wrapped) this.connections.clear();
    const old = this.connections.get(id);
    if (old !== undefined) {
      scene.raise(CONNECTION_ID_REUSED, {
        message: m,
        related: [old],
        text: `connection id ${id} was given out before`,
      });
    } else if (last >= 0 && id < last && !wrapped) {
      scene.raise(CONNECTION_ID_BACKWARDS, { message: m, text: `connection id ${id} after ${last}` });
    } else if (last >= 0 && id > last + 1 && !wrapped) {
      const text = last === 0 ? `the first connection id is ${id}, not 1` : `connection id ${id} after ${last}`;
      scene.raise(CONNECTION_ID_GAP, { message: m, text });
    }
    this.lastConnection = id;
    this.put(this.connections, id, m);
  }

  private put(map: Map<number, ControlFrame>, id: number, m: ControlFrame): void {
    const most = this.scene.context.limits.inFlight;
    if (map.size >= most && !map.has(id)) {
      this.complete = false;
      this.overflowed = true;
      const what = map === this.listeners ? 'listeners' : 'connections';
      this.scene.limits.hit('inFlight', `more than ${most} ${what}; later ones are not remembered`, 'warning', m);
      return;
    }
    map.set(id, m);
  }
}
