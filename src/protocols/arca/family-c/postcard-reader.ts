import type { Input, Side } from '../../../base/input.js';
import type { Findings, Role } from '../generations.js';
import { otherRole } from '../generations.js';
import type { Chain, FrameReader, FrameSink, Patience } from '../reader.js';
import { NOTHING, WAIT } from '../reader.js';
import { ALL_DIALECTS, foremost } from './dialects.js';
import { FRAME, MAX_BODY } from './layout.js';
import { PostcardFrame } from './message.js';
import { anyCut, fitting, isSameName, readIn, Reading, type Body } from './reading.js';

/** Bytes of a body that are gathered at first; text that is longer makes it more, data passes. */
const GATHER = 4096;
const GATHER_TEXT = 256 << 10;
/** Bytes of written data that are kept, to see whether what was not accepted is sent again. */
const DATA_KEPT = 4096;

/**
 * Reads the frames of family C. Framing is by a length word; what a body says depends on generation and kind of pipe, which
 * the bodies tell themselves: every one is read in all dialects that fitted so far. Where names would differ the peer's
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
    const { bytes, pos: p } = input;
    const there = input.end - p;
    if (there < FRAME.size) return patience === 'cut' ? NOTHING : FRAME.size;
    const length = input.view.getUint32(p, true);
    if (length === 0 || length > MAX_BODY || input.view.getUint32(p + 4, true) !== 0) return this.unframed(input);
    const at = p + FRAME.size;
    const end = at + length;
    let want = Math.min(length, GATHER);
    if (there < FRAME.size + want && patience !== 'cut') return FRAME.size + want;
    let body: Body = { bytes, at, have: Math.min(at + want, input.end), end };
    if (this.role === null && !this.learnRole(body, patience)) return WAIT;
    const role = this.role!;
    let readings = readIn(this.dialects, role, body);
    let fits = fitting(readings);
    if (fits === 0 && length > want && anyCut(readings)) {
      want = Math.min(length, GATHER_TEXT);
      if (there < FRAME.size + want && patience !== 'cut') return FRAME.size + want;
      body = { ...body, have: Math.min(at + want, input.end) };
      readings = readIn(this.dialects, role, body);
      fits = fitting(readings) || this.dialects;
    }
    const whole = body.have - at === want;
    const own = fits !== 0 && whole ? fits : this.dialects;
    const heard = this.peer.dialects & own;
    const sure = isSameName(readings, own);
    const settled = sure || isSameName(readings, heard || own);
    if (!settled && patience === 'patient') return WAIT;
    if (fits !== 0 && whole) this.dialects = fits;
    // a request that waits for what this answer shows comes first
    if (role === 'monitor' && this.peer.waiting && this.yieldedAt !== input.offset && patience === 'patient') {
      this.yieldedAt = input.offset;
      return WAIT;
    }
    const candidates = heard || own;
    const reading = chosen(readings, candidates, fits !== 0);
    const m = new PostcardFrame(this.side, input, role, length, reading, candidates, !settled, kept(reading, body));
    m.hinted = this.roleHinted || !sure;
    if (!settled) m.inferred = true;
    m.complete = whole;
    m.missing = whole ? 0 : end - body.have;
    if (this.details) m.head = bytes.slice(p, body.have);
    m.endAt(input.originAt(body.have - 1));
    input.pos = body.have;
    if (whole && length > want) this.sink.pass(m, length - want);
    else this.sink.emit(m);
    return 0;
  }

  gap(): void {}

  /** The length word is none: a frame of it alone, and the framing is lost. */
  private unframed(input: Input): number {
    const p = input.pos;
    const nothing = new Reading(foremost(this.dialects), 'guest', { bytes: input.bytes, at: p, have: p, end: p });
    const m = new PostcardFrame(this.side, input, this.role ?? 'guest', -1, nothing, this.dialects, false, null);
    m.complete = false;
    if (this.details) m.head = input.bytes.slice(p, p + FRAME.size);
    m.endAt(input.originAt(p + FRAME.size - 1));
    input.pos = p + FRAME.size;
    this.sink.emit(m);
    this.sink.lose();
    return 0;
  }

  /** Finds out who sends here; false: wait for the peer. */
  private learnRole(body: Body, patience: Patience): boolean {
    const guest = fitting(readIn(this.dialects, 'guest', body));
    const monitor = fitting(readIn(this.dialects, 'monitor', body));
    if (guest !== 0 && monitor === 0) this.role = 'guest';
    else if (monitor !== 0 && guest === 0) this.role = 'monitor';
    else if (this.peer.role !== null) {
      this.role = otherRole(this.peer.role);
      this.roleHinted = true;
    } else if (patience === 'patient') return false;
    else this.role = 'guest';
    return true;
  }
}

/** The reading in the most believed of these dialects; where none fits, the one in which the fault is smallest. */
function chosen(readings: readonly Reading[], candidates: number, fits: boolean): Reading {
  const those = readings.filter((r) => (r.dialect.bit & candidates) !== 0);
  return fits ? those[0]! : those.reduce((best, r) => (r.outcome < best.outcome ? r : best));
}

/** A copy of the first bytes of the text or data. */
function kept({ variant, cursor }: Reading, { bytes, have }: Body): Uint8Array | null {
  if (cursor.run === null || (variant !== null && 'args' in variant.fields)) return null;
  const { at, length } = cursor.run;
  return bytes.slice(at, Math.max(at, Math.min(at + Math.min(length, DATA_KEPT), have)));
}

/** Follows length words with bodies that are exactly one value in some dialect, the same for all. */
export function chainC(bytes: Uint8Array, at: number, end: number, max: number, role: Role | null): Chain {
  const chain: Chain = { frames: 0, end: at, begun: false, broken: false };
  const fits = (who: Role, bits: number, body: Body): number => (bits === 0 ? 0 : fitting(readIn(bits, who, body)));
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
    if (there < FRAME.size) return chain;
    const length = bytes[p]! | (bytes[p + 1]! << 8) | (bytes[p + 2]! << 16);
    chain.broken = length === 0 || length > 1 << 20;
    if (chain.broken) return chain;
    const at = p + FRAME.size;
    const body = { bytes, at, have: Math.min(end, at + length), end: at + length };
    if (body.have - at < Math.min(length, 64)) return chain;
    guest = fits('guest', guest, body);
    monitor = fits('monitor', monitor, body);
    if (guest === 0 && monitor === 0) {
      chain.broken = body.have === body.end;
      return chain;
    }
    chain.begun = body.have < body.end;
    if (chain.begun) return chain;
    chain.frames++;
    chain.end = body.end;
  }
  return chain;
}
