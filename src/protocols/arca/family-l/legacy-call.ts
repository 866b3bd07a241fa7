import { hex } from '../../../base/hex.js';
import type { Input, Side } from '../../../base/input.js';
import type { Annotation } from '../../../contract/annotation.js';
import { Message } from '../../../contract/message.js';
import type { Chain, FrameReader, FrameSink, Patience } from '../reader.js';
import { NOTHING } from '../reader.js';
import { CALLS, HANDLE, HANDLE_TYPES, OPCODE, REGION } from './layout.js';

export class LegacyCall extends Message {
  readonly family = 'L' as const;
  readonly opcode: number;

  constructor(side: Side, input: Input) {
    super(side, input);
    this.opcode = input.bytes[input.pos]!;
    const call = CALLS[this.opcode];
    this.length = call?.layout.size ?? OPCODE.size;
  }

  get name(): string {
    return CALLS[this.opcode]?.name ?? `type ${this.opcode}`;
  }
}

/** Reads generation L; an unknown opcode has no known length, so that it ends the reading. */
export class LegacyReader implements FrameReader {
  private readonly side: Side;
  private readonly sink: FrameSink;
  private readonly details: boolean;

  constructor(side: Side, sink: FrameSink, details: boolean) {
    this.side = side;
    this.sink = sink;
    this.details = details;
  }

  read(input: Input, patience: Patience): number {
    const p = input.pos;
    const there = input.end - p;
    const call = CALLS[input.bytes[p]!];
    if (!call) {
      if (patience === 'cut') return NOTHING;
      this.sink.lose();
      return 0;
    }
    const total = call.layout.size;
    if (there < total && patience !== 'cut') return total;
    const taken = Math.min(total, there);
    const m = new LegacyCall(this.side, input);
    m.complete = taken === total;
    m.missing = total - taken;
    if (this.details) m.head = input.bytes.slice(p, p + taken);
    m.endAt(input.originAt(p + taken - 1));
    input.pos = p + taken;
    this.sink.emit(m);
    return 0;
  }

  gap(): void {}
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

/** Not 0, below 2^47. */
function isAddress(bytes: Uint8Array, at: number): boolean {
  if (bytes[at + 7] !== 0 || bytes[at + 6] !== 0 || bytes[at + 5]! >= 0x80) return false;
  for (let i = 0; i < 6; i++) if (bytes[at + i] !== 0) return true;
  return false;
}

/** Not 0, below 2^32. */
function isSize(bytes: Uint8Array, at: number): boolean {
  for (let i = 4; i < 8; i++) if (bytes[at + i] !== 0) return false;
  return (bytes[at]! | bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) !== 0;
}

export function annotateLegacy(m: LegacyCall): Annotation[] {
  const head = m.head ?? new Uint8Array(0);
  if (head.length === 0) return [];
  const call = CALLS[m.opcode];
  if (call && head.length >= m.length) return call.layout.rows(head);
  const out = OPCODE.rows(head);
  const { size: at } = OPCODE;
  if (head.length > at) out.push({ name: 'payload', at, length: head.length - at, value: hex(head, at) });
  return out;
}
