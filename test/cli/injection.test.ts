import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { scratch, wirelint } from '../kit/cli.js';
import { commented, MARK, NASTY, others, UNSAFE } from '../kit/hostile-text.js';
import { parseXml } from '../kit/xml.js';

const folder = scratch();

const FORMATS: readonly (readonly [command: string, format: string, ...more: string[]])[] = [
  ['analyze', 'text', '-v', '-x'],
  ['analyze', 'table'],
  ['analyze', 'ndjson', '-v'],
  ['analyze', 'json'],
  ['analyze', 'trace'],
  ['check', 'text', '-v'],
  ['check', 'table'],
  ['check', 'json'],
  ['check', 'ndjson'],
  ['check', 'sarif'],
  ['check', 'junit'],
  ['check', 'github'],
  ['check', 'gitlab'],
];

const paths = Object.entries(NASTY).map(([what, text]) => {
  const own = join(folder, what.replace(/\W/g, '-'));
  mkdirSync(own, { recursive: true });
  // a file name cannot hold a slash or a NUL
  const path = join(own, `${text.replace(/[/\0]/g, '').slice(0, 50)}.pcapng`);
  writeFileSync(path, commented(text));
  return path;
});

/** Whatever the format: nothing that acts, and well formed. */
function harmless(format: string, stdout: string, stderr: string): void {
  expect(UNSAFE.exec(stdout)?.[0]).toBeUndefined();
  expect(UNSAFE.exec(stderr)?.[0]).toBeUndefined();
  if (format === 'ndjson') for (const line of stdout.trimEnd().split('\n')) JSON.parse(line);
  if (['json', 'trace', 'sarif', 'gitlab'].includes(format)) JSON.parse(stdout);
  if (format === 'junit') expect(parseXml(stdout).name).toBe('testsuites');
  if (format === 'github') {
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^::(error|warning|notice) /);
    expect(stdout).not.toContain('::error::owned');
  } else {
    expect(stdout).not.toMatch(/^(::|##\[)/m);
  }
  expect(stdout).not.toContain('internal/error');
}

describe('hostile names, messages, comments and paths', () => {
  it.each(FORMATS)('are harmless in %s -f %s', (command: string, format: string, ...more: readonly string[]) => {
    const { status, stdout, stderr } = wirelint([command, '-f', format, ...more, ...paths]);
    expect([0, 1]).toContain(status);
    expect(stdout.length).toBeGreaterThan(1000);
    harmless(format, stdout, stderr);
  });

  it.each(FORMATS)(
    'of every protocol are harmless in %s -f %s',
    (command: string, format: string, ...more: readonly string[]) => {
      const written = Object.entries(NASTY).flatMap(([what, text]) =>
        Object.entries(others(text)).map(([name, bytes]) => {
          const path = join(folder, `${what.replace(/\W/g, '-')}-${name}`);
          writeFileSync(path, bytes);
          return path;
        }),
      );
      const { status, stdout, stderr } = wirelint([command, '-f', format, ...more, ...written]);
      expect([0, 1]).toContain(status);
      harmless(format, stdout, stderr);
      // they were decoded, all of them
      if (command === 'analyze' && format === 'text') {
        const shown = stdout.split(MARK).length - 1;
        expect(shown).toBeGreaterThan(8 * Object.keys(NASTY).length);
        for (const name of ['object', 'key', 'namespace', 'ifname', 'path', 'host', 'args', 'id']) {
          expect(stdout).toMatch(new RegExp(`\\b${name}\\b[^\\n]*${MARK}`, 'i'));
        }
      }
    },
  );

  it('are harmless in complaints about options, configurations and keyrings', () => {
    for (const what of ['terminal escapes', 'line ends', 'workflow commands', 'broken UTF-8']) {
      const text = NASTY[what]!;
      const word = Buffer.from(text).toString().replace(/\0/g, '');
      const bad = join(folder, `${what.replace(/\W/g, '-')}.json`);
      const config = join(folder, `${what.replace(/\W/g, '-')}-config.json`);
      writeFileSync(bad, `{"${word}`);
      writeFileSync(config, JSON.stringify({ rules: { [word]: 'loud' }, [word]: 1 }));
      const ring = join(folder, `${what.replace(/\W/g, '-')}.keyring`);
      writeFileSync(ring, `[${word}]\nkey = ${word}\n`);
      const capture = paths[0]!;
      for (const args of [
        ['check', '--config', bad, capture],
        ['check', '--config', config, capture],
        ['analyze', '--keyring', ring, capture],
        ['analyze', '--rule', `${word}=off`, capture],
        ['analyze', '-d', word, capture],
        ['analyze', '-p', word, capture],
        ['explain', word],
        [word],
        ['analyze', `--${word.replace(/[\r\n]/g, '')}`, capture],
        ['record', '--listen', `/nonexistent/${word}`, '--connect', word, '-w', join(folder, 'x.pcapng')],
      ]) {
        const { status, stdout, stderr } = wirelint(args);
        expect([args, status]).toEqual([args, 2]);
        expect(UNSAFE.exec(stderr)?.[0], `${args.join(' ')}`).toBeUndefined();
        expect(stdout).toBe('');
        expect(stderr).toMatch(/^wirelint: [^\n]+\n$/);
      }
    }
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
