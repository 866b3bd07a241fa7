import type { Message } from '../contract/message.js';
import type { Protocol } from '../contract/protocol.js';
import { ACK, FIN, PSH, RST, SYN } from '../link/segment.js';
import { ETHERNET, RAW } from '../link/link-types.js';
import type { End } from '../stream/byte-stream.js';
import type { CaptureBuilder } from './capture-builder.js';
import { endpointAddress, wide } from './endpoint-address.js';
import { SocketRecording } from './socket-recording.js';
import type { StreamTrace, TraceItem } from './stream-trace.js';
import { TcpFrame } from './tcp-frame.js';

/** A part of a stream that is kept or left out as a whole: a message, the bytes between two messages, or an end. */
export interface Unit {
  readonly trace: StreamTrace;
  readonly from: End;
  readonly kind: 'bytes' | 'fin' | 'reset';
  /** Its offset in the captured stream. */
  readonly offset: number;
  /** Bytes, and the lengths of gaps between them. */
  readonly parts: readonly (Uint8Array | number)[];
  readonly length: number;
  /** The item that it ended in. */
  readonly at: TraceItem;
  /** What its sender had received when it began. */
  readonly peerSeen: number;
  readonly message: Message | null;
}

/** The messages of each end of a stream, which tell where its bytes can be cut; null: not known. */
export type Boundaries = readonly [readonly Message[], readonly Message[]] | null;

/** Cuts a stream into units, in the order in which they ended. */
export function unitsOf(trace: StreamTrace, boundaries: Boundaries): Unit[] {
  const units: Unit[] = [];
  for (const from of [0, 1] as const) {
    const items = trace.items.filter((i) => i.from === from);
    const messages = boundaries === null ? [] : boundaries[from];
    const starts = new Map(messages.map((m) => [m.offset, m]));
    const cuts = [...new Set(messages.flatMap((m) => [m.offset, m.offset + m.length]))].sort((a, b) => a - b);
    let c = 0;
    let parts: (Uint8Array | number)[] = [];
    let begin = 0;
    let first: TraceItem | null = null;
    let last: TraceItem | null = null;
    const endUnit = (end: number): void => {
      if (first !== null && last !== null && end > begin) {
        const { peerSeen } = first;
        const message = starts.get(begin) ?? null;
        units.push({
          trace,
          from,
          kind: 'bytes',
          offset: begin,
          parts,
          length: end - begin,
          at: last,
          peerSeen,
          message,
        });
      }
      parts = [];
      first = last = null;
      begin = end;
    };
    for (const item of items) {
      if (item.kind === 'fin' || item.kind === 'reset') {
        endUnit(item.offset);
        const { kind, offset, peerSeen } = item;
        units.push({ trace, from, kind, offset, parts: [], length: 0, at: item, peerSeen, message: null });
        continue;
      }
      let at = item.offset;
      const end = item.offset + item.length;
      while (at < end) {
        while (c < cuts.length && cuts[c]! <= at) {
          if (cuts[c]! > begin) endUnit(cuts[c]!);
          c++;
        }
        const to = Math.min(end, cuts[c] ?? Infinity);
        first ??= item;
        last = item;
        parts.push(item.kind === 'gap' ? to - at : item.bytes.subarray(at - item.offset, to - item.offset));
        at = to;
        // without boundaries, each captured piece is a unit
        if (boundaries === null) endUnit(at);
      }
    }
    const tail = items.at(-1);
    if (tail !== undefined) endUnit(tail.offset + tail.length);
  }
  return units.sort((a, b) => a.at.packet - b.at.packet || (a.from === b.from ? a.offset - b.offset : 0));
}

/** The bytes of a unit if none are missing, else null. */
function wholeBytes(unit: Unit): Uint8Array | null {
  if (unit.parts.some((p) => typeof p === 'number')) return null;
  return unit.parts.length === 1 ? (unit.parts[0] as Uint8Array) : Buffer.concat(unit.parts as Uint8Array[]);
}

