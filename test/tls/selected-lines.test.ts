import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CAPTURES, wirelint } from '../kit/cli.js';

function lines(name: string, ...options: string[]): string[] {
  const capture = join(CAPTURES, 'tls', name);
  return wirelint(['analyze', `${capture}.pcap`, '--tls-keylog', `${capture}.keylog`, ...options]).stdout.split('\n');
}

const tlsLines = (all: readonly string[]): string[] => all.filter((line) => /(->|<-) TLS /.test(line));

describe('lines about TLS', () => {
  it('stand among the messages, and are no messages that could be selected', () => {
    expect(tlsLines(lines('nbdkit-tls13-aes256gcm')).length).toBeGreaterThan(2);
    const selected = lines('nbdkit-tls13-aes256gcm', '--where', 'name == "NBD_CMD_READ"');
    expect(tlsLines(selected)).toEqual([]);
    expect(selected.filter((line) => line.includes('NBD_CMD_READ'))).toHaveLength(4);
    expect(selected.join('\n')).toContain('TLS_AES_256_GCM_SHA384, opened');
  });

  it('are left out where only findings are shown, whose own lines stay', () => {
    const found = lines('qemu-nbd-tls13-aes128gcm-clientcert', '--findings', '-C', '2');
    expect(tlsLines(found)).toEqual([]);
    expect(found.filter((line) => line.includes('note nbd/tls-without-close-notify'))).toHaveLength(2);
  });
});
