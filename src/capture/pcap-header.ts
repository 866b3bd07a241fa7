import { NotACapture, type CaptureInfo } from './packet.js';

/** The file header of classic pcap (https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html, section 4). */
export const PCAP_HEADER_BYTES = 24;

const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;
/** Written by a patched libpcap of the 1990s: eight more bytes (interface, protocol, packet type) in each record header. */
const MODIFIED = 0xa1b2cd34;

export interface PcapHeader {
  readonly littleEndian: boolean;
  readonly nanoseconds: boolean;
  /** Bytes in front of each packet: 16, or 24 in the modified format. */
  readonly recordHeader: 16 | 24;
  readonly linkType: number;
  /**
   * Whether the two lengths of a packet may stand in either order: up to version 2.2 the length on the wire came first; of 2.3, and of DG/UX,
   * whose version is 543.0, there are files of both kinds. Then the lower one is taken for the captured length.
   */
  readonly anyLengthOrder: boolean;
}

function magicOf(bytes: Uint8Array): { magic: number; littleEndian: boolean } | null {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic === MICROSECONDS || magic === NANOSECONDS || magic === MODIFIED) return { magic, littleEndian };
  }
  return null;
}

/** Whether the bytes begin with one of the magic numbers of classic pcap, in either byte order. */
export function isPcap(bytes: Uint8Array): boolean {
  return magicOf(bytes) !== null;
}

/** Reads the file header from the first bytes of a file for which `isPcap` is true. Throws NotACapture. */
export function readPcapHeader(bytes: Uint8Array): PcapHeader {
  const found = magicOf(bytes);
  if (found === null || bytes.length < PCAP_HEADER_BYTES)
    throw new NotACapture(`pcap cut off inside its file header (${bytes.length} of ${PCAP_HEADER_BYTES} bytes)`);
  const { magic, littleEndian } = found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, PCAP_HEADER_BYTES);
  const major = view.getUint16(4, littleEndian);
  const minor = view.getUint16(6, littleEndian);
  const old = (major === 2 && minor < 4) || (major === 543 && minor === 0);
  if (!old && (major !== 2 || minor !== 4))
    throw new NotACapture(`pcap of the unknown version ${major}.${minor} (2.0 to 2.4 are known)`);
  const nanoseconds = magic === NANOSECONDS;
  if (magic === MICROSECONDS && !old && isNokia(bytes, littleEndian))
    throw new NotACapture("a capture of Nokia's tcpdump (convert it with editcap -F pcap IN OUT)");
  return {
    littleEndian,
    nanoseconds,
    recordHeader: magic === MODIFIED ? 24 : 16,
    anyLengthOrder: old,
    // the upper half holds the length of the frame check sequence
    linkType: view.getUint32(20, littleEndian) & 0xffff,
  };
}

/** Bytes that Nokia's tcpdump appends to each record header. */
const NOKIA_BYTES = 4;
/** Two packets of one capture are at most this far apart: about ten years, in seconds. */
const LONGEST_CAPTURE = 315_000_000;

/**
 * Whether Nokia's tcpdump wrote the file: its record headers are four bytes longer, but its file header is the usual one. Then the second
 * record is found with longer headers and not with the usual ones, and the third record (or the end) is where longer headers put it. The
 * second record alone would be no proof: the first one may be damaged.
 */
function isNokia(bytes: Uint8Array, littleEndian: boolean): boolean {
  const first = PCAP_HEADER_BYTES;
  if (bytes.length < first + 16) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const seconds = view.getUint32(first, littleEndian);
  const next = first + 16 + view.getUint32(first + 8, littleEndian);
  const isRecord = (at: number): boolean => {
    const captured = view.getUint32(at + 8, littleEndian);
    const original = view.getUint32(at + 12, littleEndian);
    const step = Math.abs(view.getUint32(at, littleEndian) - seconds);
    const micros = view.getUint32(at + 4, littleEndian);
    return captured > 0 && captured <= original && original < 1 << 24 && micros < 1_000_000 && step < LONGEST_CAPTURE;
  };
  const second = next + NOKIA_BYTES;
  if (second + 16 > bytes.length || isRecord(next) || !isRecord(second)) return false;
  const third = second + 16 + NOKIA_BYTES + view.getUint32(second + 8, littleEndian);
  return third === bytes.length || (third + 16 <= bytes.length && isRecord(third));
}

export function pcapInfo(header: PcapHeader): CaptureInfo {
  return { format: 'pcap', linkTypes: [header.linkType], resolution: header.nanoseconds ? 'ns' : 'us' };
}
