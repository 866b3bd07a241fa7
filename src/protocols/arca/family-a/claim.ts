import type { Claim } from '../../../contract/protocol.js';
import type { End } from '../../../stream/byte-stream.js';
import type { Role } from '../generations.js';
import { claim, type Case, type EndBytes } from '../claim.js';
import { CHAINED } from '../decoder/recognition.js';
import { chainA, isOddHeader } from './framing.js';
import {
  answers,
  type Body,
  CONTROL_TYPES,
  HEADER,
  isDefined,
  isLegalPair,
  MAX_PAYLOAD,
  payloadLengthAt,
  READY_A1,
  READY_A3,
  requestIdAt,
  u32At,
} from './layout.js';

/** The most frames of one end that are judged. */
const FRAMES = 16;
/** A stream that was joined late must show a chain of frames within this many bytes. */
const SEARCH_BYTES = 1024;

/** What the first frames of one end look like. */
class Walk {
  /** Number of complete frames with a defined type and the exact length of it, before the first other one. */
  legal = 0;
  /** Numbers of frames with requests and with replies; the last one may be incomplete. */
  guest = 0;
  monitor = 0;
  /**
   * Types and ids of the frames, of which the last one may be incomplete. The first `sound` frames are legal; a `strange` one may follow.
   */
  readonly types: number[] = [];
  readonly ids: number[] = [];
  sound = 0;
  /** Whether the payloads are like those of real sessions: small ids and codes, usable rings. */
  sane = true;
  /** Whether the bytes end inside a header that is legal so far. */
  begun = false;
  /** Whether a header is not legal. */
  illegal = false;
  /** Whether a complete frame follows whose header is not legal. */
  strange = false;
  /** Whether the bytes end with the last frame. */
  exact = false;

  constructor(bytes: Uint8Array, start: number) {
    let p = start;
    while (this.types.length < FRAMES && p < bytes.length) {
      const there = bytes.length - p;
      const type = bytes[p]!;
      const definition = CONTROL_TYPES[type];
      const payload = there >= 3 ? payloadLengthAt(bytes, p) : -1;
      if (!definition || (payload >= 0 && !isLegalPair(type, payload))) {
        this.illegal = true;
        if (definition?.from === 'guest') this.guest++;
        else if (definition) this.monitor++;
        if (there >= HEADER.size && payload <= MAX_PAYLOAD && there >= HEADER.size + payload) {
          this.strange = true;
          this.ids.push(requestIdAt(bytes, p));
          this.types.push(type);
        }
        return;
      }
      this.begun = there < HEADER.size && payload >= 0;
      if (there < HEADER.size) return;
      this.sound++;
      this.types.push(type);
      this.ids.push(requestIdAt(bytes, p));
      if (definition.from === 'guest') this.guest++;
      else this.monitor++;
      if (there < HEADER.size + payload) return;
      this.legal++;
      this.sane &&= isSane(bytes, p + HEADER.size, definition.body, payload);
      p += HEADER.size + payload;
    }
    this.exact = p === bytes.length && this.legal > 0;
  }

  get role(): Role | null {
    if (this.guest > 0 && this.monitor === 0) return 'guest';
    if (this.monitor > 0 && this.guest === 0) return 'monitor';
    return null;
  }

  /** Whether the ids are small, as in a session that has not lasted long. */
  get smallIds(): boolean {
    return this.ids.every((id) => id > 0 && id < 0x1_0000);
  }
}

function isSane(b: Uint8Array, at: number, body: Body, length: number): boolean {
  if (body === 'endpoint') return true;
  if (body !== 'ready') return u32At(b, at) < 0x1_0000;
  const ready = length === READY_A1.size ? READY_A1 : READY_A3;
  const [listener, connection, ring] = [at, at + ready.at.connectionId, at + ready.at.ringSize];
  const usable = u32At(b, ring) % 8 === 0 && u32At(b, ring) > 0 && u32At(b, ring + 4) === 0;
  return u32At(b, listener) < 0x1_0000 && u32At(b, connection) < 0x100_0000 && usable;
}

/** Judges whether the streams of a connection are of family A. */
export function judgeA(c: Case): Claim | 'more' | null {
  const starts = c.ends.map((e) => startOf(e)) as [number, number];
  const walks = [
    new Walk(c.ends[0].bytes, Math.max(0, starts[0])),
    new Walk(c.ends[1].bytes, Math.max(0, starts[1])),
  ] as const;
  const lost = [starts[0] < 0, starts[1] < 0] as const;
  if (c.connection.startAssumed === true) {
    if (isUnderWay(walks)) return null;
    if (repliesFirst(c, walks) && !c.final) return 'more';
  }
  if (!lost[0] && !lost[1] && answered(walks)) return claim(0.95, clientEnd(c, walks));
  for (const i of [0, 1] as const) {
    const score = lost[i] ? 0 : confirmed(c, i, walks, starts[i]);
    if (score > 0) return claim(score, clientEnd(c, walks));
  }
  if (c.labelled && c.ends.some((e, i) => isMeant(e, walks[i as End], c.final))) return claim(0.7, clientEnd(c, walks));
  return hopeless(c, walks, lost) ? null : 'more';
}

