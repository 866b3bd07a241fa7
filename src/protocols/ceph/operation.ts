import { wireText, quote } from '../../base/text.js';
import type { Operation, Outcome } from '../../contract/operation.js';
import { poolText, type CephMessage } from './ceph-message.js';
import { errnoName } from './constants.js';
import { messageTypeName } from './message-types.js';
import { isWrite, opName } from './osd-ops.js';
import { Requests } from './requests.js';

/** How many operations are named in the name of a request. */
const MOST_NAMES = 4;

/** Requests as `stats` counts them: operations on objects by their operations, others by their message type. */
export function operation(message: CephMessage): Operation | null {
  if (!message.headed || !Requests.isRequest(message.type)) return null;
  const head = message.operation;
  if (head === null) {
    const name = messageTypeName(message.type).replace(/^MSG_/, '');
    return { name, bytes: -1, offset: -1, writes: message.plainLength(3) > 0 };
  }
  const { ops } = head;
  const more = ops.length > MOST_NAMES ? `+${ops.length - MOST_NAMES} more` : '';
  const name = `${ops.slice(0, MOST_NAMES).map(opName).join('+')}${more}`;
  const called = callName(message);
  return {
    name: name === '' ? 'nothing' : name,
    bytes: head.bytes,
    offset: -1,
    writes: ops.some(isWrite),
    groups: {
      pool: poolText(message.names, BigInt(head.pool)),
      ...(message.target === '' ? {} : { OSD: message.target }),
      ...(called === '' ? {} : { 'class.method': called }),
    },
  };
}

/** Such as `rbd.get_size`; empty if nothing is called, or the names were not held. */
export function callName(m: CephMessage): string {
  const call = m.operation?.call ?? null;
  const { data } = m;
  if (call === null || data === null) return '';
  const { at, classLength, methodLength } = call;
  const end = at + classLength + methodLength;
  if (end > data.length) return '';
  const word = (from: number, to: number) => quote(wireText(data, from, to)).slice(1, -1);
  return `${word(at, at + classLength)}.${word(at + classLength, end)}`;
}

export function outcome(message: CephMessage): Outcome {
  const result = message.answer?.result ?? 0;
  return { last: true, error: result < 0 ? errnoName(-result) : null };
}
