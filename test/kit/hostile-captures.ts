import { deflateRawSync, gzipSync } from 'node:zlib';
import type { Step } from '../../src/base/rule.js';
import * as a from '../../src/protocols/arca/rules/steps-a.js';
import * as b from '../../src/protocols/arca/rules/steps-b.js';
import * as c from '../../src/protocols/arca/rules/steps-c.js';
import { varint } from '../../src/protocols/arca/family-c/postcard.js';
import { TAG } from '../../src/protocols/msgr2/constants.js';
import * as E from '../../src/protocols/msgr2/encode.js';
import { MSG } from '../../src/protocols/ceph/message-types.js';
import { script, type Script } from '../../src/protocols/msgr2/script.js';
import * as s from '../../src/protocols/nbd/rules/session-steps.js';
import * as p from '../../src/protocols/pesto/build.js';
import { cat, ethernet, extension, ipv4, ipv6, ipv6Fragment, u16, u32 } from './frames.js';
import { joined, PcapngWriter, pcapFile, type PcapOptions } from './pcap-writer.js';
import { sessionPackets } from './session-packets.js';
import { sockdumpRecord } from './sockdump-writer.js';

/**
 * Captures that an attacker would write: each aims at one table, count, length or loop. `n` says how much of it there is, so that tests
 * stay short and a longer run can ask for a million.
 */
export type HostileCapture = (n: number) => Uint8Array;

/** Bytes of one segment of a session: as many as an IPv4 packet can hold. */
const FULL = 60_000;

function session(steps: readonly Step[], port: number, size: number = FULL): Uint8Array {
  return tcpFile(
    sessionPackets(steps, port, () => size).map((packet) => packet.frame),
    {},
  );
}

function tcpFile(frames: readonly Uint8Array[], options: PcapOptions = {}): Uint8Array {
  return pcapFile(
    frames.map((data) => ({ data })),
    options,
  );
}

function times<T>(n: number, make: (i: number) => T): T[] {
  return Array.from({ length: n }, (_, i) => make(i));
}

/** Many steps of one sender in one, so that a million messages need few segments. */
function together(steps: readonly Step[]): Step[] {
  const out: Step[] = [];
  let parts: Uint8Array[] = [];
  let sender: 'client' | 'server' = 'client';
  const flush = (): void => {
    if (parts.length > 0) out.push({ from: sender, bytes: joined(parts) });
    parts = [];
  };
  for (const step of steps) {
    if (!('bytes' in step)) {
      flush();
      out.push(step);
      continue;
    }
    if (step.from !== sender) flush();
    sender = step.from;
    parts.push(step.bytes);
  }
  flush();
  return out;
}

interface SegmentSpec {
  readonly source?: number;
  readonly port?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly flags?: number;
  readonly window?: number;
  readonly data?: Uint8Array;
  readonly serverPort?: number;
}

const SYN = 2;
const ACK = 0x10;
const NOTHING = new Uint8Array(0);

/** A segment of a client; `source` numbers clients. */
function segment(spec: SegmentSpec): Uint8Array {
  const source = spec.source ?? 0;
  const header = cat(
    u16(spec.port ?? 1024 + (source % 60_000)),
    u16(spec.serverPort ?? 10_809),
    u32((spec.seq ?? 0) >>> 0),
    u32((spec.ack ?? 0) >>> 0),
    new Uint8Array([0x50, spec.flags ?? ACK]),
    u16(spec.window ?? 512),
    u32(0),
  );
  const packet = ipv4(cat(header, spec.data ?? NOTHING));
  packet.set([10, 1 + ((source >>> 16) & 0x7f), (source >>> 8) & 0xff, source & 0xff], 12);
  return ethernet(0x0800, packet);
}

/** The same from the server to that client. */
function answer(spec: SegmentSpec): Uint8Array {
  const frame = segment(spec);
  const client = frame.slice(26, 30);
  frame.copyWithin(26, 30, 34);
  frame.set(client, 30);
  const ports = frame.slice(34, 38);
  frame.set([ports[2]!, ports[3]!, ports[0]!, ports[1]!], 34);
  return frame;
}

const ONE = Uint8Array.of(0x41);

function nbd(...steps: readonly (Step | readonly Step[])[]): Step[] {
  return together([...s.simpleSession(), ...steps.flat()]);
}

