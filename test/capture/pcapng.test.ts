import { describe, expect, it } from 'vitest';
import { joined, PcapngWriter } from '../kit/pcap-writer.js';
import { recordChunks, recordFile } from '../kit/packet-recorder.js';

const data = (n: number, fill = 0xab): Uint8Array => new Uint8Array(n).fill(fill);

function read(writer: PcapngWriter, limits = {}): ReturnType<typeof recordChunks> {
  const file = writer.done();
  const whole = recordChunks(file, 'blocks', undefined, limits);
  for (const chunks of [[1], [13], [31, 4096]])
    expect(recordChunks(file, 'stream', chunks, limits).all).toEqual(whole.all);
  return whole;
}

describe('pcapng', () => {
  it.each([true, false])('is read in its own byte order (little endian: %s)', async (littleEndian) => {
    const writer = new PcapngWriter()
      .section({ littleEndian })
      .interface({ linkType: 1, resolution: 9, name: 'lo', description: 'loopback' })
      .interface({ linkType: 113 })
      .packet({ data: data(61), seconds: 1_763_653_865, nanos: 123_456_789, originalLength: 99 })
      .packet({ data: data(0), interfaceId: 1, seconds: 1_763_653_866, nanos: 999_999_000, comment: 'pid 42' });
    const found = read(writer);
    expect(found.infos).toEqual([{ format: 'pcapng', linkTypes: [1, 113], resolution: 'ns' }]);
    expect(found.notes).toEqual([]);
    expect(found.packets).toEqual([
      {
        number: 1,
        seconds: 1_763_653_865,
        nanos: 123_456_789,
        linkType: 1,
        data: 'ab'.repeat(61),
        originalLength: 99,
        interfaceId: 0,
        interfaceDescription: 'loopback',
        comment: '',
      },
      {
        number: 2,
        seconds: 1_763_653_866,
        nanos: 999_999_000,
        linkType: 113,
        data: '',
        originalLength: 0,
        interfaceId: 1,
        interfaceDescription: '',
        comment: 'pid 42',
      },
    ]);
    expect((await recordFile(writer.done())).all).toEqual(found.all);
  });

  it('has sections with byte orders and interfaces of their own, and packets numbered through', () => {
    const found = read(
      new PcapngWriter()
        .section({ littleEndian: false })
        .interface({ linkType: 101 })
        .packet({ data: data(1) })
        .section({ littleEndian: true })
        .interface({ linkType: 276, resolution: 9 })
        .packet({ data: data(2) })
        .section({ littleEndian: false, version: [1, 2] })
        .interface({ linkType: 1 })
        .packet({ data: data(3) }),
    );
    expect(found.packets.map((p) => [p.number, p.linkType, p.data.length / 2])).toEqual([
      [1, 101, 1],
      [2, 276, 2],
      [3, 1, 3],
    ]);
    expect(found.infos[0]!.linkTypes).toEqual([101]);
    expect(found.notes).toEqual([]);
  });

  it('has simple packets, cut by the snapshot length of interface 0, at the time of the packet before', () => {
    const found = read(
      new PcapngWriter()
        .section()
        .interface({ snapLength: 5 })
        .packet({ data: data(4), seconds: 77, nanos: 5000 })
        .simplePacket({ data: data(5), originalLength: 100 })
        .simplePacket({ data: data(3) }),
    );
    expect(found.packets.map((p) => [p.data.length / 2, p.originalLength, p.seconds, p.nanos])).toEqual([
      [4, 4, 77, 5000],
      [5, 100, 77, 5000],
      [3, 3, 77, 5000],
    ]);
  });

  it('has obsolete packet blocks', () => {
    const found = read(
      new PcapngWriter()
        .section({ littleEndian: false })
        .interface()
        .interface({ linkType: 12 })
        .obsoletePacket({ data: data(9), interfaceId: 1, seconds: 5, nanos: 6000, comment: 'old' })
        .obsoletePacket({ data: data(9), drops: 3 }),
    );
    expect(found.packets[0]).toMatchObject({ linkType: 12, seconds: 5, nanos: 6000, comment: 'old' });
    expect(found.notes).toMatchObject([{ rule: 'capture/dropped', text: expect.stringContaining('3 packets') }]);
  });

  it('has blocks that say nothing about packets', () => {
    const found = read(
      new PcapngWriter()
        .section()
        .block(4, data(16))
        .interface()
        .block(0x0bad, data(24))
        .block(0x4000_0bad, data(40))
        .block(11, data(100))
        .packet({ data: data(8) })
        .block(0x8000_0001, data(0)),
    );
    expect(found.packets).toHaveLength(1);
    expect(found.notes).toEqual([]);
  });

  it('keeps the first comment of a packet, and a bounded part of it', () => {
    const found = read(
      new PcapngWriter()
        .section()
        .interface({ description: 'unix-stream:/run/x.sock' })
        .packet({ data: data(1), comment: 'caf\u00e9' })
        .packet({ data: data(2), comment: Uint8Array.of(0x61, 0xff, 0x62) })
        .packet({ data: data(3), comment: 'x'.repeat(60_000) })
        .packet({ data: data(4) }),
      { commentBytes: 100 },
    );
    expect(found.packets.map((p) => p.comment)).toEqual(['caf\u00e9', 'a\\xffb', `${'x'.repeat(100)}\u2026`, '']);
    expect(found.packets[0]!.interfaceDescription).toBe('unix-stream:/run/x.sock');
  });

  it('may hold no packet', () => {
    const found = read(new PcapngWriter().section().interface({ resolution: 3 }));
    expect(found.infos).toEqual([{ format: 'pcapng', linkTypes: [1], resolution: 'ms' }]);
    expect(found.packets).toEqual([]);
  });

  it('is no capture without an interface', () => {
    const bare = new PcapngWriter().section().block(4, data(4)).done();
    expect(() => recordChunks(bare, 'blocks')).toThrow('pcapng with no interface');
    const orphan = new PcapngWriter().section().packet({ data: data(4) });
    expect(() => recordChunks(orphan.done(), 'stream')).toThrow(
      'pcapng with no interface (packet 1 at offset 28 is of interface 0, which is not described; it is passed over)',
    );
    expect(() => recordChunks(new PcapngWriter().section({ version: [2, 0] }).done(), 'blocks')).toThrow(
      'pcapng of the unknown version 2.0',
    );
    expect(() => recordChunks(bare.subarray(0, 20), 'blocks')).toThrow('cut off inside its section header (20 of 28');
  });
});

