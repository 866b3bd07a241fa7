import { describe, expect, it } from 'vitest';
import { analyzeBytes } from '../kit/in-memory.js';
import { captureBytes, without } from '../kit/capture-cuts.js';

/** What is said of a recording that began after so many of its packets. */
function said(path: string, lost: number): string[] {
  const { findings } = analyzeBytes(without(captureBytes(`captures/${path}`), (packet) => packet < lost));
  return findings.filter((f) => f.rule === 'capture/unknown-protocol').map((f) => f.text);
}

const MSGR2 =
  "probably Ceph msgr2 in secure mode, joined late; record from the connection's start, and give its keys with --keyring";
const NBD =
  "probably NBD inside TLS, joined late; record from the connection's start, and give its secrets with --tls-keylog";

describe('an encrypted stream that was joined late', () => {
  it.each([
    ['msgr2/secure-mon-osd.pcap', 42, MSGR2],
    ['tls/nbdkit-tls13-aes256gcm.pcap', 24, NBD],
    ['tls/nbdkit-tls12-cbc-sha1-mac-then-encrypt.pcap', 24, NBD],
  ])('is named by its port and its look: %s', (path, lost, text) => expect(said(path, lost)).toEqual([text]));

  it.each(['msgr2/secure-mon-osd.pcap', 'tls/nbdkit-tls13-aes256gcm.pcap', 'msgr2/crc-latejoin.pcap.gz'])(
    'is not seen where the beginning was, or where it can be read: %s',
    (path) => expect(said(path, 0)).toEqual([]),
  );
});