function structured(...steps: readonly (Step | readonly Step[])[]): Step[] {
  return together([...s.structuredSession({}, ['base:allocation']), ...steps.flat()]);
}

function msgr(make: (session: Script) => void, lossless = false): Uint8Array {
  const session_ = lossless ? script().openLossless() : script().open();
  make(session_);
  return session(together(session_.steps), 3300);
}

/** Front of an OSD operation's reply or request cannot be longer than it says: only its counts lie. */
function lyingFront(words: number): Uint8Array {
  return new Uint8Array(words * 4).fill(0xff);
}

function textFile(...parts: readonly (string | readonly string[])[]): Uint8Array {
  return new Uint8Array(Buffer.from(parts.flat().join(''), 'latin1'));
}

const SMALL_SESSION = [
  ...s.simpleSession(),
  s.request(s.READ, 1, 0, 512),
  s.simple(1, 0, 512),
  s.clientCloses,
  s.serverCloses,
];
const smallFrames = (): Uint8Array[] => sessionPackets(SMALL_SESSION, 10_809, () => FULL).map((packet) => packet.frame);

/** An NBD session in pcapng whose interface says this. */
function stamped(resolution: number, offset: bigint, stamps: readonly bigint[]): Uint8Array {
  const writer = new PcapngWriter().section();
  const tail = cat(
    u16le(9),
    u16le(1),
    new Uint8Array([resolution, 0, 0, 0]),
    u16le(14),
    u16le(8),
    E.u64(offset),
    u32(0),
  );
  writer.block(1, cat(u16le(1), u16le(0), u32(0), tail));
  smallFrames().forEach((data, i) => writer.packet({ data, stamp: stamps[i % stamps.length]! }));
  return writer.done();
}

function u16le(n: number): Uint8Array {
  return new Uint8Array([n & 255, n >> 8]);
}

const MAX64 = 2n ** 64n - 1n;

