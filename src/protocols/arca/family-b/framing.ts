import type { Input } from '../../../base/input.js';
import { isFinal, TAKEN, WAIT, type FramedDecoder, type Patience } from '../../../contract/framed-decoder.js';
import type { FamilyFrames } from '../decoder/family-frames.js';
import type { Chain } from '../decoder/chain.js';
import type { Told } from '../decoder/told.js';
import { otherRole, type Role } from '../generations.js';
import type { ArcaMessage } from '../messages.js';
import {
  PIPE_HEADER,
  fitsFile,
  FRAME,
  isReplyLength,
  KNOWN_FLAGS,
  NEW_PIPE_REQUEST,
  PIPE_TYPE_FILE,
  REPLY_B2,
} from './layout.js';
import { PipeFrame } from './message.js';

/** Bytes of a frame's payload that are gathered. The rest of a longer one is data, and passes. */
const GATHERED = 4096;

/**
 * The frames of family B, which consist of a length and a payload. The purpose of a pipe shows in the first frames of each direction. The
 * only exception: if the monitor's first frame is data that was read, the guest's frames are needed.
 */
export class PipeFrames implements FamilyFrames {
  private readonly frames: FramedDecoder<ArcaMessage>;
  private readonly told: Told;
  private readonly peer: Told;
  private first = true;

  constructor(frames: FramedDecoder<ArcaMessage>, told: Told, peer: Told) {
    this.frames = frames;
    this.told = told;
    this.peer = peer;
  }

  frameAt(input: Input, patience: Patience): number {
    const { frames, told } = this;
    if (input.remaining < FRAME.size) return FRAME.size;
    const at = input.pos + FRAME.size;
    const payload = input.view.getUint16(input.pos, true);
    const want = Math.min(payload, GATHERED);
    if (input.remaining < FRAME.size + want && !isFinal(patience)) return FRAME.size + want;
    const have = Math.min(want, input.remaining - FRAME.size);
    if (payload > 0 && (told.pipe === null || told.role === null)) {
      this.learn(input, at, payload, have);
      if ((told.pipe === null || told.role === null) && patience === 'patient') return WAIT;
      // nothing more will come that could tell
      told.role ??= 'guest';
      told.pipe ??= 'file';
    }
    const m = new PipeFrame(frames.side, input, told.role ?? 'guest');
    this.fill(m, input, at, have);
    this.first = false;
    frames.take(m, input, FRAME.size + want);
    return TAKEN;
  }

  lost(): void {
    this.first = false;
  }

  private fill(m: PipeFrame, input: Input, at: number, have: number): void {
    if (m.payloadLength === 0) {
      m.kind = 'empty';
      return;
    }
    if (this.told.pipe === 'control') m.readControl(input.view, at, have);
    else if (m.role === 'guest' && this.first && looksLikeHeader(input.bytes, at, m.payloadLength, have)) {
      m.readHeader(input.view, at, have);
    } else m.readFile(input.view, at, have);
  }

  /** Takes the kind of pipe and the sender from this frame, or else from the peer's frames. */
  private learn(input: Input, at: number, payload: number, have: number): void {
    const { frames, told, peer } = this;
    const kinds = classifyB(input.bytes, at, payload, have, told.role);
    if (kinds !== null) {
      told.pipe ??= kinds.pipe;
      told.role ??= kinds.role;
    }
    if (told.pipe === null && peer.pipe !== null) {
      told.pipe = peer.pipe;
      frames.hinted = true;
    }
    if (told.role === null && peer.role !== null) {
      told.role = otherRole(peer.role);
      frames.hinted = true;
    }
  }
}

/** Whether a payload is a pipe header. Write requests have the same first byte, but a header is recognised by its path length. */
export function looksLikeHeader(bytes: Uint8Array, at: number, payload: number, have: number): boolean {
  if (payload < PIPE_HEADER.size || have < PIPE_HEADER.size || bytes[at] !== PIPE_TYPE_FILE) return false;
  const path = at + PIPE_HEADER.at.pathLength;
  // a path length that is slightly wrong is an error to be reported; one of another order of magnitude is data
  for (let i = 2; i < 8; i++) if (bytes[path + i] !== 0) return false;
  const length = bytes[path]! | (bytes[path + 1]! << 8);
  return length === payload - PIPE_HEADER.size || (bytes[at + PIPE_HEADER.at.flags]! <= KNOWN_FLAGS && length < 4096);
}

export interface Learnt {
  readonly pipe: 'control' | 'file';
  readonly role: Role;
  /** Whether the payload can only be of this family. */
  readonly strong: boolean;
}

/** What one payload shows about the kind of its pipe and its sender; null: nothing. `role`: the sender, if it is known. */
export function classifyB(
  bytes: Uint8Array,
  at: number,
  payload: number,
  have: number,
  role: Role | null,
): Learnt | null {
  if (role !== 'monitor') {
    if (payload === NEW_PIPE_REQUEST.size && have === payload && isRingSize(bytes, at)) {
      return { pipe: 'control', role: 'guest', strong: true };
    }
    if (looksLikeHeader(bytes, at, payload, have)) return { pipe: 'file', role: 'guest', strong: true };
  }
  if (
    role !== 'guest' &&
    isReplyLength(payload) &&
    have === payload &&
    isRingSize(bytes, at + REPLY_B2.at.ringSize) &&
    isOffset(bytes, at + REPLY_B2.at.shmOffset)
  ) {
    return { pipe: 'control', role: 'monitor', strong: true };
  }
  if (role !== null && have >= 1 && fitsFile(role, bytes[at]!, payload) === 'exact') {
    return { pipe: 'file', role, strong: false };
  }
  if (role === 'guest' && have >= 1 && (payload < NEW_PIPE_REQUEST.size || payload > NEW_PIPE_REQUEST.size)) {
    const file = fitsFile(role, bytes[at]!, payload) !== null && payload > 1;
    return { pipe: file ? 'file' : 'control', role, strong: false };
  }
  return null;
}

/** Whether the number at `at` is a ring size that a program would ask for: a multiple of 8, not 0, below 2^32. */
function isRingSize(bytes: Uint8Array, at: number): boolean {
  if ((bytes[at]! & 7) !== 0) return false;
  for (let i = 4; i < 8; i++) if (bytes[at + i] !== 0) return false;
  return (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) !== 0;
}

/** Whether the number at `at` can be an offset in shared memory: a multiple of 8 below 2^47. */
function isOffset(bytes: Uint8Array, at: number): boolean {
  return (bytes[at]! & 7) === 0 && bytes[at + 7] === 0 && bytes[at + 6] === 0 && (bytes[at + 5]! & 0x80) === 0;
}

/** Follows NewPipeRequests or NewPipeReplies, whose lengths and contents are specific enough to be recognised anywhere. */
export function chainB(bytes: Uint8Array, at: number, end: number, max: number): Chain {
  const chain: Chain = { frames: 0, end: at, begun: false, broken: false };
  let role: Role | null = null;
  while (chain.frames < max) {
    const p = chain.end;
    if (p + FRAME.size > end) return chain;
    const payload = bytes[p]! | (bytes[p + 1]! << 8);
    chain.broken = payload !== NEW_PIPE_REQUEST.size && !isReplyLength(payload);
    if (chain.broken || p + FRAME.size + payload > end) return chain;
    const learnt = classifyB(bytes, p + FRAME.size, payload, payload, role);
    chain.broken = learnt === null || learnt.pipe !== 'control';
    if (chain.broken) return chain;
    role = learnt!.role;
    chain.frames++;
    chain.end = p + FRAME.size + payload;
  }
  return chain;
}
