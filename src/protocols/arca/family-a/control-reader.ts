import type { Input, Side } from '../../../base/input.js';
import type { Chain, FrameReader, FrameSink, Patience } from '../reader.js';
import { NOTHING } from '../reader.js';
import { CONTROL_TYPES, HEADER, isDefined, isLegalPair, MAX_PAYLOAD, payloadLengthAt, requestIdAt } from './layout.js';
import { ControlFrame } from './message.js';

/** Reads the frames of family A. Each carries its own length, so that neither direction needs the other. */
export class ControlReader implements FrameReader {
  private readonly side: Side;
  private readonly sink: FrameSink;
  private readonly details: boolean;

  constructor(side: Side, sink: FrameSink, details: boolean) {
    this.side = side;
    this.sink = sink;
    this.details = details;
  }

  read(input: Input, patience: Patience): number {
    const b = input.bytes;
    const p = input.pos;
    const there = input.end - p;
    if (there < HEADER.size) return patience === 'cut' ? NOTHING : HEADER.size;
    const payload = payloadLengthAt(b, p);
    const tooLarge = payload > MAX_PAYLOAD;
    const total = HEADER.size + payload;
    if (!tooLarge && there < total && patience !== 'cut') return total;
    const m = new ControlFrame(this.side, input);
    const taken = tooLarge ? HEADER.size : Math.min(total, there);
    if (tooLarge) m.length = HEADER.size;
    m.complete = taken === total;
    m.missing = tooLarge ? 0 : total - taken;
    m.readPayload(input.view, p + HEADER.size, taken - HEADER.size);
    if (this.details) m.head = b.slice(p, p + taken);
    m.endAt(input.originAt(p + taken - 1));
    input.pos = p + taken;
    this.sink.emit(m);
    if (tooLarge) this.sink.lose();
    return 0;
  }

  gap(): void {}
}

/** Request ids of neighbouring frames lie closer together than this. */
const ID_WINDOW = 1 << 16;

/** Follows frames with defined types and exact lengths, all of one direction (arca.md 3.2), up to `max` of them. */
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
 * Whether a header that breaks the rules is still one of this family's: a small request id, and a defined type or a length
 * within bounds. Only worth asking of the first bytes of a direction.
 */
export function isOddHeader(bytes: Uint8Array, at: number, end: number): boolean {
  if (end - at < HEADER.size) return false;
  const id = requestIdAt(bytes, at);
  const payload = payloadLengthAt(bytes, at);
  return id >= 1 && id < ID_WINDOW && (isDefined(bytes[at]!) || payload <= MAX_PAYLOAD);
}
