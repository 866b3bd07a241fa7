import type { Claim } from '../../../contract/protocol.js';
import type { End } from '../../../stream/byte-stream.js';
import type { Role } from '../generations.js';
import { claim, type Case, type Evidence } from '../evidence.js';
import { CHAINED } from '../recognition.js';
import {
  ACCEPT_ERR,
  ACCEPT_REQUEST,
  CONNECT_ERR,
  CONNECT_OK,
  CONNECT_REQUEST,
  CONTROL_TYPES,
  HEADER_BYTES,
  INCOMING_CONNECTION,
  isLegalPair,
  LENGTH_AT,
  LISTEN_ERR,
  LISTEN_OK,
  LISTEN_REQUEST,
  MAX_PAYLOAD,
} from './control-frame.js';
import { chainA, idAt, isOddHeader } from './control-reader.js';

/** Frames of one end that are looked at. */
const FRAMES = 16;
/** A stream that was joined late shows a chain of frames within this many bytes, or is none of this family. */
const SEARCH_BYTES = 1024;

/** Request types that a reply type answers. */
export const ANSWERS: readonly (number | null)[] = makeAnswers();

function makeAnswers(): (number | null)[] {
  const a: (number | null)[] = new Array<number | null>(16).fill(null);
  a[LISTEN_OK] = a[LISTEN_ERR] = LISTEN_REQUEST;
  a[CONNECT_OK] = a[CONNECT_ERR] = CONNECT_REQUEST;
  a[INCOMING_CONNECTION] = a[ACCEPT_ERR] = ACCEPT_REQUEST;
  return a;
}

/** What the first frames of one end look like. */
class Walk {
  /** Frames with a defined type and exactly its length, complete, before the first that is not. */
  legal = 0;
  /** Frames of requests and of replies, the last perhaps not complete. */
  guest = 0;
  monitor = 0;
  /** Types and ids of the frames, the last perhaps not complete. */
  readonly types: number[] = [];
  readonly ids: number[] = [];
  /** Whether a header was met that is not legal. */
  illegal = false;
  /** Whether a complete frame follows whose only fault is its type. */
  strange = false;
  /** Whether the bytes end with the last frame. */
  exact = false;

  constructor(bytes: Uint8Array, start: number) {
    let p = start;
    while (this.types.length < FRAMES && p < bytes.length) {
      const there = bytes.length - p;
      const type = bytes[p]!;
      const definition = CONTROL_TYPES[type];
      const payload = there >= 3 ? bytes[p + LENGTH_AT]! | (bytes[p + LENGTH_AT + 1]! << 8) : -1;
      if (!definition || (payload >= 0 && !isLegalPair(type, payload))) {
        this.illegal = true;
        if (definition?.from === 'guest') this.guest++;
        else if (definition) this.monitor++;
        if (there >= HEADER_BYTES && payload <= MAX_PAYLOAD && there >= HEADER_BYTES + payload) {
          this.strange = true;
          this.ids.push(idAt(bytes, p));
          this.types.push(type);
        }
        return;
      }
      if (there < HEADER_BYTES) return;
      this.types.push(type);
      this.ids.push(idAt(bytes, p));
      if (definition.from === 'guest') this.guest++;
      else this.monitor++;
      if (there < HEADER_BYTES + payload) return;
      this.legal++;
      p += HEADER_BYTES + payload;
    }
    this.exact = p === bytes.length && this.legal > 0;
  }

  get role(): Role | null {
    if (this.guest > 0 && this.monitor === 0) return 'guest';
    if (this.monitor > 0 && this.guest === 0) return 'monitor';
    return null;
  }

  /** Whether the ids are those of a young session. */
  get smallIds(): boolean {
    return this.ids.every((id) => id > 0 && id < 0x1_0000);
  }
}

