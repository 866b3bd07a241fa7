import { hex } from '../../base/hex.js';
import { Shown } from '../../base/layout.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { explain } from '../../base/structure/decode.js';
import { fieldsOf, type Annotation } from '../../contract/annotation.js';
import type { Message } from '../../contract/message.js';
import { LATE_CODE, LATE_COMPLETE } from './constants.js';
import { bodyOf, type Body } from './bodies/bodies.js';
import { Banner, ControlFrame, DataFrame, type Frame } from './message.js';
import { controlForm, isSingleValue } from './control-frames.js';
import { GCM_TAG, layoutOf } from './secure/layout.js';
import {
  BANNER,
  BANNER_FEATURES,
  BANNER_V1,
  crcSlot,
  DESCRIPTOR,
  EPILOGUE_REV0,
  epilogueOf,
  FIRST_CRC,
  lengthAt,
  MAX_SEGMENTS,
  MESSAGE_HEADER,
  PREAMBLE,
} from './layout.js';

const NONE = new Uint8Array(0);

/** The field tree of a message, down to its last byte; what lies beyond the bytes that were kept has places and no values. */
export function annotate(message: Message): Annotation[] {
  if (message instanceof Banner) return annotateBanner(message);
  if (message instanceof DataFrame) return withPadding(message, annotateMessage(message));
  if (message instanceof ControlFrame) return withPadding(message, annotateControl(message));
  return [];
}

function annotateBanner(m: Banner): Annotation[] {
  if (m.legacy) return BANNER_V1.annotations({});
  const out = BANNER.annotations({ payloadLength: m.payloadLength });
  const featured = m.payloadLength >= BANNER_FEATURES.size;
  if (featured) out.push(...BANNER_FEATURES.annotations(m, BANNER.size));
  const known = BANNER.size + (featured ? BANNER_FEATURES.size : 0);
  if (m.length > known) {
    const head = m.head ?? NONE;
    out.push({ name: 'rest', at: known, length: m.length - known, value: hex(head, known, head.length) });
  }
  return out;
}

/** What has no value because its bytes were not kept. */
const UNKNOWN = new Shown(undefined);

function preamble(m: Frame): Annotation {
  const kept = m.head !== null && m.head.length >= PREAMBLE.size ? PREAMBLE.read(m.head) : null;
  const segments = Array.from({ length: MAX_SEGMENTS }, (_, i) => ({
    length: m.segmentLength(i),
    alignment: (kept?.segments[i]?.alignment as number | undefined) ?? UNKNOWN,
  }));
  const { tag, flags, count: segmentCount } = m;
  const reserved = kept?.reserved ?? UNKNOWN;
  const values = { tag, segmentCount, segments, flags, reserved, crc: kept?.crc ?? UNKNOWN };
  const children = PREAMBLE.annotations(values, 0, kept === null ? PREAMBLE.at.crc : PREAMBLE.size);
  return { name: 'preamble', at: 0, length: PREAMBLE.size, children };
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
  const behind = PREAMBLE.size + m.length0;
  const firstCrc = m.revision === 1 && m.length0 > 0 ? behind : -1;
  const one = firstCrc >= 0 ? behind + FIRST_CRC.size : behind;
  const two = one + m.length1;
  const three = two + m.length2;
  const epilogue = m.revision === 0 || m.count > 1 ? one + restOf(m) : -1;
  return { segments: [PREAMBLE.size, one, two, three], firstCrc, epilogue };
}

function restOf(m: Frame): number {
  let n = 0;
  for (let i = 1; i < m.count; i++) n += m.segmentLength(i);
  return n;
}

/** The checksum behind segment 0. */
function firstCrc(m: Frame, p: Places): Annotation[] {
  if (p.firstCrc < 0) return [];
  const head = m.head ?? NONE;
  const kept = p.firstCrc + FIRST_CRC.size <= head.length;
  return FIRST_CRC.annotations(kept ? FIRST_CRC.read(head, p.firstCrc) : { segment0Crc: UNKNOWN }, p.firstCrc);
}

function lateStatus(m: Frame): Shown {
  if (m.late < 0) return UNKNOWN;
  if (m.aborted) return new Shown(m.late, 'aborted');
  return new Shown(m.late, m.late === 0 || (m.late & LATE_CODE) === LATE_COMPLETE ? 'complete' : 'invalid');
}