/** The score by the frames of end `i`, if those of the other end allow it; 0: not enough. */
function confirmed(c: Case, i: End, walks: readonly [Walk, Walk], start: number): number {
  const peer: End = i === 0 ? 1 : 0;
  const [w, other] = [walks[i], walks[peer]];
  const [mine, its] = [c.ends[i], c.ends[peer]];
  if (!mine.fromStart && start > 0) return 0.8;
  const silent = its.bytes.length === 0;
  if (w.legal >= CHAINED && w.role !== null && (silent || other.legal > 0 || !mine.fromStart)) return 0.8;
  if (!w.smallIds || w.legal === 0 || w.role === null) return 0;
  if (silent) {
    // a few frames without a peer are accepted only if they are all bytes of this end, from the first one on
    if (w.illegal || !w.sane) return 0;
    return w.legal >= 2 || (c.final && w.exact && mine.fromStart) ? 0.7 : 0;
  }
  if (other.sound > 0) return other.smallIds && (other.role !== w.role || other.legal > 0) ? 0.8 : 0;
  if (other.strange && w.ids.includes(other.ids[0]!)) return 0.8;
  if (other.begun && c.final && w.exact) return 0.6;
  return answersOddly(its, w) ? 0.6 : 0;
}

/** Whether an end begins with a faulty header that has the id of one of the other end's requests. */
function answersOddly(e: EndBytes, requests: Walk): boolean {
  const b = e.bytes;
  return e.fromStart && requests.guest > 0 && isOddHeader(b, 0, b.length) && requests.ids.includes(requestIdAt(b, 0));
}

/** For a recording that names Arca: whether the end begins with a complete frame, or with a header that can only be a faulty one. */
function isMeant(e: EndBytes, walk: Walk, final: boolean): boolean {
  const b = e.bytes;
  if (b.length < HEADER.size) return final && b.length >= 3 && isLegalPair(b[0]!, payloadLengthAt(b, 0));
  if (walk.legal > 0) return true;
  return walk.illegal || final ? walk.types.length > 0 || isOddHeader(e.bytes, 0, e.bytes.length) : false;
}

/** Whether the first request shows that there were others before it: guests count them from 1. */
function isUnderWay(walks: readonly [Walk, Walk]): boolean {
  return walks.some((w) => w.role === 'guest' && w.sound > 0 && w.ids[0]! > 1);
}

/** Whether one end has sent replies and the other one nothing. A monitor never speaks first, so the first request has to be waited for. */
function repliesFirst(c: Case, walks: readonly [Walk, Walk]): boolean {
  return ([0, 1] as const).some((i) => walks[i].role === 'monitor' && c.ends[i === 0 ? 1 : 0].bytes.length === 0);
}

/** Index at which the frames of an end begin; -1: not found. */
function startOf(e: EndBytes): number {
  if (e.fromStart || e.bytes.length === 0) return 0;
  const b = e.bytes;
  if (new Walk(b, 0).legal > 0) return 0;
  const last = Math.min(b.length, SEARCH_BYTES);
  for (let at = 0; at < last; at++) {
    const type = b[at]!;
    if (!isDefined(type)) continue;
    if (chainA(b, at, b.length, CHAINED).frames >= CHAINED) return at;
  }
  return -1;
}

/** Whether a frame of one end answers one of the other by type and id. */
function answered(walks: readonly [Walk, Walk]): boolean {
  for (const i of [0, 1] as const) {
    const replies = walks[i];
    const requests = walks[i === 0 ? 1 : 0];
    for (let k = 0; k < replies.sound; k++) {
      if (replies.ids[k] === 0) continue;
      const at = requests.ids.indexOf(replies.ids[k]!);
      if (at >= 0 && at < requests.sound && answers(replies.types[k]!, requests.types[at]!)) return true;
    }
  }
  return false;
}

/**
 * Which end is the guest. The frame types tell. If both ends send the same kind, or only the end that connected sends replies, somebody
 * breaks the rules. Then the TCP handshake decides: in all known uses Arca connects.
 */
function clientEnd(c: Case, walks: readonly [Walk, Walk]): End | null {
  const [a, b] = [walks[0].role, walks[1].role];
  if (a === b || (a === null && b === null)) return c.connection.initiatorKnown || a !== null ? 0 : null;
  if (a === 'guest' || (a === null && b === 'monitor')) return 0;
  if (b === 'guest') return 1;
  // a monitor never sends first: a single reply at the start of a stream is more likely an error of the guest than half of a recording
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
        e.bytes.length < HEADER.size ? e.bytes.length < 3 || e.bytes[2] === 0 : isOddHeader(e.bytes, 0, e.bytes.length);
      if (!odd) return true;
    }
  }
  return c.final;
}
