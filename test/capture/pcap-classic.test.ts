import { describe, expect, it } from 'vitest';
import { pcapFile } from '../kit/pcap-writer.js';
import { recordChunks, recordFile } from '../kit/packet-recorder.js';

const packets = [
  { data: Uint8Array.of(1, 2, 3), seconds: 1_700_000_000, nanos: 123_456_789 },
  { data: new Uint8Array(0), seconds: 1_700_000_001, nanos: 999_999_999, originalLength: 60 },
  { data: new Uint8Array(1500).fill(7), seconds: 0xffff_ffff, nanos: 0 },
];

describe('classic pcap', () => {
  for (const littleEndian of [true, false])
    for (const nanoseconds of [true, false])
      for (const modified of nanoseconds ? [false] : [false, true])
        it(`is read: ${littleEndian ? 'little' : 'big'} endian, ${nanoseconds ? 'nano' : 'micro'}seconds${modified ? ', modified' : ''}`, async () => {
          const file = pcapFile(packets, { littleEndian, nanoseconds, modified, linkType: 276 });
          const found = await recordFile(file);
          expect(found.infos).toEqual([{ format: 'pcap', linkTypes: [276], resolution: nanoseconds ? 'ns' : 'us' }]);
          expect(found.notes).toEqual([]);
          expect(found.packets.map((p) => [p.number, p.seconds, p.nanos, p.data.length / 2, p.originalLength])).toEqual(
            [
              [1, 1_700_000_000, nanoseconds ? 123_456_789 : 123_456_000, 3, 3],
              [2, 1_700_000_001, nanoseconds ? 999_999_999 : 999_999_000, 0, 60],
              [3, 0xffff_ffff, 0, 1500, 1500],
            ],
          );
          expect(found.packets[0]!.data).toBe('010203');
          for (const chunk of [1, 7, 24, 25]) expect(recordChunks(file, 'stream', [chunk]).all).toEqual(found.all);
        });

  it('carries a fraction of a second or more over', () => {
    const file = pcapFile([{ data: Uint8Array.of(1), seconds: 10, nanos: 0 }]);
    new DataView(file.buffer).setUint32(28, 2_500_000, true);
    for (const arrival of ['blocks', 'stream'] as const)
      expect(recordChunks(file, arrival).packets[0]).toMatchObject({ seconds: 12, nanos: 500_000_000 });
  });

  it('tolerates an original length below the captured one, and no snapshot length', () => {
    const file = pcapFile([{ data: Uint8Array.of(1, 2, 3, 4), originalLength: 2 }], { snapLength: 0 });
    const found = recordChunks(file, 'blocks');
    expect(found.packets[0]).toMatchObject({ data: '01020304', originalLength: 4 });
    expect(found.notes).toEqual([]);
  });

  it('reads the link type without the frame check sequence bits above it', () => {
    const file = pcapFile([], { linkType: 0x4400_0001 });
    expect(recordChunks(file, 'blocks').infos[0]!.linkTypes).toEqual([1]);
  });

  it('holds packets up to the limit', () => {
    const file = pcapFile([{ data: new Uint8Array(100) }, { data: new Uint8Array(101) }, { data: new Uint8Array(1) }]);
    for (const arrival of ['blocks', 'stream'] as const) {
      const found = recordChunks(file, arrival, [1000], { packetBytes: 100 });
      expect(found.packets.map((p) => p.data.length / 2)).toEqual([100]);
      expect(found.notes).toEqual([
        {
          rule: 'capture/malformed',
          text: 'packet 2 at offset 140 claims 101 captured bytes (limit packetBytes: 100); nothing from there on can be read',
          offset: 140,
          length: 16,
        },
      ]);
    }
  });

  it('allocates nothing by a length that the file claims', () => {
    const file = pcapFile([{ data: new Uint8Array(4) }]);
    new DataView(file.buffer).setUint32(32, 0xffff_fff0, true);
    for (const arrival of ['blocks', 'stream'] as const)
      expect(recordChunks(file, arrival, [1]).noteIds).toEqual(['capture/malformed']);
  });

  it('takes time in proportion to its bytes, however small the pieces of a big packet are', () => {
    const file = pcapFile([{ data: new Uint8Array(1 << 20) }]);
    for (const arrival of ['blocks', 'stream'] as const)
      expect(recordChunks(file, arrival, [8]).packets).toHaveLength(1);
  }, 5000);

  it('may hold no packet', () => {
    for (const arrival of ['blocks', 'stream'] as const) {
      const found = recordChunks(pcapFile([]), arrival);
      expect(found.infos).toHaveLength(1);
      expect(found.packets).toEqual([]);
      expect(found.notes).toEqual([]);
    }
  });

  it('is refused in an unknown version', () => {
    for (const version of [
      [2, 5],
      [3, 4],
      [1, 2],
    ] as const)
      expect(() => recordChunks(pcapFile([], { version }), 'stream')).toThrow(`unknown version ${version.join('.')}`);
  });

  it('holds packets across many blocks', async () => {
    const many = Array.from({ length: 3000 }, (_, i) => ({ data: new Uint8Array(1000 + (i % 500)).fill(i & 255) }));
    const found = await recordFile(pcapFile(many));
    expect(found.packets.map((p) => p.data)).toEqual(many.map((p) => Buffer.from(p.data).toString('hex')));
    expect(found.packets.at(-1)!.number).toBe(3000);
  });
});
