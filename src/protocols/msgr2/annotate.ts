import { hex, hexNumber } from '../../base/hex.js';
import { fieldsOf, type Annotation } from '../../contract/annotation.js';
import type { Message } from '../../contract/message.js';
import { FRAME_COMPRESSED, LATE_COMPLETE, tagName } from './constants.js';
import { bannerFeatureNames } from './features.js';
import { EntityWalker } from './entity-walker.js';
import { frontOf } from './fronts.js';
import { Banner, ControlFrame, DataFrame, type Frame } from './message.js';
import { messageTypeName } from './message-types.js';
import { isSingleValue, walkControl } from './payloads.js';
import { GCM_TAG, layoutOf } from './secure/layout.js';
import {
  AT,
  AT_CRC,
  AT_FLAGS,
  AT_RESERVED,
  AT_SEGMENTS,
  DESCRIPTOR,
  MAX_SEGMENTS,
  MESSAGE_HEADER,
  PREAMBLE,
} from './preamble.js';

const NONE = new Uint8Array(0);

/** The field tree of a message, down to its last byte; what lies beyond the bytes that were kept has places and no values. */
export function annotate(message: Message): Annotation[] {
  if (message instanceof Banner) return annotateBanner(message);
  if (message instanceof DataFrame) return withPadding(message, annotateMessage(message));
  if (message instanceof ControlFrame) return withPadding(message, annotateControl(message));
  return [];
}

function annotateBanner(m: Banner): Annotation[] {
  if (m.legacy) return [{ name: 'prefix', at: 0, length: m.length, value: 'ceph v027', text: 'messenger v1' }];
  const out: Annotation[] = [
    { name: 'prefix', at: 0, length: 8, text: 'ceph v2' },
    { name: 'payloadLength', at: 8, length: 2, value: m.payloadLength },
  ];
  if (m.payloadLength >= 16) {
    const names = (word: bigint) => bannerFeatureNames(word).join(' ') || 'none';
    out.push(
      { name: 'supported', at: 10, length: 8, value: String(m.supported), text: names(m.supported) },
      { name: 'required', at: 18, length: 8, value: String(m.required), text: names(m.required) },
    );
  }
  const known = m.payloadLength >= 16 ? 26 : 10;
  if (m.length > known) {
    out.push({
      name: 'rest',
      at: known,
      length: m.length - known,
      value: hex(m.head ?? NONE, known, m.head?.length ?? 0),
    });
  }
  return out;
}

/** The 32 bytes of the preamble. */
function preamble(m: Frame): Annotation {
  const head = m.head ?? NONE;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const there = head.length >= PREAMBLE;
  const children: Annotation[] = [
    { name: 'tag', at: 0, length: 1, value: m.tag, text: tagName(m.tag) },
    { name: 'segmentCount', at: 1, length: 1, value: m.count },
  ];
  for (let i = 0; i < MAX_SEGMENTS; i++) {
    const at = AT_SEGMENTS + DESCRIPTOR * i;
    children.push({
      name: `segment${i}`,
      at,
      length: DESCRIPTOR,
      children: [
        { name: 'length', at, length: 4, value: m.segmentLength(i) },
        { name: 'alignment', at: at + 4, length: 2, ...(there ? { value: view.getUint16(at + 4, true) } : {}) },
      ],
    });
  }
  const compressed = m.flags & FRAME_COMPRESSED ? `${hexNumber(m.flags, 2)} compressed` : hexNumber(m.flags, 2);
  children.push({ name: 'flags', at: AT_FLAGS, length: 1, value: m.flags, text: compressed });
  children.push({ name: 'reserved', at: AT_RESERVED, length: 1, ...(there ? { value: head[AT_RESERVED]! } : {}) });
  if (there) {
    const crc = view.getUint32(AT_CRC, true);
    children.push({ name: 'crc', at: AT_CRC, length: 4, value: crc, text: hexNumber(crc, 8) });
  }
  return { name: 'preamble', at: 0, length: PREAMBLE, children };
}

/**
 * Places of a frame's parts: on the wire in crc mode, by its revision; in the plain form of a frame that was encrypted (see
 * SecureLayout), which its head holds: as long as on the wire, with all tags at the end.
 */
interface Places {
  readonly segments: readonly number[];
  /** The crc behind segment 0, or -1. */
  readonly firstCrc: number;
  /** The epilogue, or -1. */
  readonly epilogue: number;
}

