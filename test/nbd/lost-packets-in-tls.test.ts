import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { onlyWithLosses } from '../kit/lost-packets.js';

const CAPTURES = [
  'qemu10-tls13-extended-headers',
  'qsd-tls12-cbc-sha256-etm',
  'qemu-nbd-tls13-aes128gcm-clientcert',
  'nbd-server-list-tls12-and-13',
  'nbdkit-tls13-aes256gcm',
  'handshake-failures-alerts',
];

/**
 * A lost packet is a lost TLS record: how much plaintext is missing is not known, records of the other side that cannot be decrypted yet are
 * acknowledged, and the option that began TLS may be missing itself.
 */
it.each(CAPTURES)('packets that %s lost blame nobody for what is inside TLS', (name) => {
  const keyLog = readFileSync(`captures/tls/${name}.keylog`, 'utf8');
  expect(onlyWithLosses(`captures/tls/${name}.pcap`, 10, keyLog)).toEqual([]);
});
