import type { Input } from '../../../base/input.js';
import { isFinal, TAKEN, type FramedDecoder, type Patience } from '../../../contract/framed-decoder.js';
import type { FamilyFrames } from '../decoder/family-frames.js';
import type { Chain } from '../decoder/chain.js';
import type { ArcaMessage } from '../messages.js';
import { CONTROL_TYPES, HEADER, isDefined, isLegalPair, MAX_PAYLOAD, payloadLengthAt, requestIdAt } from './layout.js';
import { ControlFrame } from './message.js';

/** The frames of family A. Each one carries its length, so neither direction needs the other. */
export class ControlFrames implements FamilyFrames {
  private readonly frames: FramedDecoder<ArcaMessage>;

  constructor(frames: FramedDecoder<ArcaMessage>) {
    this.frames = frames;
  }

  frameAt(input: Input, patience: Patience): number {
    const there = input.remaining;
    if (there < HEADER.size) return HEADER.size;
    const total = HEADER.size + payloadLengthAt(input.bytes, input.pos);
    const tooLarge = total > HEADER.size + MAX_PAYLOAD;
    if (!tooLarge && there < total && !isFinal(patience)) return total;
    const m = new ControlFrame(this.frames.side, input);
    if (tooLarge) {
      m.length = HEADER.size;
      m.complete = false;
    }
    m.readPayload(input.view, input.pos + HEADER.size, tooLarge ? 0 : Math.min(total, there) - HEADER.size);
    this.frames.take(m, input);
    if (tooLarge) this.frames.swallow('undecoded');
    return TAKEN;
  }
}

/** Request ids of neighbouring frames differ by at most this. */
const ID_WINDOW = 1 << 16;

/** Follows frames of one direction with defined types and exact lengths (arca.md 3.2), at most `max` of them. */
export function chainA(bytes: Uint8Array, at: number, end: number, max: number): Chain {
  const chain: Chain = { frames: 0, end: at, begun: false, broken: false };
  let role: string | null = null;
  let lastId = -1;
  while (chain.frames < max) {
    const p = chain.end;
    if (p === end) return chain;
    const type = CONTROL_TYPES[bytes[p]!];
    chain.broken = !type || (role !== null && type.from !== role);
    if (chain.broken || p + HEADER.at.requestId > end) return chain;
    const payload = payloadLengthAt(bytes, p);
    chain.broken = !isLegalPair(bytes[p]!, payload);
    if (chain.broken || p + HEADER.size > end) return chain;
    const id = requestIdAt(bytes, p);
    chain.broken = lastId >= 0 && Math.abs(id - lastId) > ID_WINDOW && Math.min(id, lastId) > ID_WINDOW;
    if (chain.broken || p + HEADER.size + payload > end) return chain;
    role = type!.from;
    lastId = id;
    chain.frames++;
    chain.end = p + HEADER.size + payload;
  }
  return chain;
}

/**
 * Whether a header that breaks the rules is still one of family A: it has a small request id, and a defined type or a length within bounds.
 * Only meaningful for the first bytes of a direction.
 */
export function isOddHeader(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < HEADER.size) return false;
  const id = requestIdAt(bytes, at);
  const payload = payloadLengthAt(bytes, at);
  return id >= 1 && id < ID_WINDOW && (isDefined(bytes[at]!) || payload <= MAX_PAYLOAD);
}
