import type { Annotation } from '../../../contract/annotation.js';
import { hex, hexNumber } from '../../../base/hex.js';
import {
  CONNECTION_ID_AT,
  ENDPOINT_BYTES,
  endpointText,
  HEADER_BYTES,
  LENGTH_AT,
  OLD_READY_BYTES,
  OLD_RING_SIZE_AT,
  PIPE_AT,
  READY_BYTES,
  REQUEST_ID_AT,
  RING_SIZE_AT,
  TYPE_AT,
  type ControlFrame,
} from './control-frame.js';
import { errnoName } from './errno.js';

/** Field trees of family A. */
export function annotateControl(m: ControlFrame): Annotation[] {
  const head = m.head ?? new Uint8Array(0);
  const there = head.length - HEADER_BYTES;
  const out: Annotation[] = [
    { name: 'type', at: TYPE_AT, length: 1, value: m.type, text: `${m.type} ${m.name}` },
    { name: 'payloadLength', at: LENGTH_AT, length: 2, value: m.payloadLength },
    { name: 'requestId', at: REQUEST_ID_AT, length: 4, value: m.requestId },
  ];
  if (there <= 0) return out;
  const view = new DataView(head.buffer, head.byteOffset + HEADER_BYTES, there);
  const put = (name: string, at: number, length: number, value: number | string, text?: string): void => {
    if (at + length > there) return;
    const a = { name, at: HEADER_BYTES + at, length, value };
    out.push(text === undefined ? a : { ...a, text });
  };
  const u32 = (at: number): number => (at + 4 <= there ? view.getUint32(at, true) : 0);
  const u64 = (at: number): bigint => (at + 8 <= there ? view.getBigUint64(at, true) : 0n);
  let end = 0;
  switch (m.definition?.body) {
    case undefined:
      break;
    case 'endpoint':
      end = ENDPOINT_BYTES;
      if (there >= end)
        put('endpoint', 0, ENDPOINT_BYTES, endpointText(view.getUint32(0, false), view.getUint16(4, true)));
      break;
    case 'listener':
      end = 4;
      put('listenerId', 0, 4, u32(0));
      break;
    case 'code':
      end = 4;
      put('code', 0, 4, u32(0), `${u32(0)} ${errnoName(u32(0))}`.trimEnd());
      break;
    case 'ready':
      put('listenerId', 0, 4, u32(0));
      put('connectionId', CONNECTION_ID_AT, 4, u32(CONNECTION_ID_AT));
      if (m.old) {
        put('pipeId', PIPE_AT, 4, u32(PIPE_AT));
        put('ringSize', OLD_RING_SIZE_AT, 8, String(u64(OLD_RING_SIZE_AT)));
        end = OLD_READY_BYTES;
      } else {
        const pipe = u64(PIPE_AT);
        if (holdsPipeId(m)) put('pipeId', PIPE_AT, 8, String(pipe));
        else put('shmOffset', PIPE_AT, 8, String(pipe), hexNumber(pipe));
        put('ringSize', RING_SIZE_AT, 8, String(u64(RING_SIZE_AT)));
        end = READY_BYTES;
      }
  }
  rest(out, head, m.whole ? HEADER_BYTES + end : lastEnd(out), m.whole ? 'surplus' : 'payload');
  return out;
}

/** A 24-byte body of generation A2: its pipe field repeats the connection id, which no page-aligned offset does by accident. */
export function holdsPipeId(m: ControlFrame): boolean {
  return m.whole && !m.old && m.pipe === m.second && m.pipe % 4096 !== 0;
}

function lastEnd(out: readonly Annotation[]): number {
  const last = out[out.length - 1]!;
  return last.at + last.length;
}

/** What lies behind the known fields, as hex. */
export function rest(out: Annotation[], head: Uint8Array, from: number, name: string): void {
  if (from < head.length) out.push({ name, at: from, length: head.length - from, value: hex(head, from) });
}

/** What stands behind the name on a transcript line. */
export function describeControl(m: ControlFrame, verbose: boolean): string {
  const items = [`request ${m.requestId}`];
  if (m.whole) {
    switch (m.definition!.body) {
      case 'endpoint':
        items.push(endpointText(m.first, m.second));
        break;
      case 'listener':
        items.push(`listener ${m.first}`);
        break;
      case 'code':
        items.push(`code ${m.first} ${errnoName(m.first)}`.trimEnd());
        break;
      case 'ready':
        if (m.first !== 0 || m.type !== 4) items.push(`listener ${m.first}`);
        items.push(`connection ${m.second}`);
        items.push(m.old || holdsPipeId(m) ? `pipe ${m.pipe}` : `shm ${hexNumber(m.pipe)}`);
        items.push(`ring ${m.ringSize}`);
    }
  }
  if (verbose || !m.whole) items.push(`payload ${m.payloadLength}`);
  return items.join('  ');
}
