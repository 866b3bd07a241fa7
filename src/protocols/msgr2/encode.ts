import { crc32c } from '../../base/crc32c.js';
import { BANNER_PREFIX, LATE_ABORTED, LATE_COMPLETE, TAG } from './constants.js';
import { AT_CRC, AT_FLAGS, AT_RESERVED, MAX_SEGMENTS, PREAMBLE, type Revision } from './preamble.js';

/** Writes frames in crc mode, for the sessions that rules show as examples and tests play. */

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
  let pos = 0;
  for (const p of parts) {
    out.set(p, pos);
    pos += p.length;
  }
  return out;
}

export function u8(v: number): Uint8Array {
  return Uint8Array.of(v);
}

export function u16(v: number): Uint8Array {
  return Uint8Array.of(v & 0xff, (v >>> 8) & 0xff);
}

export function u32(v: number): Uint8Array {
  return Uint8Array.of(v & 0xff, (v >>> 8) & 0xff, (v >>> 16) & 0xff, (v >>> 24) & 0xff);
}

export function u64(v: bigint | number): Uint8Array {
  const out = new Uint8Array(8);
  new DataView(out.buffer).setBigUint64(0, BigInt.asUintN(64, BigInt(v)), true);
  return out;
}

export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** u32 length and the bytes. */
export function blob(bytes: Uint8Array): Uint8Array {
  return concat(u32(bytes.length), bytes);
}

export function str(text: string): Uint8Array {
  return blob(ascii(text));
}

export function vec(items: readonly Uint8Array[]): Uint8Array {
  return concat(u32(items.length), ...items);
}

export interface AddressParts {
  readonly type?: number;
  readonly nonce?: number;
  readonly ip?: readonly [number, number, number, number];
  readonly port?: number;
  readonly marker?: number;
  readonly family?: number;
  /** Announced length of the sockaddr. */
  readonly elen?: number;
}

/** entity_addr in its new form, IPv4. */
export function addr(parts: AddressParts = {}): Uint8Array {
  const port = parts.port ?? 3300;
  const sock = concat(
    u16(parts.family ?? 2),
    Uint8Array.of(port >>> 8, port & 0xff),
    Uint8Array.from(parts.ip ?? [10, 0, 0, 1]),
    new Uint8Array(8),
  );
  const body = concat(u32(parts.type ?? 2), u32(parts.nonce ?? 0), u32(parts.elen ?? sock.length), sock);
  return concat(u8(parts.marker ?? 1), Uint8Array.of(1, 1), u32(body.length), body);
}

/** An address without any content, as an unbound client has it. */
export function blankAddr(): Uint8Array {
  return concat(Uint8Array.of(1, 1, 1), u32(12), u32(0), u32(0), u32(0));
}

export function addrvec(...addresses: readonly Uint8Array[]): Uint8Array {
  return concat(u8(2), vec(addresses));
}

export interface BannerParts {
  readonly supported?: bigint;
  readonly required?: bigint;
  readonly prefix?: string;
  /** Bytes after the two words, or (negative) to leave out. */
  readonly extra?: number;
}

export function banner(parts: BannerParts = {}): Uint8Array {
  const words = concat(u64(parts.supported ?? 1n), u64(parts.required ?? 0n));
  const extra = parts.extra ?? 0;
  const payload = extra < 0 ? words.subarray(0, 16 + extra) : concat(words, new Uint8Array(extra));
  return concat(ascii(parts.prefix ?? BANNER_PREFIX), u16(payload.length), payload);
}

export interface FrameParts {
  readonly revision?: Revision;
  /** Segment count, where it is to differ from what the segments say. */
  readonly count?: number;
  readonly flags?: number;
  readonly reserved?: number;
  readonly aborted?: boolean;
  readonly late?: number;
  /** Segments whose crc is to be wrong. */
  readonly wrongCrc?: readonly number[];
  /** Crc slots are 0, as a sender writes them that does not compute any. */
  readonly crcDisabled?: boolean;
  /** Value of the crc slots of unused segments. */
  readonly unusedCrc?: number;
  /** Length that the first descriptor announces, where it is to differ. */
  readonly length0?: number;
  /** Length of an unused descriptor. */
  readonly unusedLength?: number;
  readonly wrongPreambleCrc?: boolean;
}

