import type { Partly } from '../../../base/structure/decode.js';
import { wireText, quote } from '../../../base/text.js';
import type { Carrier } from '../ceph-message.js';
import { MSG } from '../message-types.js';
import { opKind, opName } from '../osd-ops.js';
import { shown } from './body.js';
import type { Operation } from './osd-operations.js';

/** Names in the data segment of an OSD_OP: of classes and methods, and of extended attributes. */

const MOST = 64;

/** Such as `rbd.snapshot_add` or `"user.rgw.idtag"`; empty if the data are not held, or the operation names nothing. */
export function namedInData(op: Partly<Operation> | undefined, data: Uint8Array | null, at: number): string {
  if (op === undefined || data === null) return '';
  const text = (from: number, length: number) =>
    from + length <= data.length && length <= MOST ? wireText(data, from, from + length) : null;
  if (op.classLength !== undefined && op.methodLength !== undefined) {
    const name = text(at, op.classLength);
    const method = text(at + op.classLength, op.methodLength);
    return name === null || method === null ? '' : `${quote(name).slice(1, -1)}.${quote(method).slice(1, -1)}`;
  }
  if (op.nameLength !== undefined && op.nameLength > 0) {
    const name = text(at, op.nameLength);
    return name === null ? '' : quote(name);
  }
  return '';
}

/** Such as `read 0~4096, call rbd.get_size`. */
export function operationsText(ops: readonly (Partly<Operation> | undefined)[], m: Carrier): string {
  const data = m.type === MSG.OSD_OP ? m.firstData : null;
  let at = 0;
  return ops
    .map((o) => {
      const name = namedInData(o, data, at);
      at += o?.payloadLength ?? 0;
      const extent = opKind(o?.op ?? 0) === 'extent' ? ` ${shown(o?.offset)}~${shown(o?.length)}` : '';
      return `${opName(o?.op ?? 0)}${extent}${name === '' ? '' : ` ${name}`}`;
    })
    .join(', ');
}
