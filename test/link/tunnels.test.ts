import { describe, expect, it } from 'vitest';
import { unhex } from '../../src/base/hex.js';
import { cat, decode, ethernet, extension, ipv4, ipv6, LinkRun, tcp, u16, u32 } from '../kit/frames.js';

const inner = ipv4(tcp('abc'));
const frame = ethernet(0x0800, inner);

/** UDP with a header of zeros but for the ports. */
function udp(port: number, payload: Uint8Array): Uint8Array {
  return cat(u16(50000), u16(port), u16(8 + payload.length), u16(0), payload);
}

function overIp(protocol: number, payload: Uint8Array): Uint8Array {
  return ethernet(0x0800, ipv4(payload, { protocol }));
}

function notesOf(...frames: readonly Uint8Array[]): string[] {
  const run = new LinkRun();
  for (const f of frames) run.add(f);
  run.decoder.end();
  expect(run.segments).toEqual([]);
  return run.notes;
}

const GRE_OPTIONS: readonly (readonly [string, number, number])[] = [
  ['no fields', 0, 0],
  ['a checksum', 0x8000, 1],
  ['a key', 0x2000, 1],
  ['a sequence number', 0x1000, 1],
  ['all of them', 0xb000, 3],
];

describe('GRE', () => {
  for (const [what, flags, fields] of GRE_OPTIONS)
    it(`with ${what} leads to IP and to Ethernet`, () => {
      const header = (type: number): Uint8Array => cat(u16(flags), u16(type), new Uint8Array(4 * fields));
      for (const packet of [
        overIp(47, cat(header(0x0800), inner)),
        overIp(47, cat(header(0x86dd), ipv6(6, tcp('abc')))),
        overIp(47, cat(header(0x6558), frame)),
        ethernet(0x86dd, ipv6(47, cat(header(0x0800), inner))),
      ])
        expect(decode(packet)).toMatchObject([{ payload: 'abc', length: 3, cut: false }]);
    });

  it('of PPTP leads to PPP', () => {
    const header = cat(u16(0x3081), u16(0x880b), u16(50), u16(7), u32(1), u32(2));
    expect(decode(overIp(47, cat(header, unhex('ff030021'), inner)))[0]!.payload).toBe('abc');
  });

  it('of a mirroring switch (ERSPAN) leads to Ethernet', () => {
    const one = cat(u16(0), u16(0x88be));
    const two = cat(u16(0x1000), u16(0x88be), u32(1), new Uint8Array(8));
    const three = cat(u16(0x1000), u16(0x22eb), u32(1), new Uint8Array(12));
    const threeLong = cat(u16(0x1000), u16(0x22eb), u32(1), new Uint8Array(11), unhex('01'), new Uint8Array(8));
    for (const header of [one, two, three, threeLong])
      expect(decode(overIp(47, cat(header, frame)))[0]!.payload).toBe('abc');
  });

  it('with contents that are not read is counted', () => {
    const other = cat(u16(0), u16(0x883e), new Uint8Array(40));
    const routes = cat(u16(0x4000), u16(0x0800), new Uint8Array(40));
    expect(notesOf(overIp(47, other), overIp(47, other), overIp(47, routes))).toEqual([
      'capture/unsupported-link: 2 packets of GRE with protocol 0x883e not decoded, the first is packet 1',
      'capture/unsupported-link: 1 packet of GRE with source routes not decoded, the first is packet 3',
    ]);
  });
});

describe('a tunnel over UDP', () => {
  it('of VXLAN leads to Ethernet, on the old port of Linux as well', () => {
    const header = cat(u32(0x0800_0000), u32(0x1234_5600));
    for (const port of [4789, 8472]) expect(decode(overIp(17, udp(port, cat(header, frame))))[0]!.payload).toBe('abc');
    expect(decode(overIp(17, udp(4790, cat(u32(0x0c00_0001), u32(0), inner))))[0]!.payload).toBe('abc');
  });

  it('of Geneve leads to what its type says, behind its options', () => {
    for (const options of [0, 3]) {
      const header = (type: number): Uint8Array =>
        cat(new Uint8Array([options, 0]), u16(type), u32(0x100), new Uint8Array(4 * options));
      expect(decode(overIp(17, udp(6081, cat(header(0x6558), frame))))[0]!.payload).toBe('abc');
      expect(decode(overIp(17, udp(6081, cat(header(0x0800), inner))))[0]!.payload).toBe('abc');
    }
  });

  it('is none on other ports, and nothing is said of that', () => {
    const header = cat(u32(0x0800_0000), u32(0));
    expect(notesOf(overIp(17, udp(53, cat(header, frame))))).toEqual([]);
  });

  it('may come in fragments', () => {
    const packet = udp(4789, cat(u32(0x0800_0000), u32(0), frame));
    const part = (from: number, to: number): Uint8Array =>
      ethernet(0x0800, ipv4(packet.slice(from, to), { protocol: 17, id: 9, offset: from, more: to < packet.length }));
    const first = part(0, 48);
    const last = part(48, packet.length);
    expect(decode(first, last)).toMatchObject([{ payload: 'abc', cut: false }]);
    expect(decode(last, first)).toMatchObject([{ payload: 'abc', cut: false }]);
  });
});

