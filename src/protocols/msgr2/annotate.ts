import type { HeldFront } from '../ceph/held-front.js';
import { hex } from '../../base/hex.js';
import { Shown } from '../../base/layout.js';
import type { JsonBytes } from '../../base/json-bytes.js';
import { DEFAULT_LIMITS } from '../../base/limits.js';
import { explain } from '../../base/structure/decode.js';
import { fieldsOf, type Annotation, type Json } from '../../base/annotation.js';
import { algorithmName, LATE_CODE, LATE_COMPLETE } from './constants.js';
import { bodyOf } from '../ceph/bodies/bodies.js';
import { places, type Places } from './places.js';
import { Banner, ControlFrame, DataFrame, type Frame, type Msgr2Message } from './message.js';
import { controlForm, isSingleValue } from './control-frames.js';
import { GCM_TAG, layoutOf } from './secure/layout.js';
import { Lookup } from '../ceph/lookup.js';
import type { Way } from '../ceph/operation-way.js';
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
/** Opaque fields of up to this many bytes are shown in hex. */
const MOST_HEX = DEFAULT_LIMITS.shownBytes;

/** The field tree of a message, down to its last byte. Fields beyond the bytes that were kept have a place but no value. */
export function annotate(message: Msgr2Message): Annotation[] {
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

/** Stands for a value whose bytes were not kept. */
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

/** The checksum after segment 0 (revision 1). */
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
  // in secure mode, GCM tags take the place of the checksums
  const present = m.mode === 'secure' ? EPILOGUE_REV0.sizeOf('lateStatus') : form.size;
  return form.annotations(values, p.epilogue, present);
}

/** Adds the fields that only encrypted frames have, at their places: zero padding up to the next full block, and the GCM tags. */
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
  // the rows are not strictly in byte order: some fields of a message lie in the preamble but are listed after its header, and some have no
  // bytes
  for (const p of pads) fields.splice(fields.findLastIndex((f) => f.length > 0 && f.at < p.at) + 1, 0, p);
  return fields;
}

/**
 * A row for bytes, with their value in hex if the head holds them all and they are not too many (MOST_HEX). Of a frame that was cut off,
 * only the captured bytes count.
 */
function bytesAt(m: Frame, name: string, at: number, length: number, field = true): Annotation {
  const head = m.head ?? NONE;
  const end = m.complete ? at + length : Math.min(at + length, head.length);
  if (end > head.length || end <= at || length > MOST_HEX) return { name, at, length };
  return { name, at, length, [field ? 'value' : 'text']: hex(head, at, end) };
}

function annotateControl(m: ControlFrame): Annotation[] {
  const head = m.head ?? NONE;
  const p = places(m);
  const out: Annotation[] = [preamble(m)];
  const end = PREAMBLE.size + m.length0;
  const form = controlForm(m.tag);
  const lookup = new Lookup(m.names);
  const options = { limits: DEFAULT_LIMITS, named: lookup.named };
  out.push(...compression(m));
  if (m.compressed) {
    const { rows } = explain(form, m.payload, 0, m.payload.length, PREAMBLE.size, options);
    const place = { at: PREAMBLE.size, length: m.length0 };
    for (const a of rows) if (a.value !== undefined) out.push({ name: a.name, ...place, value: a.value });
  } else if (m.length0 > 0) {
    const known = m.complete || isSingleValue(m.tag);
    const there = Math.min(end, head.length);
    const rows = known ? explain(form, head, PREAMBLE.size, there, PREAMBLE.size, options).rows : [];
    out.push(...rows);
    const last = rows.at(-1);
    const from = last === undefined ? PREAMBLE.size : last.at + last.length;
    if (from < end) out.push(bytesAt(m, 'undecoded', from, end - from));
  }
  out.push(...lookup.rows());
  out.push(...firstCrc(m, p));
  for (let i = 1; i < m.count; i++) {
    if (m.segmentLength(i) > 0) out.push(bytesAt(m, `segment${i}Bytes`, p.segments[i]!, m.segmentLength(i)));
  }
  out.push(...epilogue(m, p));
  return out;
}

