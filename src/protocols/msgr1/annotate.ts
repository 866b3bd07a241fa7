import type { HeldFront } from '../ceph/held-front.js';
import { hex } from '../../base/hex.js';
import { fieldsOf, type Annotation } from '../../base/annotation.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { explain } from '../../base/structure/decode.js';
import type { Type } from '../../base/structure/type.js';
import { bodyOf } from '../ceph/bodies/bodies.js';
import { donePayload, replyMorePayload, requestPayload } from '../ceph/structures/cephx.js';
import { Lookup } from '../ceph/lookup.js';
import { CLIENT } from '../../base/input.js';
import { TAG } from './constants.js';
import { clientAddresses, serverAddresses } from './framing.js';
import { ACK, BANNER, BARE, CONNECT, CONNECT_REPLY, FOOTER, FOOTER_OLD, KEEPALIVE, MSG, SEQ } from './layout.js';
import type { Control } from './messages.js';
import { Banner, Connect, ConnectReply, DataMessage, Sequence, type Msgr1Message } from './messages.js';
import { footerOf } from './parts.js';

const NONE = new Uint8Array(0);
/** The most bytes of an opaque field that are shown in hex. */
const MOST_HEX = DEFAULT_LIMITS.shownBytes;
const OPTIONS = { limits: DEFAULT_LIMITS };

/** The field tree of a message, down to its last byte. Fields beyond the kept bytes have positions but no values. */
export function annotate(m: Msgr1Message): Annotation[] {
  if (m instanceof DataMessage) return annotateMessage(m);
  if (m instanceof Banner) return annotateBanner(m);
  if (m instanceof Connect)
    return [...CONNECT.annotations(m), ...authorizer(m, CONNECT.size, requestPayload(m.authorizerProtocol))];
  if (m instanceof ConnectReply) {
    const form = m.tag === TAG.CHALLENGE_AUTHORIZER ? replyMorePayload : donePayload;
    return [...CONNECT_REPLY.annotations(m), ...authorizer(m, CONNECT_REPLY.size, form)];
  }
  if (m instanceof Sequence) return SEQ.annotations({ seq: (BigInt(m.high) << 32n) | BigInt(m.low) });
  return annotateControl(m);
}

function annotateControl(m: Control): Annotation[] {
  const { tag, high, low } = m;
  if (tag === TAG.ACK) return ACK.annotations({ tag, seq: (BigInt(high) << 32n) | BigInt(low) });
  if (m.length === BARE.size) return BARE.annotations({ tag });
  return KEEPALIVE.annotations({ tag, seconds: low, nanoseconds: high });
}

function annotateBanner(m: Banner): Annotation[] {
  const head = m.head ?? NONE;
  const end = Math.min(head.length, m.length - m.missing);
  const form: Type<unknown> = m.side === CLIENT ? clientAddresses : serverAddresses;
  const { rows } = explain(form, head, BANNER.size, Math.max(BANNER.size, end), BANNER.size, OPTIONS);
  return [...BANNER.annotations({}), ...rows];
}

/** The authorizer after a connect or its reply. */
function authorizer(m: Connect | ConnectReply, at: number, form: Type<unknown>): Annotation[] {
  const length = m.length - at;
  if (length === 0) return [];
  const head = m.head ?? NONE;
  const end = Math.min(m.length, head.length, m.length - m.missing);
  if (end <= at) return [{ name: 'authorizer', at, length }];
  const { rows } = explain(form, head, at, end, at, OPTIONS);
  const last = rows.at(-1);
  const from = last === undefined ? at : last.at + last.length;
  const rest = from < m.length ? [bytesAt(m, 'rest', from, m.length - from)] : [];
  return [{ name: 'authorizer', at, length, value: fieldsOf([...rows, ...rest]), children: [...rows, ...rest] }];
}

/** A field of bytes: in hex if it is short and in the head, otherwise without a value. */
function bytesAt(m: Msgr1Message, name: string, at: number, length: number): Annotation {
  const head = m.head ?? NONE;
  const end = at + length;
  if (end > Math.min(head.length, m.length - m.missing) || length > MOST_HEX) return { name, at, length };
  return { name, at, length, value: hex(head, at, end) };
}

function annotateMessage(m: DataMessage): Annotation[] {
  const out: Annotation[] = m.head === null ? [] : MSG.rows(m.head.subarray(0, MSG.size));
  if (m.aborted) out.push({ name: 'aborted', at: 0, length: 0, value: true });
  out.push(...front(m));
  for (const [part, name] of [
    [2, 'middle'],
    [3, 'data'],
  ] as const) {
    const n = m.plainLength(part);
    if (n > 0) out.push({ ...bytesAt(m, name, m.partAt(part), n), text: `${n} bytes` });
  }
  const footer = footerOf(m);
  const at = m.partAt(4);
  const form = m.footerSize === FOOTER.size ? FOOTER : FOOTER_OLD;
  if (footer === null) out.push({ name: 'footer', at, length: form.size });
  else out.push(...form.annotations(footer, at));
  return out;
}

/** The kept part of a message's front, with the description of its layout; null: nothing is kept, or the layout is not known. */
export function heldFront(m: DataMessage): HeldFront | null {
  const body = m.aborted || m.damaged ? null : bodyOf(m.type, m.version);
  if (body === null || m.frontLength === 0) return null;
  if (m.front !== null) return { body, bytes: m.front, start: 0, end: m.front.length };
  const bytes = m.head ?? NONE;
  const end = Math.min(MSG.size + m.frontLength, bytes.length, m.length - m.missing);
  return end > MSG.size ? { body, bytes, start: MSG.size, end } : null;
}

function front(m: DataMessage): Annotation[] {
  const length = m.frontLength;
  const at = MSG.size;
  const undecoded = (n: number): Annotation => ({ name: 'frontUndecoded', at: 0, length: 0, value: n });
  if (length === 0) {
    const known = !m.aborted && !m.damaged && bodyOf(m.type, m.version) !== null;
    return known ? [{ name: 'front', at: 0, length: 0, value: {} }, undecoded(0)] : [];
  }
  const held = heldFront(m);
  if (held === null) return [bytesAt(m, 'front', at, length), undecoded(length)];
  const { body, bytes, start, end } = held;
  const lookup = new Lookup(m.names, m.type);
  const read = explain(body.form, bytes, start, end, at, { ...OPTIONS, version: m.version, named: lookup.named });
  const rest = [undecoded(length - (end - start) + read.undecoded), ...lookup.rows()];
  const last = read.rows.at(-1);
  const from = last === undefined ? at : last.at + last.length;
  const children = [...read.rows];
  if (from < at + length) children.push(bytesAt(m, 'rest', from, at + length - from));
  return [{ name: 'front', at, length, value: fieldsOf(read.rows), children }, ...rest];
}
