import { DEFAULT_LIMITS } from '../../base/limits.js';
import { decode } from '../../base/structure/decode.js';
import type { Content } from '../../contract/content.js';
import { heldFront } from './annotate.js';
import { MSG } from '../ceph/message-types.js';
import { OP } from '../ceph/osd-ops.js';
import { osdOp } from '../ceph/bodies/osd-operations.js';
import { DataFrame, type Msgr2Message } from './message.js';
import { places } from './places.js';

/** The changes that an MOSDOp makes to its object. The data of its operations follow one another in the data segment. */
export function contents(message: Msgr2Message): Content[] {
  if (!(message instanceof DataFrame) || message.type !== MSG.OSD_OP || message.compressed || message.mode !== 'crc')
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
    if (op.op === OP.WRITE && at >= 0) out.push({ kind: 'write', target, offset, ...data });
    else if (op.op === OP.WRITE_FULL && at >= 0)
      out.push({ kind: 'size', target, length: 0 }, { kind: 'write', target, offset: 0, ...data });
    else if (op.op === OP.APPEND && at >= 0) out.push({ kind: 'write', target, offset: -1, ...data });
    else if (op.op === OP.TRUNCATE) out.push({ kind: 'size', target, length: offset });
    else if (op.op === OP.ZERO) out.push({ kind: 'zero', target, offset, length });
    else if (op.op === OP.DELETE) out.push({ kind: 'delete', target });
    if (at >= 0) at += op.payloadLength;
  }
  return out;
}