/** Evidence for family A. */
export function judgeA(c: Case): Claim | 'more' | null {
  const starts = c.ends.map((e) => startOf(e)) as [number, number];
  const walks = [
    new Walk(c.ends[0].bytes, Math.max(0, starts[0])),
    new Walk(c.ends[1].bytes, Math.max(0, starts[1])),
  ] as const;
  const lost = [starts[0] < 0, starts[1] < 0] as const;
  if (!lost[0] && !lost[1] && answered(walks)) return claim(0.95, clientEnd(c, walks));
  for (const i of [0, 1] as const) {
    const w = walks[i];
    const other = walks[i === 0 ? 1 : 0];
    const silent = c.ends[i === 0 ? 1 : 0].bytes.length === 0;
    if (lost[i]) continue;
    if (!c.ends[i].fromStart && starts[i] > 0) return claim(0.8, clientEnd(c, walks));
    if (w.legal >= CHAINED && w.role !== null && (silent || other.legal > 0 || !c.ends[i].fromStart)) {
      return claim(0.8, clientEnd(c, walks));
    }
    if (!w.smallIds || w.legal === 0) continue;
    if (other.legal > 0 || other.types.length > 0) {
      if (w.role !== null && other.smallIds && (other.role !== w.role || other.legal > 0))
        return claim(0.8, clientEnd(c, walks));
    } else if (silent && !w.illegal && w.role !== null && (w.legal >= 2 || (c.final && w.exact))) {
      // alone and short: believed only as the whole of what was said, from the first byte on
      if (w.legal >= 2 || c.ends[i].fromStart) return claim(0.7, clientEnd(c, walks));
    } else if (silent && c.final && w.legal >= 1 && w.strange) return claim(0.6, clientEnd(c, walks));
  }
  if (c.labelled && c.ends.some((e, i) => isMeant(e, walks[i as End], c.final))) return claim(0.7, clientEnd(c, walks));
  return hopeless(c, walks, lost) ? null : 'more';
}

/** In a recording that names Arca: a whole frame, or a header that can only be a faulty one. */
function isMeant(e: Evidence, walk: Walk, final: boolean): boolean {
  if (e.bytes.length < HEADER_BYTES) return false;
  if (walk.legal > 0) return true;
  return walk.illegal || final ? walk.types.length > 0 || isOddHeader(e.bytes, 0, e.bytes.length) : false;
}

/** Where the frames of an end begin; -1: nowhere that could be seen. */
function startOf(e: Evidence): number {
  if (e.fromStart || e.bytes.length === 0) return 0;
  const b = e.bytes;
  if (new Walk(b, 0).legal > 0) return 0;
  const last = Math.min(b.length, SEARCH_BYTES);
  for (let at = 0; at < last; at++) {
    const type = b[at]!;
    if (type === 0 || type > 9) continue;
    if (chainA(b, at, b.length, CHAINED).frames >= CHAINED) return at;
  }
  return -1;
}

/** Whether a frame of one end answers one of the other by type and id. */
function answered(walks: readonly [Walk, Walk]): boolean {
  for (const i of [0, 1] as const) {
    const replies = walks[i];
    const requests = walks[i === 0 ? 1 : 0];
    for (let k = 0; k < replies.types.length; k++) {
      const type = ANSWERS[replies.types[k]!];
      if (type === null || type === undefined) continue;
      const at = requests.ids.indexOf(replies.ids[k]!);
      if (at >= 0 && requests.types[at] === type) return true;
    }
  }
  return false;
}

/**
 * Which end is the guest. Frame types tell; where both ends send the same kind, or only replies were sent by the end that
 * connected, somebody breaks the rules, and the handshake is believed: in all known uses it is Arca that connects.
 */
function clientEnd(c: Case, walks: readonly [Walk, Walk]): End | null {
  const [a, b] = [walks[0].role, walks[1].role];
  if (a === b || (a === null && b === null)) return c.connection.initiatorKnown || a !== null ? 0 : null;
  if (a === 'guest' || (a === null && b === 'monitor')) return 0;
  if (b === 'guest') return 1;
  // a monitor never speaks first: one reply at the very start of a stream is rather a guest's fault than half a recording
  const alone = walks[0].legal === 1 && c.ends[0].fromStart;
  return c.connection.initiatorKnown || alone ? 0 : 1;
}

/** Whether more bytes cannot change the verdict. */
function hopeless(c: Case, walks: readonly [Walk, Walk], lost: readonly [boolean, boolean]): boolean {
  for (const i of [0, 1] as const) {
    const e = c.ends[i];
    if (e.bytes.length === 0) continue;
    if (lost[i]) {
      if (e.bytes.length >= SEARCH_BYTES) return true;
    } else if (walks[i].illegal && walks[i].legal === 0 && e.fromStart && !c.labelled) {
      const odd =
        e.bytes.length < HEADER_BYTES
          ? e.bytes.length < 3 || e.bytes[2] === 0
          : isOddHeader(e.bytes, 0, e.bytes.length);
      if (!odd) return true;
    }
  }
  return c.final;
}
