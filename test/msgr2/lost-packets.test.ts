import { expect, it } from 'vitest';
import { onlyWithLosses } from '../kit/lost-packets.js';

// sessions that outlive their connections, connections that are reset, and operations that are followed from one connection to the next
const CAPTURES = ['crc-reconnect.pcap.gz', 'crc-reset.pcap.gz', 'rev0-crc-boot.pcap.gz'];

it.each(CAPTURES)('packets that %s lost blame nobody, on any of its connections', (name) => {
  expect(onlyWithLosses(`captures/msgr2/${name}`, 5)).toEqual([]);
});