/** The unit with payloads of other sizes, as its protocol makes it; the same unit if that is not possible. */
export function resized(unit: Unit, protocol: Protocol | null, size: (length: number) => number): Unit {
  if (unit.message === null || protocol?.resize === undefined) return unit;
  const bytes = wholeBytes(unit);
  const smaller = bytes === null ? null : protocol.resize(unit.message, bytes, size);
  return smaller === null ? unit : { ...unit, parts: [smaller], length: smaller.length };
}

/**
 * Writes a capture of these units: each in a packet of its own (or several, if it is too long), with consecutive sequence numbers, and with
 * acknowledgements of the kept bytes that its sender had received.
 */
export function writeUnits(units: readonly Unit[], builder: CaptureBuilder): void {
  const writers = new Map<StreamTrace, (unit: Unit) => void>();
  const sockets = new SocketRecording(builder);
  for (const unit of units) {
    let write = writers.get(unit.trace);
    if (write === undefined) {
      write = opened(unit.trace, units, builder, sockets);
      writers.set(unit.trace, write);
    }
    write(unit);
  }
}

function opened(
  trace: StreamTrace,
  units: readonly Unit[],
  builder: CaptureBuilder,
  sockets: SocketRecording,
): (unit: Unit) => void {
  const { connection } = trace;
  const start = { seconds: trace.firstSeconds, nanos: trace.firstNanos };
  const [a, b] = connection.endpoints.map(endpointAddress);
  if (connection.transport !== 'tcp' || a === undefined || a === null || b === undefined || b === null) {
    const recorded = sockets.connection(connection);
    if (connection.start === 'captured') recorded.open(start);
    return (unit) => {
      if (unit.kind !== 'bytes') recorded.end(unit.from, unit.kind, unit.at);
      for (const part of unit.parts) {
        if (typeof part === 'number') recorded.gap(unit.from, part);
        else recorded.data(unit.from, part, unit.at);
      }
    };
  }
  const mixed = a.address.length !== b.address.length;
  const addresses = mixed ? ([wide(a.address), wide(b.address)] as const) : ([a.address, b.address] as const);
  const { vlan } = connection;
  const linkType = vlan >= 0 ? ETHERNET : RAW;
  const frame = new TcpFrame({ addresses, ports: [a.port, b.port] }, { linkType, vlan });
  const id = builder.interfaceOf(linkType);
  const next: [number, number] = [FIRST_SEQ, FIRST_SEQ];
  const put = (from: End, flags: number, ack: number, at: Unit['at'] | typeof start, bytes = NOTHING): void => {
    builder.segment(id, frame, { from, flags, seq: next[from], ack }, at, bytes);
    next[from] = (next[from] + bytes.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1)) >>> 0;
  };
  const heard = connection.heard;
  if (connection.start === 'captured') {
    if (heard[0]) put(0, SYN, 0, start);
    else next[0]++;
    if (heard[1]) put(1, SYN | ACK, next[0], start);
    else next[1]++;
    if (heard[0]) put(0, ACK, next[1], start);
  }
  const base = [...next] as const;
  const of = units.filter((u) => u.trace === trace && u.kind === 'bytes');
  const byEnd = [of.filter((u) => u.from === 0), of.filter((u) => u.from === 1)] as const;
  return (unit) => {
    const { from } = unit;
    const peer = from === 0 ? 1 : 0;
    // the number of kept bytes of the peer that the sender had received
    let seen = 0;
    if (unit.peerSeen < 0) seen = next[peer] - base[peer];
    else
      for (const u of byEnd[peer]) {
        if (u.offset >= unit.peerSeen) break;
        seen += Math.min(u.length, unit.peerSeen - u.offset);
      }
    const ack = (base[peer] + seen) >>> 0;
    if (unit.kind !== 'bytes') put(from, (unit.kind === 'fin' ? FIN : RST) | ACK, ack, unit.at);
    for (const part of unit.parts) {
      if (typeof part === 'number') next[from] = (next[from] + part) >>> 0;
      else put(from, PSH | ACK, ack, unit.at, part);
    }
  };
}

const FIRST_SEQ = 1000;
const NOTHING: Uint8Array = new Uint8Array(0);
