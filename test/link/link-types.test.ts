import { describe, expect, it } from 'vitest';
import { unhex } from '../../src/base/hex.js';
import { cat, decode, ethernet, ipv4, ipv6, LinkRun, tcp, u16, u32 } from '../kit/frames.js';

const V4 = ipv4(tcp('hello'));
const V6 = ipv6(6, tcp('hello'));

describe('Ethernet', () => {
  it('carries IPv4', () => {
    expect(decode(ethernet(0x0800, ipv4(tcp('hello', { seq: 0xfedcba98, ack: 7, flags: 0x18, options: 12 }))))).toEqual(
      [
        {
          packet: 1,
          payload: 'hello',
          length: 5,
          cut: false,
          seq: 0xfedcba98,
          ack: 7,
          flags: 0x18,
          vlan: -1,
          ipVersion: 4,
          source: [0, 0, 0xffff, 0x0a000001],
          ports: [40000, 10809],
        },
      ],
    );
  });

  it('carries IPv6', () => {
    expect(decode(ethernet(0x86dd, V6))[0]).toMatchObject({
      payload: 'hello',
      ipVersion: 6,
      source: [0x20010db8, 0, 0, 1],
    });
  });

  it.each([
    ['one tag', [[0x8100, 100]], 100],
    ['a tag with priority bits', [[0x8100, 0xe064]], 100],
    [
      'a provider tag around a tag',
      [
        [0x88a8, 7],
        [0x8100, 100],
      ],
      7,
    ],
    [
      'old double tags',
      [
        [0x9100, 9],
        [0x9200, 8],
        [0x8100, 100],
      ],
      9,
    ],
  ] as const)('may have %s', (_name, tags, vlan) => {
    expect(decode(ethernet(0x0800, V4, tags))[0]).toMatchObject({ payload: 'hello', vlan });
    expect(decode(ethernet(0x86dd, V6, tags))[0]).toMatchObject({ payload: 'hello', vlan });
  });

  it('forgets the tag of the packet before', () => {
    expect(decode(ethernet(0x0800, V4, [[0x8100, 5]]), ethernet(0x0800, V4)).map((s) => s.vlan)).toEqual([5, -1]);
  });

  it('may be padded behind the IP packet', () => {
    expect(decode(cat(ethernet(0x0800, ipv4(tcp(''))), new Uint8Array(6)))[0]).toMatchObject({
      payload: '',
      length: 0,
    });
    expect(decode(cat(ethernet(0x86dd, ipv6(6, tcp('ab'))), new Uint8Array(6)))[0]).toMatchObject({ payload: 'ab' });
  });

  it('may carry LLC and SNAP, PPPoE and MPLS', () => {
    const snap = ethernet(8 + V4.length, cat(unhex('aaaa03 000000'), u16(0x0800), V4));
    const pppoe = ethernet(0x8864, cat(unhex('1100 0001 0000'), u16(0x0057), V6));
    const mpls = ethernet(0x8847, cat(u32(0x00010040), u32(0x00020140), V4));
    expect(decode(snap, pppoe, mpls).map((s) => s.payload)).toEqual(['hello', 'hello', 'hello']);
  });
});

describe('other link types', () => {
  it.each([
    ['NULL, little endian', 0, unhex('02000000'), V4],
    ['NULL, big endian', 0, unhex('0000001e'), V6],
    ['LOOP', 108, unhex('00000002'), V4],
    ['RAW', 101, new Uint8Array(0), V6],
    ['RAW as 12', 12, new Uint8Array(0), V4],
    ['RAW as 14', 14, new Uint8Array(0), V4],
    ['IPV4', 228, new Uint8Array(0), V4],
    ['IPV6', 229, new Uint8Array(0), V6],
    ['LINUX_SLL', 113, unhex('0000 0304 0006 000000000000 0000 0800'), V4],
    ['LINUX_SLL with a tag', 113, unhex('0000 0001 0006 000000000000 0000 8100 0064 86dd'), V6],
    ['LINUX_SLL2', 276, unhex('86dd 0000 00000001 0304 00 06 000000000000 0000'), V6],
    ['LINUX_SLL2 with a tag', 276, unhex('8100 0000 00000001 0001 00 06 000000000000 0000 0064 0800'), V4],
    ['PPP', 9, unhex('ff03 0021'), V4],
    ['PPP, shortened', 9, unhex('57'), V6],
    ['PPP_HDLC', 50, unhex('ff03 0057'), V6],
    ['NFLOG, little endian', 239, unhex('02 00 0000 0800 0100 00000000 3100 0900'), V4],
    ['NFLOG, big endian', 239, unhex('0a 00 0000 0008 0001 00000000 0045 0009'), V6],
  ] as const)('%s is decoded', (_name, linkType, header, ip) => {
    const bytes = cat(header, ip);
    expect(decode({ bytes, linkType }).map((s) => s.payload)).toEqual(['hello']);
  });

  it('cut anywhere neither throw nor make up a segment', () => {
    for (const [linkType, bytes] of [
      [1, ethernet(0x86dd, V6, [[0x8100, 1]])],
      [113, cat(unhex('0000 0304 0006 000000000000 0000 0800'), V4)],
      [276, cat(unhex('86dd 0000 00000001 0304 00 06 000000000000 0000'), V6)],
      [0, cat(unhex('02000000'), V4)],
      [9, cat(unhex('ff03 0021'), V4)],
      [239, cat(unhex('02 00 0000 0800 0100 00000000 3100 0900'), V4)],
    ] as const) {
      for (let n = 0; n < bytes.length; n++) {
        const [segment] = decode({ bytes: bytes.slice(0, n), linkType, originalLength: bytes.length });
        if (segment !== undefined) expect(segment).toMatchObject({ length: 5, cut: true, ports: [40000, 10809] });
      }
    }
  });

  it('that are not decoded are counted, and reported once each at the end', () => {
    const run = new LinkRun();
    for (let i = 0; i < 3; i++) run.add({ bytes: V4, linkType: 105 });
    run.add({ bytes: V4, linkType: 4711 }).add({ bytes: V4, linkType: 101 });
    expect(run.notes).toEqual([]);
    run.decoder.end();
    expect(run.notes).toEqual([
      'capture/unsupported-link: 3 packets of link type IEEE802_11 (105) not decoded, the first is packet 1',
      'capture/unsupported-link: 1 packet of link type 4711 not decoded, the first is packet 4',
    ]);
    expect(run.payloads).toEqual(['hello']);
  });

  it('of very many kinds are summarised', () => {
    const run = new LinkRun({ findingsPerRule: 3 });
    for (let i = 0; i < 20; i++) run.add({ bytes: new Uint8Array(60), linkType: 4711 + i });
    run.decoder.end();
    expect(run.notes).toHaveLength(4);
    expect(run.notes.at(-1)).toBe('capture/unsupported-link: and 17 more kinds (limit findingsPerRule)');
  });

  it('with something else than TCP are counted', () => {
    const run = new LinkRun();
    run.add(ethernet(0x0806, new Uint8Array(28)));
    run.add(ethernet(0x0800, ipv4(tcp('x'), { protocol: 17 })));
    run.add(ethernet(0x86dd, ipv6(58, tcp('x'))));
    expect(run.segments).toEqual([]);
    expect(run.decoder.notTcp).toBe(3);
    expect(run.decoder.damaged).toBe(0);
  });
});
