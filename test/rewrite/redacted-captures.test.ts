import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAPTURES, scratch, wirelint } from '../kit/cli.js';
import { collect } from '../kit/collect.js';
import { captureFiles } from './captures.js';

const folder = scratch();

/** One or more of each protocol and kind of recording; all captures where WIRELINT_ALL_CAPTURES is set. */
const SOME = [
  'nbd/any-sll2.pcap',
  'nbd/field-12b-cve-2022-26495-namelen-ffffffff.pcap',
  'nbd/nbdkit-export-list.pcap',
  'nbd/nbdkit-starttls-x509.pcap',
  'nbd/real-loss-reorder-dup.pcap',
  'nbd/scripted-client-bad-request-magic.pcap',
  'nbd/unix-strace-client.txt',
  'pesto/p27-connect-close.pcap',
  'pesto/tcp-bridge.pcap',
  'arca/a12-unknown-type.pcap',
  'arca/a13-payload-too-large.pcap',
  'arca/a15-reply-as-request.pcap',
  'arca/b07-dup-connection-id.pcap',
  'arca/c4-file.pcap',
  'msgr1/reef-monitor.pcap',
  'msgr1/reef-osd-write.pcap',
  'msgr2/crc-badmethod.pcap',
  'msgr2/reef-snappy-osd-osd.pcap.gz',
  'msgr2/reef-zstd-osd-osd.pcap.gz',
  'msgr2/secure-wrongkey.pcap',
  'tls/handshake-failures-alerts.pcap',
];
const CHOSEN = process.env['WIRELINT_ALL_CAPTURES'] === undefined ? SOME : captureFiles();

describe('a capture that is redacted', () => {
  it.each(CHOSEN)('has the same messages and findings in its streams: %s', async (name) => {
    const input = join(CAPTURES, name);
    const out = join(folder, `${name.replaceAll('/', '-')}.pcapng`);
    const { status, stderr } = wirelint(['redact', input, '-w', out]);
    if (process.env['WIRELINT_ALL_CAPTURES'] !== undefined && status === 2) {
      // it may say that it cannot: then there is no file
      expect(stderr).toMatch(/cannot be kept|would be new/);
      expect(() => statSync(out)).toThrow();
      return;
    }
    expect([status, stderr]).toEqual([0, '']);
    const [before, after] = [await collect(input), await collect(out)];
    const said = (all: typeof before): string[] =>
      all.messages.map((m) => [m.stream, m.direction, m.offset, m.name, m.length].join(' ')).sort();
    expect(said(after)).toEqual(said(before));
    const found = (all: typeof before): string[] =>
      all.findings
        .filter((f) => f.stream !== null)
        .map((f) => [f.stream, f.rule, f.severity, f.party, f.message, f.offset].join(' '))
        .sort();
    expect(found(after)).toEqual(found(before));
  });

  it('is the same one with the same key, and its key is for its owner alone', () => {
    const input = join(CAPTURES, 'nbd/nbdkit-export-list.pcap');
    const map = join(folder, 'map.json');
    const [one, two, other] = ['one', 'two', 'other'].map((n) => join(folder, `${n}.pcap`)) as [string, string, string];
    for (const out of [one, two]) expect(wirelint(['redact', input, '-w', out, '--map', map]).status).toBe(0);
    expect(wirelint(['redact', input, '-w', other]).status).toBe(0);
    expect(readFileSync(one).equals(readFileSync(two))).toBe(true);
    expect(readFileSync(one).equals(readFileSync(other))).toBe(false);
    expect(statSync(map).mode & 0o777).toBe(0o600);
    expect(Object.keys(JSON.parse(readFileSync(map, 'utf8')) as object)).toEqual(['key', 'names']);
    expect(statSync(one).size).toBe(statSync(input).size);
  });

  it('is not written where what is wrong stood inside what was opened', () => {
    const input = join(CAPTURES, 'tls/d-dsb-qemu-nbd-tls13-aes128gcm-clientcert.pcapng');
    const out = join(folder, 'sealed.pcapng');
    const { status, stderr } = wirelint(['redact', input, '-w', out]);
    expect(status).toBe(2);
    expect(stderr).toContain('cannot be kept: stream 1 note nbd/tls-without-close-notify (client)');
    expect(() => statSync(out)).toThrow();
  });

  it.each([
    ['tls/nbdkit-tls12-cbc-sha1-mac-then-encrypt.pcap', '--tls-keylog', '.keylog', 'nbd'],
    ['tls/stunnel-tls-first-tls13.pcap', '--tls-keylog', '.keylog', 'nbd'],
    ['msgr2/secure-mon-osd.pcap', '--keyring', 'secure.keyring', 'msgr2'],
    ['msgr2/rev0-secure-mon-osd.pcap', '--keyring', 'rev0-secure.keyring', 'msgr2'],
  ])(
    'has the messages of what was opened in clear, where that is asked for: %s',
    async (name, option, key, protocol) => {
      const input = join(CAPTURES, name);
      const keys = key.startsWith('.') ? input.replace(/\.pcap$/, key) : join(CAPTURES, 'msgr2', key);
      const out = join(folder, `clear-${name.replaceAll('/', '-')}.pcapng`);
      const { status, stdout, stderr } = wirelint(['redact', input, '--in-clear', option, keys, '-w', out]);
      expect([status, stderr]).toEqual([0, '']);
      expect(stdout).toMatch(/\d streams? in clear/);
      const opened = await collect(input, option === '--keyring' ? { keyrings: [keys] } : { tlsKeylogs: [keys] });
      const after = await collect(out);
      const said = (all: typeof after): string[] => {
        const about = all.messages.filter((m) => m.name === 'NBD_OPT_STARTTLS');
        const isAbout = (m: (typeof about)[number]): boolean =>
          about.some((a) => a.stream === m.stream && (a.index === m.index || a.index === m.inReplyTo));
        return all.messages
          .filter((m) => !isAbout(m))
          .map((m) => [m.protocol, m.direction, m.name].join(' '))
          .sort();
      };
      expect(after.messages.some((m) => m.protocol === protocol)).toBe(true);
      expect(said(after)).toEqual(said(opened));
      // nothing is encrypted there
      expect(after.findings.filter((f) => f.rule === 'capture/opaque')).toEqual([]);
    },
  );

  it('is not written in clear where nothing was opened', () => {
    const out = join(folder, 'closed.pcapng');
    const input = join(CAPTURES, 'tls/nbdkit-tls13-aes256gcm.pcap');
    const { status, stderr } = wirelint(['redact', input, '--in-clear', '-w', out]);
    expect([status, stderr]).toEqual([2, expect.stringContaining('no stream of this capture was decrypted')]);
    expect(() => statSync(out)).toThrow();
  });

  it('is none where the map is no map, or the capture is no capture', () => {
    const out = join(folder, 'none.pcap');
    const input = join(CAPTURES, 'nbd/nanosecond.pcap');
    expect(wirelint(['redact', input, '-w', out, '--map', input]).stderr).toMatch(/^wirelint: --map /);
    expect(wirelint(['redact', join(CAPTURES, 'manifest.tsv'), '-w', out]).status).toBe(2);
    expect(wirelint(['redact', input, '-w', input]).stderr).toContain('it is also an input');
    expect(() => statSync(out)).toThrow();
  });
});
