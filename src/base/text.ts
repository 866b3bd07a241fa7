import { isUtf8 } from 'node:buffer';

/**
 * What must never reach a terminal or a report as it was on the wire: C0 and C1 controls, DEL, line and paragraph separators,
 * bidirectional overrides and isolates, zero-width and tag characters, lone surrogates, and byte order marks.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Cs}/gu;

function escapeOne(c: string): string {
  const code = c.codePointAt(0)!;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  // a byte of a file's name (see file-name.ts)
  if (code >= 0xdc80 && code <= 0xdcff) return `\\x${(code & 0xff).toString(16)}`;
  return `\\u{${code.toString(16)}}`;
}

/** The text with every character that could change a terminal's state, or how a line reads, written as an escape. */
export function safeText(text: string): string {
  return text.replace(UNSAFE, escapeOne);
}

/** Everything in UNSAFE that JSON.stringify leaves as it is lies here. */
const NOT_ASCII = /[\u007f-\uffff]/;

/** JSON of the same value in which every character that could change a terminal's state, or how a line reads, is an escape. */
export function safeJson(json: string): string {
  return NOT_ASCII.test(json) ? json.replace(UNSAFE, escapeUnits) : json;
}

function escapeUnits(c: string): string {
  // between its tokens: within strings JSON.stringify has escaped it
  if (c < ' ') return c;
  let out = '';
  for (let i = 0; i < c.length; i++) out += `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
}

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
  const part = bytes.subarray(start, end);
  if (isUtf8(part)) return -1;
  for (let i = 0; i < part.length;) {
    const n = utf8Length(part, i);
    if (n === 0) return start + i;
    i += n;
  }
  return -1;
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
  const cut = text.length > max ? `${text.slice(0, max)}…` : text;
  return `"${safeText(cut.replace(/["\\]/g, '\\$&'))}"`;
}

/** Words with a digit in them: packet numbers, offsets, cookies, addresses, ports, times. */
const NUMBERS = /[\w.:-]*\d[\w.:-]*/g;

/** What a text says, whatever the numbers in it: `#` stands for each. */
export function withoutNumbers(text: string): string {
  return text.replace(NUMBERS, '#');
}

/** `1 byte`, `2 bytes`. */
export function count(n: number | bigint, one: string, many = `${one}s`): string {
  return `${n} ${Number(n) === 1 ? one : many}`;
}

/** Bytes for people: `512 B`, `40 KiB`, `1.2 MiB` (powers of 1024). */
export function byteSize(n: number): string {
  if (n < 1024) return `${n} B`;
  const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
  let value = n;
  let unit = '';
  for (const u of units) {
    value /= 1024;
    unit = u;
    if (value < 1023.5) break;
  }
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, '') : value.toFixed(0)} ${unit}`;
}
