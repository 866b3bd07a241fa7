import { describe, expect, it } from 'vitest';
import { unhex } from '../../src/base/hex.js';
import {
  cat,
  decode,
  extension,
  ipv4,
  ipv6,
  ipv6Fragment,
  LinkRun,
  tcp,
  u16,
  u32,
  type PacketSpec,
} from '../kit/frames.js';

const RAW = 101;

function raw(bytes: Uint8Array, rest: Partial<PacketSpec> = {}): PacketSpec {
  return { bytes, linkType: RAW, ...rest };
}

describe('IPv4', () => {
  it('may have options', () => {
    expect(decode(raw(ipv4(tcp('abc', { options: 8 }), { options: 12 })))[0]!.payload).toBe('abc');
  });

  it('without a total length (segmentation offload) reaches to the end of the frame', () => {
    expect(decode(raw(ipv4(tcp('abc'), { totalLength: 0 })))[0]).toMatchObject({
      payload: 'abc',
      length: 3,
      cut: false,
    });
    expect(decode(raw(ipv4(tcp('abc'), { totalLength: 0 }), { originalLength: 100_043 }))[0]).toMatchObject({
      payload: 'abc',
      length: 100_003,
      cut: true,
    });
  });

  it('cut by the snapshot length keeps its true length', () => {
    const whole = ipv4(tcp('abcdefgh'));
    const cut = (n: number) => decode(raw(whole.slice(0, n), { originalLength: whole.length }))[0];
    expect(cut(43)).toMatchObject({ payload: 'abc', length: 8, cut: true });
    expect(cut(40)).toMatchObject({ payload: '', length: 8, cut: true });
    expect(cut(34)).toMatchObject({ payload: '', length: 8, cut: true, seq: 1001 });
    expect(cut(33)).toBeUndefined();
  });

  it('with impossible lengths is counted as damaged', () => {
    const run = new LinkRun();
    const bad = [
      unhex('41'),
      ipv4(tcp('x'), { totalLength: 19 }),
      ipv4(tcp('x'), { totalLength: 30 }),
      ipv4(unhex('00')),
    ];
    const short = tcp('x');
    short[12] = 0x40;
    const long = tcp('x');
    long[12] = 0xf0;
    for (const bytes of [...bad, ipv4(short), ipv4(long), unhex('7f'), new Uint8Array(0)]) run.add(raw(bytes));
    expect(run.segments).toEqual([]);
    expect(run.decoder.damaged).toBe(8);
  });

  it('inside IP is found, in IPv6 too, but not without end', () => {
    const inner = ipv4(tcp('abc'));
    const nested = (n: number): Uint8Array => (n === 0 ? inner : ipv4(nested(n - 1), { protocol: 4 }));
    expect(decode(raw(nested(1)), raw(ipv6(4, inner)), raw(ipv4(ipv6(6, tcp('abc')), { protocol: 41 })))).toHaveLength(
      3,
    );
    expect(decode(raw(nested(20)))).toEqual([]);
  });
});

