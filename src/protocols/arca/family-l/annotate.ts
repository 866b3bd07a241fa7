import { hex } from '../../../base/hex.js';
import type { Annotation } from '../../../base/annotation.js';
import { CALLS, OPCODE } from './layout.js';
import type { LegacyCall } from './message.js';

/** Field trees of family L. */
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
