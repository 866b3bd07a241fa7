import { isUtf8 } from 'node:buffer';
import { hex } from '../base/hex.js';
import { quote, wireText } from '../base/text.js';

/** First bytes (latin-1) of files that people mistake for captures, and how to describe them. */
const SIGNATURES: readonly (readonly [string, string])[] = [
  ['\xfd7zXZ\0', 'xz-compressed (unpack it first: xz -d FILE)'],
  ['BZh', 'bzip2-compressed (unpack it first: bzip2 -d FILE)'],
  ['\x04\x22\x4d\x18', 'lz4-compressed (unpack it first: lz4 -d FILE)'],
  ['PK\x03\x04', 'a zip archive'],
  ['7z\xbc\xaf\x27\x1c', 'a 7-Zip archive'],
  ['\x7fELF', 'an ELF executable or object'],
  ['\x89PNG', 'a PNG image'],
  ['%PDF', 'a PDF document'],
  ['SQLite format 3\0', 'an SQLite database'],
  ['snoop\0\0\0', 'a Solaris snoop capture (convert it with editcap)'],
  ['GMBU', 'a Microsoft Network Monitor capture (convert it with editcap)'],
  ['RTSS', 'a Microsoft Network Monitor capture (convert it with editcap)'],
  ['TRSNIFF data', 'a Sniffer capture (convert it with editcap)'],
  ['btsnoop\0', 'a Bluetooth btsnoop capture'],
  ['QFI\xfb', 'a qcow2 disk image'],
  ['NBDMAGIC', 'the raw bytes of one NBD server (give both directions with --raw CLIENT_FILE,SERVER_FILE)'],
  ['ceph v', 'the raw bytes of one Ceph peer (give both directions with --raw CLIENT_FILE,SERVER_FILE)'],
];

/** What a file that is no capture seems to be, by its first bytes, in one line. */
export function describeForeign(head: Uint8Array): string {
  if (head.length === 0) return 'empty file';
  const latin1 = Buffer.from(head.buffer, head.byteOffset, Math.min(head.length, 512)).toString('latin1');
  for (const [prefix, what] of SIGNATURES) if (latin1.startsWith(prefix)) return what;
  if (latin1.slice(257, 262) === 'ustar') return 'a tar archive';
  if (head.every((b) => b === 0)) return 'nothing but zero bytes';
  const text = textOf(head);
  if (text === null)
    return `not a capture format that wirelint knows: begins with ${hex(head, 0, Math.min(8, head.length))} (hex)`;
  return `looks like ${kindOfText(text)}`;
}

/** The bytes as text, if they are UTF-8 (the end of `head` may cut off a character); else null. */
function textOf(head: Uint8Array): string | null {
  if (head.includes(0)) return null;
  for (let cut = 0; cut < 4 && cut < head.length; cut++)
    if (isUtf8(head.subarray(0, head.length - cut))) return wireText(head, 0, Math.min(head.length - cut, 4096));
  return null;
}

function kindOfText(text: string): string {
  const start = text.replace(/^\ufeff/, '').trimStart();
  if (/^[[{]/.test(start)) return 'JSON text';
  if (/^<(!doctype html|html)/i.test(start)) return 'an HTML page';
  if (start.startsWith('<')) return 'XML text';
  if (start.startsWith('#!')) return 'a script';
  if (/^\d\d:\d\d:\d\d\.\d+ .*(?: > | Flags )/m.test(start)) return 'what tcpdump prints (record with -w FILE instead)';
  if (/^\s*(No\.|\d+)\s+(Time|\d+\.\d+)\s.*(Source|→|->)/m.test(start))
    return 'what tshark prints (record with -w FILE instead)';
  const line = start.split(/[\r\n]/, 1)[0]!;
  return line === '' ? 'blank text' : `text that begins ${quote(line, 40)}`;
}