describe('time stamps of pcapng', () => {
  const cases: readonly (readonly [string, number | undefined, bigint, string, number, number])[] = [
    ['microseconds where nothing is said', undefined, 1_700_000_000_123_456n, 'us', 1_700_000_000, 123_456_000],
    ['seconds', 0, 1_700_000_000n, 's', 1_700_000_000, 0],
    ['nanoseconds beyond 2^53', 9, 1_763_653_865_987_654_321n, 'ns', 1_763_653_865, 987_654_321],
    ['nanoseconds at the edge of a second', 9, 1_763_653_865_999_999_999n, 'ns', 1_763_653_865, 999_999_999],
    ['hundreds of nanoseconds', 7, 17_636_538_651_234_567n, '10^-7 s', 1_763_653_865, 123_456_700],
    ['picoseconds', 12, 1_763_653_865_123_456_789n, 'ps', 1_763_653, 865_123_456],
    ['attoseconds', 18, 9_876_543_210_123_456_789n, '10^-18 s', 9, 876_543_210],
    ['the smallest decimal unit', 127, 5n, '10^-127 s', 0, 0],
    ['binary units', 0x80 | 10, (1_700_000_000n << 10n) + 256n, '2^-10 s', 1_700_000_000, 250_000_000],
    ['small binary units', 0x80 | 32, (1_700_000_000n << 32n) + (1n << 31n), '2^-32 s', 1_700_000_000, 500_000_000],
    ['2^-23 s', 0x80 | 23, (1_700_000_000n << 23n) + 8_388_607n, '2^-23 s', 1_700_000_000, 999_999_880],
    ['the largest stamp', 9, 0xffff_ffff_ffff_ffffn, 'ns', 18_446_744_073, 709_551_615],
  ];
  it.each(cases)('in %s', (_name, resolution, stamp, name, seconds, nanos) => {
    const spec = resolution === undefined ? {} : { resolution };
    const found = read(
      new PcapngWriter()
        .section()
        .interface(spec)
        .packet({ data: data(1), stamp }),
    );
    expect(found.infos[0]!.resolution).toBe(name);
    expect(found.packets[0]).toMatchObject({ seconds, nanos });
  });

  it('are shifted by if_tsoffset', () => {
    const writer = new PcapngWriter().section().interface({ offset: 1_700_000_000, resolution: 6 });
    const found = read(writer.packet({ data: data(1), stamp: 5_250_000n }).interface({ offset: -10 }));
    expect(found.packets[0]).toMatchObject({ seconds: 1_700_000_005, nanos: 250_000_000 });
    const back = read(
      new PcapngWriter()
        .section()
        .interface({ offset: -10 })
        .packet({ data: data(1), stamp: 100_000_001n }),
    );
    expect(back.packets[0]).toMatchObject({ seconds: 90, nanos: 1000 });
  });
});

describe('drops that the recorder counted', () => {
  it('are told from the statistics block', () => {
    const found = read(
      new PcapngWriter()
        .section()
        .interface({ name: 'eth0' })
        .packet({ data: data(1) })
        .statistics(0, { ifDrop: 2, osDrop: 5 }),
    );
    expect(found.notes).toMatchObject([
      {
        rule: 'capture/dropped',
        text: 'the recorder dropped 7 packets on interface 0 ("eth0") (2 by the interface, 5 by the operating system)',
      },
    ]);
  });

  it('are told once at first and once in all, however often they are counted', () => {
    const writer = new PcapngWriter().section().interface();
    for (let i = 0; i < 50; i++) writer.packet({ data: data(1), drops: 2 });
    for (let i = 1; i < 50; i++) writer.statistics(0, { ifDrop: i });
    const found = read(writer);
    expect(found.notes.map((note) => note.text)).toEqual([
      'the recorder dropped 2 packets on interface 0',
      'the recorder dropped in all 100 packets on interface 0',
    ]);
  });

  it('are no finding where there are none, or where the writer could not count', () => {
    const writer = new PcapngWriter()
      .section()
      .interface()
      .packet({ data: data(1), drops: 0 });
    writer.statistics(0, { ifDrop: 0, osDrop: 0 });
    writer.block(5, joined([new Uint8Array(12), Uint8Array.of(5, 0, 8, 0), data(8, 0xff), data(4, 0)]));
    writer.statistics(9, { ifDrop: 1 });
    expect(read(writer).notes).toEqual([]);
  });
});