describe('IP in fragments', () => {
  it('is looked into when it is whole', () => {
    const datagram = ipv4(inner, { protocol: 4 }).slice(20);
    const part = (from: number, to: number): Uint8Array =>
      ethernet(
        0x0800,
        ipv4(datagram.slice(from, to), { protocol: 4, id: 5, offset: from, more: to < datagram.length }),
      );
    expect(decode(part(0, 24), part(24, datagram.length))[0]!.payload).toBe('abc');
  });

  it('that are never complete are counted', () => {
    const part = ethernet(0x0800, ipv4(tcp('abcdefgh').slice(0, 24), { id: 5, more: true }));
    expect(notesOf(part)).toEqual([
      'capture/unsupported-link: 1 IP datagram not decoded, of which fragments are missing',
    ]);
  });

  it('of UDP that is no tunnel are passed over', () => {
    const packet = udp(2049, new Uint8Array(80));
    const part = (from: number, to: number): Uint8Array =>
      ethernet(0x0800, ipv4(packet.slice(from, to), { protocol: 17, offset: from, more: to < packet.length }));
    expect(notesOf(part(0, 48), part(48, 88))).toEqual([]);
  });
});

describe('other carriers', () => {
  it('are read: AH over IPv4, Ethernet and MPLS in IP', () => {
    const ah = cat(new Uint8Array([6, 4]), new Uint8Array(22), tcp('abc'));
    expect(decode(overIp(51, ah))[0]!.payload).toBe('abc');
    expect(decode(overIp(97, cat(u16(0x3000), frame)))[0]!.payload).toBe('abc');
    expect(decode(overIp(137, cat(u32(0x0001_0140), inner)))[0]!.payload).toBe('abc');
  });

  it('that are not read are counted', () => {
    expect(notesOf(overIp(50, new Uint8Array(64)), ethernet(0x88e5, new Uint8Array(64)))).toEqual([
      'capture/unsupported-link: 1 packet of IPsec ESP (IP protocol 50) not decoded, the first is packet 1',
      'capture/unsupported-link: 1 packet of MACsec (EtherType 0x88e5) not decoded, the first is packet 2',
    ]);
  });

  it('nestedPackets: do not nest without end', () => {
    let packet = inner;
    for (let n = 0; n < 8; n++) packet = ipv4(cat(u16(0), u16(0x6558), ethernet(0x0800, packet)), { protocol: 47 });
    expect(notesOf(ethernet(0x0800, packet))).toEqual([
      'capture/limit: nestedPackets: more than 4 packets inside each other; what is further in is not read',
    ]);
  });

  it('linkTags: tags and labels are no endless way to a packet', () => {
    const tags = cat(...Array.from({ length: 40 }, () => cat(u16(5), u16(0x8100))));
    const labels = cat(...Array.from({ length: 40 }, () => u32(0x0001_0040)));
    const said = ['capture/limit: linkTags: more than 32 tags or labels in front of one packet; it is not read'];
    expect(notesOf(ethernet(0x8100, tags))).toEqual(said);
    expect(notesOf(ethernet(0x8847, labels))).toEqual(said);
  });

  it('extensionHeaders: a chain of empty headers is given up', () => {
    const headers = cat(...Array.from({ length: 40 }, () => extension(60)));
    expect(notesOf(ethernet(0x86dd, ipv6(60, headers)))).toContain(
      'capture/limit: extensionHeaders: more than 32 extension headers in one packet; it is not read',
    );
  });
});