function epilogue(m: Frame, p: Places): Annotation[] {
  if (p.epilogue < 0) return [];
  const form = epilogueOf(m.revision);
  const head = m.head ?? NONE;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const crc = (i: number): number | Shown => {
    const at = p.epilogue + crcSlot(m.revision, i);
    return at + FIRST_CRC.size > head.length ? UNKNOWN : view.getUint32(at, true);
  };
  const values = {
    ...{ lateStatus: lateStatus(m), segment0Crc: m.revision === 0 ? crc(0) : UNKNOWN },
    ...{ segment1Crc: crc(1), segment2Crc: crc(2), segment3Crc: crc(3) },
  };
  // in secure mode tags stand in for the checksums
  const present = m.mode === 'secure' ? EPILOGUE_REV0.sizeOf('lateStatus') : form.size;
  return form.annotations(values, p.epilogue, present);
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
  const end = PREAMBLE.size + m.length0;
  const form = controlForm(m.tag);
  if (m.compressed) {
    const { rows } = explain(form, m.payload, 0, m.payload.length, PREAMBLE.size, { limits: DEFAULT_LIMITS });
    const place = { at: PREAMBLE.size, length: m.length0 };
    for (const a of rows) if (a.value !== undefined) out.push({ name: a.name, ...place, value: a.value });
  } else if (m.length0 > 0) {
    const known = m.complete || isSingleValue(m.tag);
    const there = Math.min(end, head.length);
    const rows = known ? explain(form, head, PREAMBLE.size, there, PREAMBLE.size, { limits: DEFAULT_LIMITS }).rows : [];
    out.push(...rows);
    const last = rows.at(-1);
    const from = last === undefined ? PREAMBLE.size : last.at + last.length;
    if (from < end) out.push(bytesAt(m, 'undecoded', from, end - from));
  }
  out.push(...firstCrc(m, p));
  for (let i = 1; i < m.count; i++) {
    if (m.segmentLength(i) > 0) out.push(bytesAt(m, `segment${i}Bytes`, p.segments[i]!, m.segmentLength(i)));
  }
  out.push(...epilogue(m, p));
  return out;
}

function annotateMessage(m: DataFrame): Annotation[] {
  const p = places(m);
  const out: Annotation[] = [preamble(m), ...header(m)];
  out.push(...firstCrc(m, p));
  const names = ['', 'front', 'middle', 'data'] as const;
  for (let i = 1; i < m.count; i++) {
    const n = m.segmentLength(i);
    if (n === 0) continue;
    const at = p.segments[i]!;
    if (i === 1) out.push(front(m, at, n));
    else out.push({ ...bytesAt(m, names[i]!, at, n), text: `${n} bytes` });
  }
  out.push(...epilogue(m, p));
  return out;
}

function header(m: DataFrame): Annotation[] {
  if (!m.headed) return m.length0 > 0 ? [bytesAt(m, 'header', PREAMBLE.size, m.length0)] : [];
  const { type, priority, version, dataPrePadding, dataOff, footerFlags, compatVersion, reserved } = m;
  const values = { type, priority, version, dataPrePadding, dataOff, footerFlags, compatVersion, reserved };
  const wide = { seq: m.seq64, tid: m.tid, ackSeq: m.ackSeq64 };
  const rows = MESSAGE_HEADER.annotations({ ...values, ...wide }, PREAMBLE.size);
  const size = DESCRIPTOR.sizeOf('length');
  const out: Annotation[] = [
    // a compressed header has no fields of its own in the bytes: each is shown at the whole
    ...(m.compressed ? rows.map((row) => ({ ...row, at: PREAMBLE.size, length: m.length0 })) : rows),
    { name: 'src', at: 0, length: 0, value: m.source === '' ? null : m.source },
    { name: 'frontLength', at: lengthAt(1), length: size, value: m.length1 },
    { name: 'middleLength', at: lengthAt(2), length: size, value: m.length2 },
    { name: 'dataLength', at: lengthAt(3), length: size, value: m.length3 },
  ];
  if (m.aborted) out.push({ name: 'aborted', at: 0, length: 0, value: true });
  if (!m.compressed && m.length0 > MESSAGE_HEADER.size) {
    out.push(bytesAt(m, 'headerRest', PREAMBLE.size + MESSAGE_HEADER.size, m.length0 - MESSAGE_HEADER.size));
  }
  return out;
}

/** What is held of a message's front, and what describes it; null where nothing is held, or nothing does. */
export function heldFront(m: DataFrame): {
  readonly body: Body;
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
} | null {
  const body = m.headed && !m.aborted && !m.damaged ? bodyOf(m.type, m.version) : null;
  if (body === null || m.count < 2 || m.length1 === 0) return null;
  const bytes = m.front ?? m.head ?? NONE;
  const start = m.front === null ? places(m).segments[1]! : 0;
  const end = m.front === null ? Math.min(start + m.length1, bytes.length) : bytes.length;
  return end > start ? { body, bytes, start, end } : null;
}

function front(m: DataFrame, at: number, length: number): Annotation {
  const held = heldFront(m);
  if (held === null) return bytesAt(m, 'front', at, length);
  const { body, bytes, start, end } = held;
  const { rows } = explain(body.form, bytes, start, end, at, { limits: DEFAULT_LIMITS, version: m.version });
  const value = fieldsOf(rows);
  if (m.front !== null) return { name: 'front', at, length, value, children: [] };
  const last = rows.at(-1);
  const from = last === undefined ? at : last.at + last.length;
  const children = [...rows];
  if (from < at + length) children.push(bytesAt(m, 'rest', from, at + length - from));
  return { name: 'front', at, length, value, children };
}