function places(m: Frame): Places {
  if (m.mode === 'secure') {
    const { starts, epilogue } = layoutOf(m);
    return { segments: starts, firstCrc: -1, epilogue };
  }
  let pos = PREAMBLE + m.length0;
  const firstCrc = m.revision === 1 && m.length0 > 0 ? pos : -1;
  if (firstCrc >= 0) pos += 4;
  const one = pos;
  const two = one + m.length1;
  const three = two + m.length2;
  const end = PREAMBLE + m.length0 + (firstCrc >= 0 ? 4 : 0) + restOf(m);
  const epilogue = m.revision === 0 || m.count > 1 ? end : -1;
  return { segments: [PREAMBLE, one, two, three], firstCrc, epilogue };
}

function restOf(m: Frame): number {
  let n = 0;
  for (let i = 1; i < m.count; i++) n += m.segmentLength(i);
  return n;
}

function checksums(m: Frame, p: Places, part: 'first' | 'epilogue', out: Annotation[]): void {
  const head = m.head ?? NONE;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const crcAt = (name: string, at: number): Annotation => {
    if (at + 4 > head.length) return { name, at, length: 4 };
    return { name, at, length: 4, text: hexNumber(view.getUint32(at, true), 8) };
  };
  if (part === 'first') {
    if (p.firstCrc >= 0) out.push(crcAt('segment0Crc', p.firstCrc));
    return;
  }
  if (p.epilogue < 0) return;
  const status = m.late < 0 ? {} : { value: m.late };
  const text =
    m.late < 0
      ? {}
      : { text: m.aborted ? 'aborted' : m.late === 0 || (m.late & 15) === LATE_COMPLETE ? 'complete' : 'invalid' };
  out.push({ name: 'lateStatus', at: p.epilogue, length: 1, ...status, ...text });
  if (m.mode === 'secure') return;
  for (let i = m.revision === 1 ? 1 : 0, at = p.epilogue + 1; i < 4; i++, at += 4)
    out.push(crcAt(`segment${i}Crc`, at));
}

/** What only encrypted frames have: zeros up to the next full block, and the tags. Puts them where they belong. */
function withPadding(m: Frame, fields: Annotation[]): Annotation[] {
  if (m.mode === 'crc') return fields;
  const { starts, ends, epilogue, plain, operations } = layoutOf(m);
  const pads: Annotation[] = [];
  const pad = (at: number, end: number): void => {
    if (end > at) pads.push({ name: 'padding', at, length: end - at });
  };
  for (let i = 0; i < m.count; i++) pad(ends[i]!, i < 3 ? starts[i + 1]! : epilogue);
  if (epilogue >= 0) pad(epilogue + 1, plain);
  for (let i = 0; i < operations.length; i++) pads.push(bytesAt(m, 'gcmTag', plain + GCM_TAG * i, GCM_TAG, false));
  // some fields of a message stand in the preamble, and are listed behind its header
  for (const p of pads) fields.splice(fields.findLastIndex((f) => f.at < p.at) + 1, 0, p);
  return fields;
}

/** Bytes that are in the head, or only counted. */
function bytesAt(m: Frame, name: string, at: number, length: number, field = true): Annotation {
  const head = m.head ?? NONE;
  const end = at + length;
  if (end > head.length || length > 256) return { name, at, length };
  return { name, at, length, [field ? 'value' : 'text']: hex(head, at, end) };
}

function annotateControl(m: ControlFrame): Annotation[] {
  const head = m.head ?? NONE;
  const p = places(m);
  const out: Annotation[] = [preamble(m)];
  const end = PREAMBLE + m.length0;
  if (m.compressed) {
    const w = new EntityWalker(m.payload, 0, m.payload.length, PREAMBLE, true);
    walkControl(m.tag, w);
    const place = { at: PREAMBLE, length: m.length0 };
    for (const a of w.annotations) if (a.value !== undefined) out.push({ name: a.name, ...place, value: a.value });
  } else if (m.length0 > 0) {
    const w = new EntityWalker(head, PREAMBLE, Math.min(end, head.length), PREAMBLE, true);
    if (m.complete || isSingleValue(m.tag)) walkControl(m.tag, w);
    out.push(...w.annotations);
    const last = w.annotations.at(-1);
    const from = last === undefined ? PREAMBLE : last.at + last.length;
    if (from < end) out.push(bytesAt(m, 'undecoded', from, end - from));
  }
  checksums(m, p, 'first', out);
  for (let i = 1; i < m.count; i++) {
    if (m.segmentLength(i) > 0) out.push(bytesAt(m, `segment${i}Bytes`, p.segments[i]!, m.segmentLength(i)));
  }
  checksums(m, p, 'epilogue', out);
  return out;
}

