import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Step } from '../../src/base/rule.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import { scratch, wirelint } from '../kit/cli.js';
import { PcapngWriter } from '../kit/pcap-writer.js';
import { sessionPackets } from '../kit/session-packets.js';
import { parseXml } from '../kit/xml.js';

/** What strangers may put into names, messages and paths. */
const NASTY: Readonly<Record<string, string>> = {
  'terminal escapes': '\u001b[31mred\u001b]0;title\u0007\u009b2J\u0090q\u009c\u007f\b\b\b',
  'line ends': 'a\nb\r\nc\u0085d\u2028e\u2029f\u000bg',
  'bidirectional overrides': 'abc\u202egnp\u2066x\u2069\u200f\u061c.exe',
  'invisible characters': 'ad\u00admin\u200b\u2060\ufeff\u{e0041}',
  markup: '</testcase><script>alert(1)</script>]]><![CDATA[&amp;&#0;"\'',
  'workflow commands': '\n::error::owned\n::set-output name=x::y%0A%25##[error]x',
  'JSON and shell': '","x":"y"}\\u0000\\ $(id) `id` ; rm -rf / | & \'',
  'broken UTF-8': '\udcff\ud800 tail',
};

/** Controls, bidirectional and invisible characters: as they are they must be in no output. Line ends are looked at apart. */
const UNSAFE =
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\u{e0000}-\u{e0fff}]/u;

/** A session whose export name, description and error messages are hostile, and that breaks rules which quote them. */
function session(text: string): Step[] {
  const bytes = s.join(Buffer.from(text, 'utf8'), s.u8(0xff));
  const name = s.join(s.u32(bytes.length), bytes);
  return [
    ...s.hello(),
    ...s.structured(),
    s.option(6, name, s.u16(0)),
    s.reply(6, 0x80000006, bytes),
    s.option(7, name, s.u16(1), s.u16(1)),
    s.reply(7, 3, s.u16(1), bytes),
    s.reply(7, 3, s.u16(2), bytes),
    s.infoExport(7, 65536, s.ALL_FLAGS),
    s.ack(7),
    s.request(s.READ, 1, 0, 512),
    s.chunk(0x8001, 1, true, s.u32(5), s.u16(bytes.length), bytes),
    s.request(s.READ, 2, 0, 512),
    s.chunk(0x8001, 2, true, s.u32(99), s.u16(bytes.length + 7), bytes),
    s.clientCloses,
    s.serverCloses,
  ];
}

const folder = scratch();

const paths = Object.entries(NASTY).map(([what, text]) => {
  const own = join(folder, what.replace(/\W/g, '-'));
  mkdirSync(own, { recursive: true });
  // a file name cannot hold a slash or a NUL
  const path = join(own, `${text.replace(/[/\0]/g, '').slice(0, 50)}.pcapng`);
  const writer = new PcapngWriter().section().interface({ description: `unix-stream:/run/${text}` });
  for (const { frame } of sessionPackets(session(text), 10809, (n) => n)) writer.packet({ data: frame, comment: text });
  writeFileSync(path, writer.done());
  return path;
});

describe('hostile names, messages, comments and paths', () => {
  it.each([
    ['analyze', 'text', '-v', '-x'],
    ['analyze', 'table'],
    ['analyze', 'ndjson'],
    ['analyze', 'json'],
    ['check', 'text', '-v'],
    ['check', 'table'],
    ['check', 'json'],
    ['check', 'ndjson'],
    ['check', 'sarif'],
    ['check', 'junit'],
    ['check', 'github'],
    ['check', 'gitlab'],
  ])('are harmless in %s -f %s', (command, format, ...more) => {
    const { status, stdout, stderr } = wirelint([command, '-f', format, ...more, ...paths]);
    expect([0, 1]).toContain(status);
    expect(stdout.length).toBeGreaterThan(1000);
    expect(UNSAFE.exec(stdout)?.[0]).toBeUndefined();
    expect(UNSAFE.exec(stderr)?.[0]).toBeUndefined();
    if (format === 'ndjson') for (const line of stdout.trimEnd().split('\n')) JSON.parse(line);
    if (['json', 'sarif', 'gitlab'].includes(format)) JSON.parse(stdout);
    if (format === 'junit') expect(parseXml(stdout).name).toBe('testsuites');
    if (format === 'github') {
      for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^::(error|warning|notice) /);
      expect(stdout).not.toContain('::error::owned');
    } else {
      expect(stdout).not.toMatch(/^(::|##\[)/m);
    }
    expect(stdout).not.toContain('internal/error');
  });

  it('are harmless in complaints', () => {
    const missing = paths.map((path) => `${path} is missing`);
    const { status, stderr } = wirelint(['analyze', ...missing]);
    expect(status).toBe(2);
    expect(UNSAFE.exec(stderr)?.[0]).toBeUndefined();
    const lines = stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(missing.length);
    for (const line of lines) expect(line).toMatch(/^wirelint: /);
  });
});
