import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { NotACapture } from '../../src/capture/packet.js';
import { recordChunks, recordFile, recordPath, withFolder } from '../kit/packet-recorder.js';
import { pcapFile } from '../kit/pcap-writer.js';

const text = (s: string): Uint8Array => new TextEncoder().encode(s);
const bytes = (s: string): Uint8Array => new Uint8Array(Buffer.from(s, 'latin1'));

const cases: readonly (readonly [string, Uint8Array, string])[] = [
  ['nothing', bytes(''), 'empty file'],
  ['JSON', text('{"type":"capture"}\n'), 'looks like JSON text'],
  ['a JSON array', text('\n  [1, 2]'), 'looks like JSON text'],
  ['HTML', text('<!DOCTYPE html><p>404</p>'), 'looks like an HTML page'],
  ['XML', text('<?xml version="1.0"?><a/>'), 'looks like XML text'],
  ['a script', text('#!/bin/sh\necho\n'), 'looks like a script'],
  ['some text', text('hello, "world"\nnext'), 'looks like text that begins "hello, \\"world\\""'],
  ['blank text', text(' \n\n'), 'looks like blank text'],
  ['an escape sequence', text('\u001b[31mred'), 'looks like text that begins "\\x1b[31mred"'],
  [
    'text of tcpdump',
    text('12:00:01.123456 IP 127.0.0.1.10809 > 127.0.0.1.4000: Flags [S], seq 1\n'),
    'looks like what tcpdump prints (record with -w FILE instead)',
  ],
  [
    'text of tshark',
    text('    1 0.000000000    127.0.0.1 → 127.0.0.1    TCP 74 50012 → 10809 [SYN]\n'),
    'looks like what tshark prints (record with -w FILE instead)',
  ],
  ['ELF', bytes('\x7fELF\x02\x01\x01\0'), 'an ELF executable or object'],
  ['xz', bytes('\xfd7zXZ\0\0'), 'xz-compressed (unpack it first: xz -d FILE)'],
  ['snoop', bytes('snoop\0\0\0\0\0\0\x02'), 'a Solaris snoop capture (convert it with editcap)'],
  [
    'an NBD stream',
    bytes('NBDMAGICIHAVEOPT\0\x03'),
    'the raw bytes of one NBD server (give both directions with --raw CLIENT_FILE,SERVER_FILE)',
  ],
  ['zeroes', new Uint8Array(600), 'nothing but zero bytes'],
  [
    'other bytes',
    bytes('\x01\x02\xff\0abcdefgh'),
    'not a capture format that wirelint knows: begins with 0102ff0061626364 (hex)',
  ],
  [
    'a pcap header that is cut off',
    pcapFile([]).subarray(0, 10),
    'pcap cut off inside its file header (10 of 24 bytes)',
  ],
  [
    'a magic that is cut off',
    pcapFile([]).subarray(0, 3),
    'not a capture format that wirelint knows: begins with d4c3b2 (hex)',
  ],
  [
    'a pcap of another version',
    pcapFile([], { version: [2, 5] }),
    'pcap of the unknown version 2.5 (2.0 to 2.4 are known)',
  ],
  [
    'text that begins like pcapng',
    text('\n\r\r\nhello there, this is text\n'),
    'looks like text that begins "hello there, this is text"',
  ],
  ['gzip-compressed text', gzipSync('hello'), 'looks like gzip-compressed text that begins "hello"'],
  ['gzip-compressed JSON', gzipSync('{}'), 'looks like gzip-compressed JSON text'],
  ['gzip of nothing', gzipSync(''), 'gzip-compressed: empty file'],
  ['gzip twice', gzipSync(gzipSync(pcapFile([]))), 'gzip-compressed: compressed once more, with gzip'],
  [
    'gzip that is cut off at its start',
    gzipSync(pcapFile([])).subarray(0, 9),
    'gzip-compressed: empty file (and its compressed data are cut off or damaged)',
  ],
];

describe('what is no capture', () => {
  it.each(cases)('is named: %s', async (_name, file, what) => {
    await expect(recordFile(file)).rejects.toThrow(new NotACapture(what));
  });

  it('is named the same when it arrives byte by byte', () => {
    for (const [, file, what] of cases)
      if (file[0] !== 0x1f) expect(() => recordChunks(file, 'stream', [1])).toThrow(new NotACapture(what));
  });

  it('is named without its end, however long it is', () => {
    const long = new Uint8Array(300_000).fill(0x41);
    expect(() => recordChunks(long, 'stream', [4096])).toThrow(/^looks like text that begins "A{40}…"$/);
  });

  it('in one line', () => {
    for (const [, , what] of cases) expect(what).not.toMatch(/[\p{Cc}]/u);
  });

  it('may be a directory, or not there at all', () =>
    withFolder(async (folder) => {
      await expect(recordPath(folder)).rejects.toThrow(new NotACapture('a directory'));
      await expect(recordPath(`${folder}/none`)).rejects.toThrow('ENOENT');
      await expect(recordPath('/dev/null')).rejects.toThrow(new NotACapture('empty file'));
    }));
});
