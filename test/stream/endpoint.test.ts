import { describe, expect, it } from 'vitest';
import { ipv6Text, tcpEndpoint } from '../../src/stream/endpoint.js';

describe('endpoint names', () => {
  it('of IPv4 are dotted', () => {
    expect(tcpEndpoint(0, 0, 0xffff, 0x0a000001 | 0, 10809)).toBe('10.0.0.1:10809');
    expect(tcpEndpoint(0, 0, 0xffff, 0xfffefdfc | 0, 1)).toBe('255.254.253.252:1');
  });

  it('of IPv6 are in brackets', () => {
    expect(tcpEndpoint(0, 0, 0, 1, 3300)).toBe('[::1]:3300');
  });

  // RFC 5952, section 4
  it.each([
    [[0, 0, 0, 0], '::'],
    [[0x20010db8, 0, 0, 1], '2001:db8::1'],
    [[0x20010db8, 0x00010001, 0x00010001, 0x00010001], '2001:db8:1:1:1:1:1:1'],
    [[0x20010db8, 0x00000001, 0x00010001, 0x00010001], '2001:db8:0:1:1:1:1:1'],
    [[0x20010db8, 0, 0x00010000, 0x00000001], '2001:db8::1:0:0:1'],
    [[0x20010000, 0x00000001, 0, 0x00000001], '2001:0:0:1::1'],
    [[0xfe800000, 0, 0, 0], 'fe80::'],
    [[0xabcdef01, 0x23456789, 0xabcdef01, 0x23456789], 'abcd:ef01:2345:6789:abcd:ef01:2345:6789'],
  ] as const)('%j is %s', ([a, b, c, d], text) => {
    expect(ipv6Text(a | 0, b | 0, c | 0, d | 0)).toBe(text);
  });
});