function annotateMessage(m: DataFrame): Annotation[] {
  const p = places(m);
  const out: Annotation[] = [preamble(m), ...header(m)];
  checksums(m, p, 'first', out);
  const names = ['', 'front', 'middle', 'data'] as const;
  for (let i = 1; i < m.count; i++) {
    const n = m.segmentLength(i);
    if (n === 0) continue;
    const at = p.segments[i]!;
    if (i === 1) out.push(front(m, at, n));
    else out.push({ ...bytesAt(m, names[i]!, at, n), text: `${n} bytes` });
  }
  checksums(m, p, 'epilogue', out);
  return out;
}

function header(m: DataFrame): Annotation[] {
  if (!m.headed) return m.length0 > 0 ? [bytesAt(m, 'header', PREAMBLE, m.length0)] : [];
  // a compressed header has no fields of its own in the bytes: each is shown at the whole
  const field = (name: string, at: number, length: number, value: Annotation['value'], text?: string): Annotation => ({
    name,
    at: m.compressed ? PREAMBLE : PREAMBLE + at,
    length: m.compressed ? m.length0 : length,
    ...(value === undefined ? {} : { value }),
    ...(text === undefined ? {} : { text }),
  });
  const out = [
    field('seq', AT.seq, 8, String(m.seqHigh === 0 ? m.seqLow : m.seq)),
    field('tid', AT.tid, 8, String(m.tid)),
    field('messageType', AT.type, 2, messageTypeName(m.type), `${m.type} ${messageTypeName(m.type)}`),
    field('typeCode', AT.type, 2, m.type),
    field('priority', AT.priority, 2, m.priority),
    field('version', AT.version, 2, m.version),
    field('dataPrePadding', AT.dataPrePadding, 4, undefined, String(m.dataPrePadding)),
    field('dataOff', AT.dataOff, 2, m.dataOff),
    field('ackSeq', AT.ackSeq, 8, String(m.ackHigh === 0 ? m.ackLow : m.ackSeq)),
    field('footerFlags', AT.flags, 1, undefined, hexNumber(m.footerFlags, 2)),
    field('compatVersion', AT.compatVersion, 2, m.compatVersion),
    field('reserved', AT.reserved, 2, undefined, String(m.reserved)),
    { name: 'src', at: 0, length: 0, value: m.source === '' ? null : m.source },
    { name: 'frontLength', at: AT_SEGMENTS + DESCRIPTOR, length: 4, value: m.length1 },
    { name: 'middleLength', at: AT_SEGMENTS + 2 * DESCRIPTOR, length: 4, value: m.length2 },
    { name: 'dataLength', at: AT_SEGMENTS + 3 * DESCRIPTOR, length: 4, value: m.length3 },
  ];
  if (m.aborted) out.push({ name: 'aborted', at: 0, length: 0, value: true });
  if (!m.compressed && m.length0 > MESSAGE_HEADER) {
    out.push(bytesAt(m, 'headerRest', PREAMBLE + MESSAGE_HEADER, m.length0 - MESSAGE_HEADER));
  }
  return out;
}

function front(m: DataFrame, at: number, length: number): Annotation {
  const head = m.head ?? NONE;
  const layout = m.headed && !m.aborted && !m.damaged ? frontOf(m.type, m.version) : null;
  const plain = m.front ?? head;
  const start = m.front === null ? at : 0;
  const end = m.front === null ? Math.min(at + length, head.length) : plain.length;
  if (layout === null || end <= start) return bytesAt(m, 'front', at, length);
  const w = new EntityWalker(plain, start, end, at, true);
  layout.walk(w, m.version);
  const value = fieldsOf(w.annotations);
  const last = w.annotations.at(-1);
  const from = last === undefined ? at : last.at + last.length;
  const children = [...w.annotations];
  if (m.front === null && from < at + length) children.push(bytesAt(m, 'rest', from, at + length - from));
  return { name: 'front', at, length, value, children: m.front === null ? children : [] };
}