export const HOSTILE_CAPTURES: Readonly<Record<string, HostileCapture>> = {
  // ---- files
  'pcap: packet lengths of 4 GiB': () => {
    const file = tcpFile(smallFrames());
    file.set([0xff, 0xff, 0xff, 0xff], 24 + 8);
    return file;
  },
  'pcap: longer captured than on the wire, and the other way': () =>
    pcapFile(smallFrames().map((data, i) => ({ data, originalLength: i % 2 ? 1 : 0xffff_ffff }))),
  'pcap: times of 0, of 2106, and microseconds beyond a second': () =>
    pcapFile(smallFrames().map((data, i) => ({ data, seconds: i % 2 ? 0xffff_ffff : 0, nanos: 4_294_967_295_000 }))),
  'pcap: nanoseconds beyond a second, big endian, snapshot length 0': () =>
    pcapFile(
      smallFrames().map((data) => ({ data, nanos: 0xffff_ffff })),
      { nanoseconds: true, littleEndian: false, snapLength: 0 },
    ),
  'pcap: empty packets': (n) => pcapFile(times(n, () => ({ data: NOTHING }))),
  'gzip: a bomb of empty packets': (n) => gzipSync(joined([tcpFile([]), new Uint8Array(n * 1000)])),
  'gzip: a bomb within a bomb': (n) => gzipSync(gzipSync(new Uint8Array(n * 1000))),
  'gzip: members without content': (n) =>
    joined([gzipSync(tcpFile(smallFrames())), ...times(n, () => gzipSync(NOTHING))]),
  'gzip: a header without end': (n) =>
    joined([Uint8Array.of(0x1f, 0x8b, 8, 0x08, 0, 0, 0, 0, 0, 3), new Uint8Array(n * 10).fill(0x61)]),
  'pcapng: resolutions of 10^-127 s': () => stamped(0x7f, 0n, [0n, 1n, MAX64, 2n ** 63n]),
  'pcapng: resolutions of 2^-127 s': () => stamped(0xff, -1n, [0n, MAX64]),
  'pcapng: whole seconds, and offsets at both ends of 64 bits': () =>
    stamped(0, 2n ** 63n, [MAX64, 0n, 2n ** 63n - 1n]),
  'pcapng: interfaces': (n) => {
    const writer = new PcapngWriter().section();
    for (let i = 0; i < n; i++) writer.interface({ linkType: i & 0xffff });
    return writer.packet({ data: smallFrames()[0]!, interfaceId: n - 1 }).done();
  },
  'pcapng: sections, each with interfaces of other link types': (n) => {
    const writer = new PcapngWriter();
    for (let i = 0; i < n / 4; i++)
      writer
        .section({ littleEndian: i % 2 === 0 })
        .interface({ linkType: i & 0xffff })
        .packet({ data: Uint8Array.of(1, 2, 3, 4) });
    return writer.done();
  },
  'pcapng: section lengths that lie': () => {
    const one = (length: bigint): Uint8Array =>
      new PcapngWriter().block(0x0a0d0d0a, cat(E.u32(0x1a2b3c4d), u16le(1), u16le(0), E.u64(length))).done();
    const rest = new PcapngWriter().section().interface();
    for (const data of smallFrames()) rest.packet({ data });
    return joined([one(1n), one(2n ** 63n), one(4n), one(MAX64 - 1n), rest.done()]);
  },
  'pcapng: block lengths of 0, odd ones, and 4 GiB': () =>
    joined(
      [12, 13, 0xffff_fffc, 0].map((length) =>
        new PcapngWriter().section().interface().packet({ data: smallFrames()[0]! }).block(6, NOTHING, length).done(),
      ),
    ),
  'pcapng: options': (n) => {
    const options = joined(times(n, () => cat(u16le(1), u16le(4), E.u32(0x61616161))));
    const data = smallFrames()[0]!;
    const head = cat(u32(0), u32(0), u32(0), E.u32(data.length), E.u32(data.length));
    const body = cat(head, data, new Uint8Array(-data.length & 3), options.subarray(0, 3 << 20));
    const lying = cat(head, data, new Uint8Array(-data.length & 3), u16le(1), u16le(0xffff), E.u32(0));
    return new PcapngWriter().section().interface().block(6, body).block(6, lying).done();
  },
  'pcapng: a comment on each packet': (n) => {
    const writer = new PcapngWriter().section().interface();
    for (let i = 0; i < n / 50; i++)
      writer.packet({ data: segment({ flags: SYN, source: i }), comment: '\u001b[2J'.repeat(1000) });
    return writer.done();
  },

  // ---- links
  'fragments that never complete': (n) =>
    tcpFile(times(n, (i) => ethernet(0x0800, ipv4(new Uint8Array(8), { id: i & 0xffff, more: true, offset: 8 })))),
  'fragments that overlap': (n) =>
    tcpFile(
      times(n, (i) =>
        ethernet(
          0x0800,
          ipv4(new Uint8Array(16).fill(i), { id: i >> 12, more: i % 4096 !== 7, offset: 8 * (i % 4096) }),
        ),
      ),
    ),
  'fragments beyond 64 KiB': (n) =>
    tcpFile(times(n / 100, (i) => ethernet(0x0800, ipv4(new Uint8Array(1400), { id: i & 7, offset: 65_528 })))),
  'fragments within fragments of IPv6': (n) => {
    const depth = Math.min(n, 6000);
    const chain = joined(times(depth, (i) => ipv6Fragment(44, i, 0, true)));
    return tcpFile([ethernet(0x86dd, ipv6(44, chain))]);
  },
  'extension headers of IPv6 without end': (n) => {
    const chain = joined(times(Math.min(n, 8000), (i) => extension(i % 2 ? 0 : 60)));
    return tcpFile(times(20, () => ethernet(0x86dd, ipv6(0, chain))));
  },
  'a stack of VLAN tags': (n) => {
    const tags = times(Math.min(n, 60_000), () => [0x8100, 5] as const);
    return tcpFile(times(20, () => ethernet(0x0800, ipv4(NOTHING), tags)));
  },
  'IP within IP': (n) => {
    let packet = ipv4(new Uint8Array(40));
    for (let i = 0; i < Math.min(n, 3000); i++) packet = ipv4(packet.subarray(0, 65_000), { protocol: 4 });
    return tcpFile([ethernet(0x0800, packet)]);
  },

  // ---- TCP
  'a flood of SYNs': (n) => tcpFile(times(n, (i) => segment({ source: i, flags: SYN, seq: i * 7919 }))),
  'a flood of connections that say one byte': (n) =>
    tcpFile(
      times(n, (i) => [segment({ source: i, flags: SYN }), segment({ source: i, seq: 1, ack: 1, data: ONE })]).flat(),
    ),
  'a flood of connections joined late': (n) => tcpFile(times(n, (i) => segment({ source: i, seq: i, data: ONE }))),
  'a flood of connections that begin like NBD': (n) =>
    tcpFile(
      times(n / 4, (i) => [
        segment({ source: i, flags: SYN }),
        answer({ source: i, flags: SYN | ACK, ack: 1 }),
        answer({ source: i, seq: 1, ack: 1, data: s.greeting().bytes }),
        segment({ source: i, seq: 1, ack: 19, data: s.clientFlags().bytes }),
      ]).flat(),
    ),
  'bytes behind a hole, one by one and last first': (n) =>
    tcpFile([
      segment({ flags: SYN }),
      ...times(n, (i) => segment({ seq: 3 + 2 * (n - i), data: ONE })),
      ...times(n, (i) => segment({ seq: 2 + 2 * ((i * 7919) % n), data: ONE })),
    ]),
  'retransmissions with other bytes': (n) =>
    tcpFile([
      segment({ flags: SYN }),
      ...times(n, (i) => segment({ seq: 1 + (i % 50), data: new Uint8Array(100).fill(i) })),
    ]),
  'acknowledgements of what was never sent': (n) =>
    tcpFile([
      segment({ flags: SYN }),
      answer({ flags: SYN | ACK, ack: 1 }),
      ...times(n, (i) => answer({ seq: 1, ack: (i * 0x2000_0000) | 1, window: 0 })),
    ]),
  'sequence numbers that jump': (n) =>
    tcpFile([segment({ flags: SYN }), ...times(n, (i) => segment({ seq: i * 0x1fff_ffff, data: ONE }))]),
  'SYN, FIN and RST in turn on one connection': (n) =>
    tcpFile(times(n, (i) => segment({ seq: i * 1000, ack: 1, flags: [SYN, 1 | ACK, 4, 3, ACK][i % 5]!, data: ONE }))),
  'headers only': (n) =>
    pcapFile(times(n, (i) => ({ data: segment({ seq: 1 + 1000 * i }).slice(), originalLength: 1054 })).map(lengthened)),
  'an unknown protocol in single bytes': (n) =>
    tcpFile([segment({ flags: SYN }), ...times(n, (i) => segment({ seq: 1 + i, data: Uint8Array.of(0x4e) }))]),
  'an unknown protocol, joined late, in single bytes': (n) =>
    tcpFile(times(n, (i) => segment({ seq: 1 + i, data: Uint8Array.of(i * 7) }))),
  'many unknown protocols in single bytes': (n) =>
    tcpFile(times(n, (i) => segment({ source: i % 200, seq: 1 + Math.floor(i / 200), data: Uint8Array.of(0x25) }))),

  // ---- NBD
  'nbd: a megabyte of one option in single bytes': (n) =>
    session([...s.hello(), s.option(99, s.fill(Math.min(n, 1_000_000)))], 10_809, 1),
  'nbd: many sessions, each in the middle of an option': (n) => {
    const frames: Uint8Array[] = [];
    for (let i = 0; i < n / 2000; i++) {
      const steps = [...s.hello(), s.client(s.u64(0x49484156454f5054n), s.u32(7), s.u32(0x7fff_ffff), s.fill(100_000))];
      for (const packet of sessionPackets(steps, 10_809, () => 50_000, 1024 + i)) frames.push(packet.frame);
    }
    return tcpFile(frames);
  },
  'nbd: answers on a socket that run ahead in single bytes': (n) => {
    const records: Uint8Array[] = [];
    const say = (from: 'client' | 'server', bytes: Uint8Array): void => {
      records.push(from === 'client' ? sockdumpRecord(70, 50, bytes) : sockdumpRecord(50, 70, bytes));
    };
    for (const step of s.simpleSession()) if ('bytes' in step) say(step.from, step.bytes);
    for (const byte of s.join(s.simple(9, 0).bytes, new Uint8Array(n))) say('server', Uint8Array.of(byte));
    const requests = s.join(...times(n / 28, (i) => s.request(s.WRITE_ZEROES, i, 0, 512).bytes));
    for (const byte of requests) say('client', Uint8Array.of(byte));
    return pcapFile(
      records.map((data) => ({ data })),
      { linkType: 147 },
    );
  },
  'nbd: requests that are never answered': (n) => session(nbd(times(n, (i) => s.request(s.READ, i, 0, 512))), 10_809),
  'nbd: requests with one cookie': (n) => session(nbd(times(n, () => s.request(s.READ, 7, 0, 512))), 10_809),
  'nbd: replies that nobody asked for': (n) => session(nbd(times(n, (i) => s.simple(i, 5))), 10_809),
  'nbd: chunks that nobody asked for': (n) =>
    session(structured(times(n, (i) => s.chunk(1, i, false, s.u64(i), s.u8(1)))), 10_809),
  'nbd: one reply in pieces of one byte': (n) =>
    session(
      structured(
        s.request(s.READ, 1, 0, 1_000_000),
        times(n, (i) => s.chunk(1, 1, false, s.u64((i * 7919) % 1_000_000), s.u8(1))),
      ),
      10_809,
    ),
  'nbd: one reply of errors': (n) =>
    session(
      structured(
        s.request(s.READ, 1, 0, 1_000_000),
        times(n, (i) => s.chunk(0x8002, 1, false, s.u32(i), s.u16(3), 'abc', s.u64(i))),
      ),
      10_809,
    ),
  'nbd: extents': (n) =>
    session(
      structured(
        s.request(s.BLOCK_STATUS, 1, 0, 1_000_000),
        s.chunk(5, 1, true, s.u32(1), joined(times(n, (i) => s.join(s.u32(i & 1), s.u32(i))))),
      ),
      10_809,
    ),
  'nbd: extents of many contexts': (n) =>
    session(
      structured(
        s.request(s.BLOCK_STATUS, 1, 0, 1_000_000),
        times(n, (i) => s.chunk(5, 1, false, s.u32(i), s.u32(512), s.u32(0))),
      ),
      10_809,
    ),
  'nbd: a list of exports': (n) =>
    session(
      together([
        ...s.hello(),
        s.option(3),
        ...times(n, (i) => s.reply(3, 2, s.u32(6), s.u16(0), String(100_000 + i).slice(-4))),
        ...times(n / 100, (i) => s.reply(3, 2, s.u32(4000), 'x'.repeat(3990), String(1e9 + i))),
      ]),
      10_809,
    ),
  'nbd: options that are never answered': (n) =>
    session(together([...s.hello(), ...times(n, (i) => s.option(6, s.infoData(`export${i}`)))]), 10_809),
  'nbd: exports asked for and answered': (n) =>
    session(
      [
        ...s.hello(),
        ...times(n / 10, (i) => [
          s.option(6, s.infoData(`e${i}${'x'.repeat(200)}`)),
          s.infoExport(6, i, 1),
          s.ack(6),
        ]).flat(),
      ],
      10_809,
    ),
  'nbd: contexts': (n) =>
    session(
      together([
        ...s.hello(),
        ...s.structured(),
        s.option(10, s.u32(0), s.u32(0xffff_ffff), joined(times(n / 10, (i) => s.join(s.u32(4), s.u32(i))))),
        ...times(n, (i) => s.reply(10, 4, s.u32(i), `x:${i}`)),
        s.ack(10),
        ...s.go(),
      ]),
      10_809,
    ),
  'nbd: contexts asked for and given again and again': (n) => {
    const ask = s.option(
      10,
      s.metaData(
        '',
        times(4000, (i) => `x${i}:`),
      ),
    );
    const give = times(1200, (i) => s.reply(10, 4, s.u32(i), `x${i}:`));
    return session(
      together([...s.hello(), ...s.structured(), ...times(n / 5000, () => [ask, ...give, s.ack(10)]).flat()]),
      10_809,
    );
  },
  'nbd: TLS records': (n) =>
    session(
      together([
        ...s.hello(),
        ...s.starttls(),
        ...times(n, (i) => s.client(s.u8(20 + (i % 5)), s.u16(0x0303), s.u16(1), s.u8(1))),
      ]),
      10_809,
    ),
  'nbd: the same violation': (n) => session(nbd(times(n, (i) => s.request(77, i, 0, 512))), 10_809),
  'nbd: reserved bits and unaligned writes': (n) =>
    session(nbd(times(n, (i) => s.request(4, i, 1 + (i % 7), 0xffff_ffff, 0xffff))), 10_809),

  // ---- msgr2
  'msgr2: messages never acknowledged': (n) =>
    msgr((m) => times(n / 4, (i) => m.message('client', { seq: i, tid: i, type: MSG.OSD_OP, version: 8 })), true),
  'msgr2: operations with lying counts': () =>
    msgr((m) =>
      [MSG.OSD_OP, 43, 41, 4, 15, 45, 49, 70, 81, 87, 100].forEach((type, i) => {
        for (const version of [1, 3, 8, 9]) {
          m.message('client', { seq: i, tid: i, type, version, front: lyingFront(200) });
          m.message('server', { seq: i, tid: i, type, version, front: new Uint8Array(400) });
        }
      }),
    ),
  'msgr2: addresses without end': (n) =>
    session(
      [
        ...script().login().steps,
        ...script().control(
          'client',
          TAG.CLIENT_IDENT,
          E.concat(E.u8(2), E.u32(0xffff_ffff), joined(times(n / 40, () => E.addr()))),
        ).steps,
      ],
      3300,
    ),
  'msgr2: wrong checksums': (n) =>
    msgr((m) => times(n / 10, (i) => m.message('client', { seq: i, front: E.ascii('abc'), wrongCrc: [0, 1] }))),
  'msgr2: authentication rounds': (n) =>
    session(
      together([
        ...script().banners().hellos().steps,
        ...times(n / 20, () => script().request().challenge().steps).flat(),
      ]),
      3300,
    ),
  'msgr2: keepalives': (n) => msgr((m) => times(n / 4, (i) => m.keepalive('client', TAG.KEEPALIVE2, i))),
  'msgr2: sessions with other cookies': (n) => {
    const frames: Uint8Array[] = [];
    for (let i = 0; i < n / 50; i++) {
      const one = script()
        .login()
        .idents({ lossy: false, cookie: BigInt(i + 1) }, { cookie: BigInt(i + 1) });
      one.steps.push({ from: 'client', end: 'reset' });
      for (const packet of sessionPackets(one.steps, 3300, () => FULL, 1024 + (i % 60_000))) frames.push(packet.frame);
    }
    return tcpFile(frames);
  },
  'msgr2: session takeovers': (n) =>
    session(
      together([
        ...script().login().steps,
        ...times(
          n / 10,
          (i) => script().reconnect({ globalSeq: i, connectSeq: i, clientCookie: BigInt(i) }).steps,
        ).flat(),
      ]),
      3300,
    ),
  'msgr2: compression bombs': (n) => {
    const bomb = E.concat(E.u8(0), new Uint8Array(deflateRawSync(new Uint8Array(64 << 20))));
    const m = script()
      .banners({ supported: 3n }, { supported: 3n })
      .hellos()
      .request()
      .challenge()
      .done()
      .signatures()
      .idents()
      .control('client', TAG.COMPRESSION_REQUEST, E.concat(E.u8(1), E.vec([E.u32(2)])))
      .control('server', TAG.COMPRESSION_DONE, E.concat(E.u8(1), E.u32(2)));
    for (let i = 0; i < n / 10_000; i++) m.send('client', E.frame(TAG.MESSAGE, [bomb, bomb, bomb, bomb], { flags: 1 }));
    return session(m.steps, 3300);
  },

  // ---- pesto
  'pesto: counts that lie': () =>
    session(
      [p.server(p.hello(), p.entry(1, [p.WEB], { count: 0xffff_ffff })), p.client(p.section(1, [], 0xffff_ffff))],
      1,
    ),
  'pesto: sizes that lie': () =>
    session([p.server(p.hello({ pifNameSize: 0xffff_ffff, ifnamsiz: 0xffff_ffff }), new Uint8Array(5000))], 1),
  'pesto: rules': (n) =>
    session(
      [
        p.server(
          p.hello(),
          p.entry(
            1,
            times(n / 2, (i) => p.rule({ first: i & 0xffff })),
          ),
          p.entry(3),
          p.END,
        ),
        p.client(
          p.section(
            1,
            times(n / 2, (i) => p.rule({ first: i & 0xffff })),
          ),
          p.section(3),
          p.END,
        ),
      ],
      1,
    ),
  'pesto: tables': (n) =>
    session(
      [
        p.server(p.hello(), joined(times(n / 4, (i) => p.entry(1 + (i % 255), [])))),
        p.client(joined(times(n / 4, (i) => p.section(1 + (i % 255))))),
      ],
      1,
    ),
  'pesto: one table again and again': (n) => {
    const rules = times(200, (i) => p.rule({ first: 1 + i }));
    const entry = p.entry(1, rules);
    const section = p.section(1, rules);
    return session(
      [
        p.server(p.hello(), ...times(n / 400, () => entry), p.entry(3), p.END),
        p.client(...times(n / 400, () => section), p.section(3), p.END),
      ],
      1,
    );
  },
  'pesto: transactions on one connection': (n) =>
    session(
      times(n / 20, () => [p.server(p.pastaList()), p.client(p.section(1, [p.WEB]), p.section(3), p.END)]).flat(),
      1,
    ),

  // ---- Arca
  'arca: connects that are never answered': (n) =>
    session(together([...a.listening(), ...a.a2(), ...times(n, (i) => a.connect(i + 2))]), 1),
  'arca: connections': (n) =>
    session(
      [...a.a2(), ...times(n / 10, (i) => [a.connect(i + 2), a.connectOk(i + 2, i + 2, { pipe: i + 2 })]).flat()],
      1,
    ),
  'arca: listeners': (n) =>
    session(
      times(n / 10, (i) => [
        a.listen(i + 1, `10.${(i >> 16) & 255}.${(i >> 8) & 255}.${i & 255}:${i & 0xffff}`),
        a.listenOk(i + 1, i + 1),
      ]).flat(),
      1,
    ),
  'arca: accepts that wait': (n) => session(together([...a.listening(), ...times(n, (i) => a.accept(i + 2, 1))]), 1),
  'arca: answers without requests': (n) =>
    session(together([...a.listening(), ...times(n, (i) => a.connectErr(i + 9, 5))]), 1),
  'arca: pipes of family B': (n) =>
    session([...b.onePipe(), ...times(n / 10, (i) => [b.newPipe(), b.pipeReply(i + 2)]).flat()], 1),
  'arca: files of family C': (n) =>
    session([...c.started(), ...times(n / 10, (i) => [c.open(`f${i}`), c.pipe(i)]).flat()], 1),
  'arca: descriptors of family C': (n) =>
    session([...c.c2Started(), ...times(n / 10, (i) => [c.c2Open(`f${i}`), c.c2File(i + 9)]).flat()], 1),
  'arca: arguments without end': () =>
    session([c.getArgs(), c.body('server', [0, ...varint(0xffff_ffff), ...times(3000, () => 0)])], 1),

  // ---- text recordings
  'strace: a line without end': (n) =>
    textFile(
      '123 1700000000.000000 write(3<UNIX-STREAM:[1->2]>, "ab", 2) = 2\n123 1700000000.000000 write(3<UNIX-STREAM:[1->2]>, "',
      'a'.repeat(n * 30),
    ),
  'strace: brackets without end': (n) =>
    textFile(
      '123 1700000000.000000 write(3<UNIX-STREAM:[1->2]>, "ab", 2) = 2\n123 1700000000.000000 sendmsg(3<UNIX-STREAM:[1->2]>, ',
      '[{'.repeat(n),
      '\n',
    ),
  'strace: calls that never return': (n) =>
    textFile(times(n, (i) => `${i + 1} 1700000000.000000 read(3, <unfinished ...>\n`)),
  'strace: sockets': (n) =>
    textFile(
      times(n, (i) => `1 1700000000.000000 write(${i}<UNIX-STREAM:[${2 * i + 1}->${2 * i + 2}]>, "NBDMAGIC", 8) = 8\n`),
    ),
  'strace: threads and descriptors': (n) =>
    textFile(
      times(n, (i) => `${i + 1} 1700000000.000000 socket(AF_UNIX, SOCK_STREAM, 0) = ${i}\n`),
      times(n, (i) => `${i + 1} 1700000000.000000 clone(child_stack=NULL, flags=CLONE_VM) = ${i + 2}\n`),
    ),
  'socat: a line without end': (n) =>
    textFile('> 2023/11/14 22:13:20.000000  length=8 from=0 to=7\n', ' 4e'.repeat(n * 3)),
  'socat: blocks that never fill': (n) =>
    textFile(times(n, (i) => `> 2023/11/14 22:13:20.000000  length=4294967295 from=${i} to=4294967295\n 4e 42\n`)),
};

/** A frame whose IP header says that 1000 bytes follow that were not captured. */
function lengthened(spec: { data: Uint8Array; originalLength: number }): { data: Uint8Array; originalLength: number } {
  spec.data.set(u16(1040), 16);
  return spec;
}
