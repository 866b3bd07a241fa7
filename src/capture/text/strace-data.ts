import type { Piece } from './socket-link.js';
import { field, valueNumber, type Call } from './strace-line.js';
import { transferOf } from './strace-table.js';
import { stringBytes, type Value } from './strace-values.js';

const NO_BYTES = new Uint8Array(0);

/** The bytes that a call transferred: the first `result` bytes of its buffers. What strace cut or did not print is `missing`. */
export function carried(call: Call, result: number): Piece[] {
  const pieces: Piece[] = [];
  switch (transferOf(call.name)?.shows) {
    case 'length':
      return [{ bytes: NO_BYTES, missing: result }];
    case 'messages': {
      // the result is the number of messages, each of which has its own length
      for (const message of (call.args[1]?.items ?? []).slice(0, result)) {
        const length = valueNumber(call, field(message, 'msg_len'));
        if (length !== null) fill(pieces, call, buffersOf(call, field(message, 'msg_hdr')), length);
      }
      return pieces;
    }
    default:
      fill(pieces, call, buffersOf(call, call.args[1]), result);
      return pieces;
  }
}

/** How many bytes a read asked for; null where the line does not tell. */
export function asked(call: Call): number | null {
  const buffer = call.args[1];
  if (buffer === undefined) return null;
  if (buffer.kind === 'list') {
    let sum = 0;
    for (const { size } of buffersOf(call, buffer)) sum += size ?? 0;
    return sum;
  }
  return valueNumber(call, call.args[2]);
}

/** Whether the call looked at bytes without taking them, or at something that is no part of the stream. */
export function offStream(call: Call): boolean {
  return call.args.some(
    (a) => a.kind === 'word' && /\bMSG_(?:PEEK|ERRQUEUE|OOB)\b/.test(call.text.slice(a.start, a.end)),
  );
}

/** How many bytes a call transferred, shown or missing. */
export function movedBytes(pieces: readonly Piece[]): number {
  let sum = 0;
  for (const { bytes, missing } of pieces) sum += bytes.length + missing;
  return sum;
}

interface Buffer {
  readonly value: Value | undefined;
  /** Its length in bytes; null: it takes the rest. */
  readonly size: number | null;
}

/** The buffers in an argument: a string, an array of iovecs, or a msghdr with such an array. */
function buffersOf(call: Call, value: Value | undefined): Buffer[] {
  if (value === undefined) return [];
  if (value.kind !== 'list') return [{ value, size: null }];
  const vector = field(value, 'msg_iov') ?? value;
  const out: Buffer[] = [];
  for (const item of vector.items) {
    if (item.kind !== 'list') continue;
    const base = field(item, 'iov_base') ?? item.items[0];
    const length = field(item, 'iov_len') ?? item.items[1];
    out.push({ value: base, size: valueNumber(call, length) });
  }
  return out;
}

/** Adds the first `total` bytes of the buffers to `pieces`; those that are not printed count as missing. */
function fill(pieces: Piece[], call: Call, buffers: readonly Buffer[], total: number): void {
  let left = total;
  for (const { value, size } of buffers) {
    if (left === 0) return;
    const length = Math.min(size ?? left, left);
    const shown = value?.kind === 'string' ? stringBytes(call.text, value.start, value.end) : NO_BYTES;
    const bytes = shown.length > length ? shown.subarray(0, length) : shown;
    pieces.push({ bytes, missing: length - bytes.length });
    left -= length;
  }
  if (left > 0) pieces.push({ bytes: NO_BYTES, missing: left });
}
