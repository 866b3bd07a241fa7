import { hex, hexNumber } from '../../../base/hex.js';
import type { Input, Side } from '../../../base/input.js';
import type { Annotation } from '../../../contract/annotation.js';
import { Message } from '../../../contract/message.js';
import type { Chain, FrameReader, FrameSink, Patience } from '../reader.js';
import { NOTHING } from '../reader.js';

/** Calls of generation L (arca.md 1.5): opcode u8, then a body of fixed length, little-endian. */
interface Call {
  readonly name: string;
  /** `region`: ptr u64, size u64. `handle`: type u8, u64. `handles`: two of them. */
  readonly body: 'region' | 'handle' | 'handles';
}

export const CALLS: readonly Call[] = [
  { name: 'CreateBlob', body: 'region' },
  { name: 'CreateTree', body: 'region' },
  { name: 'CreateThunk', body: 'handle' },
  { name: 'RunThunk', body: 'handle' },
  { name: 'Apply', body: 'handles' },
  { name: 'Reply', body: 'handle' },
  { name: 'Drop', body: 'handle' },
];
const BODY_BYTES = { region: 16, handle: 9, handles: 18 } as const;
const HANDLE_TYPES = ['blob', 'tree', 'thunk', 'lambda'] as const;

export class LegacyCall extends Message {
  readonly family = 'L' as const;
  readonly opcode: number;

  constructor(side: Side, input: Input) {
    super(side, input);
    this.opcode = input.bytes[input.pos]!;
    const call = CALLS[this.opcode];
    this.length = 1 + (call ? BODY_BYTES[call.body] : 0);
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
    const total = 1 + BODY_BYTES[call.body];
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
    const next = p + 1 + BODY_BYTES[call.body];
    if (next > end) return chain;
    if (call.body === 'region') {
      chain.broken = !isAddress(bytes, p + 1) || !isSize(bytes, p + 9);
    } else {
      for (let h = p + 1; h < next && !chain.broken; h += 9) {
        chain.broken = bytes[h]! >= HANDLE_TYPES.length || !isAddress(bytes, h + 1);
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
  const out: Annotation[] = [{ name: 'type', at: 0, length: 1, value: m.opcode, text: `${m.opcode} ${m.name}` }];
  const call = CALLS[m.opcode];
  if (!call || head.length < m.length) {
    if (head.length > 1) out.push({ name: 'payload', at: 1, length: head.length - 1, value: hex(head, 1) });
    return out;
  }
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  if (call.body === 'region') {
    const ptr = view.getBigUint64(1, true);
    out.push({ name: 'ptr', at: 1, length: 8, value: String(ptr), text: hexNumber(ptr) });
    out.push({ name: 'size', at: 9, length: 8, value: String(view.getBigUint64(9, true)) });
    return out;
  }
  const names = call.body === 'handles' ? ['lambda', 'argument'] : ['handle'];
  names.forEach((name, i) => {
    const at = 1 + 9 * i;
    const kind = HANDLE_TYPES[head[at]!] ?? `type ${head[at]}`;
    const value = view.getBigUint64(at + 1, true);
    out.push({ name, at, length: 9, value: { type: kind, value: String(value) }, text: `${kind} ${hexNumber(value)}` });
  });
  return out;
}
