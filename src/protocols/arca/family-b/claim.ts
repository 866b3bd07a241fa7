import type { Claim } from '../../../contract/protocol.js';
import type { End } from '../../../stream/byte-stream.js';
import type { Role } from '../generations.js';
import { claim, type Case, type EndBytes } from '../claim.js';
import { CHAINED } from '../decoder/recognition.js';
import {
  BELL,
  PIPE_HEADER,
  fitsFile,
  FRAME,
  hasBells,
  isReplyLength,
  KNOWN_FLAGS,
  NEW_PIPE_REQUEST,
  PIPE_TYPE_FILE,
  REPLY_B2,
  replyLayout,
} from './layout.js';
import { u32At } from '../family-a/layout.js';
import { chainB, looksLikeHeader } from './framing.js';

const SEARCH_BYTES = 1024;
/** Bounds of the ring sizes that programs ask for. */
const SMALLEST_RING = 64;
const LARGEST_RING = 2 ** 30;

/** The signs of family B in the bytes of one end. */
interface Signs {
  /** Ring sizes of the NewPipeRequests that follow each other. */
  readonly rings: readonly number[];
  /** Ring sizes of the replies, and whether the bells in each reply belong together. */
  readonly replyRings: readonly number[];
  readonly bells: boolean;
  /** Whether there is a file pipe's header with an exact path length and a readable path. */
  readonly header: boolean;
  /** The same for a header with a fault, which frames that follow may prove. */
  readonly headerLike: boolean;
  readonly open: boolean;
}

/**
 * Judges whether the streams of a connection are of family B: by sizes that are echoed, bells that belong together, and lengths that are
 * given twice.
 */
export function judgeB(c: Case): Claim | 'more' | null {
  const signs = [read(c.ends[0]), read(c.ends[1])] as const;
  for (const i of [0, 1] as const) {
    const guest = signs[i];
    const monitor = signs[i === 0 ? 1 : 0];
    const guestEnd: End = i;
    const monitorEnd: End = i === 0 ? 1 : 0;
    if (monitor.bells) return claim(0.9, guestEnd);
    if (guest.header && nothingElse(c.ends[monitorEnd])) return claim(0.85, guestEnd);
    if (c.ends[i].fromStart && fileMessages(c.ends[i].bytes, c.ends[monitorEnd].bytes)) return claim(0.8, guestEnd);
    if (guest.rings.length > 0 && monitor.replyRings.length > 0 && guest.rings[0] === monitor.replyRings[0]) {
      return claim(0.9, guestEnd);
    }
    if (guest.rings.length >= CHAINED && c.ends[monitorEnd].bytes.length === 0) return claim(0.7, guestEnd);
    if (c.labelled && guest.rings.length > 0) return claim(0.7, guestEnd);
    if (c.labelled && monitor.replyRings.length > 0) return claim(0.7, guestEnd);
  }
  const open = c.ends.every((e, i) => e.bytes.length === 0 || signs[i as End].open);
  const bytes = c.ends[0].bytes.length + c.ends[1].bytes.length;
  const doubtful = (signs[0].headerLike || signs[1].headerLike) && bytes < SEARCH_BYTES;
  return (open || doubtful) && !c.final ? 'more' : null;
}

/** Whether a pipe header with a fault is proven by the file messages after it: at least two whose length fits their tag. */
function fileMessages(guest: Uint8Array, monitor: Uint8Array): boolean {
  const n = guest.length >= 2 ? guest[0]! | (guest[1]! << 8) : 0;
  if (n <= PIPE_HEADER.size || guest.length < FRAME.size + n || !looksLikeHeader(guest, FRAME.size, n, n)) return false;
  if (!isPrintable(guest, FRAME.size + PIPE_HEADER.size, FRAME.size + n)) return false;
  return exactMessages(guest, FRAME.size + n, 'guest') + exactMessages(monitor, 0, 'monitor') >= 2;
}

/** The number of file messages of fixed length that one end has sent; negative if something else is among them. */
function exactMessages(b: Uint8Array, from: number, role: Role): number {
  let exact = 0;
  for (let p = from; p + FRAME.size < b.length;) {
    const n = b[p]! | (b[p + 1]! << 8);
    const fit = n === 0 ? null : fitsFile(role, b[p + FRAME.size]!, n);
    if (fit === null) return -8;
    if (fit === 'exact') exact++;
    p += FRAME.size + n;
  }
  return exact;
}