/**
 * See Protocol.writeFields. Messages are written directly, without the rows that have no JSON value and the texts that only people read.
 */
export function writeFields(m: Msgr2Message, out: JsonBytes): void {
  out.open();
  if (m instanceof DataFrame && m.headed && !m.compressed) writeMessage(m, out);
  else for (const [name, value] of Object.entries(fieldsOf(annotate(m)))) out.member(name, value);
  out.close();
}

function writeMessage(m: DataFrame, out: JsonBytes): void {
  const { of } = MESSAGE_HEADER;
  of.seq.writeWide(out, m.seqHigh, m.seqLow);
  of.tid.writeWide(out, m.tidHigh, m.tidLow);
  of.type.write(out, m.type);
  of.priority.writeNumber(out, m.priority);
  of.version.writeNumber(out, m.version);
  of.dataOff.writeNumber(out, m.dataOff);
  of.ackSeq.writeWide(out, m.ackHigh, m.ackLow);
  of.compatVersion.writeNumber(out, m.compatVersion);
  const p = places(m);
  for (const { name, value } of [...behindHeader(m), ...parts(m, p, false)])
    if (value !== undefined) out.member(name, value);
  if (p.epilogue >= 0) epilogueOf(m.revision).of.lateStatus.writeShown(out, lateStatus(m));
}

function annotateMessage(m: DataFrame): Annotation[] {
  const p = places(m);
  return [preamble(m), ...header(m), ...firstCrc(m, p), ...parts(m, p, true), ...epilogue(m, p)];
}

/** Front, middle and data. `texts`: whether to add texts that only people read. */
function parts(m: DataFrame, p: Places, texts: boolean): Annotation[] {
  const out: Annotation[] = [];
  const names = ['', 'front', 'middle', 'data'] as const;
  if (m.headed && !m.aborted && !m.damaged && m.plainLength(1) === 0 && bodyOf(m.type, m.version) !== null) {
    out.push({ name: 'front', at: 0, length: 0, value: {} }, undecoded(0));
  }
  for (let i = 1; i < m.count; i++) {
    const n = m.segmentLength(i);
    if (n === 0) continue;
    const at = p.segments[i]!;
    if (i === 1) out.push(...front(m, at, n, texts));
    else if (m.compressed) out.push({ name: names[i]!, at, length: n, text: `${m.plainLength(i)} bytes` });
    else out.push({ ...bytesAt(m, names[i]!, at, n), text: `${n} bytes` });
  }
  return out;
}

function header(m: DataFrame): Annotation[] {
  if (!m.headed) return m.length0 > 0 ? [bytesAt(m, 'header', PREAMBLE.size, m.length0)] : [];
  const { type, priority, version, dataPrePadding, dataOff, footerFlags, compatVersion, reserved } = m;
  const values = { type, priority, version, dataPrePadding, dataOff, footerFlags, compatVersion, reserved };
  const wide = { seq: m.seq64, tid: m.tid, ackSeq: m.ackSeq64 };
  const rows = MESSAGE_HEADER.annotations({ ...values, ...wide }, PREAMBLE.size);
  // the bytes of a compressed header hold no single field, so each field is placed at the whole segment
  const own = m.compressed ? rows.map((row) => ({ ...row, at: PREAMBLE.size, length: m.length0 })) : rows;
  return [...own, ...behindHeader(m)];
}

/** Fields that are shown after those of the header but do not lie in it. */
function behindHeader(m: DataFrame): Annotation[] {
  const size = DESCRIPTOR.sizeOf('length');
  const out: Annotation[] = [
    { name: 'src', at: 0, length: 0, value: m.source === '' ? null : m.source },
    { name: 'frontLength', at: lengthAt(1), length: size, value: m.plainLength(1) },
    { name: 'middleLength', at: lengthAt(2), length: size, value: m.plainLength(2) },
    { name: 'dataLength', at: lengthAt(3), length: size, value: m.plainLength(3) },
  ];
  out.push(...compression(m));
  if (m.way !== null) out.push({ name: 'way', at: 0, length: 0, value: wayJson(m.way) });
  if (m.aborted) out.push({ name: 'aborted', at: 0, length: 0, value: true });
  if (!m.compressed && m.length0 > MESSAGE_HEADER.size) {
    out.push(bytesAt(m, 'headerRest', PREAMBLE.size + MESSAGE_HEADER.size, m.length0 - MESSAGE_HEADER.size));
  }
  return out;
}

