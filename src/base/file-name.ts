import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { safeText, utf8Length } from './text.js';

/**
 * File names are bytes. A name in UTF-8 is kept as text. In any other, each byte that is not UTF-8 (0x80 to 0xff) is kept as a lone surrogate
 * (U+DC80 to U+DCFF), which no decoded text contains, so that the bytes can be restored. People see it as `\xNN`.
 */
const ESCAPED = /[\udc80-\udcff]/u;
const EACH_ESCAPED = /([\udc80-\udcff])/u;
const ESCAPE = 0xdc00;

/** The name of these bytes, in that form. */
export function nameOfBytes(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8');
  let name = '';
  for (let i = 0; i < bytes.length;) {
    const n = utf8Length(bytes, i);
    name += n === 0 ? String.fromCharCode(ESCAPE + bytes[i]!) : bytes.toString('utf8', i, i + n);
    i += Math.max(n, 1);
  }
  return name;
}

/** A path as the file system takes it: the text, or its bytes where they are not UTF-8. */
export function systemPath(path: string): string | Buffer {
  if (!ESCAPED.test(path)) return path;
  const part = (text: string): Buffer =>
    ESCAPED.test(text) ? Buffer.of(text.charCodeAt(0) - ESCAPE) : Buffer.from(text, 'utf8');
  return Buffer.concat(path.split(EACH_ESCAPED).map(part));
}

/** A path as events and reports show it (contract: bytes that should be text and are not are shown as `\xNN`). */
export function shownPath(path: string): string {
  return ESCAPED.test(path) ? path.replace(/[\udc80-\udcff]/gu, safeText) : path;
}

/** A path as part of a URI (RFC 3986 2.1): the bytes of its names percent-encoded, also those that are not UTF-8. */
export function uriPath(path: string): string {
  const part = (text: string): string =>
    ESCAPED.test(text)
      ? `%${(text.charCodeAt(0) - ESCAPE).toString(16).toUpperCase()}`
      : encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'));
  const segment = (text: string): string => text.split(EACH_ESCAPED).map(part).join('');
  return path.split('/').map(segment).join('/');
}

/** The arguments of this process with all their bytes: in `argv`, Node has replaced those that are not UTF-8 by U+FFFD. */
export function exactArguments(argv: readonly string[]): readonly string[] {
  if (!argv.some((a) => a.includes('\ufffd'))) return argv;
  try {
    const all = readFileSync('/proc/self/cmdline');
    const exact: string[] = [];
    for (let at = 0; at < all.length;) {
      const end = all.indexOf(0, at);
      exact.push(nameOfBytes(all.subarray(at, end)));
      at = end + 1;
    }
    const own = exact.slice(-argv.length);
    const same = own.length === argv.length && own.every((a, i) => lossy(a) === argv[i]);
    return same ? own : argv;
  } catch {
    // no such file: another system than Linux
    return argv;
  }
}

/** The name as Node gives it in `argv`. */
function lossy(name: string): string {
  return Buffer.from(systemPath(name)).toString('utf8');
}
