import { hexNumber } from '../../../base/hex.js';
import {
  DESCRIPTOR_AFTER_CLOSE,
  DESCRIPTOR_KIND,
  DESCRIPTOR_LEAK,
  DESCRIPTOR_UNKNOWN,
  LISTENER_DROP_ACCEPT,
  POINTER_DISCLOSURE,
  RESULT_ERR_ANSWER,
} from '../rules/postcard-contents.js';
import type { Scene } from '../session/scene.js';
import type { PostcardFrame } from '../family-c/message.js';

type Kind = 'File' | 'Listener' | 'Stream';

/** The kind of descriptor that a request needs. */
const NEEDS: Readonly<Record<string, Kind>> = {
  Close: 'File',
  Read: 'File',
  Write: 'File',
  Seek: 'File',
  Accept: 'Listener',
  StopListening: 'Listener',
  Disconnect: 'Stream',
  Send: 'Stream',
  Receive: 'Stream',
  Recv: 'Stream',
};
const CLOSES: ReadonlySet<string> = new Set(['Close', 'StopListening', 'Disconnect']);
/** The addresses of programs and heaps in a process of 64-bit Linux. */
const ADDRESS_FROM = 0x5500_0000_0000;
const ADDRESS_TO = 0x7fff_ffff_ffff;

interface Descriptor {
  readonly kind: Kind;
  readonly message: PostcardFrame;
  closed: PostcardFrame | null;
  /** The latest request that used it. */
  lastUse: PostcardFrame | null;
  lastAnswered: boolean;
}

/** Judges the descriptors of generation C2, where files, listeners and streams share one pipe. */
export class Descriptors {
  private readonly scene: Scene;
  private readonly known = new Map<number, Descriptor>();
  private complete: boolean;
  private disclosed = false;

  constructor(scene: Scene) {
    this.scene = scene;
    this.complete = scene.startCaptured;
  }

  get openCount(): number {
    let n = 0;
    for (const d of this.known.values()) if (d.closed === null) n++;
    return n;
  }

  gap(): void {
    this.complete = false;
  }

  request(m: PostcardFrame): void {
    const kind = NEEDS[m.name];
    const fd = descriptorOf(m);
    if (kind === undefined || fd === null) return;
    const { scene } = this;
    const d = this.known.get(fd);
    if (d === undefined) {
      if (this.complete && scene.whole('monitor') && scene.orderProven(m)) {
        scene.raise(DESCRIPTOR_UNKNOWN, {
          message: m,
          text: `${hexNumber(fd)} was never handed out; the host takes it for an address`,
        });
      }
      return;
    }
    if (d.closed !== null) {
      scene.raise(DESCRIPTOR_AFTER_CLOSE, {
        message: m,
        related: [d.message, d.closed],
        text: `${hexNumber(fd)} was given back by ${d.closed.name}`,
      });
    } else if (d.kind !== kind) {
      scene.raise(DESCRIPTOR_KIND, {
        message: m,
        related: [d.message],
        text: `${m.name} needs a ${kind}, but ${hexNumber(fd)} is a ${d.kind}`,
      });
    }
    d.lastUse = m;
    d.lastAnswered = false;
    if (CLOSES.has(m.name)) d.closed ??= m;
  }

  /** Takes an answer and its request. */
  answer(request: PostcardFrame, m: PostcardFrame): void {
    if (!m.dialect.wrapped) return;
    const { scene } = this;
    if (m.name === 'Err') {
      scene.raise(RESULT_ERR_ANSWER, {
        message: m,
        related: [request],
        text: `${request.name} failed; no known host says so`,
      });
      return;
    }
    const used = this.known.get(descriptorOf(request) ?? -1);
    if (used?.lastUse === request) used.lastAnswered = true;
    if (m.name !== 'File' && m.name !== 'Listener' && m.name !== 'Stream') return;
    const fd = descriptorOf(m);
    if (fd === null) return;
    const most = scene.context.limits.inFlight;
    if (this.known.size >= most && !this.known.has(fd)) {
      this.complete = false;
      scene.limits.hit('inFlight', `more than ${most} descriptors; later ones are not remembered`, 'warning', m);
      return;
    }
    this.known.set(fd, { kind: m.name, message: m, closed: null, lastUse: null, lastAnswered: false });
    if (!this.disclosed && fd >= ADDRESS_FROM && fd <= ADDRESS_TO) {
      this.disclosed = true;
      scene.raise(POINTER_DISCLOSURE, {
        message: m,
        text: `descriptor ${hexNumber(fd)} looks like an address of the host process (reported once)`,
      });
    }
  }

  finish(ended: boolean): void {
    if (!ended || !this.scene.whole('guest')) return;
    for (const [fd, d] of this.known) {
      if (d.closed !== null) continue;
      if (d.kind === 'Listener' && d.lastUse?.name === 'Accept' && !d.lastAnswered && this.scene.whole('monitor')) {
        this.scene.raise(LISTENER_DROP_ACCEPT, {
          message: d.lastUse,
          related: [d.message],
          text: `listener ${hexNumber(fd)} ends with an Accept that nobody answers, and no StopListening`,
        });
      }
      this.scene.raise(DESCRIPTOR_LEAK, {
        message: d.message,
        text: `${d.kind} ${hexNumber(fd)} is still open when the session ends`,
      });
    }
  }
}

/** The descriptor in a message; null: none. */
export function descriptorOf(m: PostcardFrame): number | null {
  return m.value !== null && 'descriptor' in m.value ? m.value.descriptor : null;
}