/** The time of an operation by OSD (see describe's `below`); nanoseconds are numbers. */
function wayJson(way: Way): Json {
  const { primary, nanos, waitedNanos, replicas } = way;
  return { primary, nanos, waitedNanos, replicas: replicas.map(({ osd, nanos }) => ({ osd, nanos })) };
}

/** The algorithm that a frame was compressed with, and, for a message, the compressed lengths of its segments. */
function compression(m: Frame): Annotation[] {
  if (!m.compressed) return [];
  const at = PREAMBLE.at.flags;
  const out: Annotation[] = [{ name: 'compressed', at, length: 1, value: compressedBy(m) }];
  if (m instanceof DataFrame) {
    const size = DESCRIPTOR.sizeOf('length');
    for (const [i, name] of ['Header', 'Front', 'Middle', 'Data'].entries())
      out.push({ name: `compressed${name}Length`, at: lengthAt(i), length: size, value: m.segmentLength(i) });
  }
  return out;
}

/** The algorithm's name, such as `snappy`; `unknown` if the frame could not be decompressed. */
export function compressedBy(m: Frame): string {
  return m.algorithm === 0 ? 'unknown' : algorithmName(m.algorithm);
}

/** The number of front bytes that no field describes. */
function undecoded(n: number): Annotation {
  return { name: 'frontUndecoded', at: 0, length: 0, value: n };
}

/** The bytes of a message's front that are held, and the form that describes them; null if there are none or no form is known. */
export function heldFront(m: DataFrame): HeldFront | null {
  const body = m.headed && !m.aborted && !m.damaged ? bodyOf(m.type, m.version) : null;
  if (body === null || m.count < 2 || m.length1 === 0) return null;
  const bytes = m.front ?? m.head ?? NONE;
  const start = m.front === null ? places(m).segments[1]! : 0;
  const here = m.complete || m.front !== null ? bytes.length : Math.min(bytes.length, m.length - m.missing);
  const end = m.front === null ? Math.min(start + m.length1, here) : bytes.length;
  return end > start ? { body, bytes, start, end } : null;
}

/** A field of a decompressed front. No byte on the wire is its own, so it is placed, with length 0, after the compressed bytes. */
function withoutPlace(row: Annotation, at: number): Annotation {
  const { children } = row;
  return {
    ...{ ...row, at, length: 0 },
    ...(children === undefined ? {} : { children: children.map((c) => withoutPlace(c, at)) }),
  };
}

function front(m: DataFrame, at: number, length: number, texts: boolean): Annotation[] {
  const held = heldFront(m);
  if (held === null) {
    if (!m.headed) return [bytesAt(m, 'front', at, length)];
    const { front } = m;
    if (m.compressed && front !== null && front.length <= MOST_HEX)
      return [{ name: 'front', at, length, value: hex(front) }, undecoded(front.length)];
    return [bytesAt(m, 'front', at, length), undecoded(m.plainLength(1))];
  }
  const { body, bytes, start, end } = held;
  const lookup = new Lookup(m.names, m.type);
  const options = { limits: DEFAULT_LIMITS, version: m.version, named: lookup.named, texts };
  const read = explain(body.form, bytes, start, end, at, options);
  const { rows } = read;
  const value = fieldsOf(rows);
  const rest = [undecoded(m.plainLength(1) - (end - start) + read.undecoded), ...lookup.rows()];
  if (m.compressed) {
    const children = [bytesAt(m, 'compressed', at, length), ...rows.map((row) => withoutPlace(row, at + length))];
    return [{ name: 'front', at, length, value, children }, ...rest];
  }
  const last = rows.at(-1);
  const from = last === undefined ? at : last.at + last.length;
  const children = [...rows];
  if (from < at + length) children.push(bytesAt(m, 'rest', from, at + length - from));
  return [{ name: 'front', at, length, value, children }, ...rest];
}
