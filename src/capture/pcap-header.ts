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

/** Reads the file header from the first 24 bytes, of which `isPcap` holds. */
export function readPcapHeader(bytes: Uint8Array): PcapHeader {
  const found = magicOf(bytes);
  if (found === null || bytes.length < PCAP_HEADER_BYTES)
    throw new NotACapture(`pcap cut off inside its file header (${bytes.length} of ${PCAP_HEADER_BYTES} bytes)`);
  const { magic, littleEndian } = found;
  const view = new DataView(bytes.buffer, bytes.byteOffset, PCAP_HEADER_BYTES);
  const major = view.getUint16(4, littleEndian);
  const minor = view.getUint16(6, littleEndian);
  if (major !== 2 || minor !== 4)
    throw new NotACapture(`pcap of the unknown version ${major}.${minor} (only 2.4 is in use)`);
  return {
    littleEndian,
    nanoseconds: magic === NANOSECONDS,
    recordHeader: magic === MODIFIED ? 24 : 16,
    // The upper half holds the length of the frame check sequence.
    linkType: view.getUint32(20, littleEndian) & 0xffff,
  };
}

export function pcapInfo(header: PcapHeader): CaptureInfo {
  return { format: 'pcap', linkTypes: [header.linkType], resolution: header.nanoseconds ? 'ns' : 'us' };
}
