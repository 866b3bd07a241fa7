import { DEFAULT_LIMITS } from '../../base/limits.js';
import { decode } from '../../base/structure/decode.js';
import type { Content } from '../../contract/content.js';
import { heldFront } from './annotate.js';
import { osdOp } from '../ceph/bodies/osd-operations.js';
import { DataFrame, type Msgr2Message } from './message.js';
import { places } from './places.js';

/** src/include/rados.h */
const WRITE = 0x2201;
const WRITE_FULL = 0x2202;
const TRUNCATE = 0x2203;
const ZERO = 0x2204;
const DELETE = 0x2205;
const APPEND = 0x2206;
const MSG_OSD_OP = 42;

/** What an MOSDOp writes into its object: the operations' data stand in the data segment, one behind the other. */
export function contents(message: Msgr2Message): Content[] {
  if (!(message instanceof DataFrame) || message.type !== MSG_OSD_OP || message.compressed || message.mode !== 'crc')
    return [];
  const held = heldFront(message);
  if (held === null) return [];
  const { body, bytes, start, end } = held;
  if (body.form !== (osdOp as unknown)) return [];
  const { value } = decode(osdOp, bytes, start, end, { limits: DEFAULT_LIMITS, version: message.version });
  if (value === null) return [];
  let at = places(message).segments[3] ?? -1;
  const out: Content[] = [];
  const target = value.object;
  for (const op of value.ops) {
    const offset = Number(op.offset ?? 0n);
    const length = Number(op.length ?? 0n);
    const data = { at, length: op.payloadLength };
    if (op.op === WRITE && at >= 0) out.push({ kind: 'write', target, offset, ...data });
    else if (op.op === WRITE_FULL && at >= 0)
      out.push({ kind: 'size', target, length: 0 }, { kind: 'write', target, offset: 0, ...data });
    else if (op.op === APPEND && at >= 0) out.push({ kind: 'write', target, offset: -1, ...data });
    else if (op.op === TRUNCATE) out.push({ kind: 'size', target, length: offset });
    else if (op.op === ZERO) out.push({ kind: 'zero', target, offset, length });
    else if (op.op === DELETE) out.push({ kind: 'delete', target });
    if (at >= 0) at += op.payloadLength;
  }
  return out;
}