/** Whether the monitor's bytes can be those of a file pipe: there are none yet, or the first frame has the tag of a file reply. */
function nothingElse(e: EndBytes): boolean {
  const b = e.bytes;
  if (b.length < 3) return true;
  return b[2]! <= 4 && (b[0]! | (b[1]! << 8)) >= 1;
}

function read(e: EndBytes): Signs {
  const b = e.bytes;
  const at = startOf(e);
  if (at < 0)
    return { rings: [], replyRings: [], bells: false, header: false, headerLike: false, open: b.length < SEARCH_BYTES };
  const rings: number[] = [];
  const replyRings: number[] = [];
  let bells = true;
  const chain = chainB(b, at, b.length, CHAINED);
  let p = at;
  for (let i = 0; i < chain.frames; i++) {
    const n = b[p]! | (b[p + 1]! << 8);
    if (n === NEW_PIPE_REQUEST.size) {
      const ring = u32At(b, p + FRAME.size);
      if (ring >= SMALLEST_RING && ring <= LARGEST_RING) rings.push(ring);
    } else {
      replyRings.push(u32At(b, p + FRAME.size + REPLY_B2.at.ringSize));
      bells &&= bellsBelong(b, p + FRAME.size, n);
    }
    p += FRAME.size + n;
  }
  const n = b.length >= 2 ? b[0]! | (b[1]! << 8) : 0;
  const mayBeHeader =
    b.length < FRAME.size + PIPE_HEADER.size || looksLikeHeader(b, FRAME.size, n, b.length - FRAME.size);
  const first =
    b.length < 2 || n === NEW_PIPE_REQUEST.size || isReplyLength(n) || (mayBeHeader && n > PIPE_HEADER.size);
  return {
    rings,
    replyRings,
    bells: replyRings.length > 0 && bells,
    header: e.fromStart && isHeader(b, n),
    headerLike: e.fromStart && b.length >= FRAME.size + PIPE_HEADER.size && mayBeHeader && n > PIPE_HEADER.size,
    open: first && (!chain.broken || (mayBeHeader && n > PIPE_HEADER.size)),
  };
}

function startOf(e: EndBytes): number {
  if (e.fromStart) return 0;
  const b = e.bytes;
  const last = Math.min(b.length, SEARCH_BYTES);
  for (let at = 0; at < last; at++) {
    if (b[at + 1] !== 0 || (b[at] !== NEW_PIPE_REQUEST.size && !isReplyLength(b[at]!))) continue;
    const chain = chainB(b, at, b.length, CHAINED);
    if (chain.frames >= CHAINED || (chain.frames >= 1 && b[at] !== NEW_PIPE_REQUEST.size)) return at;
  }
  return -1;
}

/**
 * Whether the bells of a reply belong together: the read bell's number is even, the write bell's is the next one, and both have the same
 * address (arca.md 1.3).
 */
function bellsBelong(b: Uint8Array, at: number, length: number): boolean {
  const reply = replyLayout(length);
  if (reply === null || !hasBells(length)) return false;
  if (u32At(b, at + reply.at.shmOffset) % 4096 !== 0 || u32At(b, at + reply.at.ringSize) === 0) return false;
  const [read, write] = [at + reply.at.readBell, at + reply.at.writeBell];
  for (let i = 0; i < BELL.sizeOf('address'); i++) if (b[read + i] !== b[write + i]) return false;
  const [r, w] = [read + BELL.at.datamatch, write + BELL.at.datamatch];
  const number = u32At(b, r);
  if (number % 2 !== 0 || u32At(b, w) !== number + 1 || u32At(b, r + 4) !== 0 || u32At(b, w + 4) !== 0) return false;
  return reply.at.pipeId < 0 ? u32At(b, read) !== 0 : u32At(b, at + reply.at.pipeId) * 2 === number;
}

/** Whether the bytes are a file pipe's header with defined flags, an exact path length, and a path of printable characters. */
function isHeader(b: Uint8Array, n: number): boolean {
  if (n <= PIPE_HEADER.size || b.length < FRAME.size + n) return false;
  const { flags, pathLength } = PIPE_HEADER.at;
  const open = b[FRAME.size + flags]!;
  if (b[FRAME.size] !== PIPE_TYPE_FILE || open === 0 || open > KNOWN_FLAGS) return false;
  const path = FRAME.size + pathLength;
  if (u32At(b, path) !== n - PIPE_HEADER.size || u32At(b, path + 4) !== 0) return false;
  return isPrintable(b, FRAME.size + PIPE_HEADER.size, FRAME.size + n);
}

function isPrintable(b: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (b[i]! < 0x20 || b[i] === 0x7f) return false;
  return true;
}
