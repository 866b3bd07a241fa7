import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAPTURES, events, scratch, wirelint } from '../kit/cli.js';

const folder = scratch();
const capture = join(CAPTURES, 'msgr2/secure-mon-osd.pcap');
const keyring = join(CAPTURES, 'msgr2/secure.keyring');

/** The packets of a capture (classic, little-endian, Ethernet, IPv4) to or from a port. */
function only(port: number, name: string): string {
  const bytes = readFileSync(capture);
  const kept = [bytes.subarray(0, 24)];
  for (let at = 24; at < bytes.length;) {
    const length = 16 + bytes.readUInt32LE(at + 8);
    const ip = at + 16 + 14;
    const tcp = ip + 4 * (bytes[ip]! & 15);
    const record = bytes.subarray(at, at + length);
    if (bytes.readUInt16BE(tcp) === port || bytes.readUInt16BE(tcp + 2) === port) kept.push(record);
    at += length;
  }
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat(kept));
  return path;
}

const messages = (text: string): number => events(text).filter((e) => e['name'] === 'MESSAGE').length;

describe('--keyring', () => {
  const bad = join(folder, 'bad.keyring');
  writeFileSync(bad, '[client.admin]\n  key = AQAfXwBr\n');

  it.each([
    ['analyze', ['analyze', capture]],
    ['check', ['check', capture]],
    ['tail', ['tail', capture]],
  ])('%s: a keyring that is none is a usage error with file and line', (_, args) => {
    const r = wirelint([...args, '--keyring', bad]);
    expect(r.status).toBe(2);
    expect(r.stderr).toBe(`wirelint: ${bad}:2: the key of client.admin is not a key of Ceph: its lengths do not fit\n`);
    expect(r.stdout).toBe('');
  });

  it('says of a capture, a folder and nothing that they are no keyring', () => {
    for (const [path, why] of [
      [capture, 'no keyring'],
      [folder, 'a directory, and no keyring'],
      [join(folder, 'missing'), 'no such file'],
    ]) {
      const r = wirelint(['analyze', capture, '--keyring', path!]);
      expect(r.status).toBe(2);
      expect(r.stderr).toContain(path);
      expect(r.stderr).toContain(why);
    }
  });

  it('may be given for several clusters: every key of an entity is tried', () => {
    const other = join(CAPTURES, 'msgr2/rev0-secure.keyring');
    for (const keyrings of [
      [other, keyring],
      [keyring, other],
    ]) {
      const args = keyrings.flatMap((k) => ['--keyring', k]);
      const r = wirelint(['analyze', '-f', 'ndjson', ...args, capture]);
      expect(messages(r.stdout)).toBeGreaterThan(5);
      expect(r.stdout).not.toContain('capture/opaque');
    }
  });

  it('opens connections with tickets of another file, whatever the order', () => {
    const [mon, osd] = [only(3300, 'mon.pcap'), only(6804, 'osd.pcap')];
    const alone = wirelint(['analyze', '-f', 'ndjson', '--keyring', keyring, osd]);
    expect(messages(alone.stdout)).toBe(0);
    expect(alone.stdout).toContain('handed out in no login of the input');
    const whole = messages(wirelint(['analyze', '-f', 'ndjson', '--keyring', keyring, capture]).stdout);
    for (const inputs of [
      [mon, osd],
      [osd, mon],
    ]) {
      expect(messages(wirelint(['analyze', '-f', 'ndjson', '--keyring', keyring, ...inputs]).stdout)).toBe(whole);
      const one = wirelint(['check', '-j', '1', '-f', 'ndjson', '--keyring', keyring, ...inputs]);
      const two = wirelint(['check', '-j', '2', '-f', 'ndjson', '--keyring', keyring, ...inputs]);
      expect(messages(one.stdout)).toBe(whole);
      expect(two.stdout).toBe(one.stdout);
    }
  });

  it('says of live input that it is read only once', () => {
    const input = readFileSync(only(6804, 'live.pcap'));
    const r = wirelint(['tail', '-f', 'ndjson', '--keyring', keyring, '-'], { input });
    expect(messages(r.stdout)).toBe(0);
    expect(r.stdout).toContain('live input is read once');
    const all = wirelint(['tail', '-f', 'ndjson', '--keyring', keyring, '-'], { input: readFileSync(capture) });
    expect(messages(all.stdout)).toBeGreaterThan(5);
  });

  it('never prints a key that --show-secrets did not ask for', () => {
    const secrets = [...readFileSync(keyring, 'utf8').matchAll(/key = (\S+)/g)].map((m) => m[1]!);
    const raw = secrets.map((s) => Buffer.from(s, 'base64').subarray(12).toString('hex'));
    const r = wirelint(['analyze', '-x', '-v', '--keyring', keyring, capture]);
    expect(r.status).toBe(0);
    expect([...secrets, ...raw].filter((s) => r.stdout.includes(s))).toEqual([]);
    expect(r.stdout).not.toContain('sessionKey');
    const shown = wirelint(['analyze', '-f', 'ndjson', '--show-secrets', '--keyring', keyring, capture]);
    expect(shown.stdout).toContain('sessionKey');
  });
});
