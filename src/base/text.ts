import { isUtf8 } from 'node:buffer';
import { escapeOne, safeText } from './safe-text.js';

export { byteSize, count, safeJson, safeText } from './safe-text.js';

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Text of bytes that should be UTF-8 (contract: events). Well-formed UTF-8 comes out as it is, control characters included;
 * every byte that is not part of a well-formed sequence comes out as `\xNN`.
 */
export function wireText(bytes: Uint8Array, start = 0, end = bytes.length): string {
  const part = bytes.subarray(start, end);
  if (isUtf8(part)) return decoder.decode(part);
  let out = '';
  let run = 0;
  let i = 0;
  while (i < part.length) {
    const n = utf8Length(part, i);
    if (n > 0) {
      i += n;
      continue;
    }
    out += decoder.decode(part.subarray(run, i)) + escapeOne(String.fromCharCode(part[i]!));
    i += 1;
    run = i;
  }
  return out + decoder.decode(part.subarray(run));
}

/** Offset of the first byte in `bytes[start..end)` that is not well-formed UTF-8, or -1. */
export function badUtf8At(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let at = start;
  while (at < end && bytes[at]! < 0x80) at++;
  if (at >= end) return -1;
  const part = bytes.subarray(at, end);
  if (isUtf8(part)) return -1;
  for (let i = 0; i < part.length;) {
    const n = utf8Length(part, i);
    if (n === 0) return at + i;
    i += n;
  }
  return -1;
}

/** Up to this many bytes are converted here: V8 makes the ArrayBuffer of so short an array only when it is asked for, which takes longer. */
const FEW = 64;

/** `bytes[start..end)` as a string of code units 0..255. */
export function latin1Text(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > FEW) return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}

/** Length of the well-formed UTF-8 sequence at `i` (Unicode 15, table 3-7), or 0. */
export function utf8Length(bytes: Uint8Array, i: number): number {
  const b0 = bytes[i]!;
  if (b0 < 0x80) return 1;
  if (b0 < 0xc2 || b0 > 0xf4) return 0;
  const n = b0 < 0xe0 ? 2 : b0 < 0xf0 ? 3 : 4;
  if (i + n > bytes.length) return 0;
  const b1 = bytes[i + 1]!;
  const low = b0 === 0xe0 ? 0xa0 : b0 === 0xf0 ? 0x90 : 0x80;
  const high = b0 === 0xed ? 0x9f : b0 === 0xf4 ? 0x8f : 0xbf;
  if (b1 < low || b1 > high) return 0;
  for (let k = 2; k < n; k++) if ((bytes[i + k]! & 0xc0) !== 0x80) return 0;
  return n;
}

/** The text in double quotes, safe to print, with quotes and backslashes escaped; cut to `max` characters with an ellipsis. */
export function quote(text: string, max = 200): string {
  return `"${safeText(cut(text, max).replace(/["\\]/g, '\\$&'))}"`;
}

/** The same without the quotes and without escaping quotes and backslashes: for texts whose end is clear without quotes. */
export function clipped(text: string, max = 200): string {
  return safeText(cut(text, max));
}

function cut(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** Words with a digit in them: packet numbers, offsets, cookies, addresses, ports, times. */
const NUMBERS = /[\w.:-]*\d[\w.:-]*/g;

/** The text with `#` for each number: the same for texts that differ only in numbers. */
export function withoutNumbers(text: string): string {
  return text.replace(NUMBERS, '#');
}
