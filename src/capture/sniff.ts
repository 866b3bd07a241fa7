import { NotACapture } from './packet.js';
import { isPcap, PCAP_HEADER_BYTES, readPcapHeader, type PcapHeader } from './pcap-header.js';
import { TEXT_FORMATS, type TextFormat } from './text/formats.js';
import { describeForeign } from './foreign.js';

/** Bytes from the start of a file that are looked at, at most. */
export const SNIFF_BYTES = 64 << 10;

export type Sniffed =
  | { readonly kind: 'pcap'; readonly header: PcapHeader }
  | { readonly kind: 'pcapng' }
  | { readonly kind: 'gzip' }
  | { readonly kind: 'text'; readonly format: TextFormat };

/**
 * Finds the format from the first bytes, never from a name. null: more bytes are needed (never with `atEnd`). Throws NotACapture
 * with what was found instead.
 */
export function sniff(head: Uint8Array, atEnd: boolean): Sniffed | null {
  const last = atEnd || head.length >= SNIFF_BYTES;
  if (head.length < 4 && !last) return null;
  if (isPcap(head)) {
    if (head.length < PCAP_HEADER_BYTES && !last) return null;
    return { kind: 'pcap', header: readPcapHeader(head) };
  }
  if (startsWith(head, 0x0a, 0x0d, 0x0d, 0x0a)) return { kind: 'pcapng' };
  if (isGzip(head)) return { kind: 'gzip' };
  let undecided = false;
  for (const format of TEXT_FORMATS) {
    const answer = format.recognise(head, last);
    if (answer === true) return { kind: 'text', format };
    undecided ||= answer === 'more';
  }
  // What is foreign is named by its first bytes; a few more make the name a better one.
  if (!last && (undecided || head.length < 512)) return null;
  throw new NotACapture(describeForeign(head));
}

export function isGzip(head: Uint8Array): boolean {
  return startsWith(head, 0x1f, 0x8b);
}

function startsWith(bytes: Uint8Array, ...prefix: readonly number[]): boolean {
  return bytes.length >= prefix.length && prefix.every((b, i) => bytes[i] === b);
}