describe('IPv4 fragments', () => {
  const whole = tcp('abcdefghijklmnopqrstuvwxyz');
  const part = (from: number, to: number, id = 1): Uint8Array =>
    ipv4(whole.slice(from, to), { id, offset: from, more: to < whole.length });

  it('are put together in any order', () => {
    const parts = [part(0, 24), part(24, 32), part(32, 46)];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [1, 0, 2],
    ]) {
      const segments = decode(...order.map((i) => raw(parts[i]!)));
      expect(segments).toMatchObject([{ packet: 3, payload: 'abcdefghijklmnopqrstuvwxyz', length: 26, cut: false }]);
    }
  });

  it('of two datagrams are told apart', () => {
    const run = new LinkRun();
    for (const p of [part(0, 24, 1), part(0, 24, 2), part(24, 46, 2)]) run.add(raw(p));
    expect(run.segments).toHaveLength(1);
    run.add(raw(part(24, 46, 1)));
    expect(run.segments).toHaveLength(2);
  });

  it('that overlap keep the bytes that came first', () => {
    const other = tcp('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
    const overlap = ipv4(other.slice(16, 46), { id: 1, offset: 16 });
    expect(decode(raw(part(0, 32)), raw(overlap))[0]!.payload).toBe('abcdefghijklMNOPQRSTUVWXYZ');
    expect(decode(raw(overlap), raw(part(0, 32)))[0]!.payload).toBe('ABCDEFGHIJKLMNOPQRSTUVWXYZ');
  });

  it('recorded twice make one segment', () => {
    const run = new LinkRun();
    for (const p of [part(0, 24), part(0, 24), part(24, 46), part(24, 46)]) run.add(raw(p));
    expect(run.segments).toHaveLength(1);
    // the same identification much later is another datagram
    for (const p of [part(0, 24), part(24, 46)]) run.add(raw(p, { seconds: 1_700_000_002 }));
    expect(run.segments).toHaveLength(2);
  });

  it('of which one was cut lose what follows', () => {
    const cut = raw(part(0, 32).slice(0, 20 + 28), { originalLength: 52 });
    expect(decode(cut, raw(part(32, 46)))).toMatchObject([{ payload: 'abcdefgh', length: 26, cut: true }]);
  });

  it('that never complete are given up in time', () => {
    const run = new LinkRun().add(raw(part(0, 24)));
    for (const p of [part(0, 24, 2), part(0, 24, 3), part(24, 46)]) run.add(raw(p, { seconds: 1_700_000_061 }));
    expect(run.segments).toEqual([]);
    expect(run.notes).toEqual([]);
  });

  it.each([-31_536_000, 31_536_000])('of which one has a wrong clock (%d s) are put together all the same', (wrong) => {
    const [first, last] = [part(0, 24), part(24, 46)];
    const stamped = (bytes: Uint8Array): PacketSpec => raw(bytes, { seconds: 1_700_000_000 + wrong });
    expect(decode(raw(first), stamped(last))).toHaveLength(1);
    expect(decode(stamped(first), raw(last))).toHaveLength(1);
    expect(decode(raw(first), stamped(part(0, 24, 9)), raw(last), raw(part(24, 46, 9)))).toHaveLength(2);
  });

  it('whose end is said to be elsewhere belong to another datagram, and are counted', () => {
    const beyond = raw(ipv4(new Uint8Array(24), { id: 1, offset: 48, more: true }));
    const inside = raw(ipv4(new Uint8Array(8), { id: 1, offset: 8 }));
    const other = raw(ipv4(new Uint8Array(16), { id: 1, offset: 24 }));
    for (const packets of [
      [beyond, raw(part(24, 46)), raw(part(0, 8))],
      [raw(part(24, 46)), beyond, raw(part(0, 8))],
      [raw(part(0, 24)), inside],
      [raw(part(24, 46)), other],
    ]) {
      const run = new LinkRun();
      for (const p of packets) run.add(p);
      run.decoder.end();
      expect(run.segments).toEqual([]);
      expect(run.notes).toEqual([
        'capture/unsupported-link: 2 IP datagrams not decoded, of which fragments are missing',
      ]);
    }
  });

  it('are bounded in number: fragmentDatagrams', () => {
    const run = new LinkRun({ fragmentDatagrams: 10 });
    for (let id = 0; id < 1000; id++) run.add(raw(part(0, 24, id)));
    run.add(raw(part(24, 46, 999)));
    expect(run.segments).toHaveLength(1);
    expect(run.notes).toHaveLength(1);
    expect(run.notes[0]).toMatch(/^capture\/limit: fragmentDatagrams: more than 10/);
  });

  it('are bounded in bytes: fragmentBytes', () => {
    const run = new LinkRun({ fragmentBytes: 5000 });
    for (let id = 0; id < 50; id++) run.add(raw(ipv4(new Uint8Array(1000), { id, more: true })));
    expect(run.notes).toHaveLength(1);
    expect(run.notes[0]).toMatch(/^capture\/limit: fragmentBytes/);
  });

  it('echoFragments: bounds the fragments by which copies are known', () => {
    const run = new LinkRun({ echoFragments: 2 });
    const parts = [part(0, 16), part(16, 32), part(32, 46)];
    for (const p of parts) run.add(raw(p));
    for (const p of parts) run.add(raw(p));
    expect(run.notes).toEqual([
      expect.stringMatching(
        /^capture\/limit: echoFragments: copies of an IP datagram's fragments beyond the first 2 are/,
      ),
    ]);
    const enough = new LinkRun({ echoFragments: 3 });
    for (const p of [...parts, ...parts]) enough.add(raw(p));
    expect([enough.segments.length, enough.notes]).toEqual([1, []]);
  });

  it('cannot describe more than a datagram holds', () => {
    const run = new LinkRun()
      .add(raw(ipv4(new Uint8Array(64), { offset: 65_528 })))
      .add(raw(ipv4(new Uint8Array(65_400), { more: true })));
    expect(run.segments).toEqual([]);
  });

  it('of other protocols are not kept', () => {
    const run = new LinkRun({ fragmentDatagrams: 2 });
    for (let id = 0; id < 20; id++) run.add(raw(ipv4(new Uint8Array(100), { id, more: true, protocol: 17 })));
    expect(run.notes).toEqual([]);
    expect(run.decoder.notTcp).toBe(20);
  });
});