/** A frame of that tag in crc mode. Trailing empty segments are not counted. */
export function frame(tag: number, segments: readonly Uint8Array[], parts: FrameParts = {}): Uint8Array {
  const revision = parts.revision ?? 1;
  let used = segments.length;
  while (used > 1 && segments[used - 1]!.length === 0) used--;
  used = Math.max(1, used);
  const count = parts.count ?? used;
  const preamble = new Uint8Array(PREAMBLE);
  const view = new DataView(preamble.buffer);
  preamble[0] = tag;
  preamble[1] = count;
  for (let i = 0; i < MAX_SEGMENTS; i++) {
    const length = segments[i]?.length ?? 0;
    view.setUint32(2 + 6 * i, i < count ? length : i === 3 ? (parts.unusedLength ?? 0) : 0, true);
    if (i < count) view.setUint16(6 + 6 * i, i === 3 ? 4096 : 8, true);
  }
  if (parts.length0 !== undefined) view.setUint32(2, parts.length0, true);
  preamble[AT_FLAGS] = parts.flags ?? 0;
  preamble[AT_RESERVED] = parts.reserved ?? 0;
  view.setUint32(AT_CRC, (crc32c(0, preamble, 0, AT_CRC) ^ (parts.wrongPreambleCrc ? 1 : 0)) >>> 0, true);

  const crc = (i: number): Uint8Array => {
    const bytes = segments[i] ?? new Uint8Array(0);
    if (parts.crcDisabled) return u32(0);
    if (i >= count) return u32(parts.unusedCrc ?? 0);
    return u32(crc32c(0xffff_ffff, bytes) ^ (parts.wrongCrc?.includes(i) ? 1 : 0));
  };
  const body = segments.slice(0, count);
  if (revision === 0) {
    const late = parts.late ?? (parts.aborted ? 1 : 0);
    return concat(preamble, ...body, u8(late), crc(0), crc(1), crc(2), crc(3));
  }
  const first = body[0] ?? new Uint8Array(0);
  const head = first.length > 0 ? concat(preamble, first, crc(0)) : preamble;
  if (count === 1) return head;
  const late = parts.late ?? (parts.aborted ? LATE_ABORTED : LATE_COMPLETE);
  return concat(head, ...body.slice(1), u8(late), crc(1), crc(2), crc(3));
}

export interface MessageParts extends FrameParts {
  readonly seq?: number | bigint;
  readonly tid?: number | bigint;
  readonly type?: number;
  readonly version?: number;
  readonly compatVersion?: number;
  readonly ackSeq?: number | bigint;
  readonly reservedWord?: number;
  readonly front?: Uint8Array;
  readonly middle?: Uint8Array;
  readonly data?: Uint8Array;
  /** Bytes of the header to leave out at its end. */
  readonly shortHeader?: number;
}

const NOTHING = new Uint8Array(0);

export function messageHeader(parts: MessageParts): Uint8Array {
  const full = concat(
    u64(parts.seq ?? 1),
    u64(parts.tid ?? 0),
    u16(parts.type ?? 2),
    u16(127),
    u16(parts.version ?? 1),
    u32(0),
    u16(0),
    u64(parts.ackSeq ?? 0),
    u8(3),
    u16(parts.compatVersion ?? 1),
    u16(parts.reservedWord ?? 0),
  );
  return full.subarray(0, full.length - (parts.shortHeader ?? 0));
}

/** A MESSAGE; PING (2) without any payload where nothing else is said. */
export function message(parts: MessageParts = {}): Uint8Array {
  const segments = [messageHeader(parts), parts.front ?? NOTHING, parts.middle ?? NOTHING, parts.data ?? NOTHING];
  return frame(TAG.MESSAGE, segments, parts);
}
