import { ARCA_RINGS } from './arca-rings.js';
import { describeForeign } from './foreign.js';
import { NotACapture } from './packet.js';
import { isPcap, PCAP_HEADER_BYTES, readPcapHeader, type PcapHeader } from './pcap-header.js';
import { SHB } from './pcapng-blocks.js';
import { sectionAt, versionAt } from './pcapng-section.js';
import { TEXT_FORMATS } from './text/formats.js';
import type { TextFormat } from './text/text-format.js';

/** How many first bytes of a file are looked at, at most. */
export const SNIFF_BYTES = 64 << 10;

export type Sniffed =
  | { readonly kind: 'pcap'; readonly header: PcapHeader }
  | { readonly kind: 'pcapng' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'zstd' }
  | { readonly kind: 'text'; readonly format: TextFormat };

/**
 * Finds the format by the first bytes, never by the name. null: more bytes are needed (never with `atEnd`). Throws NotACapture, which says
 * what was found instead.
 */
export function sniff(head: Uint8Array, atEnd: boolean): Sniffed | null {
  const last = atEnd || head.length >= SNIFF_BYTES;
  if (head.length < 4 && !last) return null;
  if (isPcap(head)) {
    if (head.length < PCAP_HEADER_BYTES && !last) return null;
    return { kind: 'pcap', header: readPcapHeader(head) };
  }
  if (startsWith(head, 0x0a, 0x0d, 0x0d, 0x0a)) {
    if (head.length < SHB.least && !last) return null;
    if (isPcapng(head)) return { kind: 'pcapng' };
  }
  const compressed = compressionOf(head);
  if (compressed !== null) return { kind: compressed };
  let undecided = false;
  for (const format of [...TEXT_FORMATS, ARCA_RINGS]) {
    const answer = format.recognise(head, last);
    if (answer === true) return { kind: 'text', format };
    undecided ||= answer === 'more';
  }
  // what is no capture is described by its first bytes: wait for enough of them
  if (!last && (undecided || head.length < 512)) return null;
  throw new NotACapture(describeForeign(head));
}

/** Whether bytes with the block type of a section header are one. Throws NotACapture where it is one that cannot be read. */
function isPcapng(head: Uint8Array): boolean {
  if (head.length < SHB.least)
    throw new NotACapture(`pcapng cut off inside its section header (${head.length} of ${SHB.least} bytes)`);
  const view = new DataView(head.buffer, head.byteOffset, head.length);
  const version = versionAt(view, 0);
  if (version === null) return false;
  if (version[0] !== 1) throw new NotACapture(`pcapng of the unknown version ${version.join('.')}`);
  if (sectionAt(view, 0) === null) throw new NotACapture('pcapng with an impossible length in its section header');
  return true;
}

/** How a file is compressed, by its first four bytes; null: not, or in an unknown way. */
export function compressionOf(head: Uint8Array): 'gzip' | 'zstd' | null {
  if (startsWith(head, 0x1f, 0x8b)) return 'gzip';
  return startsWith(head, 0x28, 0xb5, 0x2f, 0xfd) ? 'zstd' : null;
}

function startsWith(bytes: Uint8Array, ...prefix: readonly number[]): boolean {
  return bytes.length >= prefix.length && prefix.every((b, i) => bytes[i] === b);
}