describe('IPv6', () => {
  it('may have extension headers', () => {
    const ah = cat(new Uint8Array([60, 4]), new Uint8Array(22));
    const chain = cat(extension(43), extension(51, 3), ah, extension(6, 2), tcp('abc'));
    expect(decode(raw(ipv6(0, chain)))[0]!.payload).toBe('abc');
  });

  it('may be an atomic fragment', () => {
    expect(decode(raw(ipv6(44, cat(ipv6Fragment(6, 1, 0, false), tcp('abc')))))[0]!.payload).toBe('abc');
  });

  it('may be a jumbogram, or have its length left out by segmentation offload', () => {
    const data = 'x'.repeat(70_000);
    const jumbo = cat(new Uint8Array([6, 0, 0xc2, 4]), u32(8 + 20 + data.length), tcp(data));
    expect(decode(raw(cat(ipv6(0, jumbo, 0), 'padding')))[0]).toMatchObject({ length: 70_000, cut: false });
    expect(decode(raw(ipv6(6, tcp('abc'), 0)))[0]).toMatchObject({ payload: 'abc', length: 3 });
  });

  it('with an endless chain of headers is given up', () => {
    const run = new LinkRun().add(raw(ipv6(0, cat(...Array.from({ length: 5000 }, () => extension(0))))));
    expect(run.segments).toEqual([]);
    expect(run.decoder.damaged).toBe(1);
  });

  it('cut inside an extension header is damaged', () => {
    const run = new LinkRun().add(raw(ipv6(0, extension(6, 2).slice(0, 5))));
    expect(run.decoder.damaged).toBe(1);
  });
});

describe('IPv6 fragments', () => {
  const whole = tcp('abcdefghijklmnopqrstuvwxyz');
  const part = (from: number, to: number, bytes = whole): Uint8Array =>
    ipv6(0, cat(extension(44), ipv6Fragment(6, 77, from, to < bytes.length), bytes.slice(from, to)));

  it('are put together', () => {
    expect(decode(raw(part(24, 46)), raw(part(0, 24)))[0]).toMatchObject({
      payload: 'abcdefghijklmnopqrstuvwxyz',
      ipVersion: 6,
    });
  });

  it('may be copies of each other', () => {
    expect(decode(raw(part(0, 24)), raw(part(0, 24)), raw(part(24, 46)))).toHaveLength(1);
  });

  it('that overlap are dropped, all of them (RFC 5722)', () => {
    const run = new LinkRun()
      .add(raw(part(0, 32)))
      .add(raw(part(24, 46)))
      .add(raw(part(32, 46)));
    run.decoder.end();
    expect(run.segments).toEqual([]);
    expect(run.notes).toEqual([
      'capture/unsupported-link: 1 IPv6 datagram not decoded, whose fragments overlap (RFC 5722)',
    ]);
  });

  it('may have a header of the first fragment before TCP', () => {
    const inside = cat(extension(6), whole);
    const piece = (from: number, to: number) =>
      raw(ipv6(44, cat(ipv6Fragment(60, 5, from, to < inside.length), inside.slice(from, to))));
    expect(decode(piece(0, 32), piece(32, 54))[0]!.payload).toBe('abcdefghijklmnopqrstuvwxyz');
  });
});

describe('TCP', () => {
  it('flags and numbers are those of the header', () => {
    const header = cat(u16(1), u16(65535), u32(0xffffffff), u32(0x80000000), unhex('5012 0000 00000000'));
    expect(decode(raw(ipv4(header)))[0]).toMatchObject({
      ports: [1, 65535],
      seq: 0xffffffff,
      ack: 0x80000000,
      flags: 0x12,
      length: 0,
    });
  });
});
