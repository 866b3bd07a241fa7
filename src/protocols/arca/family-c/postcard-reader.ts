import type { Input, Side } from '../../../base/input.js';
import type { Findings, Role } from '../generations.js';
import { otherRole } from '../generations.js';
import type { Chain, FrameReader, FrameSink, Patience } from '../reader.js';
import { NOTHING, WAIT } from '../reader.js';
import { ALL_DIALECTS, DIALECTS, foremost, type Dialect } from './dialects.js';
import { LENGTH_BYTES, MAX_BODY, PostcardFrame } from './postcard-frame.js';
import { CUT, OK, PostcardWalk, type WalkResult } from './postcard-walk.js';

/** Bytes of a body that are gathered at first; text that is longer makes it more, data passes. */
const GATHER = 4096;
const GATHER_TEXT = 256 << 10;
/** Bytes of written data that are kept, to see whether what was not accepted is sent again. */
const DATA_KEPT = 4096;

const walker = new PostcardWalk();

/**
 * Reads the frames of family C. Framing is by a length word; what a body says depends on generation and kind of pipe, which
 * the bodies tell themselves: every one is walked in all dialects that fitted so far. Where names would differ the peer's
 * frames are asked.
 */
export class PostcardReader implements FrameReader {
  /** Dialects that all frames of this direction fitted. */
  dialects = ALL_DIALECTS;
  role: Role | null;
  private readonly side: Side;
  private readonly sink: FrameSink;
  private readonly details: boolean;
  private readonly peer: Findings;
  private roleHinted = false;
  /** Stream offset of the frame that was held back once, so that the peer could go on. */
  private yieldedAt = -1;

  constructor(side: Side, sink: FrameSink, details: boolean, role: Role | null, peer: Findings) {
    this.side = side;
    this.sink = sink;
    this.details = details;
    this.role = role;
    this.peer = peer;
  }

  read(input: Input, patience: Patience): number {
    const there = input.end - input.pos;
    if (there < LENGTH_BYTES) return patience === 'cut' ? NOTHING : LENGTH_BYTES;
    const p = input.pos;
    const length = input.view.getUint32(p, true);
    if (length === 0 || length > MAX_BODY || input.view.getUint32(p + 4, true) !== 0) return this.unframed(input);
    const at = p + LENGTH_BYTES;
    let want = Math.min(length, GATHER);
    if (there < LENGTH_BYTES + want && patience !== 'cut') return LENGTH_BYTES + want;
    if (
      this.role === null &&
      !this.learnRole(input.bytes, at, at + Math.min(want, there - LENGTH_BYTES), length, patience)
    ) {
      return WAIT;
    }
    const role = this.role!;
    let have = at + Math.min(want, there - LENGTH_BYTES);
    let fits = fitting(role, input.bytes, at, have, at + length, this.dialects);
    if (fits === 0 && length > want && anyCut(role, input.bytes, at, have, at + length, this.dialects)) {
      want = Math.min(length, GATHER_TEXT);
      if (there < LENGTH_BYTES + want && patience !== 'cut') return LENGTH_BYTES + want;
      have = at + Math.min(want, there - LENGTH_BYTES);
      fits = fitting(role, input.bytes, at, have, at + length, this.dialects);
      fits ||= this.dialects;
    }
    const whole = have - at === want;
    const own = fits !== 0 && whole ? fits : this.dialects;
    const heard = this.peer.dialects & own;
    const sure = sameName(role, input.bytes, at, have, at + length, own);
    const settled = sure || sameName(role, input.bytes, at, have, at + length, heard || own);
    if (!settled && patience === 'patient') return WAIT;
    if (fits !== 0 && whole) this.dialects = fits;
    // a request that waits for what this answer shows comes first
    if (role === 'monitor' && this.peer.waiting && this.yieldedAt !== input.offset && patience === 'patient') {
      this.yieldedAt = input.offset;
      return WAIT;
    }
    const candidates = heard || own;
    const dialect =
      fits !== 0 ? foremost(candidates) : this.leastBad(role, input.bytes, at, have, at + length, candidates);
    walker.walk(dialect, role, input.bytes, at, have, at + length);
    const keepsData = walker.variant?.fields.some((f) => f.type === 'bytes' || f.type === 'text') ?? false;
    const dataEnd = Math.min(walker.dataAt + Math.min(walker.dataLength, DATA_KEPT), have);
    const data =
      keepsData && walker.dataAt > 0 ? input.bytes.slice(walker.dataAt, Math.max(walker.dataAt, dataEnd)) : null;
    const m = new PostcardFrame(this.side, input, role, length, dialect, candidates, !settled, walker, data);
    m.hinted = this.roleHinted || !sure;
    if (!settled) m.inferred = true;
    m.complete = whole;
    m.missing = whole ? 0 : length - (have - at);
    if (this.details) m.head = input.bytes.slice(p, have);
    m.endAt(input.originAt(have - 1));
    input.pos = have;
    if (whole && length > want) this.sink.pass(m, length - want);
    else this.sink.emit(m);
    return 0;
  }

