import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { stripComments } from 'jsonc-parser';
import { describe, expect, it } from 'vitest';
import { copyCapture, scratch, wirelint } from '../kit/cli.js';

const root = scratch();
const NAME = 'wirelint.config.json';
const parsed = (folder: string): Record<string, unknown> =>
  JSON.parse(stripComments(readFileSync(join(folder, NAME), 'utf8'))) as Record<string, unknown>;

function folderWith(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(root, name);
  mkdirSync(join(folder, 'in */ here'), { recursive: true });
  for (const [to, from] of Object.entries(files)) copyCapture(from, join(folder, to));
  return folder;
}

describe('init', () => {
  it('writes a configuration for what is there, which check takes', () => {
    const folder = folderWith('full', {
      'a.pcap': 'nbd/nbdkit-out-of-range.pcap',
      'secure.pcap': 'msgr2/secure-mon-osd.pcap',
      'in */ here/my.keyring': 'msgr2/secure.keyring',
      'tls.pcap': 'tls/nbdkit-tls13-aes256gcm.pcap',
      'keys.log': 'tls/nbdkit-tls13-aes256gcm.keylog',
    });
    writeFileSync(join(folder, 'notes.txt'), 'no capture\n');
    const { status, stdout, stderr } = wirelint(['init'], { cwd: folder });
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: `wrote ${NAME}\n`, stderr: '' });
    const config = parsed(folder);
    expect(config).toMatchObject({
      require: { msgr2: 1, nbd: 1 },
      failOn: 'error',
      keyrings: ['in */ here/my.keyring'],
      tlsKeylogs: ['keys.log'],
    });
    const schema = JSON.parse(readFileSync('schema/wirelint.config.schema.json', 'utf8')) as object;
    const ajv = new Ajv({ formats: { date: true } });
    expect(ajv.validate(schema, config), ajv.errorsText()).toBe(true);
    const text = readFileSync(join(folder, NAME), 'utf8');
    expect(text).toContain('"nbd/request-beyond-export": "error"');
    // each comment that is an entry can be taken out as it is
    const entry = text
      .replace(/^ {2}\/\/ ("rules": \{|"(?:maxWarnings|expect|decodeAs)".*)/gm, '  $1')
      .replace(/^ {2}\/\/( {3}"nbd.*| \},)$/gm, '  $1');
    expect(Object.keys(JSON.parse(stripComments(entry)) as object)).toContain('rules');
    const gate = wirelint(['check', '.'], { cwd: folder });
    expect([gate.status, gate.stderr]).toEqual([1, '']);
    expect(gate.stdout).not.toContain('capture/opaque');
  });

  it('leaves one that is there as it is', () => {
    const folder = folderWith('again', {});
    writeFileSync(join(folder, NAME), '{}');
    const { status, stderr } = wirelint(['init', folder]);
    expect([status, stderr]).toEqual([2, `wirelint: ${join(folder, NAME)} already exists and is not overwritten\n`]);
    expect(readFileSync(join(folder, NAME), 'utf8')).toBe('{}');
  });

  it('says in a folder without captures what can be written', () => {
    const folder = folderWith('empty', {});
    expect(wirelint(['init', folder]).status).toBe(0);
    expect(Object.keys(parsed(folder))).toEqual(['$schema', 'failOn']);
    expect(readFileSync(join(folder, NAME), 'utf8')).toContain('// "require": { "nbd": 1 },');
  });
});
