/** Text that is safe to show. Uses nothing of Node, as the page of `-f html` needs it as well. */

/**
 * What must never reach a terminal or a report as it was on the wire: C0 and C1 controls, DEL, line and paragraph separators,
 * bidirectional overrides and isolates, zero-width and tag characters, lone surrogates, and byte order marks.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e0fff}]|\p{Cs}/gu;

export function escapeOne(c: string): string {
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

/** Includes all characters of UNSAFE that JSON.stringify does not escape. */
const NOT_ASCII = /[\u007f-\uffff]/;

/** JSON of the same value in which every character that could change a terminal's state, or how a line reads, is an escape. */
export function safeJson(json: string): string {
  return NOT_ASCII.test(json) ? json.replace(UNSAFE, escapeUnits) : json;
}

function escapeUnits(c: string): string {
  // a line break or tab between tokens: inside strings, JSON.stringify has escaped it
  if (c < ' ') return c;
  let out = '';
  for (let i = 0; i < c.length; i++) out += `\\u${c.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
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