  gap(): void {}

  /** The length word is none: a frame of it alone, and the framing is lost. */
  private unframed(input: Input): number {
    const p = input.pos;
    walker.walk(DIALECTS[0]!, 'guest', input.bytes, p, p, p);
    const m = new PostcardFrame(
      this.side,
      input,
      this.role ?? 'guest',
      -1,
      foremost(this.dialects),
      this.dialects,
      false,
      walker,
      null,
    );
    m.complete = false;
    if (this.details) m.head = input.bytes.slice(p, p + LENGTH_BYTES);
    m.endAt(input.originAt(p + LENGTH_BYTES - 1));
    input.pos = p + LENGTH_BYTES;
    this.sink.emit(m);
    this.sink.lose();
    return 0;
  }

  /** Finds out who sends here; false: wait for the peer. */
  private learnRole(bytes: Uint8Array, at: number, have: number, length: number, patience: Patience): boolean {
    const guest = fitting('guest', bytes, at, have, at + length, this.dialects);
    const monitor = fitting('monitor', bytes, at, have, at + length, this.dialects);
    if (guest !== 0 && monitor === 0) this.role = 'guest';
    else if (monitor !== 0 && guest === 0) this.role = 'monitor';
    else if (this.peer.role !== null) {
      this.role = otherRole(this.peer.role);
      this.roleHinted = true;
    } else if (patience === 'patient') return false;
    else this.role = 'guest';
    return true;
  }

  /** No dialect fits: the one in which the fault is smallest. */
  private leastBad(role: Role, bytes: Uint8Array, at: number, have: number, end: number, bits: number): Dialect {
    let best = foremost(bits);
    let bestResult = 99;
    for (const d of DIALECTS) {
      if ((d.bit & bits) === 0) continue;
      const r: WalkResult = walker.walk(d, role, bytes, at, have, end);
      if (r < bestResult) {
        best = d;
        bestResult = r;
      }
    }
    return best;
  }
}

/** The dialects of `bits` in which the body is exactly one value. */
export function fitting(role: Role, bytes: Uint8Array, at: number, have: number, end: number, bits: number): number {
  let fits = 0;
  for (const d of DIALECTS) {
    if ((d.bit & bits) !== 0 && walker.walk(d, role, bytes, at, have, end) === OK) fits |= d.bit;
  }
  return fits;
}

function anyCut(role: Role, bytes: Uint8Array, at: number, have: number, end: number, bits: number): boolean {
  return DIALECTS.some((d) => (d.bit & bits) !== 0 && walker.walk(d, role, bytes, at, have, end) === CUT);
}

/** Whether the body has the same name in all these dialects (that it fits, where it fits any). */
function sameName(role: Role, bytes: Uint8Array, at: number, have: number, end: number, bits: number): boolean {
  let name: string | null = null;
  for (const d of DIALECTS) {
    if ((d.bit & bits) === 0) continue;
    walker.walk(d, role, bytes, at, have, end);
    const n = walker.variant?.name ?? '';
    if (name !== null && n !== name) return false;
    name = n;
  }
  return true;
}

/** Follows length words with bodies that are exactly one value in some dialect, the same for all. */
export function chainC(bytes: Uint8Array, at: number, end: number, max: number, role: Role | null): Chain {
  const chain: Chain = { frames: 0, end: at, begun: false, broken: false };
  let guest = role === 'monitor' ? 0 : ALL_DIALECTS;
  let monitor = role === 'guest' ? 0 : ALL_DIALECTS;
  while (chain.frames < max) {
    const p = chain.end;
    const there = end - p;
    for (let i = 3; i < 8; i++) {
      if (i < there && bytes[p + i] !== 0) {
        chain.broken = true;
        return chain;
      }
    }
    if (there < LENGTH_BYTES) return chain;
    const length = bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16);
    chain.broken = length === 0 || length > 1 << 20;
    if (chain.broken) return chain;
    const body = p + LENGTH_BYTES;
    const have = Math.min(end, body + length);
    if (have - body < Math.min(length, 64)) return chain;
    guest = fitting('guest', bytes, body, have, body + length, guest);
    monitor = fitting('monitor', bytes, body, have, body + length, monitor);
    if (guest === 0 && monitor === 0) {
      chain.broken = have === body + length;
      return chain;
    }
    chain.begun = have < body + length;
    if (chain.begun) return chain;
    chain.frames++;
    chain.end = body + length;
  }
  return chain;
}
