import type { Input } from '../../../base/input.js';
import { isFinal, TAKEN, type FramedDecoder, type Patience } from '../../../contract/framed-decoder.js';
import type { FamilyFrames } from '../decoder/family-frames.js';
import type { Chain } from '../decoder/chain.js';
import type { ArcaMessage } from '../messages.js';
import { CALLS, HANDLE, HANDLE_TYPES, OPCODE, REGION } from './layout.js';
import { LegacyCall } from './message.js';

/** The calls of family L. An unknown opcode has no known length, so the rest of the stream is skipped. */
export class LegacyFrames implements FamilyFrames {
  private readonly frames: FramedDecoder<ArcaMessage>;

  constructor(frames: FramedDecoder<ArcaMessage>) {
    this.frames = frames;
  }

  frameAt(input: Input, patience: Patience): number {
    const call = CALLS[input.bytes[input.pos]!];
    if (!call) {
      this.frames.swallow('undecoded');
      return TAKEN;
    }
    if (input.remaining < call.layout.size && !isFinal(patience)) return call.layout.size;
    this.frames.take(new LegacyCall(this.frames.side, input), input);
    return TAKEN;
  }
}

/** Follows calls whose handles have defined types and whose addresses and sizes a process can have. */
export function chainL(bytes: Uint8Array, at: number, end: number, max: number): Chain {
  const chain: Chain = { frames: 0, end: at, begun: false, broken: false };
  while (chain.frames < max && chain.end < end) {
    const p = chain.end;
    const call = CALLS[bytes[p]!];
    chain.broken = !call;
    if (!call) return chain;
    const next = p + call.layout.size;
    if (next > end) return chain;
    if (call.layout === REGION) {
      chain.broken = !isAddress(bytes, p + REGION.at.ptr) || !isSize(bytes, p + REGION.at.size);
    } else {
      for (let h = p + OPCODE.size; h < next && !chain.broken; h += HANDLE.size) {
        chain.broken = bytes[h + HANDLE.at.type]! >= HANDLE_TYPES.length || !isAddress(bytes, h + HANDLE.at.value);
      }
    }
    if (chain.broken) return chain;
    chain.frames++;
    chain.end = next;
  }
  return chain;
}

/** Whether the 64-bit number at `at` can be an address of a process: not 0, and below 2^47. */
function isAddress(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 7] !== 0 || bytes[at + 6] !== 0 || bytes[at + 5]! >= 0x80) return false;
  for (let i = 0; i < 6; i++) if (bytes[at + i] !== 0) return true;
  return false;
}

/** Whether the 64-bit number at `at` can be a size: not 0, and below 2^32. */
function isSize(bytes: Uint8Array, at: number): boolean {
  for (let i = 4; i < 8; i++) if (bytes[at + i] !== 0) return false;
  return (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) !== 0;
}
