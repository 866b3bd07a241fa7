import type { Input } from '../../../base/input.js';
import { isFinal, TAKEN, WAIT, type FramedDecoder, type Patience } from '../../../contract/framed-decoder.js';
import type { FamilyFrames } from '../decoder/family-frames.js';
import type { Chain } from '../decoder/chain.js';
import type { Told } from '../decoder/told.js';
import { otherRole, type Role } from '../generations.js';
import type { ArcaMessage } from '../messages.js';
import { ALL_DIALECTS, foremost } from './dialects.js';
import { FRAME, MAX_BODY } from './layout.js';
import { PostcardFrame } from './message.js';
import { CUT, OK } from './postcard.js';
import { anyCut, fitting, isSameName, readIn, Reading, type Body } from './reading.js';

/** Bytes of a body that are gathered at first, and those that are gathered if text goes on after that. Longer data pass. */
const GATHERED = 4096;
const GATHERED_TEXT = 256 << 10;

/**
 * The frames of family C: a length word, then a body. What a body means depends on the generation and the kind of pipe. These are found
 * from the bodies: each one is read in all dialects that fit so far. If names differ between these, the peer's frames decide.
 */
export class PostcardFrames implements FamilyFrames {
  private readonly frames: FramedDecoder<ArcaMessage>;
  private readonly told: Told;
  private readonly peer: Told;
  /** Whether the family or the role is known only from the peer. */
  private hinted: boolean;
  /** Stream offset of the frame that was held back once, so that the peer's direction could be decoded further. */
  private yieldedAt = -1;

  constructor(frames: FramedDecoder<ArcaMessage>, told: Told, peer: Told) {
    this.frames = frames;
    this.told = told;
    this.peer = peer;
    this.hinted = frames.hinted;
    told.dialects = ALL_DIALECTS;
  }

  frameAt(input: Input, patience: Patience): number {
    const { frames, told, peer } = this;
    const { bytes, pos: p } = input;
    const final = isFinal(patience);
    if (input.remaining < FRAME.size) return FRAME.size;
    const length = input.view.getUint32(p, true);
    if (length === 0 || length > MAX_BODY || input.view.getUint32(p + 4, true) !== 0) return this.unframed(input);
    const at = p + FRAME.size;
    let want = Math.min(length, GATHERED);
    if (input.remaining < FRAME.size + want && !final) return FRAME.size + want;
    let body: Body = { bytes, at, have: Math.min(at + want, input.end), end: at + length };
    if (told.role === null && !this.learnRole(body, patience)) return WAIT;
    const role = told.role!;
    let readings = readIn(told.dialects, role, body);
    let fits = fitting(readings);
    if (fits === 0 && length > want && anyCut(readings)) {
      want = Math.min(length, GATHERED_TEXT);
      if (input.remaining < FRAME.size + want && !final) return FRAME.size + want;
      body = { ...body, have: Math.min(at + want, input.end) };
      readings = readIn(told.dialects, role, body);
      fits = fitting(readings) || told.dialects;
    }
    const whole = body.have - at === want;
    const own = fits !== 0 && whole ? fits : told.dialects;
    const heard = peer.dialects & own;
    const sure = isSameName(readings, own);
    const settled = sure || isSameName(readings, heard || own);
    if (!settled && patience === 'patient') return WAIT;
    if (fits !== 0 && whole) told.dialects = fits;
    // if a request waits for what this answer shows, the request is handed on first
    if (role === 'monitor' && peer.waiting && this.yieldedAt !== input.offset && patience === 'patient') {
      this.yieldedAt = input.offset;
      return WAIT;
    }
    const candidates = heard || own;
    const reading = chosen(readings, candidates, fits !== 0);
    const data = kept(reading, body, frames.settings.limits.detailBytes);
    frames.hinted = this.hinted || !sure;
    if (!settled) frames.unproven = Math.max(frames.unproven, 1);
    frames.take(
      new PostcardFrame(frames.side, input, role, length, reading, candidates, !settled, data),
      input,
      FRAME.size + want,
    );
    return TAKEN;
  }

  /** The length word is impossible: makes a frame of it alone, and gives the framing up. */
  private unframed(input: Input): number {
    const { frames, told } = this;
    const nothing = new Reading(foremost(told.dialects), 'guest', {
      bytes: input.bytes,
      at: input.pos,
      have: input.pos,
      end: input.pos,
    });
    const m = new PostcardFrame(frames.side, input, told.role ?? 'guest', -1, nothing, told.dialects, false, null);
    m.complete = false;
    frames.hinted = this.hinted;
    frames.take(m, input);
    frames.swallow('undecoded');
    return TAKEN;
  }

  /** Finds out the sender; false: the peer has to be waited for. */
  private learnRole(body: Body, patience: Patience): boolean {
    const { told, peer } = this;
    const guest = fitting(readIn(told.dialects, 'guest', body));
    const monitor = fitting(readIn(told.dialects, 'monitor', body));
    if (guest !== 0 && monitor === 0) told.role = 'guest';
    else if (monitor !== 0 && guest === 0) told.role = 'monitor';
    else if (peer.role !== null) {
      told.role = otherRole(peer.role);
      this.hinted = true;
    } else if (patience === 'patient') return false;
    else told.role = 'guest';
    return true;
  }
}

/** The reading in the first of these dialects. If none of them fits, the one with the least serious error. */
function chosen(readings: readonly Reading[], candidates: number, fits: boolean): Reading {
  const those = readings.filter((r) => (r.dialect.bit & candidates) !== 0);
  return fits ? those[0]! : those.reduce((best, r) => (weight(r) < weight(best) ? r : best));
}

/** That bytes are not there does not count as an error. */
function weight({ outcome }: Reading): number {
  return outcome === CUT ? OK : outcome;
}

/** Copies the first bytes of the text or data, at most `most`. */
function kept({ variant, cursor }: Reading, { bytes, have }: Body, most: number): Uint8Array | null {
  if (cursor.run === null || (variant !== null && 'args' in variant.fields)) return null;
  const { at, length } = cursor.run;
  return bytes.slice(at, Math.max(at, Math.min(at + Math.min(length, most), have)));
}

/** Follows frames whose bodies are exactly one value in some dialect, the same one for all frames. */
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
